"""Users over SCIM: create, read, replace, patch, delete."""

from identities.actions.lifecycle import restore_user, suspend_user
from identities.actions.users import override_value, update_user
from identities.actors import Actor, command_actor, file_actor
from identities.models import Suspension, User
from identities.vocabulary import Channel
from tests.identities.scim.service import ENTERPRISE, PORTAL, USER, Service

FULL = {
    "externalId": "E1",
    "name": {"givenName": "Barbara", "familyName": "Jensen", "formatted": "Ms. Barbara J Jensen, III"},
    "displayName": "Babs",
    "title": "Guide",
    "preferredLanguage": "en-US",
    "emails": [
        {"value": "bjensen@example.com", "type": "work", "primary": True},
        {"value": "babs@example.org", "primary": False},
    ],
    "addresses": [{"type": "work", "locality": "Hollywood", "country": "USA", "primary": False}],
    ENTERPRISE: {"employeeNumber": "701984", "department": "Tours"},
    PORTAL: {"startDate": "2020-01-01"},
}


def test_a_created_user_comes_back_as_it_was_sent(hr: Service) -> None:
    created = hr.create_user("bjensen", **FULL)
    for name, value in FULL.items():
        assert created[name] == value
    assert created["active"] is True
    assert created["meta"]["location"].endswith(f"/scim/v2/Users/{created['id']}")
    read = hr.get(f"/Users/{created['id']}")
    assert read.body == created
    assert read.headers["ETag"] == created["meta"]["version"]


def test_a_taken_user_name_is_a_conflict_however_it_is_spelt(hr: Service, other: Service) -> None:
    hr.create_user("Bjensen")
    for client in (hr, other):
        answer = client.post("/Users", {"schemas": [USER], "userName": "BJENSEN"})
        assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
        assert "jensen" not in answer.body["detail"].lower()


def test_put_replaces_and_clears_what_the_client_owns(hr: Service) -> None:
    created = hr.create_user("bjensen", **FULL)
    replaced = hr.put(f"/Users/{created['id']}", {"schemas": [USER], "userName": "bj", "title": "Boss"}).body
    assert replaced["userName"] == "bj"
    assert replaced["title"] == "Boss"
    assert "displayName" not in replaced
    assert "emails" not in replaced
    assert replaced["externalId"] == "E1"
    assert replaced["active"] is True
    assert replaced["meta"]["version"] != created["meta"]["version"]


def test_put_leaves_values_of_others_and_says_so_in_the_log(hr: Service) -> None:
    created = hr.create_user("bjensen", displayName="Babs")
    user = User.objects.get(pk=created["id"])
    override_value(user, actor=command_actor(), attribute="title", value="Director", reason="promoted")
    answer = hr.put(f"/Users/{created['id']}", {"schemas": [USER], "userName": "bjensen", "title": "Guide"})
    assert answer.status == 200
    assert answer.body["title"] == "Director"
    assert {"code": "kept", "subject": "title"} in hr.notes
    absent = hr.put(f"/Users/{created['id']}", {"schemas": [USER], "userName": "bjensen"})
    assert absent.body["title"] == "Director"


def test_put_does_not_clear_what_the_person_wrote(hr: Service) -> None:
    created = hr.create_user("bjensen")
    myself = Actor("self", Channel.SELFSERVICE, "bjensen")
    update_user(User.objects.get(pk=created["id"]), actor=myself, changes={"nick_name": "BJ"})
    answer = hr.put(f"/Users/{created['id']}", {"schemas": [USER], "userName": "bjensen"})
    assert answer.body["nickName"] == "BJ"


def test_patch_naming_a_value_of_others_is_refused_or_kept_by_profile(hr: Service, entra: Service) -> None:
    for client in (hr, entra):
        created = client.create_user(f"user-{client.client.name}")
        override_value(
            User.objects.get(pk=created["id"]), actor=command_actor(), attribute="title", value="Boss", reason="so"
        )
        replace = {"op": "replace", "path": "title", "value": "Guide"}
        answer = client.patch(f"/Users/{created['id']}", replace, {"op": "replace", "path": "nickName", "value": "X"})
        if client is hr:
            assert (answer.status, answer.body["scimType"]) == (400, "mutability")
            assert "nickName" not in client.get(f"/Users/{created['id']}").body
        else:
            assert answer.status == 200
            assert (answer.body["title"], answer.body["nickName"]) == ("Boss", "X")


