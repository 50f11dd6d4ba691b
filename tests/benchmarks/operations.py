"""The operations that are measured: what is sent to the portal, what to the ceiling, and the ratio to be reached."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import psycopg

from tests.benchmarks.load import Request

BASE = "/scim/v2"
SCHEMAS = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
# Different objects asked for in turn.
VARIETY = 1000
BULK = 100


@dataclass
class World:
    """What is in the database.

    Attributes:
        made: what the seeding said.
        ask: gets a path of the portal.
        sent: how many requests of each operation have been sent to the portal.
    """

    made: dict[str, Any]
    database: psycopg.Connection[Any]
    ask: Callable[[str], Any]
    sent: Counter[str] = field(default_factory=Counter)

    @property
    def people(self) -> list[str]:
        """Some people, in no order."""
        return random.Random(1).sample(self.made["people"], min(VARIETY, len(self.made["people"])))

    @property
    def groups(self) -> dict[int, list[str]]:
        """Groups by their size."""
        return {int(size): groups for size, groups in self.made["groups"].items()}

    def column(self, statement: str) -> list[str]:
        """The first column of an answer of the database."""
        return [str(row[0]) for row in self.database.execute(statement)]  # type: ignore[call-overload]


Make = Callable[[World], list[Request]]


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        ours, ceiling: what is sent.
        target: the ratio to be reached.
        weight: how many of the ceiling's requests one of ours stands for.
        once: every request can be sent only once.
        needs: there must be a group of that size.
    """

    name: str
    target: float
    ours: Make
    ceiling: Make
    weight: int = 1
    once: bool = False
    needs: int = 0


def _by_id(world: World) -> list[Request]:
    return [Request("GET", f"{BASE}/Users/{pk}") for pk in world.people]


def _ceiling_by_id(world: World) -> list[Request]:
    return [Request("GET", f"/people/{pk}") for pk in world.people]


def _names(world: World) -> list[str]:
    last = len(world.made["people"])
    return [f"user{number:06d}" for number in random.Random(2).sample(range(last), min(VARIETY, last))]


def _user_name(world: World) -> list[Request]:
    return [Request("GET", f"{BASE}/Users?filter=" + quote(f'userName eq "{name}"')) for name in _names(world)]


def _last_page(world: World) -> list[Request]:
    total = world.ask(f"{BASE}/Users?count=0").json()["totalResults"]
    return [Request("GET", f"{BASE}/Users?count=100&startIndex={total - 99}")]


def _complex(world: World) -> list[Request]:
    text = 'emails.value co ".f{0}@" and (name.familyName sw "Family{0}" or name.givenName sw "Zoe")'
    return [Request("GET", f"{BASE}/Users?filter=" + quote(text.format(f"{n:03d}"))) for n in range(0, 500, 7)]


def _ceiling_complex(world: World) -> list[Request]:
    numbers = [f"{n:03d}" for n in range(0, 500, 7)]
    return [Request("GET", f"/people?email=.f{n}%40&family=family{n}&given=zoe") for n in numbers]


def _new(name: str) -> dict[str, Any]:
    return {
        "schemas": [SCHEMAS],
        "userName": name,
        "name": {"givenName": "Anna", "familyName": "Vogt"},
        "displayName": "Anna Vogt",
        "title": "Tour guide",
        "active": True,
        "emails": [{"value": f"{name}@example.com", "type": "work", "primary": True}],
    }


def _create(path: str) -> Make:
    return lambda world: [Request("POST", path, json.dumps(_new("new@n@")))]


def _bulk(world: World) -> list[Request]:
    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": str(each), "data": _new(f"new@n@.{each}")}
        for each in range(BULK)
    ]
    return [Request("POST", f"{BASE}/Bulk", json.dumps({"schemas": [schema], "Operations": operations}))]


def _patch(path: str) -> Make:
    change = {"op": "replace", "path": "title", "value": "Guide @n@"}
    body = json.dumps({"schemas": [PATCH_OP], "Operations": [change]})
    return lambda world: [Request("PATCH", f"{path}/{pk}", body) for pk in world.people]


def _put(path: str) -> Make:
    def make(world: World) -> list[Request]:
        requests = []
        for pk in world.people[:300]:
            number = world.made["people"].index(pk)
            body = _new(f"user{number:06d}") | {"title": "Guide @n@"}
            requests.append(Request("PUT", f"{path}/{pk}", json.dumps(body)))
        return requests

    return make


def _delete(path: str, statement: str) -> Make:
    return lambda world: [Request("DELETE", f"{path}/{pk}") for pk in world.column(statement)]


def _add(size: int, path: str) -> Make:
    """Each request adds somebody who is no member yet to a group of so many, the groups in turn."""

    def make(world: World) -> list[Request]:
        body = '{"schemas":["%s"],"Operations":[{"op":"add","path":"members","value":[{"value":"%s"}]}]}'
        strangers, groups = world.made["strangers"], world.groups[size]
        start = world.sent[f"grp_add_{size}"]
        requests = []
        for number in range(start, start + 6000):
            # Everybody in turn, and one further each time round: nobody meets a group twice.
            member = strangers[(number + number // len(strangers)) % len(strangers)]
            requests.append(Request("PATCH", f"{path}/{groups[number % len(groups)]}", body % (PATCH_OP, member)))
        return requests

    return make


def _groups(path: str, size: int) -> Make:
    return lambda world: [Request("GET", f"{path}/{pk}") for pk in world.groups[size]]


def _known_groups(world: World) -> list[Request]:
    paths = [f"{BASE}/Groups/{pk}" for pk in world.groups[10_000]]
    return [Request("GET", path, "", world.ask(path).headers["ETag"]) for path in paths]


_ADDITIONS = [
    Operation(f"grp_add_{size}", 0.5, _add(size, f"{BASE}/Groups"), _add(size, "/groups"), once=True, needs=size)
    for size in (10, 1000, 10_000)
]
OPERATIONS = (
    Operation("get_id", 0.7, _by_id, _ceiling_by_id),
    Operation("filter_eq", 0.6, _user_name, lambda w: [Request("GET", f"/people?name={name}") for name in _names(w)]),
    Operation(
        "list100",
        0.5,
        lambda world: [Request("GET", f"{BASE}/Users?count=100")],
        lambda world: [Request("GET", "/people?start=1")],
    ),
    Operation(
        "list_deep",
        0.4,
        _last_page,
        lambda world: [Request("GET", f"/people?start={len(world.made['people']) - 99}")],
    ),
    Operation("filter_cx", 0.35, _complex, _ceiling_complex),
    Operation("create", 0.5, _create(f"{BASE}/Users"), _create("/people")),
    Operation("bulk", 3.0, _bulk, _create("/people"), weight=BULK),
    Operation("patch", 0.55, _patch(f"{BASE}/Users"), _patch("/people")),
    Operation("put", 0.55, _put(f"{BASE}/Users"), _put("/people")),
    *_ADDITIONS,
    Operation("grp_get_10k", 2.0, _groups(f"{BASE}/Groups", 10_000), _groups("/groups", 10_000), needs=10_000),
    Operation("grp_304", 0.7, _known_groups, _ceiling_by_id, needs=10_000),
    Operation(
        "delete",
        0.55,
        _delete(
            f"{BASE}/Users", "SELECT id FROM identities_user WHERE user_name_key LIKE 'new%' AND deleted_at IS NULL"
        ),
        _delete("/people", "SELECT id FROM ceiling.created"),
        once=True,
    ),
)
