"""The database and cache settings: SQLite for the embedded default, PostgreSQL and Redis where given."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from provisioning_portal.settings.environment import Environment

SQLITE_TIMEOUT_SECONDS = 20
# Opening the file takes longer than most requests' statements, and than what a poller asks five times a second.
SQLITE_CONNECTION_SECONDS = 60


def database(environment: Environment) -> dict[str, Any]:
    """The entry of DATABASES that the environment asks for."""
    if environment.embedded:
        return _sqlite(environment)
    return _postgresql(environment)


def _sqlite(environment: Environment) -> dict[str, Any]:
    # IMMEDIATE takes the write lock when a transaction begins: a later upgrade of a read lock cannot wait, it fails.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": environment.data_dir / "portal.sqlite3",
        "CONN_MAX_AGE": SQLITE_CONNECTION_SECONDS,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": SQLITE_TIMEOUT_SECONDS,
            "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;",
        },
        "TEST": {"NAME": environment.data_dir / "test.sqlite3"},
    }


def _postgresql(environment: Environment) -> dict[str, Any]:
    parts = urlsplit(environment.database_url)
    # A worker's doorbells and its operations use one connection each per slot, its pollers one each.
    connections = max(environment.web_threads + 4, 2 * environment.worker_slots + 8)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            **dict(parse_qsl(parts.query)),
            # Statements may be prepared; which ones are, is said where they run (`identities.queries.statements`).
            "prepare_threshold": 1_000_000,
            "pool": {"min_size": 1, "max_size": connections, "timeout": 20},
        },
    }


def cache(environment: Environment) -> dict[str, Any]:
    """The entry of CACHES: shared by all processes wherever there can be more than one web process."""
    if environment.redis_url:
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": environment.redis_url,
            "KEY_PREFIX": "portal",
        }
    return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
