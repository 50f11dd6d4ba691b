"""Creating users."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from identities.actions import attribute_definitions, users
from identities.actors import scim_actor
from identities.errors import Conflict, IdentityError, NotPermitted, RuleViolation
from identities.models import AuditEntry, ChangeEvent, MultiValue, User
from identities.vocabulary import AttributeKind, EventKind, UserKind, UserState
from tests.factories import actor, client_actor, make_client, make_org_unit, make_person

pytestmark = pytest.mark.django_db


def test_a_person_is_stored_rendered_audited_and_announced() -> None:
    boss = make_person("boss")
    unit = make_org_unit("Research")
    person = make_person(
        "Ada@Example.Test",
        given_name="Ada",
        manager=boss,
        org_unit=str(unit.pk),
        emails=[{"value": "ada@example.test", "type": "work", "primary": True}],
    )
    stored = User.objects.get(pk=person.pk)
    assert (stored.user_name_key, stored.given_name_key) == ("ada@example.test", "ada")
    assert (stored.manager_id, stored.org_unit_id) == (boss.pk, unit.pk)
    assert stored.active
    assert not stored.has_usable_password()
    form = json.loads(stored.scim_text)
    assert form["userName"] == "Ada@Example.Test"
    assert form["emails"] == [{"value": "ada@example.test", "type": "work", "primary": True}]
    entry = AuditEntry.objects.get(subject_id=str(person.pk))
    assert entry.verb == "user.created"
    assert entry.changes["given_name"] == [None, "Ada"]
    event = ChangeEvent.objects.get(object_id=person.pk)
    assert event.kind == EventKind.USER_CREATED
    assert event.deliveries.count() == 1
    assert set(event.attributes) >= {"user_name", "given_name", "emails", "manager", "org_unit"}


def test_one_person_costs_at_most_eight_statements() -> None:
    make_person()
    with CaptureQueriesContext(
        connection,
    ) as statements:
        make_person("ada", emails=[{"value": "ada@example.test"}])
    assert len([each for each in statements if "SAVEPOINT" not in each["sql"]]) <= 8


def test_a_name_is_taken_whatever_its_case() -> None:
    make_person("Ada")
    with pytest.raises(Conflict) as refusal:
        make_person("aDA")
    assert (refusal.value.code, refusal.value.field) == ("user_name_taken", "user_name")
    assert User.objects.filter(user_name_key="ada").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"user_name": "  "}, "user_name"),
        ({"user_name": "a\x00da"}, "user_name"),
        ({"user_name": "x" * 256}, "user_name"),
        ({"given_name": "\ud800"}, "given_name"),
        ({"title": 7}, "title"),
        ({"shoe_size": "7"}, "shoe_size"),
        ({"custom.badge": "7"}, "custom.badge"),
        ({"manager": "9b2b8f0e-0000-4000-8000-000000000000"}, "manager"),
        ({"org_unit": "nowhere"}, "org_unit"),
        ({"start_date": "soon"}, "start_date"),
        ({"start_date": "2030-01-02", "end_date": "2030-01-01"}, "end_date"),
        ({"profile_url": "javascript:alert(1)"}, "profile_url"),
    ],
)
def test_values_that_are_not_allowed_are_refused_by_name(values: dict[str, object], field: str) -> None:
    with pytest.raises(RuleViolation) as refusal:
        make_person(**{"user_name": "ada", **values})
    assert refusal.value.field == field
    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()
    assert not ChangeEvent.objects.exists()


def test_dates_decide_the_state() -> None:
    today = timezone.localdate()
    assert make_person(start_date=today + timedelta(days=1)).state == UserState.STAGED
    assert make_person(start_date=today, end_date=today).state == UserState.ACTIVE
    gone = make_person(end_date=today - timedelta(days=1))
    assert (gone.state, gone.active) == (UserState.DEPROVISIONED, False)


def test_suspended_from_the_start_is_an_assertion_of_the_creator() -> None:
    client = make_client()
    person = make_person(by=client_actor(client), suspended=True)
    assert not person.active
    assert list(person.suspensions.values_list("origin", flat=True)) == [f"scim:{client.pk}"]
    assert json.loads(person.scim_text)["active"] is False


def test_custom_attributes_are_read_as_declared() -> None:
    attribute_definitions.create_attribute_definition("badge", actor=actor(), kind=AttributeKind.INTEGER)
    assert make_person(**{"custom.Badge": "17"}).custom == {"badge": 17}
    with pytest.raises(RuleViolation):
        make_person(**{"custom.badge": "seventeen"})


def test_a_required_custom_attribute_is_required() -> None:
    attribute_definitions.create_attribute_definition("badge", actor=actor(), required=True)
    with pytest.raises(RuleViolation) as refusal:
        make_person()
    assert refusal.value.field == "custom.badge"


def test_a_batch_refuses_row_by_row_in_a_constant_number_of_statements() -> None:
    make_person("taken")

    def batch(number: int, mark: str) -> tuple[list[User | IdentityError], int]:
        names = [f"{mark}{index}" for index in range(number)] + ["taken", f"{mark}0", ""]
        rows = [
            users.NewUser(users.UserAttributes({"user_name": name}, {"emails": [{"value": f"{name}@example.test"}]}))
            for name in names
        ]
        with CaptureQueriesContext(connection) as statements:
            results = users.create_users_many(rows, actor=actor())
        inserts_in_parts = [each for each in statements if not each["sql"].startswith("INSERT")]
        return results, len(inserts_in_parts)

    few, statements_for_few = batch(5, "few")
    many, statements_for_many = batch(200, "many")
    assert statements_for_few == statements_for_many
    assert [getattr(each, "code", None) for each in many[-3:]] == ["user_name_taken", "user_name_taken", "required"]
    assert all(isinstance(each, User) for each in few[:5] + many[:200])
    assert User.objects.count() == 206
    assert MultiValue.objects.count() == 205


def test_programs_cannot_create_administrators() -> None:
    with pytest.raises(NotPermitted):
        users.create_user(
            actor=scim_actor(make_client().pk, "client"),
            attributes=users.UserAttributes({"user_name": "root"}),
            kind=UserKind.OPERATOR,
        )
