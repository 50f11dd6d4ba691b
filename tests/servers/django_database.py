"""Django's test database: migrated once in a test run, and emptied without computing anew what belongs in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from tests.servers.made_once import made_once
from tests.servers.postgresql import dump, restore
from tests.settings import CHOSEN_DATABASE, DATABASE_SERVER


def make_test_database() -> None:
    """Give this process a test database: migrated here, or a copy of the one that another process has migrated."""
    migrated_here = False

    def migrate(path: Path) -> None:
        nonlocal migrated_here
        migrated_here = True
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        _drop_unused_table()
        _save(path)

    saved = made_once("migrated-database", migrate)
    if not migrated_here:
        _load(saved)


def what_migrations_left() -> Callable[[], None]:
    """Remember every row there is (content types, permissions, roles); the answer puts them back into empty tables.

    Django would make them anew each time, from all models.
    """
    models = [model for model in apps.get_models(include_auto_created=True) if not model._meta.proxy]
    kept = [rows for model in models if not model._meta.swapped and (rows := list(model._base_manager.all()))]

    def put_back() -> None:
        with transaction.atomic():
            for rows in kept:
                type(rows[0])._base_manager.bulk_create(rows)

    return put_back


def _drop_unused_table() -> None:
    """Drop the table of django-auditlog's own entries, which our model replaces.

    Its migrations make it all the same, and PostgreSQL refuses to empty the tables it refers to between tests.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS auditlog_logentry")


def _save(path: Path) -> None:
    if CHOSEN_DATABASE == "postgresql":
        dump(DATABASE_SERVER.database_url(connection.settings_dict["NAME"]), path)
    else:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])


def _load(path: Path) -> None:
    name = connection.creation._get_test_db_name()
    if CHOSEN_DATABASE == "postgresql":
        connection.creation._create_test_db(verbosity=0, autoclobber=True)
        restore(DATABASE_SERVER.database_url(name), path)
    else:
        shutil.copy(path, name)
    connection.close()
    settings.DATABASES[connection.alias]["NAME"] = connection.settings_dict["NAME"] = name
