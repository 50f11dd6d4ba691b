"""The statements that go around the ORM, and how they are run: all but the recursive ones (`recursion`).

Table and column names come from the models, all values are bound.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import UUID
from weakref import WeakSet

import orjson
from django.db import connection, models
from psycopg import Cursor

from identities.models import Delivery, GroupStamp, Membership, MembershipOrigin

_SLOTS: Final = 8
# Connections of PostgreSQL that plan prepared statements once: what we prepare has one good plan, whatever the values.
_planning_once: Final["WeakSet[Any]"] = WeakSet()


def run(sql: str, parameters: Sequence[Any], *, prepare: bool = True) -> list[tuple[Any, ...]]:
    """The rows of a statement.

    On PostgreSQL its parameters travel beside it: their types must follow from where they stand. Elsewhere, and while
    somebody counts or records statements, it goes Django's way.

    Args:
        prepare: plan it once for each connection; not where the best plan depends on the values, which then stand in
            the statement: beside it they would not be looked at, as for all statements of the connection.
    """
    if connection.vendor != "postgresql" or not prepare or connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors, Cursor(raw) as direct:
        if raw not in _planning_once:
            direct.execute("SET plan_cache_mode = force_generic_plan")
            _planning_once.add(raw)
        direct.execute(sql, parameters, prepare=True)
        return direct.fetchall() if direct.pgresult and direct.pgresult.nfields else []


def stamp_groups(users: Collection[UUID] = (), groups: Collection[UUID] = ()) -> None:
    """Note on every group that has one of these members that its members look different now. On every database."""
    for column, ids in (("user_id", users), ("member_group_id", groups)):
        if ids:
            run(_stamp_sql(column), [_ids(ids)])


def _stamp_sql(column: str) -> str:
    native = connection.vendor == "postgresql"
    stamps, memberships = GroupStamp._meta.db_table, Membership._meta.db_table
    # The slot is the connection's: two statements of one transaction never wait for different rows of others.
    slot = f"mod(pg_backend_pid(), {_SLOTS})" if native else "0"
    among = "ANY(%s::uuid[])" if native else "(SELECT value FROM json_each(%s))"
    return f"""
        INSERT INTO {stamps} (group_id, slot, number)
        SELECT DISTINCT group_id, {slot}, 1 FROM {memberships}
        WHERE {column} {"=" if native else "IN"} {among} ORDER BY group_id
        ON CONFLICT (group_id, slot) DO UPDATE SET number = {stamps}.number + 1
    """  # noqa: S608  names of our own tables and columns


def _ids(ids: Collection[UUID]) -> Any:
    return list(ids) if connection.vendor == "postgresql" else _json([each.hex for each in ids])


def insert_memberships(
    group: UUID, column: str, members: Sequence[UUID], origin: str, ends_on: date | None
) -> set[UUID]:
    """Make those members who are none yet, asserted by this origin, in one round trip; on PostgreSQL alone.

    Args:
        column: where the members stand: `user_id` or `member_group_id`.

    Returns:
        Who was none.
    """
    sql = _memberships_sql(column)
    return {row[0] for row in run(sql, [group, ends_on, list(members), origin])}


@cache
def _memberships_sql(column: str) -> str:
    return f"""
        WITH made AS (
            INSERT INTO {Membership._meta.db_table} (group_id, {column}, ends_on, created_at)
            SELECT %s::uuid, member, %s::date, now() FROM unnest(%s::uuid[]) WITH ORDINALITY AS wanted(member, place)
            ORDER BY place ON CONFLICT (group_id, {column}) DO NOTHING RETURNING id, {column} AS member),
        asserted AS (INSERT INTO {MembershipOrigin._meta.db_table} (membership_id, origin) SELECT id, %s FROM made)
        SELECT member FROM made
    """  # noqa: S608  names of our own tables and columns


@dataclass(frozen=True, slots=True)
class Written:
    """Rows of one model to be written: inserted, or updated in these columns (names of fields) where they are told."""

    rows: Sequence[models.Model]
    columns: tuple[str, ...] = ()

    def sql(self) -> str:
        """The statement, whose parameter is `records()`."""
        return _update_sql(type(self.rows[0]), self.columns) if self.columns else _insert_sql(type(self.rows[0]))

    def records(self) -> str:
        """The rows as JSON, derived columns computed as the ORM does when it saves."""
        fields = _fields(type(self.rows[0]), self.columns)
        adding = not self.columns
        records = [{field.column: field.pre_save(row, adding) for field in fields} for row in self.rows]
        return orjson.dumps(records, default=str).decode()


def write_told(
    written: Sequence[Written],
    entries: Sequence[models.Model],
    events: Sequence[models.Model],
    subscriptions: Sequence[tuple[str, str]],
    wanted_sql: str,
) -> None:
    """Write rows, their audit entries and change events, and a delivery for each event and consumer, in one round trip.

    On PostgreSQL alone. Rows of one kind are written in their order; there need not be rows of every kind.

    Args:
        subscriptions: which consumer is told of which kind of event.
        wanted_sql: the condition on `consumer` that it wants a delivery now.
    """
    parts = [part for part in (*written, Written(entries)) if part.rows]
    others, records = tuple(part.sql() for part in parts), [part.records() for part in parts]
    if events:
        told = Written(events)
        pairs = [{"consumer": consumer, "kind": kind} for consumer, kind in subscriptions]
        run(_told_sql(others, told.sql(), wanted_sql), [*records, told.records(), _json(pairs)])
    elif parts:
        run(_together(others, "SELECT"), records)
    for row in (row for part in written for row in part.rows):
        # As the ORM leaves what it has saved.
        row._state.adding, row._state.db = False, connection.alias


def insert_records(model: type[models.Model], records: str, *, references: str) -> None:
    """Insert rows that are told as a JSON list of objects with all columns, in one round trip; on PostgreSQL alone.

    Rows are passed over whose `references`, a foreign key, is gone.
    """
    run(_insert_known_sql(model, references), [records])


@cache
def _insert_known_sql(model: type[models.Model], references: str) -> str:
    key: Any = model._meta.get_field(references)
    column, table = f'record."{key.column}"', key.related_model._meta.db_table
    known = f'EXISTS (SELECT FROM "{table}" known WHERE known.id = {column})'
    return f"{_insert_sql(model)} WHERE {column} IS NULL OR {known}"


@cache
def _together(parts: tuple[str, ...], last: str) -> str:
    """One statement that runs the parts, and then the last."""
    first = ", ".join(f"part{number} AS ({sql})" for number, sql in enumerate(parts))
    return f"WITH {first} {last}" if first else last


@cache
def _told_sql(others: tuple[str, ...], events: str, wanted_sql: str) -> str:
    announced = f"{events} RETURNING id, kind"
    deliveries = f"""
        INSERT INTO {Delivery._meta.db_table} (event_id, consumer, claimed_by)
        SELECT event.id, subscription.consumer, '' FROM part{len(others)} AS event
        JOIN jsonb_to_recordset(%s::jsonb) AS subscription(consumer text, kind text) USING (kind)
        WHERE {wanted_sql} ORDER BY event.id
    """  # noqa: S608  names of our own tables
    return _together((*others, announced), deliveries)


@cache
def _insert_sql(model: type[models.Model]) -> str:
    fields = _fields(model, ())
    names = ", ".join(f'"{field.column}"' for field in fields)
    return f'INSERT INTO "{model._meta.db_table}" ({names}) SELECT {names} FROM {_record(fields)}'  # noqa: S608  as above


@cache
def _update_sql(model: type[models.Model], columns: tuple[str, ...]) -> str:
    table, fields = model._meta.db_table, _fields(model, columns)
    values = ", ".join(f'"{field.column}" = record."{field.column}"' for field in fields if not field.primary_key)
    return f'UPDATE "{table}" SET {values} FROM {_record(fields)} WHERE "{table}".id = record.id'  # noqa: S608  as above


def _record(fields: Sequence[Any]) -> str:
    """The rows of a parameter that `Written.records` makes."""
    types = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in fields)
    return f"jsonb_to_recordset(%s::jsonb) AS record({types})"


@cache
def _fields(model: type[models.Model], columns: tuple[str, ...]) -> tuple[Any, ...]:
    """The fields to write: those named and the key, or all that the database does not number itself."""
    fields = model._meta.concrete_fields
    if columns:
        return tuple(field for field in fields if field.primary_key or field.name in columns)
    return tuple(field for field in fields if not isinstance(field, models.AutoField | models.BigAutoField))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
