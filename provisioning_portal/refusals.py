"""Answers to what fails before a view is reached (an unknown host, a database that is away): SCIM errors for SCIM."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from identities.representation.rendering import SCIM_BASE_PATH
from identities.scim.limits import MEDIA_TYPE
from identities.scim.wire.errors import error_body


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    if _is_scim(request):
        return _scim_error(HTTPStatus.BAD_REQUEST, _("The portal does not take this request: is the address right?"))
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without details."""
    if _is_scim(request):
        return _scim_error(HTTPStatus.INTERNAL_SERVER_ERROR, _("The request failed. The portal's log says why."))
    return defaults.server_error(request)


def _is_scim(request: HttpRequest) -> bool:
    return request.path_info.startswith(SCIM_BASE_PATH)


def _scim_error(status: HTTPStatus, detail: str) -> HttpResponse:
    return HttpResponse(error_body(status, detail).model_dump_json(), status=status, content_type=MEDIA_TYPE)
