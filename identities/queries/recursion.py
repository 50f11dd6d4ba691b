"""The recursive statements, the only raw SQL of the identities. The same text on SQLite and PostgreSQL.

UNION (not UNION ALL) drops rows that were seen before: a loop in the data ends the recursion by itself, and no walk
is longer than there are rows. All values are bound; the table names come from the models.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final
from uuid import UUID

from django.db import connection

from identities.models import Group, Membership, OrgUnit, User
from identities.queries.statements import run

# Values in one statement.
_BATCH: Final = 2000
_NAMES: Final = {
    "users": User._meta.db_table,
    "groups": Group._meta.db_table,
    "memberships": Membership._meta.db_table,
    "units": OrgUnit._meta.db_table,
}

_CHAIN: Final = """
    WITH RECURSIVE walk(id, above) AS (
        SELECT t.id, t.{column} FROM {table} t WHERE t.id IN ({marks}) AND t.deleted_at IS NULL
        UNION
        SELECT t.id, t.{column} FROM {table} t JOIN walk ON t.id = walk.above WHERE t.deleted_at IS NULL
    )
    SELECT id, above FROM walk
"""
_SUBTREE: Final = """
    WITH RECURSIVE walk(id) AS (
        SELECT t.id FROM {units} t WHERE t.id IN ({marks})
        UNION
        SELECT t.id FROM {units} t JOIN walk ON t.parent_id = walk.id AND t.deleted_at IS NULL
    )
    SELECT id FROM walk
"""
_SUBTREES: Final = """
    WITH RECURSIVE walk(root, id) AS (
        SELECT t.id, t.id FROM {units} t WHERE t.id IN ({marks})
        UNION
        SELECT walk.root, t.id FROM {units} t JOIN walk ON t.parent_id = walk.id AND t.deleted_at IS NULL
    )
    SELECT root, id FROM walk
"""
_GROUPS_OF_USERS: Final = """
    WITH RECURSIVE walk(user_id, group_id) AS (
        SELECT m.user_id, m.group_id FROM {memberships} m
            JOIN {groups} g ON g.id = m.group_id AND g.deleted_at IS NULL
            WHERE m.user_id IN ({marks})
        UNION
        SELECT walk.user_id, m.group_id FROM walk
            JOIN {memberships} m ON m.member_group_id = walk.group_id
            JOIN {groups} g ON g.id = m.group_id AND g.deleted_at IS NULL
    )
    SELECT walk.user_id, walk.group_id, g.display_name,
        EXISTS (SELECT 1 FROM {memberships} d WHERE d.user_id = walk.user_id AND d.group_id = walk.group_id)
    FROM walk JOIN {groups} g ON g.id = walk.group_id
    ORDER BY walk.user_id, g.display_name_key, walk.group_id
"""
_GROUPS_ABOVE: Final = """
    WITH RECURSIVE walk(id) AS (
        SELECT g.id FROM {groups} g WHERE g.id IN ({marks})
        UNION
        SELECT m.group_id FROM walk
            JOIN {memberships} m ON m.member_group_id = walk.id
            JOIN {groups} g ON g.id = m.group_id AND g.deleted_at IS NULL
    )
    SELECT id FROM walk
"""
_GROUPS_BELOW: Final = """
    WITH RECURSIVE walk(id) AS (
        SELECT g.id FROM {groups} g WHERE g.id IN ({marks})
        UNION
        SELECT m.member_group_id FROM walk
            JOIN {memberships} m ON m.group_id = walk.id
            JOIN {groups} g ON g.id = m.member_group_id AND g.deleted_at IS NULL
    )
    SELECT id FROM walk
"""
_GROUPS_BELOW_EACH: Final = """
    WITH RECURSIVE walk(root, id) AS (
        SELECT g.id, g.id FROM {groups} g WHERE g.id IN ({marks})
        UNION
        SELECT walk.root, m.member_group_id FROM walk
            JOIN {memberships} m ON m.group_id = walk.id
            JOIN {groups} g ON g.id = m.member_group_id AND g.deleted_at IS NULL
    )
    SELECT root, id FROM walk
"""


def managers_above(people: Collection[UUID]) -> dict[UUID, UUID | None]:
    """Every one of these people who is not deleted, and everybody above them, with their manager."""
    return _chain(_NAMES["users"], "manager_id", people)


def parents_above(units: Collection[UUID]) -> dict[UUID, UUID | None]:
    """Every one of these org units that is not deleted, and every one above them, with its parent."""
    return _chain(_NAMES["units"], "parent_id", units)


def units_below(units: Collection[UUID]) -> set[UUID]:
    """These org units (deleted ones too) and every one below them that is not deleted."""
    return {_uuid(row[0]) for row in _rows(_SUBTREE, units, **_NAMES)}


def units_below_each(units: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """For each of these org units (deleted ones too) itself and every one below it that is not deleted."""
    return _by_root(_SUBTREES, units)


def groups_of_users(users: Collection[UUID]) -> Iterator[tuple[UUID, UUID, str, bool]]:
    """User, group, the group's name, and whether the membership is direct, through nesting; by user and name."""
    for user, group, name, direct in _rows(_GROUPS_OF_USERS, users, **_NAMES):
        yield _uuid(user), _uuid(group), name, bool(direct)


def groups_above(groups: Collection[UUID]) -> set[UUID]:
    """These groups and every one that holds one of them, through nesting."""
    return {_uuid(row[0]) for row in _rows(_GROUPS_ABOVE, groups, **_NAMES)}


def groups_below(groups: Collection[UUID]) -> set[UUID]:
    """These groups (deleted ones too) and every one that they hold, through nesting."""
    return {_uuid(row[0]) for row in _rows(_GROUPS_BELOW, groups, **_NAMES)}


def groups_below_each(groups: Collection[UUID]) -> dict[UUID, set[UUID]]:
    """For each of these groups (deleted ones too) itself and every one that it holds, through nesting."""
    return _by_root(_GROUPS_BELOW_EACH, groups)


def _by_root(statement: str, start: Collection[UUID]) -> dict[UUID, set[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    for root, below in _rows(statement, start, **_NAMES):
        found.setdefault(_uuid(root), set()).add(_uuid(below))
    return found


def _chain(table: str, column: str, start: Collection[UUID]) -> dict[UUID, UUID | None]:
    rows = _rows(_CHAIN, start, table=table, column=column)
    return {_uuid(node): None if above is None else _uuid(above) for node, above in rows}


def _rows(statement: str, start: Collection[UUID], **names: str) -> Iterator[tuple[Any, ...]]:
    values = sorted(start)
    for begin in range(0, len(values), _BATCH):
        batch = [User._meta.pk.get_db_prep_value(value, connection) for value in values[begin : begin + _BATCH]]
        marks = ", ".join(["%s"] * len(batch))
        # One text for each number of values: prepared is the one that is asked all the time.
        yield from run(statement.format(marks=marks, **names), batch, prepare=len(batch) == 1)


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
