"""What the pages say of API clients that expire, and how credentials are issued and revoked on them."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from allauth.idp.oidc.models import Client as OAuthClient
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from identities.actions import clients
from identities.actions.oauth import issue_oauth_credentials
from identities.models import ApiClient, ApiToken
from identities.queries.client_expiry import clients_that_expire
from identities.vocabulary import ClientSight
from tests.admin.conftest import signed_in
from tests.factories import actor, make_client, make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> Client:
    return signed_in(make_operator())


def _in(**period: float) -> datetime:
    return timezone.now() + timedelta(**period)


def _with_tokens(name: str, *ends: datetime | None, **values: Any) -> ApiClient:
    client = make_client(name, **values)
    for end in ends:
        clients.issue_token(client, actor=actor(), expires_at=end)
    return client


@override_settings(PORTAL_EXPIRY_WARNING_DAYS=14)
def test_whoever_will_be_turned_away_soon_is_warned_of(admin: Client) -> None:
    _with_tokens("lasting", None, expires_at=_in(days=15))
    _with_tokens("rotated", _in(days=1), _in(days=30))
    _with_tokens("rotated-forever", _in(days=1), None)
    _with_tokens("never-issued")
    clients.update_client(_with_tokens("disabled", _in(days=1)), actor=actor(), changes={"enabled": False})
    issue_oauth_credentials(_with_tokens("by-oauth", _in(days=1)), actor=actor())
    revoked = _with_tokens("revoked", None, _in(days=3))
    clients.revoke_token(revoked.tokens.get(expires_at=None), actor=actor())
    ending = _with_tokens("ending", None, expires_at=_in(days=13))
    gone = _with_tokens("gone", _in(hours=-1))
    found = [(each.client.name, each.of_token, each.is_past) for each in clients_that_expire()]
    assert found == [("gone", True, True), ("revoked", True, False), ("ending", False, False)]
    front = admin.get(reverse("admin:index")).content.decode()
    warned = re.findall(r"API client ([\w-]+) is turned away", front)
    assert sorted(warned) == ["ending", "gone", "revoked"]
    for client, words in ((gone, "Its last token expires"), (ending, "It expires")):
        assert words in admin.get(reverse("admin:identities_apiclient_change", args=[client.pk])).content.decode()


def _do(admin: Client, client: ApiClient, key: str, **sent: str) -> Any:
    return admin.post(reverse("admin:identities_apiclient_do", args=[client.pk, key]), sent)


def test_oauth_credentials_are_shown_once_and_revoked(admin: Client) -> None:
    client = make_client("crm")
    page = reverse("admin:identities_apiclient_change", args=[client.pk])
    assert "Revoke OAuth credentials" not in admin.get(page).content.decode()
    shown = _do(admin, client, "oauth")
    made = re.search(r"client_id: (\w+)\nclient_secret: ([\w-]+)", shown.content.decode())
    assert made
    assert "no-store" in shown["Cache-Control"]
    assert OAuthClient.objects.get(pk=made[1]).check_secret(made[2])
    setup = admin.get(reverse("admin:identities_apiclient_section", args=[client.pk, "setup"])).content.decode()
    assert made[1] in setup
    assert "/oauth/token" in setup
    assert made[2] not in setup + admin.get(page).content.decode()
    assert "Revoke OAuth credentials" in admin.get(page).content.decode()
    _do(admin, client, "revoke-oauth")
    assert not OAuthClient.objects.exists()


def test_a_token_is_issued_until_the_end_of_a_day(admin: Client) -> None:
    client = make_client("crm")
    assert "scim_" in _do(admin, client, "token", last_day="2030-05-13").content.decode()
    ends = timezone.localtime(ApiToken.objects.get().expires_at)
    assert (ends.date(), ends.time()) == (date(2030, 5, 14), time.min)


def test_the_form_says_whom_a_client_sees_and_what_it_may_not_write(admin: Client) -> None:
    client = make_client("crm", scopes=["read"])
    page = reverse("admin:identities_apiclient_change", args=[client.pk])
    sent = {
        "name": "crm",
        "profile": "rfc",
        "scopes": ["read"],
        "read_only_attributes": ["title", "active"],
        "kept_payloads": "refused",
        "sight": "everybody",
        "bounds": "title eq",
        "adoption_rule": "verified_email",
        "rate_limit": "50",
        "enabled": "on",
        "allowed_networks": "",
    }
    assert "cannot be read" in admin.post(page, sent).content.decode()
    assert admin.post(page, sent | {"bounds": 'title eq "Guide"'}).status_code == 302
    client.refresh_from_db()
    assert (client.sight, client.bounds, client.rate_limit) == (ClientSight.EVERYBODY, 'title eq "Guide"', 50)
    assert client.read_only_attributes == ["active", "title"]
    shown = admin.get(page).content.decode()
    assert re.findall(r'<option value="(\w+)" selected', shown[shown.index('name="read_only_attributes"') :])[:2] == [
        "title",
        "active",
    ]
