"""Putting work into the queue: one upsert for any number of objects.

The statement is the same on PostgreSQL and SQLite (`INSERT ... SELECT ... ON CONFLICT` on the partial unique index of
waiting rows); Django compiles and binds the SELECT, the rest is made of column names.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Left

from connectors.engine.claiming import dialect
from connectors.engine.subject_rows import WITHOUT_ROW, name_of, rows_of
from connectors.models import Link, Operation, Run
from connectors.vocabulary import WAITS_FOR_A_PERSON, Lane, OperationState
from identities.vocabulary import ObjectType

CHUNK = 1000
"""So many ids are bound in one statement."""

# A row belongs to a run only as long as nothing else asks for it: calling the run off must not call that off.
_LEFT_NULL = ("id", "lease_until", "started_at", "finished_at", "removal_at")
_WHEN_IT_WAITS_ALREADY = """
ON CONFLICT (system_id, object_type, object_id) WHERE state = 'waiting' DO UPDATE SET
    lane = CASE WHEN excluded.lane < waiting.lane THEN excluded.lane ELSE waiting.lane END,
    due_at = CASE WHEN excluded.due_at < waiting.due_at THEN excluded.due_at ELSE waiting.due_at END,
    released = waiting.released OR excluded.released,
    run_id = CASE WHEN waiting.run_id IS NULL THEN NULL ELSE excluded.run_id END,
    object_name = excluded.object_name,
    cause = excluded.cause,
    correlation_id = excluded.correlation_id
"""


@dataclass(frozen=True, slots=True)
class Request:
    """Why objects are enqueued on a system, and how urgently.

    Attributes:
        cause: what happened, for the log of the operation.
        released: the removals among them were confirmed by a person; the brake does not stop them.
    """

    system_id: UUID
    object_type: ObjectType
    lane: Lane
    cause: str
    correlation_id: str = ""
    run_id: UUID | None = None
    released: bool = False


def enqueue(
    system_id: UUID,
    object_type: ObjectType,
    object_ids: Iterable[UUID],
    *,
    lane: Lane,
    cause: str,
    correlation_id: str = "",
    run: Run | None = None,
    released: bool = False,
) -> int:
    """Ask for these objects to be converged on one system as soon as it may be called; return how many rows wait now.

    An object that waits already keeps its place and its age, gets the more urgent lane and is due at once. What waits
    for a person is superseded. Ids of which neither the object nor a link is known are passed over.
    """
    request = Request(system_id, object_type, lane, cause, correlation_id, run.pk if run else None, released)
    return sum(_enqueue_ids(request, chunk) for chunk in chunks(sorted(set(object_ids))))


@transaction.atomic
def enqueue_selected(request: Request, objects: "QuerySet[Any]") -> int:
    """Enqueue the objects of a query set in one statement; return how many rows wait now."""
    now = dialect().now()
    waiting = _upsert(objects.order_by("pk"), F("pk"), name_of(request.object_type), request, now)
    _supersede(request, objects.order_by().values("pk"))
    return waiting


def chunks(ids: list[UUID], size: int = CHUNK) -> Iterator[list[UUID]]:
    """The list in parts of at most `size`."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


@transaction.atomic
def _enqueue_ids(request: Request, ids: list[UUID]) -> int:
    waiting = enqueue_selected(request, rows_of(request.object_type).filter(pk__in=ids))
    return waiting + enqueue_purged(request, Link.objects.filter(object_id__in=ids))


@transaction.atomic
def enqueue_purged(request: Request, links: "QuerySet[Link]") -> int:
    """Enqueue those of the links whose object no longer has a row; return how many rows wait now."""
    orphans = links.filter(WITHOUT_ROW, system=request.system_id, object_type=request.object_type)
    waiting = _upsert(orphans.order_by("object_id"), F("object_id"), F("object_name"), request, dialect().now())
    _supersede(request, orphans.values("object_id"))
    return waiting


def _upsert(
    objects: "QuerySet[Any]", object_id: Combinable, object_name: Combinable, request: Request, now: datetime
) -> int:
    given: dict[str, Any] = {
        "system": request.system_id,
        "object_type": request.object_type,
        "object_id": object_id,
        "object_name": Left(object_name, 255),
        "run": request.run_id,
        "lane": request.lane,
        "cause": request.cause[:255],
        "correlation_id": request.correlation_id,
        "released": request.released,
        "due_at": now,
        "created_at": now,
    }
    fields = [field for field in Operation._meta.concrete_fields if field.name not in _LEFT_NULL]
    values = {field: given.get(field.name, field.get_default()) for field in fields}
    columns = {
        f"new_{field.attname}": value if isinstance(value, Combinable) else Value(value, output_field=_stored(field))
        for field, value in values.items()
    }
    try:
        select, parameters = objects.annotate(**columns).values_list(*columns).query.sql_with_params()
    except EmptyResultSet:
        return 0
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    table = quote(Operation._meta.db_table)
    with connection.cursor() as cursor:
        # Everything that comes from outside is among the bound parameters.
        cursor.execute(f"INSERT INTO {table} AS waiting ({names}) {select} {_WHEN_IT_WAITS_ALREADY}", parameters)
        return cursor.rowcount


def _stored(field: Any) -> Any:
    return field.target_field if field.is_relation else field


def _supersede(request: Request, ids: "QuerySet[Any]") -> None:
    """Close what waits for a person. A run that takes its place cannot be called off as to these objects: the failure
    or the hold would be gone without having been decided.
    """
    of_system = Operation.objects.filter(system=request.system_id, object_type=request.object_type)
    for_a_person = of_system.filter(state__in=WAITS_FOR_A_PERSON, object_id__in=ids)
    if request.run_id is not None:
        queued = of_system.filter(state=OperationState.WAITING, run=request.run_id)
        queued.filter(object_id__in=for_a_person.values("object_id")).update(run=None)
    for_a_person.update(state=OperationState.SUPERSEDED)
