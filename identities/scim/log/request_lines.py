"""What the request log says of a request."""

from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import SuspiciousOperation
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from identities.models import ApiClient, AttributeDefinition, ClientRequest
from identities.models.client_request import REFUSED_FROM
from identities.scim.log.masking import Masker
from identities.scim.wire.notes import Notes
from identities.vocabulary import PayloadKeeping

_LONGEST: Final = {field.name: field.max_length or 0 for field in ClientRequest._meta.concrete_fields}
_ABOUT: Final = ("username", "displayname", "externalid")

Form = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request that has been answered.

    Attributes:
        payload: the body, if it was read and understood.
        resource_id: the id in the address.
    """

    request: Request
    response: Response
    notes: Notes
    payload: Form | None
    resource_id: str | None
    milliseconds: int
    correlation_id: str


@dataclass(slots=True)
class Line:
    """A line that is to be written: the columns of `ClientRequest`, without the costs of an object of the ORM."""

    at: datetime
    method: str
    path: str
    status: int
    milliseconds: int
    notes: list[Any]
    coerced: bool
    remote_address: str | None
    correlation_id: str
    client_id: UUID | None = None
    about: str = ""
    resource_id: UUID | None = None
    scim_type: str = ""
    detail: str = ""
    payload: Any = None
    answer: Any = None

    def as_request(self) -> ClientRequest:
        """The row, not written."""
        return ClientRequest(**{each.name: getattr(self, each.name) for each in fields(self)})


def line_of(client: ApiClient, exchange: Exchange) -> Line:
    """The line for a client's request. Asks the database for sensitive attributes if a payload is kept."""
    response = exchange.response
    refused = response.status_code >= REFUSED_FROM
    kept = _is_kept(client, exchange.payload, refused=refused)
    masker = Masker(_sensitive_names() if kept else ())
    payload = masker.payload(exchange.payload) if kept else None
    line = _line(masker, exchange)
    line.client_id, line.payload = client.pk, payload
    line.about = _cut("about", masker.text(_about(exchange.payload)))
    line.resource_id = _resource_id(exchange)
    if refused and isinstance(response.data, dict):
        line.scim_type = _cut("scim_type", str(response.data.get("scimType") or ""))
        line.detail = _cut("detail", masker.text(str(response.data.get("detail") or "")))
        line.answer = masker.payload(response.data) if client.kept_payloads != PayloadKeeping.NEVER else None
    return line


def strangers_line(exchange: Exchange) -> Line:
    """The line for the request of a caller nobody knows: no query, no payload."""
    line = _line(Masker(), exchange)
    line.path = line.path.partition("?")[0]
    return line


def _line(masker: Masker, exchange: Exchange) -> Line:
    request = exchange.request
    notes = exchange.notes.as_json()
    return Line(
        at=timezone.now(),
        method=_cut("method", str(request.method)),
        path=_cut("path", masker.address(request.path, _parameters(request))),
        status=exchange.response.status_code,
        milliseconds=exchange.milliseconds,
        notes=notes,
        coerced=bool(notes),
        remote_address=_storable_address(request.META.get("REMOTE_ADDR", "")),
        correlation_id=exchange.correlation_id,
    )


def _parameters(request: Request) -> list[tuple[str, str]]:
    try:
        return [(name, value) for name, values in request.query_params.lists() for value in values]
    except SuspiciousOperation:
        # More of them than Django reads; the request was refused for it.
        return []


@lru_cache(maxsize=1024)
def _storable_address(text: str) -> str | None:
    """A caller's address as a column of addresses takes it: without zone, and only if it is one."""
    try:
        return str(ip_address(text.partition("%")[0]))
    except ValueError:
        return None


def _is_kept(client: ApiClient, payload: Form | None, *, refused: bool) -> bool:
    if payload is None or client.kept_payloads == PayloadKeeping.NEVER:
        return False
    return refused or client.kept_payloads == PayloadKeeping.ALWAYS


def _sensitive_names() -> list[str]:
    return list(AttributeDefinition.objects.filter(sensitive=True).values_list("name", flat=True))


def _about(payload: Form | None) -> str:
    """The names by which the request calls what it is about."""
    named = {name.lower(): value for name, value in (payload or {}).items()}
    return " ".join(str(named[name]) for name in _ABOUT if isinstance(named.get(name), str))


def _resource_id(exchange: Exchange) -> UUID | None:
    """The id in the address, or that of what was created."""
    location = exchange.response.headers.get("Location", "")
    try:
        return UUID(exchange.resource_id or location.rpartition("/")[2])
    except ValueError:
        return None


def _cut(field: str, text: str) -> str:
    return text[: _LONGEST[field]]
