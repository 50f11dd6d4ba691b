"""Users and groups in SCIM form."""

import uuid
from datetime import UTC, date, datetime

import orjson

from identities.filters.attributes import ENTERPRISE_SCHEMA, PORTAL_SCHEMA
from identities.models import Group, MultiValue, User
from identities.representation import GroupAdapter, UserAdapter, document, group_stored_text, stored_text

NOW = datetime(2026, 5, 13, 4, 42, 34, 5, tzinfo=UTC)
MANAGER = uuid.UUID(int=7)


def anna() -> User:
    return User(
        user_name="Anna",
        given_name="Anna",
        department="Tours",
        start_date=date(2026, 1, 1),
        custom={"badge": 7, "empty": "", "state": "forged"},
        manager_id=MANAGER,
        state="active",
        active=True,
        created_at=NOW,
        modified_at=NOW,
    )


ROWS = [
    MultiValue(attribute="emails", value="b@example.com", position=1),
    MultiValue(attribute="emails", value="a@example.com", type="work", primary=True, position=0),
    MultiValue(attribute="addresses", type="home", data={"locality": "Bern", "region": ""}),
]


def test_the_stored_text_holds_own_values_and_nothing_else() -> None:
    user = anna()
    form = orjson.loads(stored_text(user, ROWS))
    assert form["userName"] == "Anna"
    assert form["name"] == {"givenName": "Anna"}
    assert form["emails"] == [
        {"value": "a@example.com", "type": "work", "primary": True},
        {"value": "b@example.com", "primary": False},
    ]
    assert form["addresses"] == [{"type": "home", "locality": "Bern", "primary": False}]
    assert form[ENTERPRISE_SCHEMA] == {
        "department": "Tours",
        "manager": {"value": str(MANAGER), "$ref": f"Users/{MANAGER}"},
    }
    assert form[PORTAL_SCHEMA] == {"badge": 7, "state": "active", "startDate": "2026-01-01"}
    assert form["meta"] == {
        "resourceType": "User",
        "created": "2026-05-13T04:42:34.000005Z",
        "lastModified": "2026-05-13T04:42:34.000005Z",
    }
    assert not {"externalId", "groups", "password"} & set(form)


def test_a_form_leads_back_to_the_values_it_came_from() -> None:
    user = anna()
    adapter = UserAdapter(user, multi_values=ROWS)
    arguments = adapter.from_dict(adapter.to_dict())
    assert arguments.changes["given_name"] == "Anna"
    assert arguments.changes["title"] == ""
    assert arguments.changes["manager"] == str(MANAGER)
    assert arguments.changes["start_date"] == date(2026, 1, 1)
    assert arguments.changes["custom.badge"] == 7
    assert "custom.state" not in arguments.changes
    assert [row["value"] for row in arguments.multi_values["emails"]] == ["a@example.com", "b@example.com"]
    assert arguments.multi_values["addresses"][0]["data"] == {"locality": "Bern"}
    assert arguments.multi_values["phoneNumbers"] == []


def test_locations_come_from_the_public_address(settings: object) -> None:
    settings.PORTAL_PUBLIC_URL = "https://portal.example.com"  # type: ignore[attr-defined]
    user = anna()
    assert UserAdapter(user).location == f"https://portal.example.com/scim/v2/Users/{user.pk}"


def test_a_groups_text_has_no_members() -> None:
    group = Group(display_name="Guides", created_at=NOW, modified_at=NOW)
    form = orjson.loads(group_stored_text(group))
    assert (form["displayName"], form["id"]) == ("Guides", str(group.pk))
    assert "members" not in form
    silent, emptied = (
        GroupAdapter(group).from_dict({"displayName": "X"}),
        GroupAdapter(group).from_dict({"members": []}),
    )
    assert (silent.members, emptied.members) == (None, ())


def test_the_document_completes_the_form() -> None:
    form = orjson.loads(stored_text(anna(), ROWS))
    completed = document(form, groups=[{"value": "g", "display": "G"}], manager={"id": str(MANAGER)})
    assert completed["primary_email"] == "a@example.com"
    assert completed["enterprise"]["department"] == "Tours"
    assert completed["custom"] == {"badge": 7}
    assert completed["groups"] == [{"value": "g", "display": "G"}]
    assert completed["org_unit"] is None
    assert document({"emails": [{"type": "work"}, {"value": "x@example.com"}]})["primary_email"] == "x@example.com"
    assert document({})["primary_email"] is None
