"""What is written, in the dialect each switch stands for."""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.spi import Delta, Gone, ObjectClass, Rejected, Transient
from tests.connectors.catalog.scim.conftest import TOKEN, Peer, Script, failure, listing, user
from tests.connectors.scripted_http import Answer, Request

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK, HOME = 'emails[type eq "work"].value', 'emails[type eq "home"].value'
PRIMARY = "emails[primary eq true].value"
StartPeer = Callable[[Script], Peer]
Operations = list[dict[str, Any]]


class Store:
    """A peer that holds one object, keeps every write, and answers a PATCH with 204."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET" and request.path.endswith(("Users", "Groups")):
            return listing()
        if request.method == "GET" and request.path.endswith(("Schemas", "ResourceTypes")):
            return Answer(404)
        return Answer(204) if request.method in ("PATCH", "PUT", "DELETE") else Answer(200, self.document)


def _operations(peer: StartPeer, document: dict[str, Any], delta: Delta, **switches: Any) -> list[Operations]:
    """The operations of each PATCH that a delta leads to."""
    scripted = peer(Store(document))
    object_class = GROUP if "displayName" in document and "userName" not in document else USER
    scripted.connector(**switches).update(object_class, document["id"], delta)
    assert all("PatchOp" in request.document["schemas"][0] for request in scripted.server.seen("PATCH"))
    return [request.document["Operations"] for request in scripted.server.seen("PATCH")]


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
        [operations] = _operations(peer, user(), delta)
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
        written = _operations(peer, user(emails=emails), Delta(replace=replace))
        assert written == ([expected] if expected else [])

    def test_parts_of_an_address(self, peer: StartPeer) -> None:
        city, country = 'addresses[type eq "work"].locality', 'addresses[type eq "work"].country'
        document = user(addresses=[{"type": "work", "locality": "Brno", "country": "CZ"}])
        [operations] = _operations(peer, document, Delta(replace={city: ()}))
        assert operations == [{"op": "remove", "path": city}]
        [operations] = _operations(peer, document, Delta(replace={city: (), country: ()}))
        assert operations == [{"op": "remove", "path": city}, {"op": "remove", "path": 'addresses[type eq "work"]'}]

    def test_single_values_of_a_list(self, peer: StartPeer) -> None:
        document = user(emails=[{"value": "a"}, {"value": "b", "type": "work"}])
        [operations] = _operations(peer, document, Delta(add={"emails": ("b", "c")}, remove={"emails": ("a", "z")}))
        assert operations == [
            {"op": "add", "path": "emails", "value": [{"value": "c"}]},
            {"op": "remove", "path": 'emails[value eq "a"]'},
        ]
        assert _operations(peer, document, Delta(add={"emails": ("a",)}, remove={"emails": ("z",)})) == []

    def test_no_write_for_nothing(self, peer: StartPeer) -> None:
        assert _operations(peer, user(), Delta()) == []

    def test_the_switch_for_capitals(self, peer: StartPeer) -> None:
        delta = Delta(replace={"title": ("a",), "nickName": ()}, add={"emails": ("b",)})
        [operations] = _operations(peer, user(), delta, capitalised_operations=True)
        assert [each["op"] for each in operations] == ["Replace", "Remove", "Replace"]

    def test_the_switch_for_booleans_as_text(self, peer: StartPeer) -> None:
        for enabled, text in ((True, "True"), (False, "False")):
            [operations] = _operations(peer, user(), Delta(enabled=enabled), string_booleans=True)
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
        [operations] = _operations(peer, document, delta, patch_style="no_path")
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
        [operations] = _operations(peer, user(), Delta(enabled=False), patch_style="no_path")
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


GROUP_DOCUMENT = {"id": "g", "displayName": "G"}


class TestMembers:
    """Memberships as differences, in pieces the peer takes."""

    def test_add_and_remove(self, peer: StartPeer) -> None:
        delta = Delta(add={"members": ("id-1", "id-2")}, remove={"members": ("id-3", 'id"4')})
        assert _operations(peer, GROUP_DOCUMENT, delta) == [
            [
                {"op": "remove", "path": 'members[value eq "id-3"]'},
                {"op": "remove", "path": r'members[value eq "id\"4"]'},
            ],
            [{"op": "add", "path": "members", "value": [{"value": "id-1"}, {"value": "id-2"}]}],
        ]

    def test_the_switch_for_value_lists(self, peer: StartPeer) -> None:
        delta = Delta(remove={"members": ("id-3", "id-4")})
        assert _operations(peer, GROUP_DOCUMENT, delta, remove_members_by="value_list") == [
            [{"op": "remove", "path": "members", "value": [{"value": "id-3"}, {"value": "id-4"}]}]
        ]

    def test_pieces(self, peer: StartPeer) -> None:
        members = tuple(f"id-{number}" for number in range(7))
        written = _operations(
            peer,
            GROUP_DOCUMENT,
            Delta(add={"members": members}, remove={"members": ("x", "y", "z", "w")}),
            members_per_request=3,
        )
        assert [[each["op"] for each in request] for request in written] == [
            ["remove"] * 3,
            ["remove"],
            ["add"],
            ["add"],
            ["add"],
        ]
        assert [len(request[0]["value"]) for request in written[2:]] == [3, 3, 1]

    def test_all_members_replaced(self, peer: StartPeer) -> None:
        members = tuple(f"id-{number}" for number in range(3))
        written = _operations(peer, GROUP_DOCUMENT, Delta(replace={"members": members}), members_per_request=2)
        assert [request[0]["op"] for request in written] == ["replace", "add"]
        assert _operations(peer, GROUP_DOCUMENT, Delta(replace={"members": ()})) == [
            [{"op": "remove", "path": "members"}]
        ]

    def test_a_replacement_that_takes_itself_back(self, peer: StartPeer) -> None:
        delta = Delta(replace={"members": ("id-1",)}, add={"members": ("id-2",)}, remove={"members": ("id-1", "id-2")})
        assert _operations(peer, GROUP_DOCUMENT, delta) == [[{"op": "remove", "path": "members"}]]

    def test_values_are_written_before_members(self, peer: StartPeer) -> None:
        delta = Delta(replace={"displayName": ("H",)}, add={"members": ("id-1",)})
        assert [request[0]["path"] for request in _operations(peer, GROUP_DOCUMENT, delta)] == [
            "displayName",
            "members",
        ]

    def test_a_peer_that_minds_who_is_no_member(self, peer: StartPeer) -> None:
        present = {**GROUP_DOCUMENT, "members": [{"value": "id-1"}]}

        def answer(request: Request) -> Answer:
            missing = 'members[value eq "id-2"]'
            if request.method == "PATCH" and any(
                each.get("path") == missing for each in request.document["Operations"]
            ):
                return failure(400, "noTarget")
            return Store(present)(request)

        scripted = peer(answer)
        scripted.connector().update(GROUP, "g", Delta(remove={"members": ("id-1", "id-2")}))
        assert scripted.server.seen("PATCH")[-1].document["Operations"] == [
            {"op": "remove", "path": 'members[value eq "id-1"]'}
        ]

    def test_members_are_not_read_for_a_difference(self, peer: StartPeer) -> None:
        scripted = peer(Store(GROUP_DOCUMENT))
        scripted.connector().update(GROUP, "g", Delta(add={"members": ("id-1",)}))
        assert all(request.query["excludedAttributes"] == "members" for request in scripted.server.requests)

    def test_members_of_a_new_group_in_pieces(self, peer: StartPeer) -> None:
        scripted = peer(lambda r: Answer(201, GROUP_DOCUMENT) if r.method == "POST" else Store(GROUP_DOCUMENT)(r))
        members = tuple(f"id-{number}" for number in range(5))
        scripted.connector(members_per_request=2).create(GROUP, {"displayName": ("G",), "members": members})
        [created] = scripted.server.seen("POST")
        assert [each["value"] for each in created.document["members"]] == ["id-0", "id-1"]
        added = [request.document["Operations"][0]["value"] for request in scripted.server.seen("PATCH")]
        assert added == [[{"value": "id-2"}, {"value": "id-3"}], [{"value": "id-4"}]]


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


class TestReading:
    """What peers send is understood as far as possible."""

    def _read(self, peer: StartPeer, document: Any, **switches: Any) -> Any:
        return (
            peer(lambda r: Answer(200, document) if "Users" in r.path else Answer(404))
            .connector(**switches)
            .get(USER, "id-1")
        )

    @pytest.mark.parametrize(
        ("active", "enabled"),
        [
            (True, True),
            (False, False),
            ("True", True),
            ("False", False),
            ("false", False),
            (None, True),
            ("what", True),
        ],
    )
    def test_active(self, peer: StartPeer, active: Any, enabled: bool) -> None:
        assert self._read(peer, user(active=active)).enabled is enabled

    def test_active_left_out(self, peer: StartPeer) -> None:
        assert self._read(peer, {"id": "id-1", "userName": "x"}).enabled is True
        assert self._read(peer, user(active=False), disable_by="removal").enabled is None

    def test_names_in_any_case_and_what_is_unknown(self, peer: StartPeer) -> None:
        read = self._read(
            peer,
            {
                "id": "id-1",
                "USERNAME": "ada",
                "Name": {"GivenName": "Ada", "unknown": 1},
                "emails": [
                    {"Type": "work", "value": "a"},
                    {"type": "work", "value": "b"},
                    "odd",
                    {"primary": "true", "value": "b"},
                ],
                "phoneNumbers": {"type": "work", "value": "1"},
                ENTERPRISE: {"department": "R&D", "manager": {"value": "id-9", "$ref": "x", "displayName": "Boss"}},
                "urn:broken": "text",
                "title": "",
                "nickName": None,
                "roles": [],
                "frobnication": "x",
                "meta": {"version": 'W/"1"'},
            },
        )
        assert read.name == "ada"
        assert read.version == 'W/"1"'
        assert dict(read.attributes) == {
            "userName": ("ada",),
            "name.givenName": ("Ada",),
            "emails": ("a", "b", "odd"),
            WORK: ("a",),
            PRIMARY: ("b",),
            "phoneNumbers": ("1",),
            'phoneNumbers[type eq "work"].value': ("1",),
            f"{ENTERPRISE}:department": ("R&D",),
            f"{ENTERPRISE}:manager": ("id-9",),
            f"{ENTERPRISE}:manager.displayName": ("Boss",),
        }

    def test_types_in_other_letters_are_the_usual_ones(self, peer: StartPeer) -> None:
        document = user(
            emails=[{"type": "Work", "value": "a"}, {"type": "WORK", "value": "b"}, {"type": ["x"], "value": "c"}]
        )
        read = self._read(peer, document)
        assert {name: values for name, values in read.attributes.items() if "type eq" in name} == {WORK: ("a",)}
        assert _operations(peer, document, Delta(replace={WORK: ("a",)})) == []

    @pytest.mark.parametrize("odd", ["text", 7, [1], [[]], {"x": {}}, True, None, [None]])
    def test_values_of_the_wrong_kind_do_no_harm(self, peer: StartPeer, odd: Any) -> None:
        document = {
            "id": "id-1",
            "userName": odd,
            "name": odd,
            "emails": odd,
            "active": odd,
            "meta": odd,
            "schemas": odd,
            ENTERPRISE: odd,
        }
        read = self._read(peer, document)
        assert len(read.attributes.get("userName", ())) <= 1
        delta = Delta(replace={WORK: ("w",), "name.givenName": ("A",), f"{ENTERPRISE}:department": ("D",)})
        for switches in ({}, {"patch_style": "no_path"}, {"update_with": "put"}):
            peer(Store(document)).connector(**switches).update(USER, "id-1", delta)

    def test_a_manager_that_is_plain_text(self, peer: StartPeer) -> None:
        read = self._read(peer, user(**{ENTERPRISE: {"manager": "id-9"}}))
        assert read.attributes[f"{ENTERPRISE}:manager"] == ("id-9",)

    def test_members_only_when_asked_for(self, peer: StartPeer) -> None:
        group = {**GROUP_DOCUMENT, "members": [{"value": "id-1"}, {"value": "id-1"}, {"display": "x"}, "id-2"]}
        scripted = peer(lambda _: Answer(200, group))
        assert "members" not in scripted.connector().get(GROUP, "g").attributes
        assert scripted.server.requests[-1].query == {"excludedAttributes": "members"}
        assert scripted.connector().get(GROUP, "g", members=True).attributes["members"] == ("id-1", "id-2")
        assert scripted.server.requests[-1].query == {}

    def test_gone_after_a_write(self, peer: StartPeer) -> None:
        connector = peer(lambda request: Answer(204) if request.method == "PATCH" else failure(404)).connector()
        with pytest.raises(Gone):
            connector.update(USER, "id-1", Delta(replace={"title": ("x",)}))

    def test_a_patch_that_answers_with_the_object_is_not_read_again(self, peer: StartPeer) -> None:
        scripted = peer(lambda _: Answer(200, user(1, title="x")))
        assert scripted.connector().update(USER, "id-1", Delta(replace={"title": ("x",)})).attributes["title"] == ("x",)
        assert [request.method for request in scripted.server.requests] == ["PATCH"]


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
