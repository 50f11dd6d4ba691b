"""What a request is refused with: problem details (RFC 9457), with the field it is about."""

import logging
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, UnreadablePostError
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from identities.errors import Conflict, IdentityError, NotFound, NotPermitted

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
_RETRY_SECONDS: Final = 5
# The first class that fits decides.
_IDENTITY: Final[tuple[tuple[type[IdentityError], HTTPStatus], ...]] = (
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (NotPermitted, HTTPStatus.FORBIDDEN),
    (IdentityError, HTTPStatus.BAD_REQUEST),
)
_STATUSES: Final = {
    "unknown_profile": HTTPStatus.BAD_REQUEST,
    "file_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "no_length": HTTPStatus.LENGTH_REQUIRED,
    "not_planned": HTTPStatus.CONFLICT,
    "not_open": HTTPStatus.CONFLICT,
    "has_problems": HTTPStatus.CONFLICT,
    "confirm_missing": HTTPStatus.CONFLICT,
}


class ProblemRenderer(JSONRenderer):
    """JSON under the media type of problem details, whatever the client asked for."""

    media_type = MEDIA_TYPE


def answer_problem(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to an exception, whichever it is; what nobody foresaw is logged and answered without details."""
    headers: dict[str, str] = {}
    match error:
        case IdentityError():
            by_class = next(status for kind, status in _IDENTITY if isinstance(error, kind))
            answer = _problem(_STATUSES.get(error.code, by_class), error.message, code=error.code, field=error.field)
        case APIException():
            answer = _problem(HTTPStatus(error.status_code), str(error.detail), code=str(error.default_code))
            if challenge := getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = challenge
            if wait := getattr(error, "wait", None):
                headers["Retry-After"] = str(wait)
        case Http404():
            answer = _problem(HTTPStatus.NOT_FOUND, _("There is no such import."), code="not_found")
        case SuspiciousOperation() | UnreadablePostError():
            answer = _problem(HTTPStatus.BAD_REQUEST, _("The request is beyond what the portal reads."), code="invalid")
        case OperationalError():
            logger.warning("The database refused a request of the import API: %s", error)
            headers["Retry-After"] = str(_RETRY_SECONDS)
            answer = _problem(HTTPStatus.SERVICE_UNAVAILABLE, _("The portal is busy. Try again."), code="busy")
        case _:
            logger.error("A request of the import API failed.", exc_info=error)
            words = _("The request failed. The portal's log says why.")
            answer = _problem(HTTPStatus.INTERNAL_SERVER_ERROR, words, code="failed")
    response = Response(answer, status=answer["status"], headers=headers)
    context["request"].accepted_renderer = ProblemRenderer()
    context["request"].accepted_media_type = MEDIA_TYPE
    return response


def _problem(status: HTTPStatus, detail: str, *, code: str, field: str | None = None) -> dict[str, Any]:
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, "code": code}
    return {**body, "field": field} if field else body
