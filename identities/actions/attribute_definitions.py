"""Custom attributes: declaring, changing and dropping them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.batches import each, in_chunks, one
from identities.actions.row_writing import update_rows
from identities.actors import Actor
from identities.errors import Conflict, IdentityError, NotFound, RuleViolation
from identities.filters.attributes import RESERVED_NAMES
from identities.models import AttributeDefinition, User
from identities.rules.naming import check_name, check_text
from identities.vocabulary import AttributeKind, Verb

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_CHANGEABLE: Final = ("label", "description", "required", "sensitive", "kind", "multi_valued")
_FIXED_IN_USE: Final = ("kind", "multi_valued")
Differences = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class NewAttributeDefinition:
    """One custom attribute to be declared. `sensitive`: its values are masked where requests are logged."""

    name: str
    label: str = ""
    kind: AttributeKind = AttributeKind.STRING
    multi_valued: bool = False
    required: bool = False
    sensitive: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class AttributeDefinitionUpdate:
    """Changes of one declaration: label, description, whether it is required or sensitive, its type."""

    definition: AttributeDefinition
    changes: Mapping[str, Any]


def create_attribute_definition(name: str, *, actor: Actor, **how: Any) -> AttributeDefinition:
    """Declare a custom attribute of users. Names differ by more than case (RFC 7643 section 2.1).

    Args:
        how: as in `NewAttributeDefinition`.

    Raises:
        Conflict: `attribute_name_taken`. RuleViolation: the name or a text is not allowed.
    """
    return one(create_attribute_definitions_many([NewAttributeDefinition(name, **how)], actor=actor))


def create_attribute_definitions_many(
    rows: Sequence[NewAttributeDefinition], *, actor: Actor
) -> list[AttributeDefinition | IdentityError]:
    """Declare many custom attributes; what `create_attribute_definition` would raise stands in the place of one."""
    return in_chunks(partial(_create, actor), rows)


def _create(actor: Actor, rows: Sequence[NewAttributeDefinition]) -> list[AttributeDefinition | IdentityError]:
    # There are few: all of them are read, and compared as the filters compare names.
    taken = {name.lower() for name in AttributeDefinition.objects.values_list("name", flat=True)}
    made: list[AttributeDefinition] = []

    def step(row: NewAttributeDefinition) -> AttributeDefinition:
        definition = _declared(row)
        if row.name.lower() in taken:
            raise _taken(row.name)
        taken.add(row.name.lower())
        made.append(definition)
        return definition

    results = each(step, rows)
    AttributeDefinition.objects.bulk_create(made)
    _record(Verb.ATTRIBUTE_CREATED, [(each, _beginning(each)) for each in made], actor)
    return results


def update_attribute_definition(
    definition: AttributeDefinition, *, actor: Actor, changes: Mapping[str, Any]
) -> AttributeDefinition:
    """Change label, description, whether it is required or sensitive, and (while nobody has a value) its type.

    No difference writes nothing.

    Raises:
        NotFound: `attribute_not_found`. RuleViolation: `attribute_in_use`, or a text is not allowed.
    """
    return one(update_attribute_definitions_many([AttributeDefinitionUpdate(definition, changes)], actor=actor))


def update_attribute_definitions_many(
    updates: Sequence[AttributeDefinitionUpdate], *, actor: Actor
) -> list[AttributeDefinition | IdentityError]:
    """Change many declarations, each of which may appear once; what `update_attribute_definition` would raise stands
    in the place of one.
    """
    return in_chunks(partial(_update, actor), updates)


def _update(actor: Actor, updates: Sequence[AttributeDefinitionUpdate]) -> list[AttributeDefinition | IdentityError]:
    locked = _lock([update.definition for update in updates])
    used = _uses(list(locked.values())) if any(set(_FIXED_IN_USE) & set(each.changes) for each in updates) else {}
    changed: list[tuple[AttributeDefinition, Differences]] = []

    def step(update: AttributeDefinitionUpdate) -> AttributeDefinition:
        cleaned = {field: _clean(field, value) for field, value in update.changes.items()}
        found = _present(locked, update.definition)
        before = {field: getattr(found, field) for field in cleaned}
        differences = audit.differences(found, before, cleaned)
        if any(field in differences for field in _FIXED_IN_USE):
            _check_unused(found, used)
        for field, value in cleaned.items():
            setattr(found, field, value)
        if differences:
            changed.append((found, differences))
        return found

    results = each(step, updates)
    update_rows([found for found, _differences in changed], {name for _found, each in changed for name in each})
    _record(Verb.ATTRIBUTE_CHANGED, changed, actor)
    return results


def delete_attribute_definition(definition: AttributeDefinition, *, actor: Actor) -> AttributeDefinition:
    """Drop a custom attribute that nobody has a value of.

    Raises:
        NotFound: `attribute_not_found`. RuleViolation: `attribute_in_use`.
    """
    return one(delete_attribute_definitions_many([definition], actor=actor))


def delete_attribute_definitions_many(
    definitions: Sequence[AttributeDefinition], *, actor: Actor
) -> list[AttributeDefinition | IdentityError]:
    """Drop many custom attributes; what `delete_attribute_definition` would raise stands in the place of one."""
    return in_chunks(partial(_delete, actor), definitions)


def _delete(actor: Actor, definitions: Sequence[AttributeDefinition]) -> list[AttributeDefinition | IdentityError]:
    locked = _lock(definitions)
    used = _uses(list(locked.values()))
    gone: dict[int, AttributeDefinition] = {}

    def step(definition: AttributeDefinition) -> AttributeDefinition:
        found = _present(locked, definition)
        _check_unused(found, used)
        # Once, also if it is named twice.
        return gone.setdefault(found.pk, found)

    results = each(step, definitions)
    _record(Verb.ATTRIBUTE_DELETED, [(found, {"name": (found.name, None)}) for found in gone.values()], actor)
    AttributeDefinition.objects.filter(pk__in=gone).delete()
    return results


def _declared(row: NewAttributeDefinition) -> AttributeDefinition:
    if not _NAME.fullmatch(row.name) or row.name.lower() in RESERVED_NAMES:
        message = _("A name starts with a letter, has letters, digits, - and _ only, and is not one the portal uses.")
        raise RuleViolation("invalid_value", message, field="name")
    return AttributeDefinition(
        name=row.name,
        kind=_kind(row.kind),
        multi_valued=row.multi_valued,
        required=row.required,
        sensitive=row.sensitive,
        label=_clean("label", row.label or row.name),
        description=_clean("description", row.description),
    )


def _beginning(definition: AttributeDefinition) -> Differences:
    return {field: (None, getattr(definition, field)) for field in ("name", *_CHANGEABLE)}


def _record(verb: Verb, changed: Sequence[tuple[AttributeDefinition, Differences]], actor: Actor) -> None:
    audit.record_many([audit.AuditRow(verb, found, differences) for found, differences in changed], actor=actor)


def _clean(field: str, value: Any) -> Any:
    if field not in _CHANGEABLE:
        raise RuleViolation("unknown_attribute", f"{field} of a custom attribute cannot change.", field=field)
    if field == "kind":
        return _kind(value)
    if field == "label":
        return check_name(field, value)[:120]
    if field == "description":
        return check_text(field, value, 255)
    return bool(value)


def _kind(value: str) -> AttributeKind:
    try:
        return AttributeKind(value)
    except ValueError:
        message = _("%(value)s is not a type of custom attributes.") % {"value": value}
        raise RuleViolation("invalid_value", message, field="kind") from None


def _lock(definitions: Sequence[AttributeDefinition]) -> dict[Any, AttributeDefinition]:
    rows = AttributeDefinition.objects.select_for_update(no_key=True).order_by("pk")
    return {found.pk: found for found in rows.filter(pk__in=[definition.pk for definition in definitions])}


def _present(locked: Mapping[Any, AttributeDefinition], definition: AttributeDefinition) -> AttributeDefinition:
    found = locked.get(definition.pk)
    if found is None:
        raise NotFound("attribute_not_found", _("This custom attribute does not exist any more."))
    return found


def _uses(definitions: Sequence[AttributeDefinition]) -> Mapping[str, int]:
    """How many users have a value of each of these, by name, in one statement."""
    counts = {
        f"uses_{number}": Count("pk", filter=Q(custom__has_key=definition.name))
        for number, definition in enumerate(definitions)
    }
    found = User.objects.aggregate(**counts) if counts else {}
    return {definition.name: found[f"uses_{number}"] for number, definition in enumerate(definitions)}


def _check_unused(definition: AttributeDefinition, used: Mapping[str, int]) -> None:
    users = used[definition.name]
    if users:
        message = _("%(number)d users have a value of %(name)s.") % {"number": users, "name": definition.name}
        raise RuleViolation("attribute_in_use", message, users=users)


def _taken(name: str) -> Conflict:
    message = _("There is a custom attribute %(name)s already.") % {"name": name}
    return Conflict("attribute_name_taken", message, field="name")
