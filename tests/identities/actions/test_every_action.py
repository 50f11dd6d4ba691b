"""The shape of every action: a keyword-only actor, one audit entry and one change event for each subject it changes."""

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from types import FunctionType
from typing import Any, NamedTuple

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.utils import timezone

from identities import actions
from identities.actions import (
    administrators,
    associations,
    attribute_definitions,
    clients,
    credentials,
    groups,
    lifecycle,
    memberships,
    org_units,
    person_tokens,
    users,
)
from identities.actors import clock_actor, self_actor
from identities.models import AuditEntry, ChangeEvent, User
from identities.vocabulary import AdoptionRule, Role, Verb
from tests.factories import (
    PASSWORD,
    acting,
    actor,
    make_client,
    make_group,
    make_operator,
    make_org_unit,
    make_people,
    make_person,
)

pytestmark = pytest.mark.django_db

# What the faces call: the modules and packages of actions, without the parts they are made of.
ROOMS = (
    administrators,
    associations,
    attribute_definitions,
    clients,
    credentials,
    groups,
    lifecycle,
    memberships,
    org_units,
    person_tokens,
    users,
)
# Public, and no action: they read or check.
READING = {"administrators.role_of", "clients.live_tokens", "credentials.check_password_strength"}
# Their subject is no identity object of a connected system: nobody out there has to be told.
WITHOUT_EVENTS = {
    "administrators.ensure_roles",
    "administrators.set_role",
    "associations.adopt",
    "associations.associate",
    "associations.drop_association",
    "attribute_definitions.create_attribute_definition",
    "attribute_definitions.delete_attribute_definition",
    "attribute_definitions.update_attribute_definition",
    "clients.create_client",
    "clients.issue_token",
    "clients.revoke_token",
    "clients.update_client",
    "credentials.issue_one_time_password",
    "credentials.record_address",
    "credentials.record_failed_sign_in",
    "credentials.record_second_factor",
    "credentials.record_sign_in",
    "credentials.remove_second_factors",
    "credentials.set_password",
    "person_tokens.issue_person_token",
    "person_tokens.revoke_person_token",
}
# Nobody is signed in when a sign-in fails.
WITHOUT_ACTOR = {"credentials.record_failed_sign_in"}


class Case(NamedTuple):
    """One action and what it is done to: `prepare` makes the subjects, `act` gets them, `subjects` change."""

    act: Callable[[Any], Any]
    prepare: Callable[[], Any] = lambda: None
    subjects: int = 1


def _suspended() -> User:
    return lifecycle.suspend_user(make_person(), actor=actor())


def _deleted() -> User:
    return lifecycle.delete_user(make_person(), actor=actor())


def _with_member() -> tuple[Any, User]:
    group, person = make_group(), make_person()
    memberships.add_members(group, [person], actor=actor())
    return group, person


def _with_token() -> Any:
    client = make_client()
    clients.issue_token(client, actor=actor())
    return client.tokens.get()


def _with_person_token() -> Any:
    person = make_person()
    _issue_own_token(person)
    return person.person_tokens.get()


def _issue_own_token(person: User) -> str:
    return person_tokens.issue_person_token(person, actor=self_actor(person.pk, person.user_name), name="watch")


def _with_second_factor() -> User:
    person = make_person()
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data={})
    return person


def _known() -> tuple[Any, User]:
    client, person = make_client(), make_person()
    associations.associate(client, person, actor=actor())
    return client, person


def _due() -> None:
    person = make_person()
    User.objects.filter(pk=person.pk).update(end_date=date(2020, 1, 1))


def _new(number: int) -> list[users.NewUser]:
    return [users.NewUser(users.UserAttributes({"user_name": f"new{index}"})) for index in range(number)]


