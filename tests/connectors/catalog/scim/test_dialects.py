"""What is written, in the dialect each switch stands for."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.spi import AlreadyExists, Delta, Rejected, Transient
from tests.connectors.catalog.scim.conftest import TOKEN, failure, listing, user
from tests.connectors.catalog.scim.written import (
    ENTERPRISE,
    GROUP,
    HOME,
    PRIMARY,
    USER,
    WORK,
    Operations,
    StartPeer,
    Store,
    written_operations,
)
from tests.connectors.scripted_http import Answer, Request


class TestPatchWithPaths:
    """One operation per attribute, as RFC 7644 describes it."""

    def test_simple_attributes(self, peer: StartPeer) -> None:
        delta = Delta(
            replace={
                "title": ("Boss",),
                "name.givenName": ("Ada",),
                "nickName": (),
                f"{ENTERPRISE}:department": ("R&D",),
                f"{ENTERPRISE}:manager": ("id-9",),
            },
            enabled=False,
        )
        [operations] = written_operations(peer, user(), delta)
        assert operations == [
            {"op": "replace", "path": "title", "value": "Boss"},
            {"op": "replace", "path": "name.givenName", "value": "Ada"},
            {"op": "remove", "path": "nickName"},
            {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "R&D"},
            {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": "id-9"}},
            {"op": "replace", "path": "active", "value": False},
        ]

    @pytest.mark.parametrize(
        ("emails", "replace", "expected"),
        [
            ([{"type": "work", "value": "a"}], {WORK: ("b",)}, [{"op": "replace", "path": WORK, "value": "b"}]),
            ([{"type": "work", "value": "a"}], {WORK: ("a",)}, []),
            ([{"type": "work", "value": "a"}], {WORK: ()}, [{"op": "remove", "path": 'emails[type eq "work"]'}]),
            ([{"type": "work", "value": "a"}], {HOME: ()}, []),
            (
                [{"type": "work", "value": "a"}],
                {HOME: ("b",)},
                [{"op": "add", "path": "emails", "value": [{"type": "home", "value": "b"}]}],
            ),
            ([], {WORK: ("b",)}, [{"op": "add", "path": "emails", "value": [{"type": "work", "value": "b"}]}]),
            (
                [],
                {WORK: ("b",), PRIMARY: ("b",)},
                [
                    {"op": "add", "path": "emails", "value": [{"type": "work", "value": "b"}]},
                    {"op": "replace", "path": 'emails[value eq "b"].primary', "value": True},
                ],
            ),
            (
                [{"type": "work", "value": "a", "primary": "True"}],
                {PRIMARY: ("b",)},
                [{"op": "replace", "path": PRIMARY, "value": "b"}],
            ),
        ],
    )
    def test_selected_values_follow_what_is_there(
        self, peer: StartPeer, emails: list[Any], replace: dict[str, Any], expected: Operations
    ) -> None:
        written = written_operations(peer, user(emails=emails), Delta(replace=replace))
        assert written == ([expected] if expected else [])

    def test_parts_of_an_address(self, peer: StartPeer) -> None:
        city, country = 'addresses[type eq "work"].locality', 'addresses[type eq "work"].country'
        document = user(addresses=[{"type": "work", "locality": "Brno", "country": "CZ"}])
        [operations] = written_operations(peer, document, Delta(replace={city: ()}))
        assert operations == [{"op": "remove", "path": city}]
        [operations] = written_operations(peer, document, Delta(replace={city: (), country: ()}))
        assert operations == [{"op": "remove", "path": city}, {"op": "remove", "path": 'addresses[type eq "work"]'}]

    def test_single_values_of_a_list(self, peer: StartPeer) -> None:
        document = user(emails=[{"value": "a"}, {"value": "b", "type": "work"}])
        [operations] = written_operations(
            peer, document, Delta(add={"emails": ("b", "c")}, remove={"emails": ("a", "z")})
        )
        assert operations == [
            {"op": "add", "path": "emails", "value": [{"value": "c"}]},
            {"op": "remove", "path": 'emails[value eq "a"]'},
        ]
        assert written_operations(peer, document, Delta(add={"emails": ("a",)}, remove={"emails": ("z",)})) == []

    def test_no_write_for_nothing(self, peer: StartPeer) -> None:
        assert written_operations(peer, user(), Delta()) == []

    def test_the_switch_for_capitals(self, peer: StartPeer) -> None:
        delta = Delta(replace={"title": ("a",), "nickName": ()}, add={"emails": ("b",)})
        [operations] = written_operations(peer, user(), delta, capitalised_operations=True)
        assert [each["op"] for each in operations] == ["Replace", "Remove", "Replace"]

    def test_the_switch_for_booleans_as_text(self, peer: StartPeer) -> None:
        for enabled, text in ((True, "True"), (False, "False")):
            [operations] = written_operations(peer, user(), Delta(enabled=enabled), string_booleans=True)
            assert operations == [{"op": "replace", "path": "active", "value": text}]


class TestPatchWithoutPaths:
    """One operation whose value holds everything."""

    def test_one_operation_and_removals(self, peer: StartPeer) -> None:
        delta = Delta(
            replace={
                "title": ("Boss",),
                "name.givenName": ("Ada",),
                "nickName": (),
                f"{ENTERPRISE}:department": ("R&D",),
                WORK: ("new",),
            },
            enabled=True,
        )
        document = user(emails=[{"type": "work", "value": "old", "display": "x"}, {"type": "home", "value": "h"}])
        [operations] = written_operations(peer, document, delta, patch_style="no_path")
        assert operations == [
            {
                "op": "replace",
                "value": {
                    "title": "Boss",
                    "name": {"givenName": "Ada"},
                    ENTERPRISE: {"department": "R&D"},
                    "emails": [{"type": "work", "value": "new", "display": "x"}, {"type": "home", "value": "h"}],
                    "active": True,
                },
            },
            {"op": "remove", "path": "nickName"},
        ]

    def test_disabling_as_okta_does(self, peer: StartPeer) -> None:
        [operations] = written_operations(peer, user(), Delta(enabled=False), patch_style="no_path")
        assert operations == [{"op": "replace", "value": {"active": False}}]


class TestPut:
    """The whole object, as it was read, with the change."""

    def _put(self, peer: StartPeer, document: dict[str, Any], delta: Delta, **switches: Any) -> Request:
        scripted = peer(Store(document))
        object_class = USER if "userName" in document else GROUP
        scripted.connector(update_with="put", group_membership_with="put", **switches).update(
            object_class, document["id"], delta
        )
        [request] = scripted.server.seen("PUT")
        return request

    def test_what_the_delta_does_not_name_stays(self, peer: StartPeer) -> None:
        document = user(
            title="old",
            emails=[{"type": "work", "value": "a", "primary": True}, {"type": "home", "value": "h"}],
            meta={"version": 'W/"7"', "location": "x"},
            groups=[{"value": "g"}],
            unknown={"kept": True},
        )
        delta = Delta(replace={"title": ("new",), WORK: ("b",)}, add={"emails": ("c",)}, enabled=False)
        request = self._put(peer, document, delta)
        assert request.headers["if-match"] == 'W/"7"'
        assert request.document == {
            **{key: value for key, value in document.items() if key not in ("meta", "groups")},
            "title": "new",
            "active": False,
            "emails": [{"type": "work", "value": "b", "primary": True}, {"type": "home", "value": "h"}, {"value": "c"}],
        }

    def test_no_version_no_condition(self, peer: StartPeer) -> None:
        assert "if-match" not in self._put(peer, user(), Delta(enabled=False)).headers

    def test_the_extension_is_named_and_emptied(self, peer: StartPeer) -> None:
        request = self._put(peer, user(), Delta(replace={f"{ENTERPRISE}:department": ("R&D",)}))
        assert request.document["schemas"] == ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE]
        request = self._put(
            peer, user(**{ENTERPRISE: {"department": "x"}}), Delta(replace={f"{ENTERPRISE}:department": ()})
        )
        assert ENTERPRISE not in request.document

    def test_a_groups_members_survive_its_rename(self, peer: StartPeer) -> None:
        group = {"id": "g", "displayName": "old", "members": [{"value": "id-1", "display": "One"}]}
        request = self._put(peer, group, Delta(replace={"displayName": ("new",)}))
        assert (request.document["displayName"], request.document["members"]) == ("new", group["members"])

    def test_members(self, peer: StartPeer) -> None:
        group = {"id": "g", "displayName": "G", "members": [{"value": "id-1", "display": "One"}, {"value": "id-2"}]}
        request = self._put(peer, group, Delta(add={"members": ("id-1", "id-3")}, remove={"members": ("id-2", "id-9")}))
        assert request.document["members"] == [{"value": "id-1", "display": "One"}, {"value": "id-3"}]

    def test_somebody_elses_change_meanwhile(self, peer: StartPeer) -> None:
        document = user(meta={"version": "7"})
        for status in (409, 412):
            connector = peer(lambda r, status=status: failure(status) if r.method == "PUT" else Answer(200, document))
            with pytest.raises(Transient):
                connector.connector(update_with="put").update(USER, "id-1", Delta(enabled=False))

    @pytest.mark.parametrize("write", ["patch", "put"])
    @pytest.mark.parametrize(("holder", "expected"), [(2, AlreadyExists), (1, Transient)])
    def test_a_conflict_over_a_name_that_somebody_has(
        self, write: str, holder: int, expected: type[Exception], peer: StartPeer
    ) -> None:
        def answer(request: Request) -> Answer:
            if request.method in ("PATCH", "PUT"):
                return failure(409)
            if request.path.endswith("Users"):
                return listing(user(holder, userName="ada"))
            return Answer(200, user()) if "/Users/" in request.path else Answer(404)

        with pytest.raises(expected):
            peer(answer).connector(update_with=write).update(USER, "id-1", Delta(replace={"userName": ("ada",)}))


class TestCreate:
    """The whole object at once."""

    def _created(
        self, peer: StartPeer, attributes: dict[str, Any], enabled: bool | None = None, **switches: Any
    ) -> Any:
        scripted = peer(lambda request: Answer(201, user(1)) if request.method == "POST" else Answer(404))
        scripted.connector(**switches).create(USER, attributes, enabled=enabled)
        return scripted.server.seen("POST")[0].document

    def test_the_document(self, peer: StartPeer) -> None:
        document = self._created(
            peer,
            {
                "userName": ("ada",),
                "externalId": ("uuid",),
                "name.givenName": ("Ada",),
                "name.familyName": ("L",),
                WORK: ("a@b",),
                PRIMARY: ("a@b",),
                HOME: ("h@b",),
                f"{ENTERPRISE}:manager": ("id-9",),
                "roles": ("x", "y"),
                "nickName": (),
            },
            enabled=True,
        )
        assert document == {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
            "userName": "ada",
            "externalId": "uuid",
            "name": {"givenName": "Ada", "familyName": "L"},
            "emails": [{"type": "work", "value": "a@b", "primary": True}, {"type": "home", "value": "h@b"}],
            ENTERPRISE: {"manager": {"value": "id-9"}},
            "roles": [{"value": "x"}, {"value": "y"}],
            "active": True,
        }

    def test_the_switch_for_external_ids(self, peer: StartPeer) -> None:
        attributes = {"userName": ("ada",), "externalId": ("uuid",)}
        assert "externalId" not in self._created(peer, attributes, omit_external_id=True)

    def test_values_as_json(self, peer: StartPeer) -> None:
        moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        document = self._created(
            peer, {"userName": ("ada",), "x509Certificates": (b"\0\1",), "urn:example:x:2.0:User:since": (moment,)}
        )
        assert document["x509Certificates"] == [{"value": base64.b64encode(b"\0\1").decode()}]
        assert document["urn:example:x:2.0:User"] == {"since": "2026-01-02T03:04:05Z"}

    def test_unknown_attributes_are_refused_before_anything_is_sent(self, peer: StartPeer) -> None:
        scripted = peer(Store(user()))
        with pytest.raises(Rejected, match="noSuch"):
            scripted.connector().create(USER, {"userName": ("ada",), "noSuch": ("x",)})
        assert scripted.server.seen("POST") == []

    @pytest.mark.parametrize("value", ["\ud800", float("nan")])
    def test_values_that_are_no_json(self, peer: StartPeer, value: Any) -> None:
        scripted = peer(Store(user()))
        with pytest.raises(Rejected):
            scripted.connector().create(USER, {"userName": (value,)})
        assert scripted.server.seen("POST") == []

    def test_disabling_where_it_means_removal(self, peer: StartPeer) -> None:
        scripted = peer(Store(user(active=False)))
        connector = scripted.connector(disable_by="removal")
        for call in (
            lambda: connector.create(USER, {"userName": ("a",)}, enabled=False),
            lambda: connector.update(USER, "id-1", Delta(enabled=False)),
        ):
            with pytest.raises(Rejected):
                call()
        assert connector.update(USER, "id-1", Delta(enabled=True)).enabled is None
        assert [request.method for request in scripted.server.requests] == ["GET"]


class TestSignIn:
    """How the portal proves who it is."""

    def test_bearer(self, peer: StartPeer) -> None:
        scripted = peer(lambda _: listing())
        scripted.connector().search(USER)
        assert scripted.server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"

    def test_basic(self, peer: StartPeer) -> None:
        scripted = peer(lambda _: listing())
        scripted.connector(authentication="basic", user_name="portal", password="pä:ss").search(USER)
        wanted = base64.b64encode("portal:pä:ss".encode()).decode()
        assert scripted.server.requests[0].headers["authorization"] == f"Basic {wanted}"

    @pytest.mark.parametrize("media", ["application/scim+json", "application/json"])
    def test_the_switch_for_the_content_type(self, peer: StartPeer, media: str) -> None:
        scripted = peer(lambda _: Answer(201, user(1)))
        scripted.connector(content_type=media).create(USER, {"userName": ("a",)})
        headers = scripted.server.requests[0].headers
        assert headers["content-type"] == media
        assert headers["accept"].startswith(media)
