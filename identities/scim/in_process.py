"""Requests answered within this process and transaction: the same views as for everybody, and nothing of it stays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote_to_bytes, urlsplit

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.http import HttpResponse
from django.urls import resolve

from identities.models import ApiClient
from identities.representation.rendering import SCIM_BASE_PATH
from identities.scim.callers.throttling import UNCOUNTED
from identities.scim.log import request_log
from identities.scim.log.request_lines import Line

_undone: ContextVar[bool] = ContextVar("undone", default=False)
_WITHOUT_PREFIX: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it would come over the network.

    Attributes:
        path: below the address of the service (`/Users?count=1`), or the whole address.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@contextmanager
def undone() -> Iterator[list[Line]]:
    """A transaction that is rolled back whatever happens, so that nothing leaves it: no change event, no doorbell, no
    line in the request log. The lines are given instead.
    """
    token = _undone.set(True)
    try:
        with request_log.collected() as lines, transaction.atomic():
            try:
                yield lines
            finally:
                transaction.set_rollback(True)
    finally:
        _undone.reset(token)


def is_undone() -> bool:
    """Whether what happens now will be undone: nothing that is seen may be remembered."""
    return _undone.get()


def answer(environ: dict[str, Any], client: ApiClient | None = None) -> HttpResponse:
    """The answer to a request below the service's address, which does not count towards anybody's rate.

    Args:
        client: whose request it is, without a token. Otherwise the request is to have one.
    """
    request: Any = WSGIRequest(environ | {UNCOUNTED: True})
    if client is not None:
        # What the REST framework takes for the outcome of authentication, as in its own tests.
        request._force_auth_token = client
    return convert_exception_to_response(_view)(request)


def environ_of(asked: Asked, remote_address: str) -> dict[str, Any]:
    """The request as WSGI has it (PEP 3333)."""
    address, base = urlsplit(asked.path), urlsplit(settings.PORTAL_PUBLIC_URL)
    environ = {
        "REQUEST_METHOD": asked.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(_below_base(address.path)).decode("latin-1"),
        "QUERY_STRING": address.query.encode().decode("latin-1"),
        "SERVER_NAME": base.hostname or "localhost",
        "SERVER_PORT": str(base.port or (443 if base.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": remote_address,
        "CONTENT_LENGTH": str(len(asked.body)),
        "wsgi.url_scheme": base.scheme,
        "wsgi.input": BytesIO(asked.body),
    }
    for name, value in asked.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in _WITHOUT_PREFIX else f"HTTP_{key}"] = value
    return environ | {"CONTENT_LENGTH": str(len(asked.body))}


def _below_base(path: str) -> str:
    below = path.removeprefix(SCIM_BASE_PATH).lstrip("/")
    return f"{SCIM_BASE_PATH}/{below}"


def _view(request: Any) -> HttpResponse:
    """The view that an address below the service's has; there is one for every address."""
    match = resolve(request.path_info)
    response: Any = match.func(request, *match.args, **match.kwargs)
    return response.render() if callable(getattr(response, "render", None)) else response  # type: ignore[no-any-return]
