"""Differences between two states of an object, in the form the audit trail keeps."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

from django.db import models

from identities.audit.registry import excluded_fields


def differences(
    subject: models.Model, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Names whose values differ, with their old and new value as JSON values.

    Derived columns of the subject's model are left out.
    """
    left_out = excluded_fields(type(subject))
    return {
        name: (plain(before.get(name)), plain(after.get(name)))
        for name in dict.fromkeys((*before, *after))
        if name not in left_out and before.get(name) != after.get(name)
    }


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(part) for part in value]
    return value
