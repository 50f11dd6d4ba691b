"""The health address."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client


@pytest.mark.database
@pytest.mark.django_db
def test_healthy_with_a_database(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_unhealthy_without_one(client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", f"{tmp_path}/no/such/folder/file")
    assert client.get("/healthz").status_code == 503
