"""What peers send, and what is made of it."""

from typing import Any

import pytest

from connectors.spi import Delta, Gone
from tests.connectors.catalog.scim.conftest import failure, user
from tests.connectors.catalog.scim.written import (
    ENTERPRISE,
    GROUP,
    GROUP_DOCUMENT,
    PRIMARY,
    USER,
    WORK,
    StartPeer,
    Store,
    written_operations,
)
from tests.connectors.scripted_http import Answer


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
        assert written_operations(peer, document, Delta(replace={WORK: ("a",)})) == []

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
