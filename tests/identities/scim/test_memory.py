"""What a process keeps in memory for a while: verdicts on tokens, and lines of the request log."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings

from identities.actions.clients import create_client, issue_token, revoke_token
from identities.actors import command_actor
from identities.models import ApiToken, ClientRequest
from identities.queries.tokens import authenticate_token
from identities.scim.callers import verdicts
from identities.scim.callers.verdicts import Verdicts
from identities.scim.log.request_lines import Line
from identities.scim.log.request_log import RequestLog

pytestmark = pytest.mark.django_db


def test_a_verdict_is_kept_for_a_moment_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(verdicts.time, "monotonic", lambda: clock[0])
    client = create_client("hr", actor=command_actor())
    token = issue_token(client, actor=command_actor())
    kept = Verdicts(authenticate_token)
    with override_settings(PORTAL_VERDICT_SECONDS=5):
        assert kept.of(token) is not None
        revoke_token(ApiToken.objects.get(), actor=command_actor())
        clock[0] += 4.9
        assert kept.of(token) is not None
        clock[0] += 0.2
        assert kept.of(token) is None
    with override_settings(PORTAL_VERDICT_SECONDS=0):
        again = issue_token(client, actor=command_actor())
        assert kept.of(again) is not None
        revoke_token(ApiToken.objects.latest("pk"), actor=command_actor())
        assert kept.of(again) is None


@pytest.mark.database
def test_lines_wait_and_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda self: None)
    stays, goes = (create_client(name, actor=command_actor()) for name in ("stays", "goes"))
    log = RequestLog()

    def line(client_id: UUID | None, path: str, payload: Any = None) -> Line:
        fixed = {"method": "GET", "status": 200, "milliseconds": 1, "notes": [["kept", "title"]], "coerced": True}
        line = Line(at=stays.created_at, path=path, remote_address="2001:db8::1", correlation_id="x", **fixed)
        line.client_id, line.payload = client_id, payload
        return line

    with override_settings(PORTAL_REQUEST_LOG_SECONDS=1):
        log.add(line(stays.pk, "/1"))
        log.add(line(goes.pk, "/2"))
        log.add(line(stays.pk, "/3", {"active": None}))
        log.add(line(None, "/4"))
    assert not ClientRequest.objects.exists()
    goes.delete()
    log.write()
    written = ClientRequest.objects.order_by("pk")
    assert list(written.values_list("path", "payload")) == [("/1", None), ("/3", {"active": None}), ("/4", None)]
    assert (written[0].at, written[0].notes, written[0].answer) == (stays.created_at, [["kept", "title"]], None)
    with override_settings(PORTAL_REQUEST_LOG_SECONDS=1):
        log.add(line(stays.pk, "/5", 10**30))
    log.write()
    assert written[3].payload == 10**30