CASES: dict[str, Case] = {
    "administrators.create_operator": Case(
        lambda _: administrators.create_operator("root", PASSWORD, Role.AUDITOR, actor=actor()),
        lambda: administrators.ensure_roles(actor=actor()),
    ),
    "administrators.ensure_roles": Case(lambda _: administrators.ensure_roles(actor=actor()), subjects=2),
    "administrators.set_role": Case(
        lambda operator: administrators.set_role(operator, Role.OPERATOR, actor=actor()),
        lambda: make_operator(role=Role.AUDITOR),
    ),
    "associations.adopt": Case(
        lambda made: associations.adopt(*made, actor=actor()),
        lambda: (make_client(adoption_rule=AdoptionRule.USER_NAME), make_person()),
    ),
    "associations.associate": Case(
        lambda made: associations.associate(*made, actor=actor(), external_id="7"),
        lambda: (make_client(), make_person()),
    ),
    "associations.drop_association": Case(lambda made: associations.drop_association(*made, actor=actor()), _known),
    "attribute_definitions.create_attribute_definition": Case(
        lambda _: attribute_definitions.create_attribute_definition("badge", actor=actor())
    ),
    "attribute_definitions.delete_attribute_definition": Case(
        lambda badge: attribute_definitions.delete_attribute_definition(badge, actor=actor()),
        lambda: attribute_definitions.create_attribute_definition("badge", actor=actor()),
    ),
    "attribute_definitions.update_attribute_definition": Case(
        lambda badge: attribute_definitions.update_attribute_definition(badge, actor=actor(), changes={"label": "B"}),
        lambda: attribute_definitions.create_attribute_definition("badge", actor=actor()),
    ),
    "clients.create_client": Case(lambda _: clients.create_client("entra", actor=actor())),
    "clients.issue_token": Case(lambda client: clients.issue_token(client, actor=actor()), make_client),
    "clients.revoke_token": Case(lambda token: clients.revoke_token(token, actor=actor()), _with_token),
    "clients.update_client": Case(
        lambda client: clients.update_client(client, actor=actor(), changes={"enabled": False}), make_client
    ),
    "credentials.issue_one_time_password": Case(
        lambda person: credentials.issue_one_time_password(person, actor=actor()), make_person
    ),
    "credentials.record_address": Case(
        lambda person: credentials.record_address(person, Verb.USER_ADDRESS_PROVED, "a@b.test", actor=actor()),
        make_person,
    ),
    "credentials.record_failed_sign_in": Case(
        lambda person: credentials.record_failed_sign_in(person.user_name, remote_address=None), make_person
    ),
    "credentials.record_second_factor": Case(
        lambda person: credentials.record_second_factor(person, Verb.USER_SECOND_FACTOR_ADDED, "totp", actor=actor()),
        make_person,
    ),
    "credentials.record_sign_in": Case(
        lambda person: credentials.record_sign_in(person, actor=acting(person)), make_person
    ),
    "credentials.remove_second_factors": Case(
        lambda person: credentials.remove_second_factors(person, actor=actor(), reason="lost"), _with_second_factor
    ),
    "credentials.set_password": Case(
        lambda person: credentials.set_password(person, PASSWORD, actor=actor()), make_person
    ),
    "groups.create_group": Case(lambda _: groups.create_group(actor=actor(), display_name="Editors")),
    "groups.delete_group": Case(lambda group: groups.delete_group(group, actor=actor()), make_group),
    "groups.restore_group": Case(
        lambda group: groups.restore_group(group, actor=actor()),
        lambda: groups.delete_group(make_group(), actor=actor()),
    ),
    "groups.update_group": Case(
        lambda group: groups.update_group(group, actor=actor(), changes={"description": "x"}), make_group
    ),
    "lifecycle.activate_user": Case(
        lambda person: lifecycle.activate_user(person, actor=actor()),
        lambda: make_person(start_date=timezone.localdate() + timedelta(days=1)),
    ),
    "lifecycle.activate_users_many": Case(
        lambda people: lifecycle.activate_users_many(people, actor=actor()),
        lambda: make_people(3, start_date=timezone.localdate() + timedelta(days=1)),
        3,
    ),
    "lifecycle.delete_user": Case(lambda person: lifecycle.delete_user(person, actor=actor()), make_person),
    "lifecycle.delete_users_many": Case(
        lambda people: lifecycle.delete_users_many(people, actor=actor()), lambda: make_people(3), 3
    ),
    "lifecycle.deprovision_user": Case(lambda person: lifecycle.deprovision_user(person, actor=actor()), make_person),
    "lifecycle.deprovision_users_many": Case(
        lambda people: lifecycle.deprovision_users_many(people, actor=actor()), lambda: make_people(3), 3
    ),
    "lifecycle.lift_suspension": Case(lambda person: lifecycle.lift_suspension(person, actor=actor()), _suspended),
    "lifecycle.lift_suspensions_many": Case(
        lambda people: lifecycle.lift_suspensions_many(people, actor=actor()),
        lambda: lifecycle.suspend_users_many(make_people(3), actor=actor()),
        3,
    ),
    "lifecycle.restore_user": Case(lambda person: lifecycle.restore_user(person, actor=actor()), _deleted),
    "lifecycle.restore_users_many": Case(
        lambda people: lifecycle.restore_users_many(people, actor=actor()),
        lambda: lifecycle.delete_users_many(make_people(3), actor=actor()),
        3,
    ),
    "lifecycle.run_clock": Case(lambda _: lifecycle.run_clock(date(2026, 1, 1), actor=clock_actor()), _due),
    "lifecycle.suspend_user": Case(lambda person: lifecycle.suspend_user(person, actor=actor()), make_person),
    "lifecycle.suspend_users_many": Case(
        lambda people: lifecycle.suspend_users_many(people, actor=actor()), lambda: make_people(3), 3
    ),
    "memberships.add_members": Case(
        lambda made: memberships.add_members(made[0], made[1], actor=actor()),
        lambda: (make_group(), make_people(3)),
    ),
    "memberships.end_memberships": Case(
        lambda _: memberships.end_memberships(date(2026, 1, 1), actor=clock_actor()),
        lambda: memberships.add_members(make_group(), make_people(2), actor=actor(), ends_on=date(2020, 1, 1)),
    ),
    "memberships.remove_members": Case(
        lambda made: memberships.remove_members(made[0], [made[1]], actor=actor()), _with_member
    ),
    "memberships.replace_members": Case(
        lambda made: memberships.replace_members(made[0], made[1], actor=actor()),
        lambda: (_with_member()[0], make_people(2)),
    ),
    "org_units.create_org_unit": Case(lambda _: org_units.create_org_unit(actor=actor(), name="Labs")),
    "org_units.delete_org_unit": Case(lambda unit: org_units.delete_org_unit(unit, actor=actor()), make_org_unit),
    "org_units.move_org_unit": Case(
        lambda units: org_units.move_org_unit(units[0], actor=actor(), parent=units[1]),
        lambda: (make_org_unit(), make_org_unit()),
    ),
    "org_units.update_org_unit": Case(
        lambda unit: org_units.update_org_unit(unit, actor=actor(), changes={"name": "x"}), make_org_unit
    ),
    "person_tokens.issue_person_token": Case(_issue_own_token, make_person),
    "person_tokens.revoke_person_token": Case(
        lambda token: person_tokens.revoke_person_token(token, actor=actor()), _with_person_token
    ),
    "users.create_user": Case(
        lambda _: users.create_user(actor=actor(), attributes=users.UserAttributes({"user_name": "ada"}))
    ),
    "users.create_users_many": Case(lambda _: users.create_users_many(_new(3), actor=actor()), subjects=3),
    "users.override_rows": Case(
        lambda person: users.override_rows(
            person, actor=actor(), attribute="emails", rows=[{"value": "a@b.test"}], reason="y"
        ),
        make_person,
    ),
    "users.override_value": Case(
        lambda person: users.override_value(person, actor=actor(), attribute="title", value="x", reason="y"),
        make_person,
    ),
    "users.release_ownership": Case(
        lambda person: users.release_ownership(person, actor=actor(), attributes=["user_name"]), make_person
    ),
    "users.update_user": Case(
        lambda person: users.update_user(person, actor=actor(), changes={"title": "x"}), make_person
    ),
    "users.update_users_many": Case(
        lambda people: users.update_users_many(
            [users.UserUpdate(person, {"title": "x"}) for person in people], actor=actor()
        ),
        lambda: make_people(3),
        3,
    ),
}
# One statement, which is the whole of it.
ONLY_RECORD = {"credentials.record_address", "credentials.record_failed_sign_in", "credentials.record_sign_in"}