def test_patch_works_on_every_kind_of_attribute(hr: Service) -> None:
    boss = hr.create_user("boss", displayName="The Boss")
    created = hr.create_user("bjensen", **FULL)
    answer = hr.patch(
        f"/Users/{created['id']}",
        {"op": "replace", "path": "name.givenName", "value": "Barb"},
        {"op": "remove", "path": "title"},
        {"op": "add", "path": "emails", "value": [{"value": "new@example.com", "primary": True}]},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "w@example.com"},
        {"op": "remove", "path": 'emails[value eq "babs@example.org"]'},
        {"op": "replace", "value": {"locale": "de-CH", f"{ENTERPRISE}:costCenter": "4130"}},
        {"op": "add", "path": f"{ENTERPRISE}:manager", "value": {"value": boss["id"]}},
        {"op": "replace", "path": "externalId", "value": "E2"},
    )
    body = answer.body
    assert answer.status == 200
    assert body["name"]["givenName"] == "Barb"
    assert "title" not in body
    assert sorted(body["emails"], key=lambda each: each["value"]) == [
        {"value": "new@example.com", "primary": True},
        {"value": "w@example.com", "type": "work", "primary": False},
    ]
    assert body["locale"] == "de-CH"
    assert body[ENTERPRISE]["costCenter"] == "4130"
    assert body[ENTERPRISE]["manager"]["value"] == boss["id"]
    assert body[ENTERPRISE]["manager"]["displayName"] == "The Boss"
    assert body["externalId"] == "E2"
    assert hr.get(f"/Users/{created['id']}").body == body


def test_a_patch_that_fails_changes_nothing(hr: Service) -> None:
    created = hr.create_user("bjensen", title="Guide")
    for last in (
        {"op": "replace", "path": "nonsense", "value": "x"},
        {"op": "replace", "path": 'emails[type eq "work"].value', "value": "w@example.com"},
        {"op": "remove", "path": "userName"},
        {"op": "replace", "path": "id", "value": "x"},
        {"op": "replace", "path": f"{ENTERPRISE}:manager", "value": {"value": "00000000-0000-0000-0000-000000000000"}},
    ):
        answer = hr.patch(f"/Users/{created['id']}", {"op": "replace", "path": "title", "value": "X"}, last)
        assert answer.status == 400, last
        assert hr.get(f"/Users/{created['id']}").body == created


def test_active_false_is_this_clients_suspension_and_true_lifts_it(hr: Service) -> None:
    created = hr.create_user("bjensen")
    path = f"/Users/{created['id']}"
    assert hr.patch(path, {"op": "replace", "path": "active", "value": False}).body["active"] is False
    assert list(Suspension.objects.values_list("origin", flat=True)) == [hr.actor.origin]
    assert hr.get('/Users?filter=userName eq "bjensen"').resources[0]["active"] is False
    suspend_user(User.objects.get(pk=created["id"]), actor=command_actor())
    lifted = hr.put(path, {"schemas": [USER], "userName": "bjensen", "active": True})
    assert lifted.body["active"] is False
    assert list(Suspension.objects.values_list("origin", flat=True)) == ["admin"]
    assert {"code": "kept", "subject": "active"} in hr.notes


def test_a_user_created_inactive_is_suspended_by_the_client(hr: Service) -> None:
    created = hr.create_user("bjensen", active=False)
    assert created["active"] is False
    path = f"/Users/{created['id']}"
    assert hr.patch(path, {"op": "replace", "value": {"active": True}}).body["active"] is True


