"""The request log of API clients does not grow without end."""

from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils import timezone

from identities.models import ClientRequest
from identities.scim import request_log
from provisioning_portal.due_work import due_work
from tests.factories import make_client


@pytest.mark.django_db
@override_settings(PORTAL_REQUEST_LOG_DAYS=30)
def test_old_lines_are_forgotten_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_log, "SHARE", 2)
    client, now = make_client(), timezone.now()
    for days in (40, 29, 32, 0, 31):
        line = {"method": "GET", "path": f"/{days}", "status": 200, "milliseconds": 1}
        ClientRequest.objects.create(client=client, at=now - timedelta(days=days), **line)
    [work] = [each for each in due_work() if each.name == "request log"]
    assert work.run() == 2
    assert set(ClientRequest.objects.values_list("path", flat=True)) == {"/29", "/0", "/31"}
    assert [work.run(), work.run()] == [1, 0]
    assert set(ClientRequest.objects.values_list("path", flat=True)) == {"/29", "/0"}
