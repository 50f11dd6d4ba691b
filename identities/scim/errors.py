"""The one table from what can go wrong to SCIM errors (RFC 7644 section 3.12)."""

import logging
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied
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
_SCIM_TYPES: Final = {"invalid_filter": "invalidFilter", "invalid_path": "invalidPath"}


def answer_error(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to an exception, whichever it is. What nobody foresaw is logged and answered with 500, no details."""
    body = _body(error)
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.APIException):
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
    return Response(body.model_dump(), status=body.status, headers=headers)


def error_body(status: int, detail: str, scim_type: str | None = None) -> Error:
    """A SCIM error message."""
    return Error(status=status, scim_type=scim_type, detail=detail)


def _body(error: Exception) -> Error:
    match error:
        case IdentityError():
            return _from_identity(error)
        case SCIMException():
            return error.to_error()
        case ValidationError():
            return Error.from_validation_errors(error)[0]
        case exceptions.ParseError():
            return error_body(HTTPStatus.BAD_REQUEST, str(error.detail), "invalidSyntax")
        case exceptions.APIException():
            return error_body(error.status_code, str(error.detail))
        case Http404():
            return error_body(HTTPStatus.NOT_FOUND, _("There is no such resource."))
        case PermissionDenied():
            return error_body(HTTPStatus.FORBIDDEN, _("This is not permitted."))
        case OperationalError():
            # The database is away or busy; a client repeats what it gets 503 for.
            logger.warning("The database refused a SCIM request: %s", error)
            return error_body(HTTPStatus.SERVICE_UNAVAILABLE, _("The portal is busy. Try again."))
        case _:
            logger.error("A SCIM request failed.", exc_info=error)
            return error_body(HTTPStatus.INTERNAL_SERVER_ERROR, _("The request failed. The portal's log says why."))


def _from_identity(error: IdentityError) -> Error:
    status, scim_type = next((status, scim_type) for kind, status, scim_type in _IDENTITY if isinstance(error, kind))
    if isinstance(error, Conflict):
        # Nothing about whom the value belongs to: it may be somebody this client cannot see.
        return error_body(status, _("A value that must be unique is taken."), scim_type)
    return error_body(status, error.message, _SCIM_TYPES.get(error.code, scim_type))