def test_removing_active_changes_nothing_and_is_noted(hr: Service) -> None:
    created = hr.create_user("bjensen", active=False)
    answer = hr.patch(f"/Users/{created['id']}", {"op": "remove", "path": "active"})
    assert (answer.status, answer.body["active"]) == (200, False)
    assert {"code": "ignored", "subject": "active"} in hr.notes


def test_a_put_without_active_never_changes_it(hr: Service) -> None:
    created = hr.create_user("bjensen", active=False)
    assert hr.put(f"/Users/{created['id']}", {"schemas": [USER], "userName": "bjensen"}).body["active"] is False


def test_delete_hides_and_frees_the_name(hr: Service) -> None:
    created = hr.create_user("bjensen", externalId="E1")
    assert hr.delete(f"/Users/{created['id']}").status == 204
    assert hr.get(f"/Users/{created['id']}").status == 404
    assert hr.delete(f"/Users/{created['id']}").status == 404
    assert hr.get('/Users?filter=externalId eq "E1"').body["totalResults"] == 0
    again = hr.create_user("bjensen", externalId="E1")
    assert again["id"] != created["id"]
    user = User.objects.get(pk=created["id"])
    assert user.deleted_at is not None
    assert hr.delete(f"/Users/{again['id']}").status == 204
    assert restore_user(user, actor=command_actor()).deleted_at is None


def test_a_password_is_never_taken(hr: Service) -> None:
    created = hr.create_user("bjensen", password="Tr0ub4dor&3")
    user = User.objects.get(pk=created["id"])
    assert not user.has_usable_password()
    assert {"code": "ignored", "subject": "password"} in hr.notes
    answer = hr.patch(f"/Users/{created['id']}", {"op": "replace", "path": "password", "value": "Tr0ub4dor&3"})
    assert answer.status == 200
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_versions(hr: Service) -> None:
    created = hr.create_user("bjensen")
    path, version = f"/Users/{created['id']}", created["meta"]["version"]
    assert hr.get(path, **{"If-None-Match": version}).status == 304
    assert hr.get(path, **{"If-None-Match": 'W/"999"'}).status == 200
    replace = {"op": "replace", "path": "title", "value": "Guide"}
    assert hr.patch(path, replace, **{"If-Match": 'W/"999"'}).status == 412
    changed = hr.patch(path, replace, **{"If-Match": version})
    assert changed.status == 200
    assert changed.headers["ETag"] != version
    assert hr.put(path, {"schemas": [USER], "userName": "x"}, **{"If-Match": version}).status == 412
    assert hr.delete(path, **{"If-Match": version}).status == 412
    assert hr.get(path, **{"If-None-Match": version}).status == 200


def test_values_from_a_file_keep_their_owner(hr: Service) -> None:
    created = hr.create_user("bjensen", title="Guide")
    profile = file_actor("personnel")
    update_user(User.objects.get(pk=created["id"]), actor=profile, changes={"department": "Sales"})
    body = {"schemas": [USER], "userName": "bjensen", ENTERPRISE: {"department": "Tours"}}
    assert hr.put(f"/Users/{created['id']}", body).body[ENTERPRISE]["department"] == "Sales"


def test_suspension_ends_every_session(hr: Service) -> None:
    created = hr.create_user("bjensen")
    hr.patch(f"/Users/{created['id']}", {"op": "replace", "path": "active", "value": False})
    assert User.objects.get(pk=created["id"]).session_epoch == 1


def test_the_id_in_the_address_decides(hr: Service) -> None:
    anna, ben = hr.create_user("anna"), hr.create_user("ben")
    body = {"schemas": [USER], "id": ben["id"], "userName": "anna", "title": "Guide", "meta": {"location": "x"}}
    answer = hr.put(f"/Users/{anna['id']}?id={ben['id']}", body)
    assert answer.body["id"] == anna["id"]
    assert hr.get(f"/Users/{ben['id']}").body == ben


def test_a_new_person_inherits_nothing_from_a_deleted_one(hr: Service) -> None:
    first = hr.create_user("anna", title="Guide")
    hr.delete(f"/Users/{first['id']}")
    assert "title" not in hr.create_user("anna")
