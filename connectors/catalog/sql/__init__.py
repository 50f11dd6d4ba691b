"""SQL tables: users, groups and memberships as rows of an SQLite or PostgreSQL database."""

from connectors.catalog.sql.configuration import DatabaseKind, Deletion, SqlConfiguration, TlsMode
from connectors.catalog.sql.connector import SqlConnector

__all__ = ["DatabaseKind", "Deletion", "SqlConfiguration", "SqlConnector", "TlsMode"]
