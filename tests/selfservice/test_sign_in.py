"""Signing in: any spelling of the name, and one answer for everybody who is not let in."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from datetime import timedelta
from statistics import median

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from identities.actions import lifecycle
from identities.models import AuditEntry, User
from selfservice import deferred
from tests.factories import actor, make_operator, make_person
from tests.selfservice.people import (
    PASSWORD,
    error_codes,
    is_in,
    person_with_password,
    signed_in,
    trail,
    try_to_sign_in,
    without_tokens,
)

pytestmark = pytest.mark.django_db
NAME = "Zoë.Müller@Example.org"
TRIALS = 25


def suspended() -> User:
    return lifecycle.suspend_user(person_with_password(), actor=actor())


def staged() -> User:
    return person_with_password(start_date=timezone.localdate() + timedelta(days=3))


def deprovisioned() -> User:
    return lifecycle.deprovision_user(person_with_password(), actor=actor())


def deleted() -> User:
    return lifecycle.delete_user(person_with_password(), actor=actor())


def unknown() -> User:
    return User(user_name="nobody")


REFUSED = (suspended, staged, deprovisioned, deleted, unknown, make_person)


@pytest.mark.parametrize(
    "spelling",
    [
        NAME,
        NAME.upper(),
        NAME.lower(),
        f"  {NAME} ",
        unicodedata.normalize("NFD", NAME),
        unicodedata.normalize("NFD", NAME.upper()),
    ],
)
def test_any_spelling_of_the_name_signs_in(client: Client, spelling: str) -> None:
    person = person_with_password(NAME)
    answer = try_to_sign_in(client, spelling)
    assert answer.headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(person.pk)


def test_an_administrator_goes_to_work(client: Client) -> None:
    assert try_to_sign_in(client, make_operator().user_name).headers["Location"] == "/admin/"


def test_sign_out_ends_the_session_and_needs_a_form(client: Client) -> None:
    client = signed_in(person_with_password())
    key = client.session.session_key
    assert client.get(reverse("account_logout")).status_code == 200
    assert is_in(client)
    answer = client.post(reverse("account_logout"))
    assert answer.headers["Location"] == reverse("account_login")
    assert not is_in(client)
    stale = Client()
    stale.cookies["sessionid"] = key
    assert not is_in(stale)


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_whoever_is_not_let_in_gets_the_answer_to_a_wrong_password(make: Callable[[], User]) -> None:
    known, refused = person_with_password(), make()
    wrong = try_to_sign_in(Client(), known.user_name, "wrong")
    right = try_to_sign_in(Client(), refused.user_name, PASSWORD)
    assert error_codes(wrong) == {"username_password_mismatch"}
    assert _visible(right) == _visible(wrong)


def _visible(answer: HttpResponse) -> tuple[object, ...]:
    cookies = {name: (morsel["max-age"], morsel["path"]) for name, morsel in answer.cookies.items()}
    headers = {name: value for name, value in answer.headers.items() if name not in ("Content-Length", "Expires")}
    return answer.status_code, without_tokens(answer.content), headers, cookies


@pytest.mark.parametrize("password", ["", " ", "!", "null", "None", "\x00", "é" * 5000])
def test_no_password_opens_an_account_without_one(password: str) -> None:
    person = make_person()
    assert not person.has_usable_password()
    client = Client()
    assert try_to_sign_in(client, person.user_name, password).status_code == 200
    User.objects.filter(pk=person.pk).update(password="")
    assert try_to_sign_in(client, person.user_name, password).status_code == 200
    assert not is_in(client)


@pytest.mark.parametrize("name", ["", " ", "%", "*", "a\x00b", "x" * 300, "\u202e", "'; --"])
def test_odd_names_are_refused_without_a_fuss(client: Client, name: str) -> None:
    assert try_to_sign_in(client, name).status_code == 200


@pytest.mark.django_db(transaction=True)
@override_settings(PASSWORD_HASHERS=["tests.selfservice.people.SlowHasher"])
def test_the_time_of_an_answer_tells_nothing() -> None:
    names = {
        "known": person_with_password().user_name,
        "unknown": "nobody",
        "suspended": suspended().user_name,
        "without password": make_person().user_name,
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in names}
    for _trial in range(TRIALS):
        for kind, name in names.items():
            seconds[kind].append(_seconds_to_refuse(name))
    usual = median(seconds["known"])
    for kind, measured in seconds.items():
        # Without the hash, an answer takes a small part of the time.
        assert median(measured) == pytest.approx(usual, abs=max(0.01, 0.5 * usual)), kind


def _seconds_to_refuse(name: str) -> float:
    cache.clear()
    client = Client()
    client.get(reverse("account_login"))
    before = time.perf_counter()
    answer = try_to_sign_in(client, name, "wrong")
    seconds = time.perf_counter() - before
    assert error_codes(answer) == {"username_password_mismatch"}
    assert deferred.finish(20)
    return seconds


def test_five_failures_lock_a_name_however_it_is_spelt_and_wherever_they_come_from() -> None:
    person = person_with_password("Ada.Ångström")
    spellings = [
        "ada.ångström",
        "ADA.ÅNGSTRÖM",
        unicodedata.normalize("NFD", "ada.ångström"),
        " Ada.Ångström ",
        "aDA.ångström",
    ]
    hosts = ["localhost", "127.0.0.1", "localhost:8000", "testserver", "localhost"]
    for number, (spelling, host) in enumerate(zip(spellings, hosts, strict=True)):
        origin = {"REMOTE_ADDR": f"192.0.2.{number}", "HTTP_HOST": host}
        assert error_codes(try_to_sign_in(Client(), spelling, "wrong", **origin)) == {"username_password_mismatch"}
    answer = try_to_sign_in(Client(), person.user_name, REMOTE_ADDR="192.0.2.99")
    assert error_codes(answer) == {"too_many_login_attempts"}


def test_the_limit_says_nothing_of_who_exists() -> None:
    for _attempt in range(5):
        try_to_sign_in(Client(), "nobody", "wrong")
    assert error_codes(try_to_sign_in(Client(), "nobody", "wrong")) == {"too_many_login_attempts"}


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP"])
def test_a_client_cannot_pretend_to_be_many(header: str) -> None:
    codes = [
        error_codes(try_to_sign_in(Client(), f"name{number}", "wrong", headers={header: f"203.0.113.{number}"}))
        for number in range(12)
    ]
    assert codes[0] == {"username_password_mismatch"}
    assert codes[-1] == {"too_many_login_attempts"}


def test_signing_in_oneself_does_not_buy_more_guesses() -> None:
    own, victim = person_with_password(), person_with_password()
    codes = []
    for _attempt in range(6):
        codes.append(error_codes(try_to_sign_in(Client(), victim.user_name, "wrong")))
        assert try_to_sign_in(Client(), own.user_name).status_code == 302
    assert codes[-1] == {"too_many_login_attempts"}


def test_a_flood_is_answered_by_a_page_of_the_portal() -> None:
    answers = [try_to_sign_in(Client(), "") for _attempt in range(31)]
    assert [answers[0].status_code, answers[-1].status_code] == [200, 429]
    assert b"Too many requests" in answers[-1].content


@pytest.mark.django_db(transaction=True)
def test_attempts_on_known_users_are_noted_without_secrets() -> None:
    person = person_with_password()
    try_to_sign_in(Client(), person.user_name.upper(), "CANARY-password", REMOTE_ADDR="192.0.2.7")
    try_to_sign_in(Client(), "CANARY-nobody", "CANARY-password")
    signed_in(person)
    assert trail(person)[-2:] == ["user.sign_in_failed", "user.signed_in"]
    failed = AuditEntry.objects.get(verb="user.sign_in_failed")
    assert (failed.remote_addr, failed.actor_id, failed.channel) == ("192.0.2.7", None, "selfservice")
    assert "CANARY" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize("path", ["/admin/login/", "/admin/login/?next=/admin/", "/admin/identities/user/"])
def test_the_admin_never_shows_a_password_form(client: Client, path: str) -> None:
    operator = make_operator()
    asked = client.get(path, follow=True)
    assert asked.redirect_chain[-1][0].startswith(reverse("account_login"))
    answer = client.post(path, {"username": operator.user_name, "password": PASSWORD})
    assert answer.status_code == 302
    assert not is_in(client)
    person = signed_in(person_with_password())
    assert person.get(path).headers["Location"].startswith(("/", reverse("account_login")))
    assert b"password" not in person.get("/admin/login/").content


def test_unneeded_pages_of_allauth_are_not_there(client: Client) -> None:
    for path in ("inactive", "login/code", "login/code/confirm", "confirm-email", "password/set", "phone/change"):
        assert client.get(f"/accounts/{path}/").status_code == 404, path


def test_nobody_registers(client: Client) -> None:
    page = client.get(reverse("account_signup"))
    assert page.status_code == 200
    assert b"<form" not in page.content
    before = User.objects.count()
    fields = {"username": "mallory", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("account_signup"), fields).status_code == 405
    assert User.objects.count() == before


def test_a_form_without_its_token_is_refused_by_a_page_of_the_portal() -> None:
    client = Client(enforce_csrf_checks=True)
    answer = try_to_sign_in(client, "ada")
    assert answer.status_code == 403
    assert b"The form was too old" in answer.content
    assert b"<style" not in answer.content


def test_whoever_has_no_password_is_told_so() -> None:
    client = Client()
    person = make_person()
    client.force_login(person)
    answer = client.get(reverse("account_change_password"), follow=True)
    assert "You have no password here" in answer.content.decode()
