"""The typed configuration of the SQL table connector."""

from enum import StrEnum
from typing import Self

from pydantic import model_validator

from connectors.spi import Configuration, setting


class DatabaseKind(StrEnum):
    """Which database is spoken to."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class TlsMode(StrEnum):
    """How a PostgreSQL connection is protected, in libpq's words. Only VERIFY_FULL knows whom it speaks to."""

    VERIFY_FULL = "verify-full"
    REQUIRE = "require"
    DISABLE = "disable"


class Deletion(StrEnum):
    """What happens to the row of a removed account."""

    DELETE = "delete"
    MARK = "mark"


_VALUE_HELP = "true and false for truth values; empty for NULL; now for the current moment in a date column."


class SqlConfiguration(Configuration):
    """One database: where it is, and which tables and columns hold users, groups and memberships."""

    database: DatabaseKind = setting(
        title="Database", host=True, options={"sqlite": "SQLite: a file", "postgresql": "PostgreSQL: a server"}
    )
    path: str = setting(
        "", title="SQLite file", help="Relative to the folder for SQLite systems (ALLOWED_SQLITE_DIR).", host=True
    )
    host: str = setting("", title="Host", help="Of the PostgreSQL server.", host=True, pattern=r"^[^\s,/\\@?#]*$")
    port: int = setting(5432, title="Port", host=True, ge=1, le=65535)
    database_name: str = setting("", title="Database name", host=True, pattern=r"^[^\s=/\x00]*$")
    user_name: str = setting("", title="User name", help="The account the portal works as.")
    password: str = setting("", title="Password", secret=True)
    sslmode: TlsMode = setting(
        TlsMode.VERIFY_FULL,
        title="Encryption",
        host=True,
        options={
            "verify-full": "encrypted, and the server's certificate is checked",
            "require": "encrypted, whoever answers",
            "disable": "none: everything is readable on the network",
        },
    )
    ca_certificate: str = setting(
        "", title="CA certificate", help="PEM. Empty: the authorities this machine trusts.", multiline=True
    )
    schema_name: str = setting("", title="Schema", help="Empty: the one PostgreSQL looks in by default.")

    users_table: str = setting("", title="Users table", group="Users", discovered=True)
    user_id_column: str = setting(
        "", title="Id column", help="Never changes. Empty: the primary key.", group="Users", discovered=True
    )
    user_id_mapped: bool = setting(
        default=False, title="Ids come from a mapping", help="Otherwise they are generated.", group="Users"
    )
    login_column: str = setting("", title="Login column", group="Users", discovered=True)
    marker_column: str = setting(
        "", title="Marker column", help="A text column for the portal's id.", group="Users", discovered=True
    )
    empty_text: bool = setting(
        default=False,
        title="Empty text instead of NULL",
        help="For tables whose text columns are all NOT NULL, such as Django's.",
        group="Users",
        discovered=True,
    )

    enabled_column: str = setting(
        "", title="Column", help="Empty: accounts cannot be disabled.", group="Disabling", discovered=True
    )
    enabled_value: str = setting("true", title="Enabled", help=_VALUE_HELP, group="Disabling", discovered=True)
    disabled_value: str = setting("false", title="Disabled", help=_VALUE_HELP, group="Disabling", discovered=True)

    deletion: Deletion = setting(
        Deletion.DELETE,
        title="Removed accounts",
        group="Removal",
        options={"delete": "the row is deleted", "mark": "the row is marked"},
    )
    deleted_column: str = setting("", title="Mark column", group="Removal", discovered=True)
    deleted_value: str = setting("now", title="Removed", help=_VALUE_HELP, group="Removal", discovered=True)
    live_value: str = setting("", title="Not removed", help=_VALUE_HELP, group="Removal", discovered=True)

    groups_table: str = setting(
        "", title="Groups table", help="Empty: groups are left alone.", group="Groups", discovered=True
    )
    group_id_column: str = setting(
        "", title="Id column", help="Empty: the primary key.", group="Groups", discovered=True
    )
    group_id_mapped: bool = setting(default=False, title="Ids come from a mapping", group="Groups")
    group_name_column: str = setting("", title="Name column", group="Groups", discovered=True)
    group_marker_column: str = setting("", title="Marker column", group="Groups", discovered=True)

    membership_table: str = setting(
        "", title="Table", help="Empty: groups have no members.", group="Memberships", discovered=True
    )
    membership_group_column: str = setting("", title="Group column", group="Memberships", discovered=True)
    membership_user_column: str = setting("", title="User column", group="Memberships", discovered=True)

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        for field, wanted_by in self._missing():
            raise ValueError(f"{field} is needed: {wanted_by}")
        if self.login_column and self.login_column == self.user_id_column:
            raise ValueError("user_id_column must not be the login column: a login can change, an id cannot")
        if self.enabled_column and self.enabled_value == self.disabled_value:
            raise ValueError("enabled_value and disabled_value must differ")
        if self.deletion is Deletion.MARK and self.deleted_value == self.live_value:
            raise ValueError("deleted_value and live_value must differ")
        return self

    def _missing(self) -> list[tuple[str, str]]:
        """The fields that other fields make necessary, and why."""
        server = self.database is DatabaseKind.POSTGRESQL
        rules = (
            ("path", not server, "database is sqlite"),
            ("host", server, "database is postgresql"),
            ("database_name", server, "database is postgresql"),
            ("user_name", server, "database is postgresql"),
            ("login_column", bool(self.users_table), "users_table is given"),
            ("users_table", bool(self.groups_table), "groups_table is given"),
            ("deleted_column", self.deletion is Deletion.MARK, "deletion is mark"),
            ("group_name_column", bool(self.groups_table), "groups_table is given"),
            ("groups_table", bool(self.membership_table), "membership_table is given"),
            ("membership_group_column", bool(self.membership_table), "membership_table is given"),
            ("membership_user_column", bool(self.membership_table), "membership_table is given"),
        )
        return [(field, reason) for field, needed, reason in rules if needed and not getattr(self, field)]
