"""The batch forms, with what each does and what it refuses, for the tests that ask the same of all of them."""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import uuid4

from django.utils import timezone

from identities.actions import associations, attribute_definitions, clients, groups, lifecycle, org_units, person_tokens
from identities.errors import IdentityError
from identities.models import ApiClient, ApiToken, AttributeDefinition, Group, OrgUnit, PersonToken
from identities.vocabulary import AdoptionRule
from tests.factories import actor, make_client, make_group, make_operator, make_org_unit, make_people, make_person

Results = list[Any]


class Form(NamedTuple):
    """A batch form: its items (so many, named by a word), and one that it refuses, with the code of the refusal."""

    act: Callable[..., Results]
    items: Callable[[int, str], list[Any]]
    refused: Callable[[], Any]
    code: str


def sound(results: Results) -> Results:
    assert [each for each in results if isinstance(each, IdentityError)] == []
    return results


def _names(number: int, word: str) -> list[str]:
    return [f"{word}{index}" for index in range(number)]


def _groups(number: int, word: str) -> list[Group]:
    return sound(groups.create_groups_many([groups.NewGroup(name) for name in _names(number, word)], actor=actor()))


def _units(number: int, word: str) -> list[OrgUnit]:
    rows = [org_units.NewOrgUnit(name) for name in _names(number, word)]
    return sound(org_units.create_org_units_many(rows, actor=actor()))


def _moves(number: int, word: str) -> list[org_units.OrgUnitMove]:
    top = make_org_unit(f"{word}-top")
    return [org_units.OrgUnitMove(unit, top) for unit in _units(number, word)]


def _clients(number: int, word: str) -> list[Any]:
    rows = [clients.NewClient(name) for name in _names(number, word)]
    return sound(clients.create_clients_many(rows, actor=actor()))


def _tokens(number: int, word: str) -> list[ApiToken]:
    now = timezone.now()
    made = [ApiToken(client=each, digest=each.name, prefix="p", created_at=now) for each in _clients(number, word)]
    return ApiToken.objects.bulk_create(made)


def _person_tokens(number: int, word: str) -> list[PersonToken]:
    now = timezone.now()
    return PersonToken.objects.bulk_create(
        PersonToken(user=person, name=word, digest=f"{word}{index}", session_epoch=0, created_at=now, expires_at=now)
        for index, person in enumerate(make_people(number))
    )


def adopting_client() -> ApiClient:
    return make_client(adoption_rule=AdoptionRule.USER_NAME, adoption_owns_lifecycle=True)


def _acquaintances(number: int, _word: str) -> list[associations.Acquaintance]:
    """Of the one client there is."""
    if not ApiClient.objects.exists():
        adopting_client()
    return [associations.Acquaintance(person, f"id{index}") for index, person in enumerate(make_people(number))]


def _attributes(number: int, word: str) -> list[AttributeDefinition]:
    rows = [attribute_definitions.NewAttributeDefinition(name) for name in _names(number, word)]
    return sound(attribute_definitions.create_attribute_definitions_many(rows, actor=actor()))


def _attribute_in_use() -> AttributeDefinition:
    made = attribute_definitions.create_attribute_definition("used", actor=actor())
    make_person(**{"custom.used": "x"})
    return made


def _group_whose_name_is_taken() -> Group:
    gone = groups.delete_group(make_group("Same"), actor=actor())
    make_group("same")
    return gone


def _unit_with_somebody() -> OrgUnit:
    unit = make_org_unit()
    make_person(org_unit=unit.pk)
    return unit


