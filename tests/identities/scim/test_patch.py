"""Whatever is patched, users and groups become what a plain model of RFC 7644 section 3.5.2 makes of them."""

from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.identities.scim import patch_model
from tests.identities.scim.patch_model import COMPLEX, ENTERPRISE, MANY, SINGLE, Operation, Refused, patched
from tests.identities.scim.service import PATCH_OP, Service, new_service

pytestmark = pytest.mark.django_db
PLAIN = {"value": "a@b.co", "type": "work"}
bounded = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


def send(service: Service, path: str, operations: list[dict[str, Any]]) -> Any:
    return service.raw("PATCH", path, {"schemas": [PATCH_OP], "Operations": operations})


@bounded
@example([[Operation("add", "emails", value=[PLAIN])], [Operation("add", "emails", value=PLAIN | {"primary": True})]])
@given(requests=st.lists(st.lists(patch_model.operations, min_size=1, max_size=3), min_size=4, max_size=6))
def test_a_user_becomes_what_the_model_says(requests: list[list[Operation]]) -> None:
    """The answer is what GET returns; a refusal changes nothing; what changes nothing leaves `meta` as it is."""
    with transaction.atomic():
        service, user = new_service(), dict[str, Any]()
        path = f"/Users/{service.create_user('anna')['id']}"
        for operations in requests:
            before = service.raw("GET", path).json()
            answer = send(service, path, [operation.json for operation in operations])
            after = service.raw("GET", path).json()
            try:
                wanted = patched(user, operations)
            except Refused:
                assert answer.status_code == 400, answer.content
                assert after == before
                continue
            assert answer.status_code == 200, answer.content
            assert answer.json() == after
            assert {name: after[name] for name in (*SINGLE, *COMPLEX, *MANY) if name in after} == wanted
            assert (ENTERPRISE in after["schemas"]) == (ENTERPRISE in wanted)
            assert wanted != user or after["meta"] == before["meta"]
            user = wanted
        transaction.set_rollback(True)


# What is done with which of the members; where none are chosen, with all of them.
_member_operations = st.tuples(
    st.sampled_from(["add", "add at once", "replace", "replace at once", "remove", "remove each", "remove users"]),
    st.sets(st.integers(0, 3), min_size=1),
) | st.just(("remove all", set[int]()))


def on_members(what: str, ids: list[str]) -> dict[str, Any]:
    entries = [{"value": member} for member in ids]
    match what.split():
        case ["remove", "all"]:
            return {"op": "remove", "path": "members"}
        case ["remove", "users"]:
            return {"op": "remove", "path": 'members[type eq "User"]'}
        case ["remove"]:
            chosen = " or ".join(f'value eq "{member}"' for member in ids)
            return {"op": "remove", "path": f"members[{chosen}]"}
        case ["remove", "each"]:
            return {"op": "remove", "path": f'MEMBERS[Value Eq "{ids[0]}"]'}
        case [op, *rest]:
            message = {"op": op, "value": {"members": entries, "displayName": "Guides"} if rest else entries}
            return message if rest else message | {"path": "members"}
    raise AssertionError(what)


def after_members(members: set[str], what: str, ids: list[str], users: set[str]) -> set[str]:
    match what.split():
        case ["add", *_]:
            return members | set(ids)
        case ["replace", *_]:
            return set(ids)
        case ["remove"]:
            return members - set(ids)
        case ["remove", "each"]:
            return members - {ids[0]}
        case ["remove", "users"]:
            return members - users
    return set()


@bounded
@given(requests=st.lists(st.lists(_member_operations, min_size=1, max_size=4), min_size=3, max_size=5))
def test_the_members_of_a_group_become_what_sets_say(requests: list[list[tuple[str, set[int]]]]) -> None:
    with transaction.atomic():
        service = new_service()
        users = {service.create_user(name)["id"] for name in "abc"}
        everybody = [*sorted(users), service.create_group("Nested")["id"]]
        path = f"/Groups/{service.create_group('Guides', *everybody)['id']}"
        members = set(everybody)
        for operations in requests:
            steps = [(what, [everybody[number] for number in sorted(chosen)]) for what, chosen in operations]
            before = members
            for what, ids in steps:
                members = after_members(members, what, ids, users)
            old = service.raw("GET", path).json()
            answer = send(service, path, [on_members(what, ids) for what, ids in steps])
            assert answer.status_code in (200, 204), answer.content
            group = service.raw("GET", path).json()
            shown = [member["value"] for member in group.get("members", ())]
            assert len(shown) == len(set(shown))
            assert set(shown) == members
            # What is taken and given back in one request is two changes.
            assert len(steps) > 1 or members != before or group["meta"]["version"] == old["meta"]["version"]
        transaction.set_rollback(True)
