"""What the pages are opened with: a filled database, and a browser's session for each role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client
from pytest_django.plugin import DjangoDbBlocker

from identities.models import User
from tests.admin.world import World, fill


@pytest.fixture(scope="module")
def rolled_back(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction around a module, undone at its end: what stands in it is made once."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(rolled_back: None) -> World:
    """A small filled installation, made once for a module."""
    return fill(10)


def signed_in(user: User) -> Client:
    """A session of this user, past the password."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client