FORMS: dict[str, Form] = {
    "associations.adopt_many": Form(
        lambda known, *, actor: associations.adopt_many(ApiClient.objects.get(), known, actor=actor),
        _acquaintances,
        lambda: associations.Acquaintance(lifecycle.delete_user(make_person(), actor=actor())),
        "user_not_found",
    ),
    "associations.associate_many": Form(
        lambda known, *, actor: associations.associate_many(ApiClient.objects.get(), known, actor=actor),
        _acquaintances,
        lambda: associations.Acquaintance(make_operator()),
        "user_not_found",
    ),
    "attribute_definitions.create_attribute_definitions_many": Form(
        attribute_definitions.create_attribute_definitions_many,
        lambda number, word: [attribute_definitions.NewAttributeDefinition(name) for name in _names(number, word)],
        lambda: attribute_definitions.NewAttributeDefinition("no spaces"),
        "invalid_value",
    ),
    "attribute_definitions.delete_attribute_definitions_many": Form(
        attribute_definitions.delete_attribute_definitions_many, _attributes, _attribute_in_use, "attribute_in_use"
    ),
    "attribute_definitions.update_attribute_definitions_many": Form(
        attribute_definitions.update_attribute_definitions_many,
        lambda number, word: [
            attribute_definitions.AttributeDefinitionUpdate(each, {"label": "New", "kind": "integer"})
            for each in _attributes(number, word)
        ],
        lambda: attribute_definitions.AttributeDefinitionUpdate(_attribute_in_use(), {"kind": "integer"}),
        "attribute_in_use",
    ),
    "clients.create_clients_many": Form(
        clients.create_clients_many,
        lambda number, word: [clients.NewClient(name) for name in _names(number, word)],
        lambda: clients.NewClient("one", allowed_networks=["nowhere"]),
        "invalid_value",
    ),
    "person_tokens.revoke_person_tokens_many": Form(
        person_tokens.revoke_person_tokens_many, _person_tokens, lambda: 0, "token_not_found"
    ),
    "clients.revoke_tokens_many": Form(clients.revoke_tokens_many, _tokens, lambda: 0, "token_not_found"),
    "clients.update_clients_many": Form(
        clients.update_clients_many,
        lambda number, word: [
            clients.ClientUpdate(each, {"name": f"new {each.name}"}) for each in _clients(number, word)
        ],
        lambda: clients.ClientUpdate(make_client(), {"name": make_client().name}),
        "client_name_taken",
    ),
    "groups.create_groups_many": Form(
        groups.create_groups_many,
        lambda number, word: [groups.NewGroup(name) for name in _names(number, word)],
        lambda: groups.NewGroup(make_group().display_name.upper()),
        "group_name_taken",
    ),
    "groups.delete_groups_many": Form(groups.delete_groups_many, _groups, uuid4, "group_not_found"),
    "groups.restore_groups_many": Form(
        groups.restore_groups_many,
        lambda number, word: sound(groups.delete_groups_many(_groups(number, word), actor=actor())),
        _group_whose_name_is_taken,
        "group_name_taken",
    ),
    "groups.set_rules_many": Form(
        groups.set_rules_many,
        lambda number, word: [groups.GroupRule(each, "active eq true") for each in _groups(number, word)],
        lambda: groups.GroupRule(make_group(), "no filter"),
        "invalid_filter",
    ),
    "groups.update_groups_many": Form(
        groups.update_groups_many,
        lambda number, word: [
            groups.GroupUpdate(each, {"display_name": f"new {each.display_name}"}) for each in _groups(number, word)
        ],
        lambda: groups.GroupUpdate(make_group(), {"display_name": make_group().display_name}),
        "group_name_taken",
    ),
    "org_units.create_org_units_many": Form(
        org_units.create_org_units_many,
        lambda number, word: [org_units.NewOrgUnit(name) for name in _names(number, word)],
        lambda: org_units.NewOrgUnit("Labs", parent=uuid4()),
        "org_unit_not_found",
    ),
    "org_units.delete_org_units_many": Form(
        org_units.delete_org_units_many, _units, _unit_with_somebody, "org_unit_not_empty"
    ),
    "org_units.move_org_units_many": Form(
        org_units.move_org_units_many,
        _moves,
        lambda: org_units.OrgUnitMove(unit := make_org_unit(), make_org_unit(parent=unit)),
        "org_unit_loop",
    ),
    "org_units.update_org_units_many": Form(
        org_units.update_org_units_many,
        lambda number, word: [
            org_units.OrgUnitUpdate(each, {"name": f"new {each.name}"}) for each in _units(number, word)
        ],
        lambda: org_units.OrgUnitUpdate(make_org_unit(), {"code": make_org_unit().code}),
        "org_unit_code_taken",
    ),
}