def _public_functions() -> Iterator[tuple[str, FunctionType]]:
    for room in ROOMS:
        short = room.__name__.rpartition(".")[2]
        for name, thing in vars(room).items():
            ours = getattr(thing, "__module__", "").startswith(room.__name__)
            if inspect.isfunction(thing) and ours and not name.startswith("_"):
                yield f"{short}.{name}", thing


def test_every_module_of_actions_is_known_here() -> None:
    parts = {"attempts", "chunks", "group_writing", "guards", "membership_rows", "turns", "user_changes"}
    found = {module.name for module in pkgutil.iter_modules(actions.__path__)}
    assert found == {room.__name__.rpartition(".")[2] for room in ROOMS} | parts
    for name in found:
        importlib.import_module(f"{actions.__name__}.{name}")


def test_every_action_has_a_case() -> None:
    assert {name for name, _function in _public_functions()} - READING == set(CASES)


@pytest.mark.parametrize("name", sorted(set(CASES) - WITHOUT_ACTOR))
def test_the_actor_is_keyword_only_and_has_no_default(name: str) -> None:
    parameter = inspect.signature(dict(_public_functions())[name]).parameters["actor"]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
    assert parameter.default is inspect.Parameter.empty


@pytest.mark.parametrize("name", sorted(CASES))
def test_it_leaves_one_audit_entry_and_one_event_for_each_subject(name: str) -> None:
    case = CASES[name]
    made = case.prepare()
    before = AuditEntry.objects.count(), ChangeEvent.objects.count()
    case.act(made)
    entries = list(AuditEntry.objects.order_by("pk")[before[0] :])
    events = list(ChangeEvent.objects.order_by("pk")[before[1] :])
    assert max(Counter(entry.subject_id for entry in entries).values()) == 1
    assert len(entries) == case.subjects
    assert {entry.verb for entry in entries} <= set(Verb)
    assert len(events) == (0 if name in WITHOUT_EVENTS else case.subjects)
    if events:
        assert {str(event.object_id) for event in events} == {entry.subject_id for entry in entries}
        assert {event.correlation_id for event in events} == {entry.cid for entry in entries}


@pytest.mark.parametrize("name", sorted(set(CASES) - ONLY_RECORD))
def test_all_of_it_is_one_transaction(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    made = case.prepare()
    write = AuditEntry.objects.bulk_create

    def write_and_fail(_manager: object, *args: Any, **kwargs: Any) -> None:
        write(*args, **kwargs)
        raise ZeroDivisionError

    monkeypatch.setattr(type(AuditEntry.objects), "bulk_create", write_and_fail)
    before = _everything()
    with pytest.raises(ZeroDivisionError):
        case.act(made)
    assert _everything() == before


def _everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the identities."""
    models = apps.get_app_config("identities").get_models(include_auto_created=True)
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in models}
