"""Who is in which group: rows of the membership table, written as differences."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from connectors.catalog.sql.columns import id_text, id_value
from connectors.catalog.sql.layout import MembershipTable, ObjectTable
from connectors.spi import Rejected, Scalar, Values

MOST_MEMBERS = 500
"""The most members one update may carry: well below what either database binds in one statement."""


def members_of(connection: sa.Connection, table: MembershipTable, users: ObjectTable, group: object) -> Values:
    """The ids of a group's members; accounts that are marked as removed are none."""
    query = (
        sa.select(users.id.column)
        .distinct()
        .join_from(users.table, table.table, users.id.column == table.user.column)
        .where(table.group.column == group, users.present())
        .order_by(users.id.column)
    )
    return tuple(id_text(key) for key in connection.execute(query).scalars())


def add_members(
    connection: sa.Connection, table: MembershipTable, users: ObjectTable, group: object, members: Iterable[Scalar]
) -> None:
    """Put accounts into a group; those that are in stay (raises Rejected: there is no such account)."""
    wanted = {key: member for member in members if (key := id_value(users.id, member)) is not None or _refuse(member)}
    if not wanted:
        return
    known = connection.execute(sa.select(users.id.column).where(users.id.column.in_(list(wanted)), users.present()))
    missing = wanted.keys() - set(known.scalars())
    if missing:
        _refuse(wanted[missing.pop()])
    inside = sa.select(table.user.column).where(table.group.column == group, table.user.column.in_(list(wanted)))
    new = wanted.keys() - set(connection.execute(inside).scalars())
    if new:
        rows = [{table.group.name: group, table.user.name: key} for key in new]
        connection.execute(_insert(connection, table.table).values(rows).on_conflict_do_nothing())


def remove_members(
    connection: sa.Connection, table: MembershipTable, users: ObjectTable, group: object, members: Iterable[Scalar]
) -> None:
    """Take accounts out of a group; those that are not in it are no error."""
    keys = [key for member in members if (key := id_value(users.id, member)) is not None]
    if keys:
        inside = sa.and_(table.group.column == group, table.user.column.in_(keys))
        connection.execute(sa.delete(table.table).where(inside))


def replace_members(
    connection: sa.Connection, table: MembershipTable, users: ObjectTable, group: object, members: Iterable[Scalar]
) -> None:
    """Let exactly these accounts be in a group."""
    wanted = set(members)
    present = set(members_of(connection, table, users, group))
    remove_members(connection, table, users, group, present - wanted)
    add_members(connection, table, users, group, wanted - present)


def forget(connection: sa.Connection, column: sa.Column[object], key: object) -> None:
    """Drop the memberships of an account or a group that goes away."""
    connection.execute(sa.delete(column.table).where(column == key))


def _insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _refuse(member: Scalar) -> bool:
    raise Rejected(f"There is no account with the id {id_text(member)}.", facts={"member": member})
