"""Finding whom a command is about."""

from typing import Any
from uuid import UUID

from django.core.management.base import CommandError

from connectors.management.portal_command import WRONG_ARGUMENTS
from identities.canonical import fold
from identities.models import Group, OrgUnit, User


def user_named(text: str) -> User:
    """The user with this user name or id, deleted ones by id (raises CommandError with status 2)."""
    return _found(User, "user_name_key", text)


def group_named(text: str) -> Group:
    """The group with this name or id (raises CommandError with status 2)."""
    return _found(Group, "display_name_key", text)


def org_unit_coded(text: str) -> OrgUnit:
    """The org unit with this code or id (raises CommandError with status 2)."""
    return _found(OrgUnit, "code_key", text)


def _found(model: Any, column: str, text: str) -> Any:
    found = model.objects.get_queryset().filter(**{column: fold(text)}).first()
    if found is None and (identifier := _uuid(text)) is not None:
        found = model.objects.get_queryset().filter(pk=identifier).first()
    if found is None:
        raise CommandError(f"There is no {model._meta.verbose_name} {text!r}.", returncode=WRONG_ARGUMENTS)
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
