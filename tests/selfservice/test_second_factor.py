"""The second factor: set up, asked for, used once, kept secret, required of administrators."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from identities.actions import credentials, lifecycle
from identities.models import AuditEntry
from identities.vocabulary import Role
from tests.factories import actor, make_operator
from tests.selfservice.people import (
    NEW_PASSWORD,
    PASSWORD,
    code_now,
    error_codes,
    is_in,
    person_with_password,
    set_up_totp,
    signed_in,
    trail,
    try_to_sign_in,
)

pytestmark = pytest.mark.django_db(transaction=True)
CODE_PAGE = reverse("mfa_authenticate")
CODE_SECONDS = 30


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands, so that codes do not change in the middle of a test."""
    with time_machine.travel(timezone.now().replace(microsecond=0), tick=False) as traveller:
        yield traveller


def _enter(client: Client, code: str) -> object:
    return client.post(CODE_PAGE, {"code": code})


def test_setting_up_shows_a_picture_that_the_content_policy_allows() -> None:
    client = signed_in(person_with_password("ada"))
    page = client.get(reverse("mfa_activate_totp"))
    uri = page.context["totp_svg_data_uri"]
    assert f'src="{uri}"' in page.content.decode()
    kind, _, data = uri.partition(",")
    assert kind == "data:image/svg+xml;base64"
    assert b"<svg" in base64.b64decode(data)
    assert page.context["totp_url"].startswith("otpauth://totp/ada?")
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]


def test_signing_in_then_takes_a_code(clock: time_machine.Traveller) -> None:
    person = person_with_password()
    secret = set_up_totp(signed_in(person))
    clock.shift(CODE_SECONDS)
    client = Client()
    assert try_to_sign_in(client, person.user_name).headers["Location"].startswith(CODE_PAGE)
    assert not is_in(client)
    key = client.session.session_key
    assert error_codes(_enter(client, "000000")) == {"incorrect_code"}
    assert _enter(client, code_now(secret)).headers["Location"] == "/"
    assert is_in(client)
    assert client.session.session_key != key


def test_where_one_was_heading_survives_the_code(clock: time_machine.Traveller) -> None:
    operator = make_operator()
    secret = set_up_totp(signed_in(operator))
    clock.shift(CODE_SECONDS)
    client = Client()
    fields = {"login": operator.user_name, "password": PASSWORD, "next": "/admin/identities/user/"}
    client.post(reverse("account_login"), fields)
    assert _enter(client, code_now(secret)).headers["Location"] == "/admin/identities/user/"


def test_a_planted_session_is_left_before_the_code(clock: time_machine.Traveller) -> None:
    person = person_with_password()
    set_up_totp(signed_in(person))
    clock.shift(CODE_SECONDS)
    client = Client()
    planted = client.session
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    try_to_sign_in(client, person.user_name)
    assert client.session.session_key != planted.session_key


def test_the_same_code_twice_is_refused(clock: time_machine.Traveller) -> None:
    person = person_with_password()
    secret = set_up_totp(signed_in(person))
    with_the_first_code = Client()
    try_to_sign_in(with_the_first_code, person.user_name)
    assert error_codes(_enter(with_the_first_code, code_now(secret))) == {"incorrect_code"}
    clock.shift(CODE_SECONDS)
    one, two = Client(), Client()
    for client in (one, two):
        try_to_sign_in(client, person.user_name)
    code = code_now(secret)
    assert _enter(one, code).status_code == 302
    for spelling in (code, f" {code[:3]} {code[3:]} ", f"{code[:3]}-{code[3:]}"):
        assert error_codes(_enter(two, spelling)) == {"incorrect_code"}
    assert not is_in(two)


def test_codes_cannot_be_guessed_however_many_sessions_try(clock: time_machine.Traveller) -> None:
    person = person_with_password()
    secret = set_up_totp(signed_in(person))
    clock.shift(CODE_SECONDS)
    codes = []
    for number in range(6):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        try_to_sign_in(client, person.user_name)
        codes.append(error_codes(_enter(client, f"00000{number}")))
    assert codes[-1] == {"too_many_login_attempts"}
    assert error_codes(_enter(client, code_now(secret))) == {"too_many_login_attempts"}


def test_a_recovery_code_serves_once(clock: time_machine.Traveller) -> None:
    person = person_with_password()
    client = signed_in(person)
    set_up_totp(client)
    shown = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(shown) == 10
    file = client.get(reverse("mfa_download_recovery_codes"))
    assert file.content.decode().split() == shown
    clock.shift(CODE_SECONDS)
    for expected in (True, False):
        again = Client()
        try_to_sign_in(again, person.user_name)
        _enter(again, shown[0])
        assert is_in(again) is expected


