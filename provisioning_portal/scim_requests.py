"""The short way of SCIM requests."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve

from identities.representation.rendering import SCIM_BASE_PATH

# RFC 9110 section 8.6: these have no body, and no length of one.
_WITHOUT_LENGTH = (204, 304)


class ScimRequestsMiddleware:
    """Answers SCIM requests that bring a token without what stands further in: sessions, CSRF, messages, page policies.

    They have no cookie to protect and no page to show. Whoever comes without a token takes the long way.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer at once what is SCIM's, and pass on everything else."""
        if "HTTP_AUTHORIZATION" not in request.META or not request.path_info.startswith(SCIM_BASE_PATH):
            return self._get_response(request)
        request.get_host()
        found = resolve(request.path_info)
        response = found.func(request, *found.args, **found.kwargs).render()
        if response.status_code not in _WITHOUT_LENGTH:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response  # type: ignore[no-any-return]  # views are untyped
