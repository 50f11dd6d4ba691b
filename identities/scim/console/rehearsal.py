"""How a request of a client would be answered, and what it would change, without changing anything."""

import time
from dataclasses import dataclass
from typing import Final

from django.db import DatabaseError
from django.http import HttpResponse

from identities.models import ApiClient, AuditEntry, ChangeEvent, ClientRequest
from identities.scim.in_process import Asked, answer, environ_of, undone

# So many of the entries and events are told.
MOST: Final = 50
# Says who is calling, or is the connection's own business: the client is chosen, and these are not taken over.
NOT_TAKEN: Final = frozenset({"authorization", "cookie", "host", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would have happened.

    Attributes:
        line: what the request log would have said.
        entries: what the audit trail would have said. events: what connected systems would have been told of.
    """

    response: HttpResponse
    line: ClientRequest | None
    milliseconds: int
    entries: tuple[AuditEntry, ...]
    events: tuple[ChangeEvent, ...]


def rehearse(client: ApiClient, asked: Asked, *, remote_address: str) -> Rehearsal:
    """Have the request answered as one of this client that has been recognised, and undo what it did.

    Nothing comes of it: no audit entry, no change event, no doorbell, no mail, no line in the request log.
    """
    taken = {name: value for name, value in asked.headers.items() if name.lower() not in NOT_TAKEN}
    environ = environ_of(Asked(asked.method, asked.path, taken, asked.body), remote_address)
    with undone() as lines:
        started = time.monotonic()
        response = answer(environ, client)
        milliseconds = int((time.monotonic() - started) * 1000)
        line = lines[-1].as_request() if lines else None
        entries, events = _caused(line.correlation_id if line else "")
    return Rehearsal(response, line, milliseconds, entries, events)


def _caused(correlation_id: str) -> tuple[tuple[AuditEntry, ...], tuple[ChangeEvent, ...]]:
    if not correlation_id:
        return (), ()
    try:
        entries = AuditEntry.objects.filter(cid=correlation_id).order_by("pk")[:MOST]
        events = ChangeEvent.objects.filter(correlation_id=correlation_id).order_by("pk")[:MOST]
        return tuple(entries), tuple(events)
    except DatabaseError:
        # The request broke the transaction; then it has changed nothing either.
        return (), ()
