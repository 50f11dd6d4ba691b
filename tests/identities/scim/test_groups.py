"""Groups over SCIM: members as sets, origins, names."""

from uuid import UUID

from identities.actions.groups import restore_group
from identities.actions.memberships import add_members
from identities.actors import command_actor
from identities.models import Group, Membership, User
from tests.identities.scim.service import GROUP, Service


def members_of(service: Service, group: str) -> set[str]:
    return {member["value"] for member in service.get(f"/Groups/{group}").body.get("members", [])}


def test_a_group_with_members(hr: Service) -> None:
    anna, ben = hr.create_user("anna", displayName="Anna A"), hr.create_user("ben")
    inner = hr.create_group("Inner")
    group = hr.create_group("Tour Guides", anna["id"], inner["id"], externalId="G1")
    assert group["externalId"] == "G1"
    by_id = {member["value"]: member for member in group["members"]}
    assert by_id[anna["id"]]["display"] == "Anna A"
    assert by_id[anna["id"]]["type"] == "User"
    assert by_id[inner["id"]]["type"] == "Group"
    assert hr.get(f"/Users/{anna['id']}").body["groups"][0] | {"$ref": ""} == {
        "value": group["id"],
        "display": "Tour Guides",
        "type": "direct",
        "$ref": "",
    }
    path = f"/Groups/{group['id']}"
    answer = hr.patch(path, {"op": "add", "path": "members", "value": [{"value": ben["id"]}]})
    assert answer.status == 204
    assert members_of(hr, group["id"]) == {anna["id"], ben["id"], inner["id"]}
    answer = hr.patch(f"{path}?attributes=members", {"op": "remove", "path": f'members[value eq "{anna["id"]}"]'})
    assert answer.status == 200
    assert {member["value"] for member in answer.body["members"]} == {ben["id"], inner["id"]}
    hr.patch(path, {"op": "remove", "path": 'members[type eq "Group"]'})
    assert members_of(hr, group["id"]) == {ben["id"]}
    hr.patch(path, {"op": "replace", "path": "members", "value": [{"value": anna["id"]}]})
    assert members_of(hr, group["id"]) == {anna["id"]}
    hr.patch(path, {"op": "remove", "path": "members"})
    assert members_of(hr, group["id"]) == set()


def test_operations_apply_in_their_order(hr: Service) -> None:
    ids = [hr.create_user(f"u{number}")["id"] for number in range(4)]
    group = hr.create_group("Order", ids[0])
    hr.patch(
        f"/Groups/{group['id']}",
        {"op": "add", "path": "members", "value": [{"value": ids[1]}, {"value": ids[2]}]},
        {"op": "remove", "path": f'members[value eq "{ids[1]}" or value eq "{ids[0]}"]'},
        {"op": "add", "value": {"members": [{"value": ids[0]}], "displayName": "Ordered"}},
    )
    assert members_of(hr, group["id"]) == {ids[0], ids[2]}
    assert hr.get(f"/Groups/{group['id']}").body["displayName"] == "Ordered"


def test_a_patch_that_fails_changes_no_member(hr: Service) -> None:
    anna = hr.create_user("anna")
    group = hr.create_group("Guides")
    for bad in (
        {"op": "add", "path": "members", "value": [{"value": "00000000-0000-0000-0000-000000000000"}]},
        {"op": "add", "path": "members", "value": [{"display": "x"}]},
        {"op": "add", "path": "members", "value": [{"value": group["id"]}]},
        {"op": "replace", "path": "members.display", "value": "x"},
        {"op": "replace", "path": "displayName", "value": ""},
        {"op": "remove", "path": "displayName"},
    ):
        add = {"op": "add", "path": "members", "value": [{"value": anna["id"]}]}
        assert hr.patch(f"/Groups/{group['id']}", add, bad).status == 400, bad
        assert members_of(hr, group["id"]) == set()


def test_removing_withdraws_only_this_clients_assertion(hr: Service) -> None:
    anna = hr.create_user("anna")
    group = hr.create_group("Guides", anna["id"])
    add_members(Group.objects.get(pk=group["id"]), [User.objects.get(pk=anna["id"])], actor=command_actor())
    hr.patch(f"/Groups/{group['id']}", {"op": "remove", "path": f'members[value eq "{anna["id"]}"]'})
    assert {"code": "kept", "subject": "members"} in hr.notes
    assert members_of(hr, group["id"]) == {anna["id"]}


