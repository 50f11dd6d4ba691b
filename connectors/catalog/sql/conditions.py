"""The SPI's filters as SQL conditions: columns from reflection, every value bound."""

import sqlalchemy as sa

from connectors.catalog.sql.columns import Column, id_value
from connectors.catalog.sql.kinds import ColumnKind
from connectors.catalog.sql.layout import MembershipTable, ObjectTable
from connectors.spi import And, Equals, Filter, Not, Or, Present, Rejected, StartsWith

Condition = sa.ColumnElement[bool]
_IDS = ("remote_id", "reference")
MEMBERS = "members"
"""The attribute of groups that holds the ids of their members."""


def condition(filter: Filter, table: ObjectTable, memberships: MembershipTable | None = None) -> Condition:
    """The condition for a filter; never NULL, so that it can be negated (raises Rejected: an unknown attribute)."""

    def translated(part: Filter) -> Condition:
        match part:
            case And(parts):
                return sa.and_(sa.true(), *map(translated, parts))
            case Or(parts):
                return sa.or_(sa.false(), *map(translated, parts))
            case Not(inner):
                return sa.not_(translated(inner))
        return _leaf(part, table, memberships)

    return translated(filter)


def _leaf(part: Equals | StartsWith | Present, table: ObjectTable, memberships: MembershipTable | None) -> Condition:
    if part.attribute == MEMBERS and memberships is not None and MEMBERS not in table.attributes:
        return _membership(part, table, memberships)
    if part.attribute in _IDS:
        return _by_id(part, table)
    column = table.attributes.get(part.attribute)
    if column is None:
        raise Rejected(f"There is no attribute {part.attribute!r}.", facts={"attribute": part.attribute})
    match part:
        case Present():
            return has_value(column)
        case StartsWith(_, beginning):
            return _starts_with(column, beginning)
    return equals(column, part.value)


def has_value(column: Column) -> Condition:
    """Neither NULL nor empty text."""
    there = column.column.is_not(None)
    return sa.and_(there, column.column != "") if column.kind is ColumnKind.TEXT else there


def equals(column: Column, value: object) -> Condition:
    """The column has this value, as the database compares; a value it cannot hold is in no row."""
    try:
        wanted = column.stored(value)
    except ValueError:
        return sa.false()
    return sa.and_(column.column.is_not(None), column.equals(wanted))


def _starts_with(column: Column, beginning: str) -> Condition:
    """Not by LIKE: SQLite's has its own idea of case."""
    if "\x00" in beginning:
        return sa.false()
    start = sa.func.substr(sa.cast(column.column, sa.Text), 1, len(beginning))
    wanted = sa.literal(beginning, sa.Text)
    same = sa.func.lower(start) == sa.func.lower(wanted) if column.folded else start == wanted
    return sa.and_(column.column.is_not(None), same)


def _by_id(part: Equals | StartsWith | Present, table: ObjectTable) -> Condition:
    match part:
        case Present():
            return sa.true()
        case StartsWith(_, beginning):
            return _starts_with(table.id, beginning)
    value = id_value(table.id, part.value)
    return sa.false() if value is None else table.id.column == table.id.bound(value)


def _membership(part: Equals | StartsWith | Present, table: ObjectTable, memberships: MembershipTable) -> Condition:
    members = sa.select(memberships.group.column)
    match part:
        case StartsWith():
            raise Rejected("Members can only be searched for by their whole id.")
        case Equals(_, value):
            member = id_value(memberships.user, value)
            members = members.where(
                sa.false() if member is None else memberships.user.column == memberships.user.bound(member)
            )
    return table.id.column.in_(members.where(memberships.group.column.is_not(None)))
