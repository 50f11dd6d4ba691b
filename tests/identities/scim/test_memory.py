"""What a process keeps in memory for a while: verdicts on tokens, and lines of the request log."""

import threading

import pytest
from django.test import override_settings

from identities.actions.clients import create_client, issue_token, revoke_token
from identities.actors import command_actor
from identities.models import ApiToken, ClientRequest
from identities.queries.tokens import authenticate_token
from identities.scim.callers import verdicts
from identities.scim.callers.verdicts import Verdicts
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


def test_lines_wait_and_are_written_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda self: None)
    stays, goes = (create_client(name, actor=command_actor()) for name in ("stays", "goes"))
    log = RequestLog()

    def line(client_id: object, path: str) -> ClientRequest:
        now = stays.created_at
        return ClientRequest(client_id=client_id, at=now, method="GET", path=path, status=200, milliseconds=1)

    with override_settings(PORTAL_REQUEST_LOG_SECONDS=1):
        log.add(line(stays.pk, "/1"))
        log.add(line(goes.pk, "/2"))
        log.add(line(stays.pk, "/3"))
    assert not ClientRequest.objects.exists()
    goes.delete()
    log.write()
    assert list(ClientRequest.objects.order_by("pk").values_list("path", flat=True)) == ["/1", "/3"]
