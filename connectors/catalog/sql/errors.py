"""What a database error means for the engine."""

import sqlite3

import psycopg

from connectors.spi import Ambiguous, ConnectorError, Misconfigured, Rejected, Transient


class NotUnique(Rejected):
    """A unique constraint refused the write. Whoever catches it looks who holds the value."""


_CHANGED = "The tables are not as they were when the system was set up; test and discover it again."
_LOST = "The connection to the database was lost while the change was being committed; it may have been carried out."
_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_SQLITE_LATER = {
    sqlite3.SQLITE_FULL: "The disk that holds the database is full.",
    sqlite3.SQLITE_IOERR: "The database file cannot be read or written just now.",
    sqlite3.SQLITE_NOMEM: "The database ran out of memory.",
    sqlite3.SQLITE_INTERRUPT: "The database took too long; the change was undone.",
}
_SQLITE_SETTINGS = {
    sqlite3.SQLITE_READONLY: "The database file is read-only for the portal.",
    sqlite3.SQLITE_CANTOPEN: "The database file cannot be opened.",
    sqlite3.SQLITE_PERM: "The portal may not use the database file.",
    sqlite3.SQLITE_NOTADB: "The file is not an SQLite database.",
    sqlite3.SQLITE_CORRUPT: "The database file is damaged.",
}
_SQLITE_CONSTRAINTS = {
    sqlite3.SQLITE_CONSTRAINT_NOTNULL: "A column that must have a value was left empty.",
    sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: "Another row refers to this one, or the row it refers to does not exist.",
    sqlite3.SQLITE_CONSTRAINT_CHECK: "A check of the table refuses the values.",
    sqlite3.SQLITE_CONSTRAINT_TRIGGER: "A trigger of the database refuses the change.",
}
_SQLITE_UNIQUE = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}

# PostgreSQL, appendix A: by class (two characters), the whole code first.
_PG_REJECTED = {
    "23502": "A column that must have a value was left empty.",
    "23503": "Another row refers to this one, or the row it refers to does not exist.",
    "23514": "A check of the table refuses the values.",
    "22001": "A value is too long for its column.",
    "22": "The database cannot store a value.",
    "23": "A constraint of the table refuses the values.",
    "44": "The view refuses the values.",
    "54": "The database cannot store a value.",
    "P0": "A trigger of the database refuses the change.",
}
_PG_SETTINGS = {
    "42501": "The database account may not do this.",
    "25006": "The database is read-only.",
    "28": "The database refuses the user name or password.",
    "3D": "There is no database of this name.",
    "3F": "There is no schema of this name.",
    "42": _CHANGED,
}
_PG_LATER = {
    "40": "The database undid the change because another one came between.",
    "53": "The database has no room for another connection or more data.",
    "55": "The row is locked by somebody else.",
    "57": "The database stopped the change; it took too long, or the server is shutting down.",
    "58": "The database server has trouble with its disk.",
    "XX": "The database server has trouble of its own.",
    "08": "The connection to the database was lost; nothing was changed.",
}


def sqlite_error(error: BaseException | None) -> ConnectorError:
    """The SPI's error for one of SQLite. Nothing is ambiguous here: what `COMMIT` refuses is not committed."""
    code = getattr(error, "sqlite_errorcode", None)
    detail = str(error)
    if code is None:
        return Rejected("The database cannot store a value.", detail=detail)
    if code in _SQLITE_UNIQUE:
        return NotUnique("Another row has the same value.", detail=detail, facts={"constraint": detail})
    if code in _SQLITE_CONSTRAINTS:
        return Rejected(_SQLITE_CONSTRAINTS[code], detail=detail)
    primary = code & 0xFF
    if primary in _SQLITE_BUSY:
        return Transient("The database file is locked by somebody else.", detail=detail)
    if primary in _SQLITE_LATER:
        return Transient(_SQLITE_LATER[primary], detail=detail)
    if primary in _SQLITE_SETTINGS:
        return Misconfigured(_SQLITE_SETTINGS[primary], detail=detail)
    if primary == sqlite3.SQLITE_ERROR:
        return Misconfigured(_CHANGED, detail=detail)
    return Rejected("The database refuses the values.", detail=detail)


def postgresql_error(error: BaseException | None, *, committing: bool) -> ConnectorError:
    """The SPI's error for one of PostgreSQL while connected.

    Of what the server says only the primary message is kept: its details repeat whole rows.
    """
    if not isinstance(error, psycopg.Error):
        return Rejected("The database cannot store a value.", detail=type(error).__name__)
    state = error.sqlstate
    if state is None:
        return _without_state(error, committing=committing)
    detail = f"{state}: {error.diag.message_primary or ''}"
    constraint = {"constraint": error.diag.constraint_name} if error.diag.constraint_name else {}
    if state == "40003":  # statement completion unknown
        return Ambiguous(_LOST, detail=detail)
    if state == "23505":
        return NotUnique("Another row has the same value.", detail=detail, facts=constraint)
    for table, kind in ((_PG_REJECTED, Rejected), (_PG_SETTINGS, Misconfigured), (_PG_LATER, Transient)):
        message = table.get(state) or table.get(state[:2])
        if message and kind is Transient and committing and state[:2] in ("08", "57"):
            return Ambiguous(_LOST, detail=detail)
        if message:
            return kind(message, detail=detail, facts=constraint)
    return Rejected("The database refuses the change.", detail=detail, facts=constraint)


def _without_state(error: psycopg.Error, *, committing: bool) -> ConnectorError:
    """Errors of the client library: the connection is gone, or a value cannot be sent."""
    if not isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
        return Rejected("The database cannot store a value.", detail=str(error))
    if committing:
        return Ambiguous(_LOST, detail=str(error))
    return Transient("The connection to the database was lost; nothing was changed.", detail=str(error))


_CONNECTING = (
    # libpq gives no codes while it connects (PQconnectStart); its texts are English unless the server's are not.
    ("connection", Transient, ("SYSCALL", "server closed the connection"), "The database server cannot be reached."),
    ("tls", Misconfigured, ("SSL", "certificate", "root.crt"), "The encrypted connection cannot be made."),
    (
        "connection",
        Transient,
        ("starting up", "shutting down", "too many clients", "connection slots", "recovery mode"),
        "The database server takes no connections just now.",
    ),
    (
        "authentication",
        Misconfigured,
        ("FATAL", "password", "authentication", "pg_hba.conf", "SASL", "SCRAM"),
        "The database refuses the user name, the password or the database name.",
    ),
)


def connecting_error(error: psycopg.Error) -> ConnectorError:
    """The SPI's error for a connection that could not be made; its fact `stage` says how far it got."""
    text = str(error)
    for stage, kind, signs, message in _CONNECTING:
        if any(sign in text for sign in signs):
            return kind(message, detail=text, facts={"stage": stage})
    # One text for refused, silent and unreachable, so that the portal is no port scanner.
    return Transient("The database server cannot be reached.", facts={"stage": "connection"})
