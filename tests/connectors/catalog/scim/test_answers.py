"""What a peer's answer means to the engine."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.catalog.scim.answers import retry_after
from connectors.spi import (
    AlreadyExists,
    Ambiguous,
    ConnectorError,
    Delta,
    Gone,
    Misconfigured,
    ObjectClass,
    Rejected,
    Throttled,
    Transient,
)
from tests.connectors.catalog.scim.conftest import TOKEN, Peer, Script, failure, listing, user
from tests.connectors.scripted_http import Answer, Request

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
USER = ObjectClass.USER
StartPeer = Callable[[Script], Peer]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("1.5", 1.5),
        ("-5", 0),
        ("1000000000", 3600),
        ("9" * 400, 3600),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120),
        ("Sunday, 01-Mar-26 12:02:00 GMT", 120),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0),
        ("Sun, 01 Mar 2099 12:00:00 GMT", 3600),
        ("Sun, 01 Mar 2026 12:02:00 -0000", 120),
        ("abc", 30),
        ("", 30),
        ("Sun, 99 Mar 2026 12:00:00 GMT", 30),
        ("1e9", 30),
        ("٣", 30),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


QUOTA = {"error": {"errors": [{"reason": "userRateLimitExceeded"}], "code": 403}}
ANSWERS: list[tuple[Answer, type[ConnectorError], type[ConnectorError], type[ConnectorError]]] = [
    # answer, on GET, on POST, on PATCH
    (failure(400, "invalidValue"), Rejected, Rejected, Rejected),
    (failure(401), Misconfigured, Misconfigured, Misconfigured),
    (failure(403), Misconfigured, Misconfigured, Misconfigured),
    (Answer(403, QUOTA), Throttled, Throttled, Throttled),
    (failure(403, **{"Retry-After": "9"}), Throttled, Throttled, Throttled),
    (failure(403, detail="may not generate limits"), Misconfigured, Misconfigured, Misconfigured),
    (failure(403, detail="Rate limit exceeded"), Throttled, Throttled, Throttled),
    (failure(404), Gone, Misconfigured, Gone),
    (Answer(405), Misconfigured, Misconfigured, Misconfigured),
    (failure(408), Transient, Transient, Transient),
    (failure(409, "uniqueness"), AlreadyExists, AlreadyExists, AlreadyExists),
    (Answer(409, b""), Transient, AlreadyExists, Transient),
    (failure(400, "uniqueness"), AlreadyExists, AlreadyExists, AlreadyExists),
    (Answer(410), Gone, Misconfigured, Gone),
    (failure(412), Transient, Transient, Transient),
    (failure(413), Rejected, Rejected, Rejected),
    (Answer(415), Misconfigured, Misconfigured, Misconfigured),
    (Answer(418, b"<html>teapot</html>"), Rejected, Rejected, Rejected),
    (failure(422), Rejected, Rejected, Rejected),
    (failure(429), Throttled, Throttled, Throttled),
    (failure(500), Transient, Ambiguous, Ambiguous),
    (failure(501), Misconfigured, Misconfigured, Misconfigured),
    (Answer(502, b"<html>bad gateway</html>"), Transient, Ambiguous, Ambiguous),
    (failure(503), Transient, Ambiguous, Ambiguous),
    (failure(503, **{"Retry-After": "9"}), Throttled, Throttled, Throttled),
    (failure(504), Transient, Ambiguous, Ambiguous),
    (Answer(302, b"", {"Location": "http://169.254.169.254/"}), Misconfigured, Misconfigured, Misconfigured),
]


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case[0].status}-{case[1].__name__}-{case[2].__name__}")
def test_statuses(
    peer: StartPeer, case: tuple[Answer, type[ConnectorError], type[ConnectorError], type[ConnectorError]]
) -> None:
    answer, on_get, on_post, on_patch = case
    connector = peer(lambda _: answer).connector()
    calls: list[tuple[type[ConnectorError], Callable[[], Any]]] = [
        (on_get, lambda: connector.get(USER, "id-1")),
        (on_post, lambda: connector.create(USER, {"userName": ("a",)})),
        (on_patch, lambda: connector.update(USER, "id-1", Delta(replace={"title": ("x",)}))),
    ]
    for expected, call in calls:
        with pytest.raises(ConnectorError) as raised:
            call()
        assert type(raised.value) is expected
        assert raised.value.message


def test_throttling_tells_how_long(peer: StartPeer) -> None:
    for header, seconds in (("120", 120), ("abc", 30), ("-3", 0), ("1000000000", 3600)):
        connector = peer(lambda _, header=header: failure(429, **{"Retry-After": header})).connector()
        with pytest.raises(Throttled) as raised:
            connector.search(USER)
        assert raised.value.retry_after == seconds
    with pytest.raises(Throttled) as raised:
        peer(lambda _: failure(429)).connector().search(USER)
    assert raised.value.retry_after is None


@pytest.mark.parametrize(("status", "refused"), [(429, True), (403, True), (503, False)])
def test_only_a_refusal_proves_that_nothing_was_done(peer: StartPeer, status: int, refused: bool) -> None:
    connector = peer(lambda _: failure(status, **{"Retry-After": "9"})).connector()
    with pytest.raises(Throttled) as raised:
        connector.create(USER, {"userName": ("ada",)})
    assert raised.value.is_refused is refused


def test_what_the_peer_says_is_told_without_secrets(peer: StartPeer) -> None:
    detail = f"bad value\nfor title, with {TOKEN} " + "x" * 1000
    connector = peer(lambda _: failure(400, "invalidValue", detail)).connector()
    with pytest.raises(Rejected) as raised:
        connector.create(USER, {"userName": ("a",)})
    error = raised.value
    assert error.facts == {"status": 400, "scimType": "invalidValue"}
    assert error.detail.startswith("bad value for title, with ***")
    assert len(error.detail) <= 500
    assert TOKEN not in f"{error.message}{error.detail}{error.facts}"


class TestCreate:
    """A create that was sent is never simply repeated."""

    @pytest.mark.parametrize(
        "answer",
        [
            Answer(201, b'{"id": "id-1", "userNa'),
            Answer(201, b""),
            Answer(201, {"userName": "a"}),
            Answer(201, {"id": ""}),
            Answer(201, {"id": True}),
            Answer(201, []),
            Answer(201, b"[" * 100_000),
            Answer(200, b"<html>signed in</html>", {"Content-Type": "text/html"}),
            Answer(202, {"id": "id-1"}),
            Answer(204),
        ],
        ids=lambda answer: f"{answer.status}-{answer.content[:12]!r}",
    )
    def test_a_success_that_does_not_say_what_was_made(self, peer: StartPeer, answer: Answer) -> None:
        scripted = peer(lambda _: answer)
        with pytest.raises(Ambiguous):
            scripted.connector().create(USER, {"userName": ("a",)})
        assert len(scripted.server.requests) == 1

    def test_an_answer_that_is_cut_off(self, peer: StartPeer) -> None:
        cut = b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"id": "1"'
        with pytest.raises(Ambiguous):
            peer(lambda _: lambda connection: connection.sendall(cut)).connector().create(USER, {"userName": ("a",)})

    def test_an_empty_answer_with_a_location_is_followed_within_the_base_url(self, peer: StartPeer) -> None:
        def answer(request: Request) -> Answer:
            if request.method == "POST":
                return Answer(201, b"", {"Location": "http://169.254.169.254/elsewhere/Users/id-1"})
            return Answer(200, user(1))

        scripted = peer(answer)
        assert scripted.connector().create(USER, {"userName": ("user1",)}).remote_id == "id-1"
        assert scripted.server.requests[-1].path == "/scim/Users/id-1"

    @pytest.mark.parametrize("location", ["", "/", "/Users/..", "/Users/id-2", "\\"])
    def test_a_location_that_leads_nowhere(self, peer: StartPeer, location: str) -> None:
        def answer(request: Request) -> Answer:
            return Answer(201, b"", {"Location": location}) if request.method == "POST" else failure(404)

        with pytest.raises(Ambiguous):
            peer(answer).connector().create(USER, {"userName": ("a",)})

    def test_a_peer_that_answers_with_somebody_elses_account(self, peer: StartPeer) -> None:
        connector = peer(lambda _: Answer(200, user(1, externalId="another"))).connector()
        with pytest.raises(AlreadyExists) as raised:
            connector.create(USER, {"userName": ("user1",), "externalId": ("ours",)})
        assert raised.value.remote_id == "id-1"


class TestGone:
    """An account is only gone when the peer, and not something in front of it, says so."""

    def test_a_scim_error_is_believed(self, peer: StartPeer) -> None:
        scripted = peer(lambda _: failure(404))
        with pytest.raises(Gone):
            scripted.connector().get(USER, "id-1")
        assert len(scripted.server.requests) == 1

    @pytest.mark.parametrize("body", [b"", b"<html>not found</html>", b'{"error": "no route"}'])
    def test_a_bare_404_is_believed_if_the_list_is_there(self, peer: StartPeer, body: bytes) -> None:
        connector = peer(lambda request: listing() if request.path == "/scim/Users" else Answer(404, body)).connector()
        for call in (
            lambda: connector.get(USER, "id-1"),
            lambda: connector.delete(USER, "id-1"),
            lambda: _retitle(connector),
        ):
            with pytest.raises(Gone):
                call()

    def test_a_bare_404_everywhere_is_a_wrong_address(self, peer: StartPeer) -> None:
        connector = peer(lambda _: Answer(404, b"<html>not found</html>")).connector()
        for call in (
            lambda: connector.get(USER, "id-1"),
            lambda: connector.delete(USER, "id-1"),
            lambda: _retitle(connector),
        ):
            with pytest.raises(Misconfigured):
                call()

    def test_a_404_about_something_else_does_not_make_the_object_gone(self, peer: StartPeer) -> None:
        connector = peer(
            lambda request: failure(404) if request.method == "PATCH" else Answer(200, user(1))
        ).connector()
        with pytest.raises(Rejected):
            _retitle(connector)

    def test_another_object_than_the_one_asked_for(self, peer: StartPeer) -> None:
        with pytest.raises(Rejected, match="another"):
            peer(lambda _: Answer(200, user(2))).connector().get(USER, "id-1")

    @pytest.mark.parametrize("remote_id", ["", ".", ".."])
    def test_ids_that_would_lead_elsewhere(self, peer: StartPeer, remote_id: str) -> None:
        scripted = peer(lambda _: listing())
        with pytest.raises(Gone):
            scripted.connector().delete(USER, remote_id)
        assert scripted.server.requests == []

    @pytest.mark.parametrize("remote_id", ["a/b", "../Groups/1", "a?b=c", "a#b", "a b", "ž"])
    def test_ids_are_escaped(self, peer: StartPeer, remote_id: str) -> None:
        scripted = peer(lambda _: Answer(200, {"id": remote_id, "userName": "x"}))
        assert scripted.connector().get(USER, remote_id).remote_id == remote_id
        assert scripted.server.requests[0].path == f"/scim/Users/{remote_id}"
        assert scripted.server.requests[0].query == {}

    def test_an_id_that_is_a_number(self, peer: StartPeer) -> None:
        connector = peer(
            lambda request: Answer(200 if request.method == "GET" else 201, {"id": 7, "userName": "x"})
        ).connector()
        created = connector.create(USER, {"userName": ("x",)})
        assert (created.remote_id, connector.get(USER, "7").remote_id) == ("7", "7")

    def test_an_id_that_cannot_be_sent(self, peer: StartPeer) -> None:
        with pytest.raises(Gone):
            peer(lambda _: listing()).connector().get(USER, "\ud800")


class TestUnreadable:
    """Answers that are no SCIM."""

    def test_a_page_instead_of_json_is_a_wrong_address(self, peer: StartPeer) -> None:
        page = Answer(200, b"<html>sign in</html>", {"Content-Type": "text/html"})
        with pytest.raises(Misconfigured, match="JSON"):
            peer(lambda _: page).connector().search(USER)

    def test_broken_json_is_repeated(self, peer: StartPeer) -> None:
        with pytest.raises(Transient):
            peer(lambda _: Answer(200, b'{"Resources": [')).connector().search(USER)

    def test_endless_nesting(self, peer: StartPeer) -> None:
        with pytest.raises(Transient):
            peer(lambda _: Answer(200, b'{"a":' * 200_000)).connector().search(USER)
        deep = b'{"Resources": ' + b"[" * 60 + b"]" * 60 + b"}"
        with pytest.raises(Transient):
            peer(lambda _: Answer(200, deep)).connector().search(USER)

    def test_a_list_that_is_none(self, peer: StartPeer) -> None:
        with pytest.raises(Misconfigured, match="SCIM list"):
            peer(lambda _: Answer(200, {"users": []})).connector().search(USER)


def _retitle(connector: Any) -> None:
    connector.update(USER, "id-1", Delta(replace={"title": ("x",)}))
