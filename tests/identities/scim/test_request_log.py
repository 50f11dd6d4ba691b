"""The request log of API clients: what it says of a request, what it keeps, and that it does not grow without end."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import override_settings
from django.utils import timezone

from identities.actions.attribute_definitions import create_attribute_definition
from identities.actions.clients import update_client
from identities.models import AuditEntry, ClientRequest
from identities.scim import views
from identities.scim.log import request_log, strangers
from identities.vocabulary import PayloadKeeping
from provisioning_portal.due_work import due_work
from tests.factories import actor, make_client
from tests.identities.scim.service import BASE, PATCH_OP, USER, Service

SECRET = "hunter2-and-more"

pytestmark = pytest.mark.django_db


def _last() -> ClientRequest:
    """The last request but for those by which the service in the tests checks the answers."""
    asked_about_itself = r"/(ServiceProviderConfig|Schemas|ResourceTypes)$"
    return ClientRequest.objects.exclude(path__regex=asked_about_itself).latest("id")


@pytest.fixture
def fresh_allowance(monkeypatch: pytest.MonkeyPatch) -> None:
    """What earlier requests used up is not counted."""
    monkeypatch.setattr(views, "allowance", strangers.Allowance())


def test_it_says_who_was_created_and_leads_to_the_audit_trail(hr: Service) -> None:
    user = hr.create_user("Ada", externalId="e-1", displayName="Ada L.")
    line = _last()
    assert (line.method, line.path, line.status, line.client) == ("POST", f"{BASE}/Users", 201, hr.client)
    assert line.about == "Ada Ada L. e-1"
    assert line.resource_id == UUID(user["id"])
    assert AuditEntry.objects.filter(cid=line.correlation_id, subject_id=user["id"]).exists()
    assert (line.payload, line.answer, line.coerced, line.scim_type) == (None, None, False, "")
    assert line.remote_address == "127.0.0.1"


def test_a_refusal_is_kept_with_its_reason_and_what_was_sent(hr: Service) -> None:
    create_attribute_definition("doorCode", sensitive=True, actor=actor())
    sent = {
        "schemas": [USER],
        "userName": "ada",
        "password": SECRET,
        "urn:ietf:params:scim:schemas:extension:portal:2.0:User": {"doorCode": [SECRET]},
    }
    answer = hr.post("/Users", sent)
    line = _last()
    assert (line.status, line.scim_type) == (400, answer.body["scimType"])
    assert "doorCode" in line.detail
    assert line.payload["userName"] == "ada"
    assert line.payload["password"] == "***"
    assert line.answer["detail"] == line.detail
    kept = json.dumps([line.payload, line.answer, line.detail, line.path, line.about, line.notes])
    assert SECRET not in kept


def test_notes_make_a_request_coerced(entra: Service) -> None:
    pk = entra.create_user("ada")["id"]
    entra.patch(f"/Users/{pk}", {"op": "Replace", "path": "active", "value": "False"})
    line = _last()
    assert line.coerced
    assert {note["code"] for note in line.notes} == {"capital_operations", "string_booleans"}
    assert line.payload is None


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (PayloadKeeping.NEVER, [False, False, False]),
        (PayloadKeeping.REFUSED, [False, True, True]),
        (PayloadKeeping.ALWAYS, [True, True, True]),
    ],
)
def test_the_client_says_whether_payloads_are_kept(hr: Service, kept: str, expected: list[bool]) -> None:
    update_client(hr.client, actor=actor(), changes={"kept_payloads": kept})
    hr.create_user("ada")
    created = _last()
    hr.post("/Users", {"schemas": [USER], "userName": "ada"})
    refused = _last()
    assert refused.status == 409
    assert [each is not None for each in (created.payload, refused.payload, refused.answer)] == expected
    assert created.answer is None


def test_queries_are_kept_readable_and_without_secrets(hr: Service) -> None:
    hr.find('userName eq "ada@x.test"')
    assert _last().path == f'{BASE}/Users?filter=userName eq "ada@x.test"'
    hr.get(f"/Users?access_token={SECRET}&filter=password%20eq%20%22{SECRET}%22&filter=a%00")
    assert SECRET not in _last().path
    hr.post("/.search", {"schemas": ["x"], "filter": f'password eq "{SECRET}"'})
    assert SECRET not in json.dumps([_last().payload, _last().answer, _last().detail])


@pytest.mark.database
def test_what_a_database_cannot_hold_is_no_reason_to_fail(hr: Service) -> None:
    for path in ("/Users?filter=%00%00", "/Users?a=" + "x" * 5000, "/Users?" + "&".join(["a=1"] * 1500), "/U\ud800/x"):
        number = ClientRequest.objects.count()
        hr.raw("GET", path.encode("utf-8", "surrogatepass").decode("latin-1"))
        assert ClientRequest.objects.count() == number + 1, path
    hr.raw("POST", "/Users", b'{"a": "\\u0000"}')
    assert "character" in _last().detail
    hr.raw("PATCH", "/Users/1", {"schemas": [PATCH_OP], "Operations": [{"op": "x" * 9000, "path": "y" * 9000}]})
    assert _last().status >= 400
    hr.raw("GET", "/Users", REMOTE_ADDR="unix:")
    hr.http.get(f"{BASE}/Users", headers={"Authorization": f"Bearer {hr.token}"}, REMOTE_ADDR="fe80::1%eth0")
    assert _last().remote_address == "fe80::1"


def test_some_strangers_are_noted_without_what_they_sent(hr: Service, fresh_allowance: None) -> None:
    hr.client.requests.all().delete()
    for number in range(strangers.LINES + 5):
        token = {"Authorization": f"Bearer {SECRET}"}
        answer = hr.raw("POST", f"/Users?x={SECRET}", {"userName": f"u{number}", "password": SECRET}, **token)
        assert answer.status_code == 401
    lines = list(ClientRequest.objects.filter(client=None))
    assert len(lines) == strangers.LINES
    assert {(line.status, line.path, line.payload, line.answer, line.about) for line in lines} == {
        (401, f"{BASE}/Users", None, None, "")
    }


def test_what_was_left_out_of_strangers_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(strangers.time, "monotonic", lambda: now[0])
    allowance = strangers.Allowance()
    taken = [allowance.take() for _ in range(strangers.LINES + 3)]
    assert taken == [0] * strangers.LINES + [None] * 3
    now[0] += strangers.SECONDS
    assert [allowance.take(), allowance.take()] == [3, 0]


def test_collected_lines_are_not_written(hr: Service) -> None:
    with request_log.collected() as lines:
        hr.raw("GET", "/Users")
    assert [line.path for line in lines] == [f"{BASE}/Users"]
    assert not ClientRequest.objects.exists()
    hr.raw("GET", "/Users")
    assert ClientRequest.objects.count() == 1


@override_settings(PORTAL_REQUEST_LOG_DAYS=30)
def test_old_lines_are_forgotten_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "SHARE", 2)
    client, now = make_client(), timezone.now()
    for days in (40, 29, 32, 0, 31):
        line = {"method": "GET", "path": f"/{days}", "status": 200, "milliseconds": 1}
        ClientRequest.objects.create(client=client, at=now - timedelta(days=days), **line)
    [work] = [each for each in due_work() if each.name == "request log"]
    assert work.run() == 2
    assert set(ClientRequest.objects.values_list("path", flat=True)) == {"/29", "/0", "/31"}
    assert [work.run(), work.run()] == [1, 0]
    assert set(ClientRequest.objects.values_list("path", flat=True)) == {"/29", "/0"}
