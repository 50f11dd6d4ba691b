"""Every action, and what it is done to in the tests that ask the same of all of them."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from django.utils import timezone

from identities.actions import (
    administrators,
    associations,
    attribute_definitions,
    clients,
    credentials,
    groups,
    lifecycle,
    memberships,
    oauth,
    org_units,
    person_tokens,
    self_tests,
    users,
)
from identities.actors import clock_actor, self_actor
from identities.models import Group, OrgUnit, SelfTest, User
from identities.vocabulary import AdoptionRule, Role, SelfTestState, Verb
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
from tests.identities.actions.rule_cases import RULE_CASES


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


def _with_credentials() -> Any:
    client = make_client()
    oauth.issue_oauth_credentials(client, actor=actor())
    return client


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


def _running_self_test() -> SelfTest:
    return SelfTest.objects.create(state=SelfTestState.RUNNING, created_at=timezone.now())


def _due() -> None:
    person = make_person()
    User.objects.filter(pk=person.pk).update(end_date=date(2020, 1, 1))


def _new(number: int) -> list[users.NewUser]:
    return [users.NewUser(users.UserAttributes({"user_name": f"new{index}"})) for index in range(number)]


def _new_definitions(number: int) -> list[attribute_definitions.NewAttributeDefinition]:
    return [attribute_definitions.NewAttributeDefinition(f"badge{index}") for index in range(number)]


def _definitions() -> list[Any]:
    return attribute_definitions.create_attribute_definitions_many(_new_definitions(3), actor=actor())


def _groups() -> list[Group]:
    return [make_group() for _ in range(3)]


def _units() -> list[OrgUnit]:
    return [make_org_unit() for _ in range(3)]


def _all_known(objects: Sequence[User | Group]) -> list[associations.Acquaintance]:
    return [associations.Acquaintance(obj, str(number)) for number, obj in enumerate(objects)]


def _many_known() -> tuple[Any, list[Any]]:
    client, people = make_client(), make_people(3)
    associations.associate_many(client, _all_known(people), actor=actor())
    return client, people


CASES: dict[str, Case] = {
    **{name: Case(*parts) for name, parts in RULE_CASES.items()},
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
    "associations.adopt_many": Case(
        lambda made: associations.adopt_many(made[0], _all_known(made[1]), actor=actor()),
        lambda: (make_client(adoption_rule=AdoptionRule.USER_NAME), make_people(3)),
        3,
    ),
    "associations.associate": Case(
        lambda made: associations.associate(*made, actor=actor(), external_id="7"),
        lambda: (make_client(), make_person()),
    ),
    "associations.associate_many": Case(
        lambda made: associations.associate_many(made[0], _all_known(made[1]), actor=actor()),
        lambda: (make_client(), [*make_people(2), make_group()]),
        3,
    ),
    "associations.drop_association": Case(lambda made: associations.drop_association(*made, actor=actor()), _known),
    "associations.drop_associations_many": Case(
        lambda made: associations.drop_associations_many(*made, actor=actor()), _many_known, 3
    ),
    "attribute_definitions.create_attribute_definition": Case(
        lambda _: attribute_definitions.create_attribute_definition("badge", actor=actor())
    ),
    "attribute_definitions.create_attribute_definitions_many": Case(
        lambda _: attribute_definitions.create_attribute_definitions_many(_new_definitions(3), actor=actor()),
        subjects=3,
    ),
    "attribute_definitions.delete_attribute_definition": Case(
        lambda badge: attribute_definitions.delete_attribute_definition(badge, actor=actor()),
        lambda: attribute_definitions.create_attribute_definition("badge", actor=actor()),
    ),
    "attribute_definitions.delete_attribute_definitions_many": Case(
        lambda made: attribute_definitions.delete_attribute_definitions_many(made, actor=actor()), _definitions, 3
    ),
    "attribute_definitions.update_attribute_definition": Case(
        lambda badge: attribute_definitions.update_attribute_definition(badge, actor=actor(), changes={"label": "B"}),
        lambda: attribute_definitions.create_attribute_definition("badge", actor=actor()),
    ),
    "attribute_definitions.update_attribute_definitions_many": Case(
        lambda made: attribute_definitions.update_attribute_definitions_many(
            [attribute_definitions.AttributeDefinitionUpdate(each, {"label": "B"}) for each in made], actor=actor()
        ),
        _definitions,
        3,
    ),
    "clients.create_client": Case(lambda _: clients.create_client("entra", actor=actor())),
    "clients.create_clients_many": Case(
        lambda _: clients.create_clients_many([clients.NewClient(name) for name in "abc"], actor=actor()), subjects=3
    ),
    "clients.issue_token": Case(lambda client: clients.issue_token(client, actor=actor()), make_client),
    "clients.record_trial": Case(
        lambda client: clients.record_trial(client, "GET", "/scim/v2/Users", 200, actor=actor()), make_client
    ),
    "clients.revoke_token": Case(lambda token: clients.revoke_token(token, actor=actor()), _with_token),
    "clients.revoke_tokens_many": Case(
        lambda tokens: clients.revoke_tokens_many(tokens, actor=actor()),
        lambda: [_with_token() for _ in range(3)],
        3,
    ),
    "clients.update_client": Case(
        lambda client: clients.update_client(client, actor=actor(), changes={"enabled": False}), make_client
    ),
    "clients.update_clients_many": Case(
        lambda made: clients.update_clients_many(
            [clients.ClientUpdate(client, {"enabled": False}) for client in made], actor=actor()
        ),
        lambda: [make_client() for _ in range(3)],
        3,
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
    "groups.create_groups_many": Case(
        lambda _: groups.create_groups_many([groups.NewGroup(name) for name in "abc"], actor=actor()), subjects=3
    ),
    "groups.delete_group": Case(lambda group: groups.delete_group(group, actor=actor()), make_group),
    "groups.delete_groups_many": Case(lambda made: groups.delete_groups_many(made, actor=actor()), _groups, 3),
    "groups.restore_group": Case(
        lambda group: groups.restore_group(group, actor=actor()),
        lambda: groups.delete_group(make_group(), actor=actor()),
    ),
    "groups.restore_groups_many": Case(
        lambda made: groups.restore_groups_many(made, actor=actor()),
        lambda: groups.delete_groups_many(_groups(), actor=actor()),
        3,
    ),
    "groups.update_group": Case(
        lambda group: groups.update_group(group, actor=actor(), changes={"description": "x"}), make_group
    ),
    "groups.update_groups_many": Case(
        lambda made: groups.update_groups_many(
            [groups.GroupUpdate(group, {"description": "x"}) for group in made], actor=actor()
        ),
        _groups,
        3,
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
    "oauth.issue_oauth_credentials": Case(
        lambda client: oauth.issue_oauth_credentials(client, actor=actor()), make_client
    ),
    "oauth.record_oauth_token": Case(
        lambda client: oauth.record_oauth_token(client, Verb.TOKEN_ISSUED, actor=actor()), make_client
    ),
    "oauth.revoke_oauth_credentials": Case(
        lambda client: oauth.revoke_oauth_credentials(client, actor=actor()), _with_credentials
    ),
    "org_units.create_org_unit": Case(lambda _: org_units.create_org_unit(actor=actor(), name="Labs")),
    "org_units.create_org_units_many": Case(
        lambda _: org_units.create_org_units_many([org_units.NewOrgUnit(name) for name in "abc"], actor=actor()),
        subjects=3,
    ),
    "org_units.delete_org_unit": Case(lambda unit: org_units.delete_org_unit(unit, actor=actor()), make_org_unit),
    "org_units.delete_org_units_many": Case(
        lambda made: org_units.delete_org_units_many(made, actor=actor()), _units, 3
    ),
    "org_units.move_org_unit": Case(
        lambda units: org_units.move_org_unit(units[0], actor=actor(), parent=units[1]),
        lambda: (make_org_unit(), make_org_unit()),
    ),
    "org_units.move_org_units_many": Case(
        lambda made: org_units.move_org_units_many(
            [org_units.OrgUnitMove(unit, made[0]) for unit in made[1:]], actor=actor()
        ),
        lambda: [make_org_unit(), *_units()],
        3,
    ),
    "org_units.update_org_unit": Case(
        lambda unit: org_units.update_org_unit(unit, actor=actor(), changes={"name": "x"}), make_org_unit
    ),
    "org_units.update_org_units_many": Case(
        lambda made: org_units.update_org_units_many(
            [org_units.OrgUnitUpdate(unit, {"name": f"x{number}"}) for number, unit in enumerate(made)], actor=actor()
        ),
        _units,
        3,
    ),
    "person_tokens.issue_person_token": Case(_issue_own_token, make_person),
    "person_tokens.revoke_person_token": Case(
        lambda token: person_tokens.revoke_person_token(token, actor=actor()), _with_person_token
    ),
    "person_tokens.revoke_person_tokens_many": Case(
        lambda tokens: person_tokens.revoke_person_tokens_many(tokens, actor=actor()),
        lambda: [_with_person_token() for _ in range(3)],
        subjects=3,
    ),
    "self_tests.finish_self_test": Case(
        lambda test: self_tests.finish_self_test(test, actor=actor(), counts={"passed": 1}), _running_self_test
    ),
    "self_tests.start_self_test": Case(lambda _: self_tests.start_self_test(actor=actor())),
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
