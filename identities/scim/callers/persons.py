"""Who is calling `/Me`: a person, by a token of their own or by the session of their browser."""

import logging
from datetime import timedelta
from typing import Any, Final

from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from identities.models import PersonToken, User
from identities.queries.tokens import authenticate_person
from identities.scim.callers.authentication import CHALLENGE
from identities.vocabulary import UserKind

logger = logging.getLogger(__name__)

_LAST_USED_STEP: Final = timedelta(seconds=60)
_LONGEST_TOKEN: Final = 512


class PersonAuthentication(BaseAuthentication):
    """A person's own token. An API client's is worth nothing here."""

    def authenticate(self, request: Request) -> tuple[User, PersonToken] | None:
        """The person, and the token as `request.auth`; None if the request brings no credentials of this kind.

        Raises:
            AuthenticationFailed: they are not live.
        """
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _space, text = header.partition(" ")
        token = (
            authenticate_person(text.strip()) if scheme.lower() == "bearer" and len(text) <= _LONGEST_TOKEN else None
        )
        if token is None:
            raise AuthenticationFailed(_("A valid token of a person is required."))
        _note_use(token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """The challenge that makes a refusal a 401."""
        return CHALLENGE


class OwnSession(SessionAuthentication):
    """The session of the portal's own pages; what changes something needs the form token (`X-CSRFToken`) with it."""


class IsPerson(BasePermission):
    """Persons only, and not while they have to choose a password of their own."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the caller has a record that it may see and change here."""
        user = request.user
        return isinstance(user, User) and user.kind == UserKind.PERSON and not user.must_change_password


def _note_use(token: PersonToken) -> None:
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at <= _LAST_USED_STEP:
        return
    try:
        PersonToken.objects.filter(pk=token.pk).update(last_used_at=now)
    except OperationalError:
        # A reader is not turned away because the database cannot be written to just now.
        logger.warning("The last use of a personal token was not noted.", exc_info=True)
