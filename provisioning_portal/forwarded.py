"""The client's address behind proxies that are trusted."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class TrustedProxyMiddleware:
    """Sets REMOTE_ADDR to what the outermost trusted proxy saw; in use only with TRUSTED_PROXY_COUNT above 0."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Take part in the request only where a proxy is configured."""
        if not settings.ALLAUTH_TRUSTED_PROXY_COUNT:
            raise MiddlewareNotUsed
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Each trusted proxy appends the address it was called from; what stands before those is the client's word."""
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
        if len(hops) >= settings.ALLAUTH_TRUSTED_PROXY_COUNT:
            request.META["REMOTE_ADDR"] = hops[-settings.ALLAUTH_TRUSTED_PROXY_COUNT]
        return self._get_response(request)
