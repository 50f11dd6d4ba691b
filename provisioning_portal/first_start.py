"""The first start: an administrator to sign in with, and something to look at."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from django.conf import settings

from identities.actions import administrators
from identities.actors import command_actor
from identities.models import User
from identities.vocabulary import Role, UserKind
from provisioning_portal import demo

ADMINISTRATOR = "admin"


def prepare() -> Iterator[str]:
    """Set up a portal that nobody has used yet, as far as that is still to do.

    Yields:
        What to tell the person at the console, line by line as it happens; nothing for a portal that is set up.
    """
    actor = command_actor("first start")
    administrators.ensure_roles(actor=actor)
    if not User.objects.filter(kind=UserKind.OPERATOR).exists():
        if settings.PORTAL_DEMO_DATA:
            demo.ask_for()
        password = secrets.token_urlsafe(12)
        administrators.create_operator(ADMINISTRATOR, password, Role.SUPERUSER, actor=actor)
        yield f"administrator: {ADMINISTRATOR}   one-time password: {password}"
    if demo.asked_for():
        yield from demo.seed()
