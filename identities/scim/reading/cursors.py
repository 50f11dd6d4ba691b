"""Cursors (RFC 9865): places in the answer to one query of one client, signed. Nothing is kept for them here."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner
from scim2_models import ExpiredCursorException, InvalidCountException, InvalidCursorException

from identities.filters.attributes import Kind, Resource
from identities.scim.limits import CURSOR_SECONDS

# Of the characters that an address takes as they are (RFC 3986 section 2.3) one that base64 does not use.
_SIGNER: Final = TimestampSigner(salt="scim-cursor", sep="~")
_LONGEST: Final = 100_000
_READ: Final[dict[Kind, Callable[[str], Any]]] = {
    Kind.DATE_TIME: datetime.fromisoformat,
    Kind.DATE: date.fromisoformat,
    Kind.IDENTIFIER: UUID,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of a query, which stays where it is when the object that stood there goes or changes.

    Attributes:
        value: what that object was sorted by, as JSON has it.
        backward: the page lies before the place.
        inclusive: what stands at the place belongs to the page.
    """

    resource: Resource
    value: Any
    pk: UUID
    backward: bool = False
    inclusive: bool = False

    @classmethod
    def at(cls, resource: Resource, value: Any, pk: UUID, *, backward: bool) -> "Place":
        """The place of an object that is sorted by this value."""
        plain = value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value
        return cls(resource, plain, pk, backward)

    def value_of(self, kind: Kind) -> Any:
        """The value as the database compares it."""
        return _READ[kind](self.value) if isinstance(self.value, str) and kind in _READ else self.value


def seal(place: Place, *, query: str, count: int) -> str:
    """The cursor of a place. `query` names the client and what it asks for: a cursor is good for that alone."""
    flags = 2 * place.inclusive + place.backward
    return _SIGNER.sign_object([_digest(query), count, place.resource, place.value, place.pk.hex, flags])


def unseal(cursor: str, *, query: str, count: int) -> Place:
    """The place of a cursor.

    Raises:
        ExpiredCursorException: it is older than the limit.
        InvalidCursorException: it is not one of ours, or not one of this query. The answer does not tell which.
        InvalidCountException: the pages began with another `count`.
    """
    try:
        digest, counted, resource, value, pk, flags = _opened(cursor)
    except SignatureExpired:
        raise ExpiredCursorException(detail=f"The cursor is older than {CURSOR_SECONDS} seconds.") from None
    except (BadSignature, ValueError):
        raise InvalidCursorException(detail="The cursor is not one of this query.") from None
    if digest != _digest(query):
        raise InvalidCursorException(detail="The cursor is not one of this query.")
    if counted != count:
        raise InvalidCountException(detail="count is another than in the query that the cursor comes from.")
    return Place(resource, value, UUID(pk), backward=bool(flags & 1), inclusive=bool(flags & 2))


def _opened(cursor: str) -> list[Any]:
    if len(cursor) > _LONGEST:
        raise BadSignature
    found: list[Any] = _SIGNER.unsign_object(cursor, max_age=CURSOR_SECONDS)
    return found


def _digest(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()[:32]


def query_name(*parts: Any) -> str:
    """One text for what a query consists of; different queries have different ones."""
    return json.dumps(parts)
