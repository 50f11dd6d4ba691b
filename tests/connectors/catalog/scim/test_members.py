"""Memberships as differences, in the dialect each switch stands for."""

from connectors.spi import Delta
from tests.connectors.catalog.scim.conftest import failure
from tests.connectors.catalog.scim.written import (
    GROUP,
    GROUP_DOCUMENT,
    StartPeer,
    Store,
    written_operations,
)
from tests.connectors.scripted_http import Answer, Request


class TestMembers:
    """Memberships as differences, in pieces the peer takes."""

    def test_add_and_remove(self, peer: StartPeer) -> None:
        delta = Delta(add={"members": ("id-1", "id-2")}, remove={"members": ("id-3", 'id"4')})
        assert written_operations(peer, GROUP_DOCUMENT, delta) == [
            [
                {"op": "remove", "path": 'members[value eq "id-3"]'},
                {"op": "remove", "path": r'members[value eq "id\"4"]'},
            ],
            [{"op": "add", "path": "members", "value": [{"value": "id-1"}, {"value": "id-2"}]}],
        ]

    def test_the_switch_for_value_lists(self, peer: StartPeer) -> None:
        delta = Delta(remove={"members": ("id-3", "id-4")})
        assert written_operations(peer, GROUP_DOCUMENT, delta, remove_members_by="value_list") == [
            [{"op": "remove", "path": "members", "value": [{"value": "id-3"}, {"value": "id-4"}]}]
        ]

    def test_pieces(self, peer: StartPeer) -> None:
        members = tuple(f"id-{number}" for number in range(7))
        written = written_operations(
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
        written = written_operations(peer, GROUP_DOCUMENT, Delta(replace={"members": members}), members_per_request=2)
        assert [request[0]["op"] for request in written] == ["replace", "add"]
        assert written_operations(peer, GROUP_DOCUMENT, Delta(replace={"members": ()})) == [
            [{"op": "remove", "path": "members"}]
        ]

    def test_a_replacement_that_takes_itself_back(self, peer: StartPeer) -> None:
        delta = Delta(replace={"members": ("id-1",)}, add={"members": ("id-2",)}, remove={"members": ("id-1", "id-2")})
        assert written_operations(peer, GROUP_DOCUMENT, delta) == [[{"op": "remove", "path": "members"}]]

    def test_values_are_written_before_members(self, peer: StartPeer) -> None:
        delta = Delta(replace={"displayName": ("H",)}, add={"members": ("id-1",)})
        assert [request[0]["path"] for request in written_operations(peer, GROUP_DOCUMENT, delta)] == [
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
