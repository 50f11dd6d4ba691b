"""The page on which a request is tried: what it shows, what it leaves, and who may."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from identities.actions.clients import update_client
from identities.models import ApiClient, AuditEntry, ChangeEvent, ClientRequest, User
from identities.scim.console.request_samples import request_samples
from identities.vocabulary import ClientProfile, Role
from tests.admin.conftest import signed_in
from tests.factories import actor, make_client, make_operator

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:scim_console")


@pytest.fixture
def session() -> Client:
    """A superuser's session."""
    return signed_in(make_operator())


def _sent(whose: ApiClient, **changes: str) -> dict[str, Any]:
    body = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "bob", "active": "False"}
    sent = {"client": str(whose.pk), "method": "POST", "path": "/Users", "headers": "", "body": json.dumps(body)}
    return {**sent, **changes}


def test_without_an_api_client_it_says_what_to_do_first(session: Client) -> None:
    shown = session.get(PAGE).content.decode()
    assert "No API client yet" in shown
    assert f'href="{reverse("admin:identities_apiclient_add")}"' in shown
    assert 'name="body"' not in shown
    make_client()
    for chosen in ("", "?client=nonsense"):
        shown = session.get(f"{PAGE}{chosen}").content.decode()
        assert "No API client yet" not in shown
        assert 'name="body"' in shown


@pytest.mark.parametrize("profile", list(ClientProfile))
def test_every_sample_fills_the_form(session: Client, profile: ClientProfile) -> None:
    client = make_client(profile=profile)
    for sample in request_samples(client):
        page = session.get(f"{PAGE}?client={client.pk}&sample={sample.key}")
        assert page.status_code == 200
        initial = page.context["form"].initial
        assert (initial["client"], initial["method"], initial["path"]) == (client, sample.method, sample.path)
        assert str(sample.title) in page.content.decode()


def test_it_shows_answer_notes_and_changes_and_records_only_that_it_was_tried(session: Client) -> None:
    client = make_client("Cloud", profile=ClientProfile.ENTRA)
    events = ChangeEvent.objects.count()
    page = session.post(PAGE, _sent(client, path="/Users?access_token=hunter2"))
    shown = page.content.decode()
    assert page.context["tried"]["status"] == 201
    for words in ("A text was read as true or false: active", "User created", "&quot;bob&quot;"):
        assert words in shown
    assert not User.objects.filter(user_name="bob").exists()
    assert not ClientRequest.objects.exists()
    assert ChangeEvent.objects.count() == events
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.subject_id) == ("request.tried", str(client.pk))
    assert entry.facts == {"method": "POST", "path": "/scim/v2/Users?access_token=***", "status": 201}


def test_a_refusal_says_why(session: Client) -> None:
    page = session.post(PAGE, _sent(make_client(), body="{"))
    assert page.context["tried"]["status"] == 400
    assert "invalidSyntax" in page.context["tried"]["why"]
    assert page.context["tried"]["entries"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"client": "x"},
        {"client": "00000000-0000-0000-0000-000000000000"},
        {"method": "TRACE"},
        {"path": ""},
        {"path": "http://[/Users"},
        {"headers": "no header"},
        {"headers": "A: b\x00"},
        {"body": "x" * 300_000},
    ],
)
def test_what_is_no_request_is_not_tried(session: Client, changes: dict[str, str]) -> None:
    page = session.post(PAGE, _sent(make_client(), **changes))
    assert page.status_code == 200
    assert "tried" not in page.context
    assert not AuditEntry.objects.filter(verb="request.tried").exists()


def test_headers_reach_the_service_but_for_who_is_calling(session: Client) -> None:
    headers = "accept: application/json\r\nAuthorization: Bearer wrong\nContent-Type: application/json"
    page = session.post(PAGE, _sent(make_client(profile=ClientProfile.ENTRA), headers=headers))
    assert page.context["tried"]["status"] == 201
    assert "Content-Type: application/json" in page.context["tried"]["headers"]


def test_it_says_that_a_client_is_disabled(session: Client) -> None:
    client = update_client(make_client(), actor=actor(), changes={"enabled": False})
    assert "at present its requests are answered with 401" in session.get(f"{PAGE}?client={client.pk}").content.decode()


def test_without_a_client_it_says_what_to_do(session: Client) -> None:
    assert "Add an API client" in session.get(PAGE).content.decode()
    assert session.post(PAGE, {"client": ""}).status_code == 200


def test_only_those_who_may_change_clients_may_try(session: Client) -> None:
    client = make_client()
    for role in (Role.OPERATOR, Role.AUDITOR):
        other = signed_in(make_operator(role=role))
        assert other.get(PAGE).status_code == 403
        assert other.post(PAGE, _sent(client)).status_code == 403
        assert other.post(reverse("admin:identities_selftest_add")).status_code == 403
    assert not AuditEntry.objects.filter(verb="request.tried").exists()


def test_the_queries_of_the_page_are_few(session: Client) -> None:
    client = make_client(profile=ClientProfile.ENTRA)
    counts = []
    session.get(PAGE)
    for number in range(2):
        for each in range(20 * number):
            make_client(f"further {each}")
        with CaptureQueriesContext(connection) as queries:
            session.get(f"{PAGE}?client={client.pk}")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 30
