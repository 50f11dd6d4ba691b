"""Where the databases differ when several workers take from one queue: the clock, the locks, taking what
was seen, and letting others write.

`dialect()` is the module for the database in use. Both offer the same five functions.
"""

from types import ModuleType

from django.db import connection

from connectors.engine.claiming import postgresql, sqlite

_BY_VENDOR = {"postgresql": postgresql, "sqlite": sqlite}


def dialect() -> ModuleType:
    """The module for the database in use (raises KeyError for one that is not supported)."""
    return _BY_VENDOR[connection.vendor]