def test_a_taken_name_is_a_conflict(hr: Service, other: Service) -> None:
    hr.create_group("Guides")
    for client in (hr, other):
        answer = client.post("/Groups", {"schemas": [GROUP], "displayName": "GUIDES"})
        assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    mine = hr.create_group("Mine")
    rename = {"op": "replace", "path": "displayName", "value": "guides"}
    assert hr.patch(f"/Groups/{mine['id']}", rename).status == 409


def test_put_replaces_name_and_members(hr: Service) -> None:
    anna, ben = hr.create_user("anna"), hr.create_user("ben")
    group = hr.create_group("Guides", anna["id"])
    body = {"schemas": [GROUP], "displayName": "Guides 2", "members": [{"value": ben["id"]}]}
    answer = hr.put(f"/Groups/{group['id']}", body)
    assert (answer.status, answer.body["displayName"]) == (200, "Guides 2")
    assert members_of(hr, group["id"]) == {ben["id"]}


def test_delete(hr: Service) -> None:
    group = hr.create_group("Guides")
    assert hr.delete(f"/Groups/{group['id']}").status == 204
    assert hr.get(f"/Groups/{group['id']}").status == 404
    assert hr.create_group("Guides")["id"] != group["id"]


def test_the_version_covers_the_membership(hr: Service) -> None:
    anna = hr.create_user("anna")
    group = hr.create_group("Guides")
    path, version = f"/Groups/{group['id']}", group["meta"]["version"]
    assert hr.get(path, **{"If-None-Match": version}).status == 304
    add = {"op": "add", "path": "members", "value": [{"value": anna["id"]}]}
    assert hr.patch(path, add, **{"If-Match": version}).status == 204
    assert hr.get(path, **{"If-None-Match": version}).status == 200
    assert hr.patch(path, add, **{"If-Match": version}).status == 412


def test_a_member_without_a_value_and_one_with_unknown_parts_are_refused(hr: Service, entra: Service) -> None:
    anna = hr.create_user("anna")["id"]
    guides = f"/Groups/{hr.create_group('Guides')['id']}"
    nobody = {"schemas": [GROUP], "displayName": "Rangers", "members": [{"type": "User"}]}
    assert hr.post("/Groups", nobody).status == hr.put(guides, nobody).status == 400
    odd = [{"value": anna, "nonsense": 1}]
    assert hr.patch(guides, {"op": "add", "path": "members", "value": odd}).status == 400
    assert hr.patch(guides, {"op": "add", "value": {"members": odd}}).status == 400
    assert "members" not in hr.get(guides).body
    ben = entra.create_user("ben")["id"]
    rangers = f"/Groups/{entra.create_group('Rangers')['id']}"
    assert (
        entra.patch(rangers, {"op": "add", "path": "members", "value": [{"value": ben, "nonsense": 1}]}).status == 204
    )


def test_groups_may_hold_each_other_but_none_itself(hr: Service) -> None:
    anna = hr.create_user("anna")["id"]
    inner = hr.create_group("Inner", anna)["id"]
    outer = hr.create_group("Outer", inner)["id"]
    hold = {"op": "add", "path": "members", "value": [{"value": outer}]}
    assert hr.patch(f"/Groups/{inner}", hold).status == 204
    assert hr.patch(f"/Groups/{outer}", hold).status == 400
    body = {"schemas": [GROUP], "displayName": "Outer", "members": [{"value": inner}, {"value": outer}]}
    assert hr.put(f"/Groups/{outer}", body).status == 400
    assert (members_of(hr, inner), members_of(hr, outer)) == ({anna, outer}, {inner})
    assert [each["id"] for each in hr.find(f'members eq "{outer}"', "/Groups").resources] == [inner]

    def groups_of_anna() -> set[str]:
        return {each["value"] for each in hr.get(f"/Users/{anna}").body.get("groups", [])}

    assert groups_of_anna() == {inner}
    version = hr.get(f"/Groups/{outer}").body["meta"]["version"]
    assert hr.delete(f"/Groups/{inner}").status == 204
    assert (members_of(hr, outer), groups_of_anna()) == (set(), set())
    assert hr.get(f"/Groups/{outer}").body["meta"]["version"] != version
    restore_group(Group.objects.get(pk=inner), actor=command_actor())
    assert set(Membership.objects.exclude(member_group=None).values_list("group_id", "member_group_id")) == {
        (UUID(inner), UUID(outer)),
        (UUID(outer), UUID(inner)),
    }
