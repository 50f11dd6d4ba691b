"""People who can sign in, and the forms they use."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from identities.actions import credentials
from identities.models import AuditEntry, User
from selfservice import deferred
from tests.factories import PASSWORD, actor, make_operator, make_person

NEW_PASSWORD = "a staple for every battery"
__all__ = ["NEW_PASSWORD", "PASSWORD", "make_operator"]


class SlowHasher(PBKDF2PasswordHasher):
    """Slow enough to see whether a password was hashed, fast enough to do so often."""

    iterations = 150_000


def person_with_password(user_name: str | None = None, **values: Any) -> User:
    """A person who signs in with `PASSWORD`."""
    person = make_person(user_name, **values)
    return credentials.set_password(person, PASSWORD, actor=actor())


def proved(user: User, email: str, *, verified: bool = True) -> EmailAddress:
    """An address of a user, proved or only named."""
    return EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)


def try_to_sign_in(client: Client, login: str, password: str = PASSWORD, **extra: Any) -> HttpResponse:
    """Send the sign-in form."""
    return client.post(reverse("account_login"), {"login": login, "password": password}, **extra)


def signed_in(user: User, password: str = PASSWORD) -> Client:
    """A browser in which `user` has just signed in by the form."""
    client = Client()
    answer = try_to_sign_in(client, user.user_name, password)
    assert answer.status_code == 302, answer.context["form"].errors
    assert is_in(client)
    return client


def is_in(client: Client) -> bool:
    """Whether somebody is signed in in this browser, asked of the server."""
    location = client.get("/").headers.get("Location", "")
    return not location.startswith(reverse("account_login"))


def error_codes(answer: HttpResponse) -> set[str]:
    """Why a form was refused."""
    return {error.code for errors in answer.context["form"].errors.as_data().values() for error in errors}


def code_now(secret: str) -> str:
    """What an authenticator app with this key shows."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def set_up_totp(client: Client) -> str:
    """Set up an authenticator app; the key."""
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    answer = client.post(reverse("mfa_activate_totp"), {"code": code_now(secret)})
    assert answer.status_code == 302, answer.context["form"].errors
    return secret


def trail(user: User) -> list[str]:
    """The verbs of a user's audit entries, oldest first, once everything that was put off is done."""
    assert deferred.finish(20)
    return list(AuditEntry.objects.filter(subject_id=str(user.pk)).order_by("pk").values_list("verb", flat=True))


def without_tokens(body: bytes) -> str:
    """A page without what differs between any two requests: the form token, and the name typed."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", body.decode())
    return re.sub(r'name="login" value="[^"]*"', "", text)
