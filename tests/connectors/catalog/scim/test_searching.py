"""Searching peers that page, filter and answer in their own ways."""

from collections.abc import Callable
from typing import Any

import pytest

from connectors.spi import And, Equals, Misconfigured, Not, ObjectClass, Or, Present, Rejected, StartsWith
from tests.connectors.catalog.scim.conftest import Peer, Script, failure, listing, user
from tests.connectors.scripted_http import Answer, Request

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
StartPeer = Callable[[Script], Peer]
PEOPLE = [user(number, externalId=f"mark-{number}") for number in range(1, 8)]


def _paged(request: Request, people: list[dict[str, Any]] = PEOPLE) -> Answer:
    """An honest peer without filters."""
    start, count = int(request.query.get("startIndex", 1)), int(request.query["count"])
    page = people[start - 1 : start - 1 + count]
    return listing(*page, totalResults=len(people), startIndex=start, itemsPerPage=len(page))


def _everybody(connector: Any, condition: Any = None, limit: int = 3) -> list[str]:
    found: list[str] = []
    cursor = None
    for _ in range(50):
        page = connector.search(USER, condition, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        found += [item.name for item in page.items]
        if page.cursor is None:
            return found
        assert page.cursor != cursor
        cursor = page.cursor
    raise AssertionError("the search does not end")


NAMES = [each["userName"] for each in PEOPLE]


class TestFiltersAreNotBelieved:
    """An answer is checked before anybody is taken for somebody else."""

    def test_a_peer_that_ignores_the_filter(self, peer: StartPeer) -> None:
        connector = peer(_paged).connector()
        assert connector.search(USER, Equals("userName", "nobody")).items == ()
        assert [item.remote_id for item in connector.search(USER, Equals("userName", "USER7")).items] == ["id-7"]

    def test_the_rest_of_the_list_is_read_if_the_filter_is_ignored(self, peer: StartPeer) -> None:
        scripted = peer(_paged)
        connector = scripted.connector(page_size=2)
        [found] = connector.search(USER, Equals("externalId", "mark-7"), limit=2).items
        assert found.remote_id == "id-7"
        assert len(scripted.server.requests) == 4

    def test_marks_compare_exactly_and_names_do_not(self, peer: StartPeer) -> None:
        connector = peer(_paged).connector()
        assert connector.search(USER, Equals("externalId", "MARK-7")).items == ()
        assert len(connector.search(USER, Equals("userName", "USER7")).items) == 1

    def test_what_cannot_be_checked_is_not_believed(self, peer: StartPeer) -> None:
        connector = peer(lambda _: listing(user(1))).connector()
        assert connector.search(USER, Equals("title", "Boss")).items == ()

    def test_an_id_is_read_and_not_searched_for(self, peer: StartPeer) -> None:
        scripted = peer(lambda request: Answer(200, user(1)))
        for attribute in ("remote_id", "reference"):
            [found] = scripted.connector().search(USER, Equals(attribute, "id-1")).items
            assert found.remote_id == "id-1"
            assert scripted.connector().search(USER, Equals(attribute, "id-2")).items == ()
        assert {request.path for request in scripted.server.requests} == {"/scim/Users/id-1", "/scim/Users/id-2"}

    def test_the_switch_that_says_there_are_no_filters(self, peer: StartPeer) -> None:
        scripted = peer(_paged)
        connector = scripted.connector(filter_supported="no", page_size=3)
        assert _everybody(connector, StartsWith("userName", "user"), limit=2) == NAMES
        assert all("filter" not in request.query for request in scripted.server.requests)
        assert connector.capabilities().exact_search is False

    @pytest.mark.parametrize("refusal", [failure(400, "invalidFilter"), Answer(501), Answer(400, b"no")])
    def test_a_refused_filter_is_done_without(self, peer: StartPeer, refusal: Answer) -> None:
        scripted = peer(lambda request: refusal if "filter" in request.query else _paged(request))
        [found] = scripted.connector().search(USER, Equals("userName", "user5")).items
        assert found.remote_id == "id-5"
        with pytest.raises((Rejected, Misconfigured)):
            scripted.connector(filter_supported="yes").search(USER, Equals("userName", "user5"))

    def test_not_found_instead_of_an_empty_list(self, peer: StartPeer) -> None:
        connector = peer(lambda _: failure(404)).connector()
        assert connector.search(USER, Equals("userName", "nobody")).items == ()
        with pytest.raises(Misconfigured):
            connector.search(USER)


class TestFilterTexts:
    """What is sent, with every value quoted."""

    @pytest.mark.parametrize(
        ("condition", "text"),
        [
            (Equals("userName", "a"), 'userName eq "a"'),
            (Equals("userName", 'a" or title pr or "'), r'userName eq "a\" or title pr or \""'),
            (Equals("userName", "a\\"), r'userName eq "a\\"'),
            (Equals("title", "Žluť\n"), r'title eq "Žluť\n"'),
            (StartsWith("name.familyName", "O'"), 'name.familyName sw "O\'"'),
            (Equals('emails[type eq "work"].value', "a@b"), 'emails[type eq "work" and value eq "a@b"]'),
            (Equals("emails[primary eq true].value", "a@b"), 'emails[primary eq true and value eq "a@b"]'),
            (Equals("emails", "a@b"), 'emails.value eq "a@b"'),
            (Present("title"), "title pr"),
            (
                Equals("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "R&D"),
                'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "R&D"',
            ),
            (
                And((Equals("title", "a"), Or((Present("userType"), Not(Equals("title", "b")))))),
                'title eq "a" and (userType pr or not (title eq "b"))',
            ),
            (And((Equals("remote_id", "1"), Present("title"))), 'id eq "1" and title pr'),
            (And(()), "id pr"),
            (Or(()), "not (id pr)"),
        ],
    )
    def test_texts(self, peer: StartPeer, condition: Any, text: str) -> None:
        scripted = peer(lambda _: listing())
        assert scripted.connector().search(USER, condition).items == ()
        assert scripted.server.requests[-1].query["filter"] == text

    @pytest.mark.parametrize(
        "name",
        [
            "no such name",
            "title]",
            'emails[type eq "work" or primary eq true].value',
            'emails[type eq "work"]',
            "meta.created",
            "active",
            "id",
            "name",
            "addresses",
            "noSuch",
        ],
    )
    def test_names_that_cannot_be_searched_for(self, peer: StartPeer, name: str) -> None:
        scripted = peer(lambda request: Answer(404) if "Schemas" in request.path else listing())
        with pytest.raises(Rejected):
            scripted.connector().search(USER, Equals(name, "x"))

    def test_a_text_that_cannot_be_sent(self, peer: StartPeer) -> None:
        with pytest.raises(Rejected):
            peer(lambda _: listing()).connector().search(USER, Equals("userName", "\ud800"))

    def test_members_are_asked_for_only_when_the_filter_needs_them(self, peer: StartPeer) -> None:
        group = {"id": "g", "displayName": "G", "members": [{"value": "id-1"}]}
        scripted = peer(lambda _: listing(group))
        connector = scripted.connector()
        for condition in (None, Equals("displayName", "G")):
            [found] = connector.search(GROUP, condition).items
            assert "members" not in found.attributes
            assert scripted.server.requests[-1].query["excludedAttributes"] == "members"
        [found] = connector.search(GROUP, Equals("members", "id-1")).items
        assert "members" not in found.attributes
        assert "excludedAttributes" not in scripted.server.requests[-1].query


class TestPaging:
    """Everything once, and an end."""

    @pytest.mark.parametrize("limit", [1, 3, 7, 50])
    @pytest.mark.parametrize("condition", [None, StartsWith("userName", "user")])
    def test_by_index(self, peer: StartPeer, limit: int, condition: Any) -> None:
        assert _everybody(peer(_paged).connector(page_size=4), condition, limit) == NAMES

    def test_the_first_page_names_no_index(self, peer: StartPeer) -> None:
        scripted = peer(_paged)
        scripted.connector().search(USER)
        assert scripted.server.requests[0].query == {"count": "100"}

    @pytest.mark.parametrize("condition", [None, StartsWith("userName", "user")])
    def test_by_cursor(self, peer: StartPeer, condition: Any) -> None:
        def answer(request: Request) -> Answer:
            start, count = int(request.query.get("cursor", "0")), int(request.query["count"])
            assert "startIndex" not in request.query
            more = {"nextCursor": str(start + count)} if start + count < len(PEOPLE) else {}
            return listing(*PEOPLE[start : start + count], totalResults=len(PEOPLE), **more)

        assert _everybody(peer(answer).connector(page_size=4), condition) == NAMES

    def test_a_peer_that_gives_less_than_asked(self, peer: StartPeer) -> None:
        def answer(request: Request) -> Answer:
            request = Request(request.method, request.path, {**request.query, "count": "2"}, {}, b"")
            return _paged(request)

        assert _everybody(peer(answer).connector(), limit=5) == NAMES

    @pytest.mark.parametrize("condition", [None, StartsWith("userName", "user")])
    def test_a_peer_that_knows_no_pages(self, peer: StartPeer, condition: Any) -> None:
        assert _everybody(peer(lambda _: listing(*PEOPLE)).connector(), condition, limit=2) == NAMES

    @pytest.mark.parametrize("total", [None, "7", "many", -1])
    def test_totals_that_are_no_numbers(self, peer: StartPeer, total: Any) -> None:
        def answer(request: Request) -> Answer:
            document = {**_paged(request).body, "totalResults": total}
            return Answer(200, document)

        names = _everybody(peer(answer).connector(), limit=3)
        assert names == (NAMES[:3] if total == -1 else NAMES)

    @pytest.mark.parametrize("condition", [None, Equals("userName", "nobody")])
    def test_the_same_page_again_and_again(self, peer: StartPeer, condition: Any) -> None:
        connector = peer(lambda _: listing(*PEOPLE[:2], totalResults=1000)).connector(page_size=2)
        with pytest.raises(Misconfigured, match="again"):
            _everybody(connector, condition, limit=2)

    def test_the_same_cursor_again_and_again(self, peer: StartPeer) -> None:
        connector = peer(lambda _: listing(*PEOPLE[:2], nextCursor="x")).connector()
        with pytest.raises(Misconfigured, match="again"):
            _everybody(connector)

    def test_empty_pages_end_a_search(self, peer: StartPeer) -> None:
        connector = peer(lambda _: listing(totalResults=1000)).connector()
        assert _everybody(connector) == []

    def test_resources_that_are_none_are_left_out(self, peer: StartPeer) -> None:
        connector = peer(lambda _: listing(user(1), "x", {"id": []}, {"userName": "no id"}, None)).connector()
        assert _everybody(connector) == ["user1"]

    @pytest.mark.parametrize("cursor", ["x", "[]", "{}", "null", '["a", null, 0, null]'])
    def test_cursors_of_others(self, peer: StartPeer, cursor: str) -> None:
        with pytest.raises(Misconfigured, match="cursor"):
            peer(_paged).connector().search(USER, cursor=cursor)
