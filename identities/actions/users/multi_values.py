"""Multi-valued attributes of a user being changed: from wanted rows to rows to insert, update and delete."""

from collections.abc import Mapping, Sequence
from typing import Any

from identities.actions.user_changes import UserChange
from identities.actions.users.arguments import MultiValues
from identities.models import MultiValue
from identities.queries.owner_orders import order_of
from identities.rules.attributes import PRIMARY_SUFFIX
from identities.rules.ownership import owner_of, owners_after_write
from identities.rules.rows import Merge, Row, clean_rows, merge_rows

_PARTS = ("value", "type", "display", "primary")


def new_rows(change: UserChange, multi_values: MultiValues) -> list[MultiValue]:
    """The rows of a user who is being created, all of the user's default origin. Raises RuleViolation."""
    rows: list[MultiValue] = []
    for attribute, wanted in multi_values.items():
        made = [
            _to_model(change, attribute, row, position, change.user.default_origin)
            for position, row in enumerate(clean_rows(attribute, wanted).rows)
        ]
        if made:
            change.differences[attribute] = (None, [_shown(row) for row in made])
        rows += made
    return rows


def write_rows(
    change: UserChange, attribute: str, wanted: Sequence[Mapping[str, Any]], origin: str, *, override: bool = False
) -> Mapping[str, str]:
    """Make `wanted` the values of the attribute as far as `origin` may (or overrides). See `rules.rows.merge_rows`.

    Returns:
        What was kept because others own it, with the owner.

    Raises:
        RuleViolation: a row is not allowed.
    """
    wish = clean_rows(attribute, wanted)
    current = [row for row in change.rows if row.attribute == attribute]
    merge = merge_rows(
        attribute,
        [_to_row(row) for row in current],
        wish,
        origin=origin,
        primary_owner=_primary_owner(change, attribute, current),
        order=order_of(attribute),
        override=override,
    )
    _apply(change, attribute, current, merge)
    if merge.primary_written:
        _own_primary(change, attribute, merge, origin)
    return merge.kept


def _apply(change: UserChange, attribute: str, current: list[MultiValue], merge: Merge) -> None:
    before = [_shown(row) for row in current]
    by_key = {row.pk: row for row in current}
    after: list[MultiValue] = []
    for position, row in enumerate(merge.rows):
        if row.key is None:
            model = _to_model(change, attribute, row, position, row.origin)
            change.unsaved.append(model)
        else:
            model = by_key.pop(row.key)
            if _overwrite(model, row, position):
                change.stale.append(model)
        after.append(model)
    change.gone += list(by_key)
    change.rows = [row for row in change.rows if row.attribute != attribute] + after
    shown = [_shown(row) for row in after]
    if shown != before:
        change.differences[attribute] = (before, shown)


def _overwrite(model: MultiValue, row: Row, position: int) -> bool:
    """Bring a stored row to what it should be; whether anything changed."""
    wanted = {
        **{part: getattr(row, part) for part in _PARTS},
        "data": dict(row.data),
        "origin": row.origin,
        "position": position,
    }
    changed = {name for name, value in wanted.items() if getattr(model, name) != value}
    for name in changed:
        setattr(model, name, wanted[name])
    return bool(changed)


def _primary_owner(change: UserChange, attribute: str, current: list[MultiValue]) -> str | None:
    user = change.user
    has_primary = any(row.primary for row in current)
    return owner_of(f"{attribute}{PRIMARY_SUFFIX}", has_primary or None, user.owners, user.default_origin)


def _own_primary(change: UserChange, attribute: str, merge: Merge, origin: str) -> None:
    user = change.user
    has_primary = any(row.primary for row in merge.rows)
    user.owners = owners_after_write(
        f"{attribute}{PRIMARY_SUFFIX}", has_primary or None, user.owners, user.default_origin, origin
    )
    change.columns.add("owners")


def _to_row(model: MultiValue) -> Row:
    return Row(model.value, model.type, model.display, model.primary, model.data, model.origin, model.pk)


def _to_model(change: UserChange, attribute: str, row: Row, position: int, origin: str) -> MultiValue:
    return MultiValue(
        user=change.user,
        attribute=attribute,
        value=row.value,
        type=row.type,
        display=row.display,
        primary=row.primary,
        data=dict(row.data),
        origin=origin,
        position=position,
    )


def _shown(row: MultiValue) -> dict[str, Any]:
    """A row as the audit trail shows it."""
    said = {"value": row.value[:1024], "type": row.type, "display": row.display, "primary": row.primary, **row.data}
    return {name: part for name, part in said.items() if part}
