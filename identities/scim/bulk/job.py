"""A Bulk request on its way: what is to be done, what became of it, and how one operation is carried out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from types import ModuleType
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from scim2_models import Error, SCIMException

from identities.scim.bulk.operations import Method, Operation
from identities.scim.call import Call
from identities.scim.callers.permissions import scope_needed
from identities.scim.wire.errors import error_message
from identities.scim.wire.versions import Preconditions
from identities.scim.writing import groups, users
from identities.vocabulary import ClientScope

HANDLERS: Final[Mapping[str, ModuleType]] = {"Users": users, "Groups": groups}
_SCOPES: Final = {"Users": ClientScope.WRITE_USERS, "Groups": ClientScope.WRITE_GROUPS}


class UnresolvedError(SCIMException):
    """What an operation refers to was not made (RFC 7644 section 3.7.1)."""

    status = HTTPStatus.CONFLICT

    def __init__(self) -> None:
        super().__init__(detail=_("What this operation refers to was not made."))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an operation: the id of its resource, or what it was refused with."""

    pk: str = ""
    error: Error | None = None


@dataclass(slots=True)
class Job:
    """A Bulk request on its way.

    Attributes:
        operations: by their place in the request. outcomes: of those that are done, by the same.
        accepted: how many errors the client accepts.
    """

    call: Call
    operations: Mapping[int, Operation]
    accepted: int | None
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)

    def note(self, number: int, outcome: Outcome) -> None:
        """Keep what became of an operation."""
        self.outcomes[number] = outcome
        operation = self.operations[number]
        if outcome.error is None and operation.method == Method.post and operation.bulk_id:
            self.made[operation.bulk_id] = outcome.pk

    @property
    def is_over(self) -> bool:
        """Whether there were as many errors as the client accepts."""
        errors = sum(outcome.error is not None for outcome in self.outcomes.values())
        return self.accepted is not None and errors >= self.accepted

    def waits(self, number: int) -> bool:
        """Whether it refers to something that is not made yet."""
        operation = self.operations[number]
        return operation.refusal is None and not operation.refers_to <= self.made.keys()

    def would_be_ready(self, number: int, run: Iterable[int]) -> bool:
        """Whether it waits for nothing once these are done."""
        return self.operations[number].refers_to <= self.made.keys() | {self.operations[each].bulk_id for each in run}


def carry_out(call: Call, operation: Operation) -> Outcome:
    """One operation, in a transaction of its own."""
    try:
        if operation.refusal is not None:
            raise operation.refusal
        handlers = HANDLERS[operation.endpoint]
        check_scope(call, operation.endpoint)
        call = replace(call, preconditions=Preconditions(operation.version))
        with transaction.atomic():
            if operation.method == Method.post:
                return Outcome(str(handlers.create(call, operation.data).pk))
            pk = _identifier(handlers, operation.target)
            match operation.method:
                case Method.put:
                    handlers.replace(call, pk, operation.data)
                case Method.patch:
                    handlers.patch(call, pk, operation.data)
                case _:
                    handlers.delete(call, pk)
            return Outcome(str(pk))
    except Exception as error:  # noqa: BLE001  a defect, or a database that is away: told and logged by the table
        return Outcome(error=error_message(error))


def check_scope(call: Call, endpoint: str) -> None:
    """Refuse a client without the scope of the resource type (raises PermissionDenied)."""
    if (scope := _SCOPES[endpoint]) not in call.client.scopes:
        raise PermissionDenied(scope_needed(scope))


def _identifier(handlers: ModuleType, text: str) -> UUID:
    try:
        found = UUID(text)
    except ValueError:
        raise handlers.not_found(text[:64]) from None
    if str(found) != text:
        raise handlers.not_found(text[:64])
    return found
