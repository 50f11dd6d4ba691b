"""What a database suggests of itself: which tables hold users, groups and memberships, and what their columns mean."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from connectors.catalog.sql.configuration import Deletion, SqlConfiguration
from connectors.catalog.sql.kinds import ColumnKind, kind_of
from connectors.catalog.sql.naming import (
    DELETED_NAMES,
    DISABLED_NAMES,
    ENABLED_NAMES,
    GROUP_EXPRESSIONS,
    GROUP_NAMES,
    GROUP_TABLES,
    LOGIN_NAMES,
    MARKER_NAMES,
    USER_EXPRESSIONS,
    USER_TABLES,
    plain,
)
from connectors.spi import Discovery, ObjectClass

_MANY_TEXTS = 3
"""So many text columns that take no NULL show that the table's owner writes empty text instead."""


@dataclass(frozen=True, slots=True)
class Found:
    """A table as the database lists it. `refers` gives the table each column refers to."""

    name: str
    columns: Mapping[str, Mapping[str, Any]]
    key: tuple[str, ...]
    refers: Mapping[str, str]

    def named(self, names: Iterable[str]) -> str:
        """The column with the first of these names that there is, or nothing."""
        by_plain_name = {plain(name): name for name in self.columns}
        return next((by_plain_name[name] for name in names if name in by_plain_name), "")

    def kind(self, column: str) -> ColumnKind | None:
        """What a column holds."""
        return kind_of(self.columns[column]["type"]) if column in self.columns else None


def discovered(connection: sa.Connection, settings: SqlConfiguration) -> Discovery:
    """Proposals for what is not configured yet, and choices for everything."""
    tables = _tables(connection, settings.schema_name or None)
    users = tables.get(settings.users_table) or _best(tables, USER_TABLES, LOGIN_NAMES)
    groups = tables.get(settings.groups_table) or _best(tables, GROUP_TABLES, GROUP_NAMES)
    if groups is users:
        groups = None
    memberships = tables.get(settings.membership_table) or _joining(tables, users, groups)
    proposals = {**_about_users(users), **_about_groups(groups), **_about_memberships(memberships, users, groups)}
    notes = [f"{len(tables)} tables were found."]
    if users is None:
        notes.append("None of them looks like a table of users; choose one and discover again.")
    return Discovery(
        proposals=proposals,
        choices=_choices(tables, users, groups, memberships),
        notes=tuple(notes),
        suggested_mappings=_mappings(settings, proposals, users, groups),
    )


def _tables(connection: sa.Connection, schema: str | None) -> dict[str, Found]:
    inspector = sa.inspect(connection)
    columns = inspector.get_multi_columns(schema=schema)
    keys = inspector.get_multi_pk_constraint(schema=schema)
    references = inspector.get_multi_foreign_keys(schema=schema)
    return {
        table: Found(
            name=table,
            columns={each["name"]: each for each in listed},
            key=tuple(keys[place]["constrained_columns"] or ()) if place in keys else (),
            refers={
                each["constrained_columns"][0]: each["referred_table"]
                for each in references.get(place, ())
                if len(each["constrained_columns"]) == 1
            },
        )
        for place, listed in sorted(columns.items(), key=lambda item: item[0][1])
        if (table := place[1])
    }


def _best(tables: Mapping[str, Found], names: tuple[str, ...], wanted: tuple[str, ...]) -> Found | None:
    """The table with the first of these names, whole or as the last word, that has one of the wanted columns."""
    for name in names:
        for table in tables.values():
            words = table.name.lower().replace("-", "_").split("_")
            if (plain(table.name) == name or words[-1] == name) and table.named(wanted) and len(table.key) == 1:
                return table
    return None


def _joining(tables: Mapping[str, Found], users: Found | None, groups: Found | None) -> Found | None:
    if users is None or groups is None:
        return None
    both = {users.name, groups.name}
    return next((table for table in tables.values() if both <= set(table.refers.values())), None)


