"""Saving the settings of a connected system, and what is said about the accounts that have to follow."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from connectors.models import ConnectedSystem
from connectors.vocabulary import SystemState
from tests.admin.conftest import signed_in
from tests.connectors.engine.rows import a_system
from tests.factories import make_operator

pytestmark = pytest.mark.django_db
FOLLOW = "Push the system so that everybody follows"


def _saved(client: Client, system: ConnectedSystem, **values: Any) -> str:
    """The page after the form was sent as it stands but for these values."""
    page = reverse("admin:connectors_connectedsystem_change", args=[system.pk])
    form = client.get(page).context["adminform"].form
    sent = {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}
    return client.post(page, {**sent, **values, "_continue": ""}, follow=True).content.decode()


def test_a_push_is_advised_where_accounts_have_to_follow() -> None:
    system = a_system(connector="sql", configuration={"database": "sqlite", "path": "a", "users_table": "b"})
    client = signed_in(make_operator("root"))
    assert FOLLOW not in _saved(client, system, description="Who is who")
    assert FOLLOW in _saved(client, system, scope_filter="active eq true")
    ConnectedSystem.objects.update(state=SystemState.PAUSED)
    assert FOLLOW not in _saved(client, system, scope_filter="active eq false")
    assert ConnectedSystem.objects.get().scope_filter == "active eq false"
