"""The one table from what can go wrong to SCIM errors (RFC 7644 section 3.12)."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from pydantic import ValidationError
from rest_framework import exceptions
from rest_framework.response import Response
from scim2_models import Error, SCIMException

from identities.errors import (
    Conflict,
    IdentityError,
    NotFound,
    NotPermitted,
    RuleViolation,
    ValueOwned,
    VersionMismatch,
)
from identities.filters.attributes import scim_name

logger = logging.getLogger(__name__)

# The first class that fits decides: children stand before their parents.
_IDENTITY: Final[tuple[tuple[type[IdentityError], HTTPStatus, str | None], ...]] = (
    (NotFound, HTTPStatus.NOT_FOUND, None),
    (Conflict, HTTPStatus.CONFLICT, "uniqueness"),
    (ValueOwned, HTTPStatus.BAD_REQUEST, "mutability"),
    (RuleViolation, HTTPStatus.BAD_REQUEST, "invalidValue"),
    (VersionMismatch, HTTPStatus.PRECONDITION_FAILED, None),
    (NotPermitted, HTTPStatus.FORBIDDEN, None),
    (IdentityError, HTTPStatus.BAD_REQUEST, "invalidValue"),
)
# What a request can be refused with; anything else is a defect, or a database that is away.
REFUSALS: Final = (IdentityError, ValidationError, SCIMException, exceptions.APIException)
_RETRY_SECONDS: Final = 5
# So many of the things that are wrong with a body are told at once.
_DETAILS: Final = 5
_SCIM_TYPES: Final = {
    "invalid_filter": "invalidFilter",
    "invalid_path": "invalidPath",
    "dynamic_group": "mutability",
    "immutable": "mutability",
    "read_only": "mutability",
}


def answer_error(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to an exception, whichever it is. What nobody foresaw is logged and answered with 500, no details."""
    body = error_message(error)
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.APIException):
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(wait)
    elif body.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(_RETRY_SECONDS)
    return Response(body.model_dump(), status=body.status, headers=headers)


def error_body(status: int, detail: str, scim_type: str | None = None) -> Error:
    """A SCIM error message."""
    return Error(status=status, scim_type=scim_type, detail=detail)


def error_message(error: Exception) -> Error:
    """The SCIM error that says what went wrong; what nobody foresaw is logged."""
    match error:
        case IdentityError():
            return _from_identity(error)
        case ValidationError():
            return _from_validation(error.errors())
        case SCIMException(__cause__=ValidationError() as cause):
            # From a PATCH, where scim2-models calls attributes as Python does.
            return _from_validation([each | {"loc": tuple(map(_camel, each["loc"]))} for each in cause.errors()])
        case SCIMException():
            return error.to_error()
        case exceptions.ParseError():
            return error_body(HTTPStatus.BAD_REQUEST, str(error.detail), "invalidSyntax")
        case exceptions.APIException():
            return error_body(error.status_code, str(error.detail))
        case _:
            return _from_django(error)


def _from_django(error: Exception) -> Error:
    match error:
        case Http404():
            return error_body(HTTPStatus.NOT_FOUND, _("There is no such resource."))
        case SuspiciousOperation():
            # Django's own limits, such as the number of parameters in an address.
            return error_body(HTTPStatus.BAD_REQUEST, _("The request is beyond what the portal reads."))
        case PermissionDenied():
            return error_body(HTTPStatus.FORBIDDEN, _("This is not permitted."))
        case OperationalError():
            # The database is away or busy; a client repeats what it gets 503 for.
            logger.warning("The database refused a SCIM request: %s", error)
            return error_body(HTTPStatus.SERVICE_UNAVAILABLE, _("The portal is busy. Try again."))
        case _:
            logger.error("A SCIM request failed.", exc_info=error)
            return error_body(HTTPStatus.INTERNAL_SERVER_ERROR, _("The request failed. The portal's log says why."))


def _camel(part: int | str) -> int | str:
    """`given_name` as `givenName`."""
    if isinstance(part, int):
        return part
    first, *more = part.split("_")
    return first + "".join(word.capitalize() for word in more)


def _from_validation(wrong: Sequence[Mapping[str, Any]]) -> Error:
    """Everything that is wrong, in one detail; the first decides the type."""
    errors = Error.from_validation_errors(wrong)
    details = dict.fromkeys(each.detail or "" for each in errors[:_DETAILS])
    return errors[0].model_copy(update={"detail": "; ".join(details)})


def _from_identity(error: IdentityError) -> Error:
    status, scim_type = next((status, scim_type) for kind, status, scim_type in _IDENTITY if isinstance(error, kind))
    where = scim_name(error.field) if error.field else _("A value")
    if isinstance(error, Conflict):
        # Nothing about whom the value belongs to: it may be somebody this client cannot see.
        return error_body(status, _("%(where)s must be unique, and the value is taken.") % {"where": where}, scim_type)
    if isinstance(error, ValueOwned):
        # Nor about who it is that owns it.
        detail = _("%(where)s belongs to another source; this client cannot change it.") % {"where": where}
        return error_body(status, detail, scim_type)
    return error_body(status, _placed(error), _SCIM_TYPES.get(error.code, scim_type))


def _placed(error: IdentityError) -> str:
    """The message, with the attribute it is about called as the client calls it."""
    if error.field is None:
        return error.message
    name = scim_name(error.field)
    if error.message.startswith(f"{error.field} "):
        return name + error.message.removeprefix(error.field)
    return error.message if name in error.message else f"{name}: {error.message}"