def _about_users(users: Found | None) -> dict[str, object]:
    if users is None:
        return {}
    needed = [c for c, facts in users.columns.items() if not facts["nullable"] and facts.get("default") is None]
    proposals: dict[str, object] = {
        "users_table": users.name,
        "login_column": users.named(LOGIN_NAMES),
        "marker_column": users.named(MARKER_NAMES),
        "empty_text": sum(users.kind(column) is ColumnKind.TEXT for column in needed) > _MANY_TEXTS,
        **_about_disabling(users),
        **_about_removal(users),
    }
    if len(users.key) == 1:
        proposals["user_id_column"] = users.key[0]
    return {field: value for field, value in proposals.items() if value != "" or field == "live_value"}


def _about_disabling(users: Found) -> dict[str, object]:
    enabled, disabled = users.named(ENABLED_NAMES), users.named(DISABLED_NAMES)
    column = enabled or disabled
    if users.kind(column) not in (ColumnKind.BOOLEAN, ColumnKind.INTEGER):
        return {}
    yes, no = ("true", "false") if users.kind(column) is ColumnKind.BOOLEAN else ("1", "0")
    on, off = (yes, no) if enabled else (no, yes)
    return {"enabled_column": column, "enabled_value": on, "disabled_value": off}


def _about_removal(users: Found) -> dict[str, object]:
    """How removed rows are marked. Whether to mark or to delete is for a person to say."""
    column = users.named(DELETED_NAMES)
    kind = users.kind(column)
    if kind in (ColumnKind.DATE, ColumnKind.DATETIME, ColumnKind.AWARE_DATETIME):
        return {"deleted_column": column, "deleted_value": "now", "live_value": ""}
    if kind is ColumnKind.BOOLEAN:
        return {"deleted_column": column, "deleted_value": "true", "live_value": "false"}
    return {}


def _about_groups(groups: Found | None) -> dict[str, object]:
    if groups is None:
        return {}
    proposals = {
        "groups_table": groups.name,
        "group_id_column": groups.key[0] if len(groups.key) == 1 else "",
        "group_name_column": groups.named(GROUP_NAMES),
        "group_marker_column": groups.named(MARKER_NAMES),
    }
    return {field: value for field, value in proposals.items() if value}


def _about_memberships(table: Found | None, users: Found | None, groups: Found | None) -> dict[str, object]:
    if table is None or users is None or groups is None:
        return {}
    column_for = {referred: column for column, referred in table.refers.items()}
    if not {users.name, groups.name} <= column_for.keys():
        return {}
    return {
        "membership_table": table.name,
        "membership_user_column": column_for[users.name],
        "membership_group_column": column_for[groups.name],
    }


def _choices(
    tables: Mapping[str, Found], users: Found | None, groups: Found | None, memberships: Found | None
) -> dict[str, tuple[str, ...]]:
    names = tuple(tables)
    choices = dict.fromkeys(("users_table", "groups_table", "membership_table"), names)
    fields = (
        (users, ("user_id_column", "login_column", "marker_column", "enabled_column", "deleted_column")),
        (groups, ("group_id_column", "group_name_column", "group_marker_column")),
        (memberships, ("membership_group_column", "membership_user_column")),
    )
    for table, columns in fields:
        if table is not None:
            choices |= dict.fromkeys(columns, tuple(table.columns))
    return choices


def _mappings(
    settings: SqlConfiguration, proposals: Mapping[str, object], users: Found | None, groups: Found | None
) -> dict[ObjectClass, dict[str, str]]:
    taken = {settings.enabled_column or proposals.get("enabled_column"), settings.marker_column}
    if settings.deletion is Deletion.MARK:
        taken.add(settings.deleted_column)
    suggested: dict[ObjectClass, dict[str, str]] = {}
    if users is not None:
        login = settings.login_column or str(proposals.get("login_column", ""))
        suggested[ObjectClass.USER] = _expressions(users, USER_EXPRESSIONS, {login: "user.userName"}, taken)
    if groups is not None:
        name = settings.group_name_column or str(proposals.get("group_name_column", ""))
        suggested[ObjectClass.GROUP] = _expressions(groups, GROUP_EXPRESSIONS, {name: "group.displayName"}, set())
    return suggested


def _expressions(table: Found, known: Mapping[str, str], certain: Mapping[str, str], taken: set[Any]) -> dict[str, str]:
    usable = [column for column in table.columns if column not in taken and table.kind(column) is not None]
    guessed = {column: known[plain(column)] for column in usable if plain(column) in known and column not in table.key}
    return guessed | {column: expression for column, expression in certain.items() if column in usable}
