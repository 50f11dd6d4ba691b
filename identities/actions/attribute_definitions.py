"""Custom attributes: declaring, changing and dropping them."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.users.unique_values import has_duplicates
from identities.actors import Actor
from identities.errors import Conflict, NotFound, RuleViolation
from identities.filters.attributes import RESERVED_NAMES
from identities.models import AttributeDefinition, User
from identities.rules.naming import check_name, check_text
from identities.vocabulary import AttributeKind, AttributeMutability, AttributeUniqueness, Verb

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}")
_CHANGEABLE: Final = ("label", "description", "required", "kind", "multi_valued", "mutability", "uniqueness")
_FIXED_IN_USE: Final = ("kind", "multi_valued")


def create_attribute_definition(
    name: str,
    *,
    actor: Actor,
    label: str = "",
    kind: AttributeKind = AttributeKind.STRING,
    multi_valued: bool = False,
    required: bool = False,
    mutability: AttributeMutability = AttributeMutability.READ_WRITE,
    uniqueness: AttributeUniqueness = AttributeUniqueness.NONE,
    description: str = "",
) -> AttributeDefinition:
    """Declare a custom attribute of users. Names differ by more than case (RFC 7643 section 2.1).

    Args:
        mutability: `immutable`: a value that is there changes by an administrator's override alone; `readOnly`: API
            clients and people themselves do not set it.
        uniqueness: `server`: no two people who are not deleted have the same value.

    Raises:
        Conflict: `attribute_name_taken`. RuleViolation: the name or a text is not allowed.
    """
    if not _NAME.fullmatch(name) or name.lower() in RESERVED_NAMES:
        message = _("A name starts with a letter, has letters, digits, - and _ only, and is not one the portal uses.")
        raise RuleViolation("invalid_value", message, field="name")
    definition = AttributeDefinition(name=name, kind=_kind(kind), multi_valued=multi_valued, required=required)
    definition.label = check_name("label", label or name)[:120]
    definition.description = check_text("description", description, 255)
    definition.mutability = _choice(AttributeMutability, "mutability", mutability)
    definition.uniqueness = _choice(AttributeUniqueness, "uniqueness", uniqueness)
    _check_together(definition)
    try:
        with transaction.atomic():
            if AttributeDefinition.objects.filter(name__iexact=name).exists():
                raise _taken(name)
            definition.save(force_insert=True)
            differences = {field: (None, getattr(definition, field)) for field in ("name", *_CHANGEABLE)}
            audit.record(Verb.ATTRIBUTE_CREATED, definition, actor=actor, changes=differences)
    except IntegrityError as error:
        raise _taken(name) from error
    return definition


def update_attribute_definition(
    definition: AttributeDefinition, *, actor: Actor, changes: Mapping[str, Any]
) -> AttributeDefinition:
    """Change label, description, how it may be written, and (while nobody has a value) its type.

    No difference writes nothing.

    Raises:
        NotFound: `attribute_not_found`.
        RuleViolation: `attribute_in_use`; `values_not_unique`, if people share values of what is to be unique; or a
            value is not allowed.
    """
    for field in changes:
        if field not in _CHANGEABLE:
            raise RuleViolation("unknown_attribute", f"{field} of a custom attribute cannot change.", field=field)
    with transaction.atomic():
        found = _lock(definition)
        before = {field: getattr(found, field) for field in _CHANGEABLE}
        for field, value in changes.items():
            setattr(found, field, _clean(field, value))
        differences = audit.differences(found, before, {field: getattr(found, field) for field in _CHANGEABLE})
        if any(field in differences for field in _FIXED_IN_USE):
            _check_unused(found)
        _check_together(found)
        if "uniqueness" in differences and found.uniqueness == AttributeUniqueness.SERVER:
            _check_unique(found)
        if differences:
            found.save(update_fields=list(differences))
            audit.record(Verb.ATTRIBUTE_CHANGED, found, actor=actor, changes=differences)
    return found


def delete_attribute_definition(definition: AttributeDefinition, *, actor: Actor) -> None:
    """Drop a custom attribute that nobody has a value of.

    Raises:
        NotFound: `attribute_not_found`. RuleViolation: `attribute_in_use`.
    """
    with transaction.atomic():
        found = _lock(definition)
        _check_unused(found)
        audit.record(Verb.ATTRIBUTE_DELETED, found, actor=actor, changes={"name": (found.name, None)})
        found.delete()


def _clean(field: str, value: Any) -> Any:
    if field == "kind":
        return _kind(value)
    if field == "mutability":
        return _choice(AttributeMutability, field, value)
    if field == "uniqueness":
        return _choice(AttributeUniqueness, field, value)
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


def _choice(choices: type[StrEnum], field: str, value: str) -> Any:
    try:
        return choices(value)
    except ValueError:
        message = f"{field} is one of {', '.join(choices)}."
        raise RuleViolation("invalid_value", message, field=field) from None


def _check_together(definition: AttributeDefinition) -> None:
    """Refuse what makes no sense together."""
    if definition.required and definition.mutability == AttributeMutability.READ_ONLY:
        message = _("What API clients cannot write cannot be required: they could create nobody.")
        raise RuleViolation("invalid_value", message, field="mutability")
    if definition.multi_valued and definition.uniqueness == AttributeUniqueness.SERVER:
        message = _("An attribute with several values cannot be unique.")
        raise RuleViolation("invalid_value", message, field="uniqueness")


def _check_unique(definition: AttributeDefinition) -> None:
    if has_duplicates(definition.name):
        message = _("Some people have the same value of %(name)s.") % {"name": definition.name}
        raise RuleViolation("values_not_unique", message, field="uniqueness")


def _lock(definition: AttributeDefinition) -> AttributeDefinition:
    found = AttributeDefinition.objects.select_for_update(no_key=True).filter(pk=definition.pk).first()
    if found is None:
        raise NotFound("attribute_not_found", _("This custom attribute does not exist any more."))
    return found


def _check_unused(definition: AttributeDefinition) -> None:
    users = User.objects.filter(custom__has_key=definition.name).count()
    if users:
        message = _("%(number)d users have a value of %(name)s.") % {"number": users, "name": definition.name}
        raise RuleViolation("attribute_in_use", message, users=users)


def _taken(name: str) -> Conflict:
    message = _("There is a custom attribute %(name)s already.") % {"name": name}
    return Conflict("attribute_name_taken", message, field="name")
