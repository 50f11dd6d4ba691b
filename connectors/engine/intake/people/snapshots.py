"""The values of people as the actions take them, to know what an import wrote."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import prefetch_related_objects

from connectors.engine.intake.staged import Difference
from identities.actions.user_changes import read_rows, value_of
from identities.actions.users import UpdateResult
from identities.audit.differences import plain
from identities.models import MultiValue, User
from identities.rules.attributes import MANAGER, ORG_UNIT, VALUE_LENGTHS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One person with their multi-valued rows."""

    user: User
    rows: list[MultiValue]

    def value(self, attribute: str) -> Any:
        """The value as JSON has it: a reference as id, a multi-valued attribute as its rows."""
        if attribute in VALUE_LENGTHS:
            return [_row(row) for row in self.rows if row.attribute == attribute]
        return plain(value_of(self.user, attribute))

    def shown(self, attribute: str) -> str:
        """The value as people read it."""
        if attribute in VALUE_LENGTHS:
            return ", ".join(row["value"] or ", ".join(map(str, row["data"].values())) for row in self.value(attribute))
        if attribute == MANAGER:
            return self.user.manager.employee_number if self.user.manager else ""
        if attribute == ORG_UNIT:
            return self.user.org_unit.code if self.user.org_unit else ""
        value = self.value(attribute)
        return "" if value is None else str(value)


def snapshots(users: Collection[UUID]) -> dict[UUID, Snapshot]:
    """These people as they are now, in two statements."""
    if not users:
        return {}
    rows = read_rows(users)
    people = User.objects.persons().defer("scim_text").in_bulk(list(users))
    return {pk: Snapshot(user, rows[pk]) for pk, user in people.items()}


def shown_snapshots(users: Collection[UUID]) -> dict[UUID, Snapshot]:
    """The same, ready to be shown to people: with managers and org units."""
    found = snapshots(users)
    prefetch_related_objects([each.user for each in found.values()], "manager", "org_unit")
    return found


def snapshots_after(results: Iterable[UpdateResult]) -> dict[UUID, Snapshot]:
    """People as an update left them; rows are read of those whose multi-valued attributes changed."""
    changed = {result.user.pk: result for result in results if result.changed}
    rowed = [pk for pk, result in changed.items() if not VALUE_LENGTHS.keys().isdisjoint(result.changed)]
    rows = read_rows(rowed) if rowed else {}
    return {pk: Snapshot(result.user, rows.get(pk, [])) for pk, result in changed.items()}


def written(before: Snapshot, after: Snapshot, names: Iterable[str]) -> Difference:
    """What of these attributes changed."""
    values = {name: [before.value(name), after.value(name)] for name in names}
    return {name: pair for name, pair in values.items() if pair[0] != pair[1]}


def _row(row: MultiValue) -> dict[str, Any]:
    return {
        "value": row.value,
        "type": row.type,
        "display": row.display,
        "primary": row.primary,
        "data": dict(row.data),
    }
