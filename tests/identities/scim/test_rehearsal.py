"""A request that is tried is answered as in earnest, and nothing comes of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core import mail

from identities import outbox
from identities.actions.clients import update_client
from identities.actors import command_actor
from identities.models import User
from identities.scim.console.rehearsal import rehearse
from identities.scim.console.request_samples import NOBODY, request_samples
from identities.scim.in_process import Asked
from identities.scim.writing import users
from identities.vocabulary import ClientProfile
from tests.identities.scim.service import GROUP, USER, Service, new_service

JSON = {"Content-Type": "application/scim+json"}


def _stored() -> dict[str, list[tuple[Any, ...]]]:
    own = [model for label in ("identities", "connectors") for model in apps.get_app_config(label).get_models()]
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in own}


def _asked(method: str, path: str, body: Any = None, **headers: str) -> Asked:
    return Asked(method, path, {**JSON, **headers}, b"" if body is None else json.dumps(body).encode())


@pytest.fixture
def rung() -> Iterator[list[str]]:
    """What the doorbells heard."""
    heard: list[str] = []
    outbox.bells.append(bell := lambda: heard.append("rung"))
    yield heard
    outbox.bells.remove(bell)


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_nothing_comes_of_it(rung: list[str]) -> None:
    hr = new_service()
    pk, group = hr.create_user("ada")["id"], hr.create_group("Readers")["id"]
    before, heard = _stored(), len(rung)
    for asked in (
        _asked("POST", "/Users", {"schemas": [USER], "userName": "bob", "active": False}),
        _asked("PUT", f"/Users/{pk}", {"schemas": [USER], "userName": "ada2", "active": False}),
        _asked("POST", "/Groups", {"schemas": [GROUP], "displayName": "Writers", "members": [{"value": pk}]}),
        _asked(
            "PATCH", f"/Groups/{group}", {"Operations": [{"op": "add", "path": "members", "value": [{"value": pk}]}]}
        ),
        _asked("DELETE", f"/Users/{pk}"),
        _asked("DELETE", f"/Groups/{group}"),
    ):
        found = rehearse(hr.client, asked, remote_address="127.0.0.1")
        assert found.line is not None
        if found.response.status_code < 400:
            assert found.entries, asked
            assert found.events, asked
    assert _stored() == before
    assert len(rung) == heard
    assert mail.outbox == []
    hr.create_user("bob")
    assert len(rung) > heard


@pytest.mark.django_db
def test_it_is_answered_as_in_earnest(entra: Service) -> None:
    pk = entra.create_user("ada", title="Clerk")["id"]
    operations = [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "add", "path": "title", "value": "Head"},
    ]
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
    tried = rehearse(entra.client, _asked("PATCH", f"/Users/{pk}", body), remote_address="127.0.0.1")
    done = entra.patch(f"/Users/{pk}", *operations)
    answered = json.loads(tried.response.content)
    for volatile in ("meta",):
        assert {answered.pop(volatile)["resourceType"], done.body.pop(volatile)["resourceType"]} == {"User"}
    assert (tried.response.status_code, answered) == (done.status, done.body)
    assert tried.line is not None
    assert tried.line.notes == entra.notes
    assert {entry.verb for entry in tried.entries} == {"user.changed", "user.suspended"}
    assert [entry.changes for entry in tried.entries if entry.verb == "user.changed"] == [{"title": ["Clerk", "Head"]}]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (_asked("GET", "/scim/v2/Users?count=1"), 200),
        (_asked("GET", "https://portal.example.test/scim/v2/Users"), 200),
        (_asked("GET", "Users"), 200),
        (_asked("GET", '/Users?filter=userName eq "ä"'), 200),
        (_asked("GET", "/../../admin/"), 404),
        (_asked("GET", "/Nothing"), 404),
        (_asked("GET", ""), 200),
        (_asked("POST", "/Users", {"schemas": [USER]}), 400),
        (Asked("POST", "/Users", JSON, b"{"), 400),
        (Asked("POST", "/Users", {"Content-Type": "text/plain"}, b"{}"), 415),
        (_asked("GET", "/Users", Accept="text/html"), 406),
        (_asked("GET", "/Users", Authorization="Bearer wrong", Host="evil.test"), 200),
        (_asked("DELETE", f"/Users/{NOBODY}"), 404),
    ],
)
def test_every_request_has_its_answer(hr: Service, asked: Asked, status: int) -> None:
    assert rehearse(hr.client, asked, remote_address="127.0.0.1").response.status_code == status


@pytest.mark.database
@pytest.mark.django_db(transaction=True)
def test_a_defect_is_an_answer_too_and_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    hr = new_service()

    def create_and_break(*args: Any) -> None:
        create(*args)
        User.objects.raw("SELECT nothing FROM nowhere")[0]

    create = users.create
    monkeypatch.setattr(users, "create", create_and_break)
    before = _stored()
    body = {"schemas": [USER], "userName": "ada"}
    assert rehearse(hr.client, _asked("POST", "/Users", body), remote_address="127.0.0.1").response.status_code >= 500
    assert _stored() == before


@pytest.mark.django_db
@pytest.mark.parametrize("profile", list(ClientProfile))
def test_the_samples_work(profile: ClientProfile) -> None:
    service = new_service(profile.value, profile)
    assert [each.key for each in request_samples(service.client)] == ["connect", "match", "create", "disable", "member"]
    service.create_user("grace")
    service.create_group("Readers")
    for sample in request_samples(service.client):
        asked = Asked(sample.method, sample.path, JSON, sample.body.encode())
        found = rehearse(service.client, asked, remote_address="127.0.0.1")
        assert found.response.status_code < 300, (sample.key, found.response.content)


@pytest.mark.django_db
def test_trying_does_not_count_towards_the_rate(hr: Service) -> None:
    update_client(hr.client, actor=command_actor(), changes={"rate_limit": 1})
    for _ in range(3):
        assert rehearse(hr.client, _asked("GET", "/Users"), remote_address="127.0.0.1").response.status_code == 200
    assert [hr.get("/Users").status, hr.get("/Users").status] == [200, 429]