def test_a_superuser_removes_a_colleagues_lost_one_with_a_reason_and_nobody_their_own() -> None:
    superuser, operator = make_operator(), make_operator(role=Role.OPERATOR)
    with_it, by, plain = signed_in(operator), signed_in(superuser), signed_in(make_operator(role=Role.OPERATOR))
    set_up_totp(with_it)
    set_up_totp(by)
    page = reverse("admin:identities_administrator_do", args=[operator.pk, "second_factor"])
    own = reverse("admin:identities_administrator_do", args=[superuser.pk, "second_factor"])
    for user, address, offered in ((operator, page, True), (superuser, own, False)):
        record = by.get(reverse("admin:identities_administrator_change", args=[user.pk])).content.decode()
        assert (address in record) is offered
    assert plain.post(page, {"reason": "lost"}).status_code == 403
    assert by.post(page, {"reason": " "}).status_code == 200
    assert by.post(own, {"reason": "lost"}).status_code == 200
    assert Authenticator.objects.count() == 4

    assert by.post(page, {"reason": "lost"}).status_code == 302
    assert set(Authenticator.objects.values_list("user", flat=True)) == {superuser.pk}
    entry = AuditEntry.objects.get(verb="user.second_factor_removed")
    assert (entry.subject_id, entry.reason, entry.facts) == (
        str(operator.pk),
        "lost",
        {"factor": "recovery_codes, totp"},
    )
    assert not is_in(with_it)
    signed_in(operator)


def test_nothing_of_it_stands_readable_in_the_database() -> None:
    person = person_with_password()
    client = signed_in(person)
    secret = set_up_totp(client)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    stored = str(list(Authenticator.objects.values())) + str(list(AuditEntry.objects.values()))
    assert secret not in stored
    assert not any(code in stored for code in codes)
    assert secret not in str(dict(client.session))
    assert {entry.data.get("secret", "gAAAA")[:5] for entry in Authenticator.objects.all()} == {"gAAAA"}


def test_changing_factors_asks_again_who_one_is(clock: time_machine.Traveller) -> None:
    person = person_with_password()
    client = signed_in(person)
    clock.shift(301)
    for name in ("mfa_activate_totp", "account_reauthenticate"):
        answer = client.get(reverse(name))
        assert name == "account_reauthenticate" or answer.headers["Location"].startswith("/accounts/reauthenticate/")
    key = client.session.session_key
    assert client.post(reverse("account_reauthenticate"), {"password": "wrong"}).status_code == 200
    target = {"password": PASSWORD, "next": reverse("mfa_activate_totp")}
    assert client.post(reverse("account_reauthenticate"), target).headers["Location"] == target["next"]
    assert client.session.session_key != key
    set_up_totp(client)
    clock.shift(301)
    for name in ("mfa_deactivate_totp", "mfa_generate_recovery_codes", "mfa_view_recovery_codes"):
        for answer in (client.get(reverse(name)), client.post(reverse(name))):
            assert answer.status_code in (302, 405), name
    email = client.post(reverse("account_email"), {"action_add": "", "email": "x@example.org"})
    assert email.headers["Location"].startswith("/accounts/reauthenticate/")
    assert Authenticator.objects.filter(user=person).count() == 2


def test_a_changed_factor_ends_other_sessions_keeps_this_one_and_is_audited() -> None:
    person = person_with_password()
    here, there = signed_in(person), signed_in(person)
    set_up_totp(here)
    assert is_in(here)
    assert not is_in(there)
    here.post(reverse("mfa_generate_recovery_codes"))
    assert is_in(here)
    here.post(reverse("mfa_deactivate_totp"))
    assert is_in(here)
    assert not Authenticator.objects.filter(user=person).exists()
    factors = [verb for verb in trail(person) if "second_factor" in verb]
    assert factors[0] == "user.second_factor_added"
    assert "user.second_factor_renewed" in factors
    assert factors[-1] == "user.second_factor_removed"


@override_settings(PORTAL_REQUIRE_TOTP=True)
def test_an_operator_sets_one_up_before_the_admin_opens() -> None:
    operator = make_operator()
    client = signed_in(operator)
    for path in ("/admin/", "/admin/identities/user/", "/admin/login/"):
        assert client.get(path).headers["Location"] == reverse("mfa_activate_totp")
        assert client.post(path).headers["Location"] == reverse("mfa_activate_totp")
    assert is_in(client)
    set_up_totp(client)
    assert client.get("/admin/").status_code == 200
    codes = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert 'href="/admin/"' in codes
    client.post(reverse("mfa_deactivate_totp"))
    assert client.get("/admin/").headers["Location"] == reverse("mfa_activate_totp")


@override_settings(PORTAL_REQUIRE_TOTP=True)
def test_persons_need_none() -> None:
    assert signed_in(person_with_password()).get("/").status_code == 200


def test_without_the_requirement_the_admin_opens() -> None:
    assert signed_in(make_operator()).get("/admin/").status_code == 200


@pytest.mark.parametrize("change", ["suspended", "suspended and back", "password"])
def test_what_happens_between_password_and_code_counts(clock: time_machine.Traveller, change: str) -> None:
    person = person_with_password()
    secret = set_up_totp(signed_in(person))
    clock.shift(CODE_SECONDS)
    client = Client()
    try_to_sign_in(client, person.user_name)
    if change == "password":
        credentials.set_password(person, NEW_PASSWORD, actor=actor())
    else:
        lifecycle.suspend_user(person, actor=actor())
    if change == "suspended and back":
        lifecycle.lift_suspension(person, actor=actor())
    assert _enter(client, code_now(secret)).headers["Location"] == reverse("account_login")
    assert not is_in(client)
    assert trail(person).count("user.signed_in") == 1


def test_a_wrong_code_is_noted(clock: time_machine.Traveller) -> None:
    person = person_with_password()
    set_up_totp(signed_in(person))
    clock.shift(CODE_SECONDS)
    client = Client()
    try_to_sign_in(client, person.user_name)
    _enter(client, "000000")
    assert trail(person)[-1] == "user.sign_in_failed"
