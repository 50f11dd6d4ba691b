"""How the attributes of a system's accounts are computed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from connectors.actions.systems.settings import locked_system
from connectors.models import ConnectedSystem, SystemMapping
from connectors.vocabulary import SystemVerb
from identities import audit
from identities.actors import Actor
from identities.errors import RuleViolation
from identities.mapping import ExpressionError, MappingRow, compile_row
from identities.vocabulary import ObjectType


@transaction.atomic
def set_mappings(
    system: ConnectedSystem | UUID, object_type: ObjectType, rows: Sequence[MappingRow], *, actor: Actor
) -> bool:
    """Replace the mappings of one type of object, in this order; return whether anything differs now.

    Every row is compiled first, so that a bad one is refused here and not found out by an operation. Accounts follow
    with the next change of each object, or all at once with a push.

    Raises:
        RuleViolation: a row cannot be compiled, or an attribute has two; `field` names the attribute.
    """
    locked = locked_system(system)
    _check(rows, object_type)
    stored = [_row(each) for each in locked.mappings.filter(object_type=object_type)]
    wanted = [_comparable(row) for row in rows]
    if stored == wanted:
        return False
    locked.mappings.filter(object_type=object_type).delete()
    SystemMapping.objects.bulk_create(
        SystemMapping(
            system=locked,
            object_type=object_type,
            attribute=row.attribute,
            kind=row.kind,
            source=row.source,
            apply=row.apply,
            clear_when_null=row.clear_when_null,
            position=position,
        )
        for position, row in enumerate(rows)
    )
    locked.version += 1
    locked.modified_at = timezone.now()
    locked.save(update_fields=["version", "modified_at"])
    changes = {str(object_type): ([_text(each) for each in stored], [_text(each) for each in wanted])}
    audit.record(SystemVerb.MAPPINGS_CHANGED, locked, actor=actor, changes=changes)
    return True


def _check(rows: Sequence[MappingRow], object_type: ObjectType) -> None:
    seen: set[str] = set()
    for row in rows:
        if not row.attribute:
            raise RuleViolation("mapping_without_attribute", "A mapping names no attribute.", field="attribute")
        if row.attribute in seen:
            raise RuleViolation("mapped_twice", f"{row.attribute} is mapped twice.", field=row.attribute)
        seen.add(row.attribute)
        try:
            compile_row(row, subject=object_type.value)
        except ExpressionError as error:
            raise RuleViolation("invalid_mapping", f"{row.attribute}: {error}", field=row.attribute) from error


Comparable = tuple[Any, ...]


def _comparable(row: MappingRow) -> Comparable:
    return (row.attribute, str(row.kind), row.source, str(row.apply), row.clear_when_null)


def _row(stored: SystemMapping) -> Comparable:
    return (stored.attribute, stored.kind, stored.source, stored.apply, stored.clear_when_null)


def _text(row: Comparable) -> str:
    attribute, kind, source, apply, clears = row
    return f"{attribute} = {kind} {source!r}, {apply}{', clear when null' if clears else ''}"
