"""A connected system's row while it is locked."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models.functions import Now

from connectors.models import ConnectedSystem
from identities.queries.compiled import CompiledObjects, id_hole

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Locked:
    """A system whose row is locked until the transaction ends.

    Attributes:
        system: the row, without the schema that was read of it: that is long, and nobody decides by it under the lock.
        now: the database's time when the lock was asked for.
    """

    system: ConnectedSystem
    now: datetime


class Lock:
    """Reads a system's row by one statement, which is made once.

    Args:
        systems: all systems, by a query that locks what it finds.
    """

    def __init__(self, systems: "QuerySet[ConnectedSystem]") -> None:
        hole = id_hole()
        rows = systems.filter(pk=hole).order_by().defer("remote_schema").annotate(now=Now())
        self._rows = CompiledObjects(rows, {"system": hole})

    def take(self, system_id: UUID) -> Locked | None:
        """The system, None when it is gone."""
        found = self._rows.objects(system=system_id)
        return Locked(found[0], found[0].now) if found else None
