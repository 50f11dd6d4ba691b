"""Sessions: a new one at sign-in, over at suspension, at a changed password and after some time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identities.actions import credentials, lifecycle
from tests.factories import actor, make_operator
from tests.selfservice.people import (
    NEW_PASSWORD,
    PASSWORD,
    is_in,
    person_with_password,
    signed_in,
    try_to_sign_in,
)

pytestmark = pytest.mark.django_db
NOW = timezone.now().replace(microsecond=0)


def test_a_planted_session_is_left_at_sign_in(client: Client) -> None:
    planted = client.session
    planted["planted"] = True
    planted.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    assert try_to_sign_in(client, person_with_password().user_name).status_code == 302
    assert client.session.session_key != planted.session_key
    attacker = Client()
    attacker.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key
    assert not is_in(attacker)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    answer = try_to_sign_in(client, person_with_password().user_name)
    cookie = answer.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")


@pytest.mark.parametrize(
    "end",
    [lifecycle.suspend_user, lifecycle.deprovision_user, lifecycle.delete_user],
    ids=lambda end: end.__name__,
)
def test_the_end_of_a_person_is_the_end_of_their_sessions(end: object) -> None:
    person = person_with_password()
    one, two = signed_in(person), signed_in(person)
    end(person, actor=actor())  # type: ignore[operator]
    assert not is_in(one)
    assert not is_in(two)


def test_a_lifted_suspension_does_not_bring_sessions_back() -> None:
    person = person_with_password()
    client = signed_in(person)
    lifecycle.suspend_user(person, actor=actor())
    lifecycle.lift_suspension(person, actor=actor())
    assert not is_in(client)


def test_a_changed_password_keeps_this_session_and_ends_the_others() -> None:
    person = person_with_password()
    here, there = signed_in(person), signed_in(person)
    key = here.session.session_key
    fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert here.post(reverse("account_change_password"), fields).headers["Location"] == "/"
    assert is_in(here)
    assert here.session.session_key != key
    assert not is_in(there)
    assert try_to_sign_in(Client(), person.user_name, PASSWORD).status_code == 200
    assert try_to_sign_in(Client(), person.user_name, NEW_PASSWORD).status_code == 302


def test_a_one_time_password_from_an_administrator_ends_every_session() -> None:
    person = person_with_password()
    client = signed_in(person)
    credentials.issue_one_time_password(person, actor=actor())
    assert not is_in(client)


@pytest.mark.parametrize(
    ("old", "new"), [("wrong", NEW_PASSWORD), (PASSWORD, "short"), (PASSWORD, "password1234"), (PASSWORD, "9" * 20)]
)
def test_weak_or_unproved_changes_are_refused(old: str, new: str) -> None:
    person = person_with_password()
    client = signed_in(person)
    answer = client.post(reverse("account_change_password"), {"oldpassword": old, "password1": new, "password2": new})
    assert answer.status_code == 200
    assert is_in(client)
    assert try_to_sign_in(Client(), person.user_name, PASSWORD).status_code == 302


@pytest.mark.parametrize("password", ["päßwörter 鍵鍵鍵", "x" * 30 + " ½ " * 30, "  spaces around it  "])
def test_long_and_foreign_passwords_count_to_their_last_character(password: str) -> None:
    person = person_with_password()
    credentials.set_password(person, password, actor=actor())
    assert try_to_sign_in(Client(), person.user_name, password[:-1]).status_code == 200
    assert try_to_sign_in(Client(), person.user_name, password).status_code == 302


@pytest.mark.parametrize("kind", ["person", "administrator"])
def test_an_unused_session_ends(kind: str) -> None:
    idle_seconds, _seconds = settings.PORTAL_SESSION_LIMITS[kind]
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in(person_with_password() if kind == "person" else make_operator())
        clock.shift(idle_seconds - 1)
        assert is_in(client)
        clock.shift(idle_seconds + 1)
        assert not is_in(client)


@pytest.mark.parametrize("kind", ["person", "administrator"])
def test_a_session_in_use_ends_too(kind: str) -> None:
    idle_seconds, seconds = settings.PORTAL_SESSION_LIMITS[kind]
    with time_machine.travel(NOW, tick=False) as clock:
        client = signed_in(person_with_password() if kind == "person" else make_operator())
        for _use in range(seconds // (idle_seconds // 2)):
            clock.shift(timedelta(seconds=idle_seconds // 2))
            assert is_in(client)
        clock.shift(1)
        page = client.get("/accounts/2fa/", follow=True)
        assert "Your session has ended" in page.content.decode()


def test_what_signed_in_people_see_is_kept_nowhere() -> None:
    client = signed_in(person_with_password())
    for path in (
        "/",
        "/accounts/2fa/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/totp/activate/",
    ):
        assert "no-store" in client.get(path).headers["Cache-Control"], path
