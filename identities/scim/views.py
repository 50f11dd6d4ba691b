"""What all endpoints share: who is calling, what is accepted, how answers and refusals look, and the request log."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from rest_framework import status
from rest_framework.exceptions import NotFound as NoSuchPath
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from identities.actors import Actor, scim_actor
from identities.models import ApiClient
from identities.scim.call import Call
from identities.scim.callers.authentication import BearerAuthentication
from identities.scim.callers.permissions import HasScope
from identities.scim.callers.throttling import ClientThrottle
from identities.scim.log import request_log
from identities.scim.log.request_lines import Exchange, line_of, strangers_line
from identities.scim.log.strangers import allowance
from identities.scim.openapi.operations import ScimSchema
from identities.scim.wire.errors import answer_error
from identities.scim.wire.negotiation import ScimNegotiation
from identities.scim.wire.notes import Notes
from identities.scim.wire.parsers import JsonParser, ScimParser
from identities.scim.wire.renderers import JsonRenderer, ScimRenderer
from identities.scim.wire.versions import Preconditions
from identities.vocabulary import ClientScope

logger = logging.getLogger(__name__)

_READING = ("GET", "HEAD", "OPTIONS")
_PLAIN_WISHES = ("*/*", ScimRenderer.media_type)


class ScimView(APIView):
    """Base of every endpoint. A child names the scopes that its methods need."""

    authentication_classes = (BearerAuthentication,)
    permission_classes = (HasScope,)
    throttle_classes = (ClientThrottle,)
    parser_classes = (ScimParser, JsonParser)
    renderer_classes = (ScimRenderer, JsonRenderer)
    content_negotiation_class = ScimNegotiation

    read_scope: ClientScope = ClientScope.READ
    write_scope: ClientScope = ClientScope.WRITE_USERS
    # How the OpenAPI document describes it; a view without a kind is not in there.
    schema = ScimSchema()
    kind = ""
    resource: Any = None
    client: ApiClient | None = None
    actor: Actor | None = None
    # What was sent, once a parser has read it.
    payload: dict[str, Any] | None = None

    def needed_scope(self, method: str | None) -> ClientScope | None:
        """The scope that a client needs for this method; None if every client may."""
        return self.read_scope if method in _READING else self.write_scope

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        """Begin the notes and the clock of the request."""
        self.notes = Notes()
        self.started = time.monotonic()
        return super().initialize_request(request, *args, **kwargs)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        """The renderer; nothing to weigh for who takes anything or asks for SCIM's type alone, as nearly all do."""
        if request.META.get("HTTP_ACCEPT", "*/*") in _PLAIN_WISHES:
            return ScimRenderer(), ScimRenderer.media_type
        return super().perform_content_negotiation(request, force)

    def perform_authentication(self, request: Request) -> None:
        """Find out who is calling."""
        super().perform_authentication(request)
        self.client = request.auth if isinstance(request.auth, ApiClient) else None

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response]:
        """Every refusal has the SCIM form."""
        return answer_error

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Keep the answer out of caches, and write the request log."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        self._log(request, answer)
        return answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The methods the endpoint has, in `Allow`."""
        return Response(status=status.HTTP_204_NO_CONTENT)

    def call(self, request: Request) -> Call:
        """The request as the handlers below the views know it."""
        client = self.caller
        remote_address = request.META.get("REMOTE_ADDR")
        self.actor = actor = scim_actor(client.pk, client.name, remote_address)
        return Call(client, actor, self.notes, Preconditions.of(request))

    @property
    def caller(self) -> ApiClient:
        """The client, which permissions have made sure of."""
        if self.client is None:
            raise TypeError("no client")
        return self.client

    def _log(self, request: Request, answer: Response) -> None:
        exchange = Exchange(
            request,
            answer,
            self.notes,
            self.payload,
            self.kwargs.get("pk"),
            milliseconds=int((time.monotonic() - self.started) * 1000),
            correlation_id=self.actor.correlation_id if self.actor else "",
        )
        try:
            if self.client is not None:
                request_log.write(line_of(self.client, exchange))
            elif (left_out := allowance.take()) is not None:
                if left_out:
                    self.notes.add("left_out", str(left_out))
                request_log.write(strangers_line(exchange))
        except DatabaseError:
            # The request has been answered; its log line is not worth turning that into a failure.
            logger.warning("A line of the SCIM request log was lost.", exc_info=True)


class UnknownEndpoint(ScimView):
    """Every other path: a 404 for clients, and the same 401 as everywhere for all others."""

    http_method_names = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

    def needed_scope(self, method: str | None) -> ClientScope | None:
        """Whoever is a client may know that there is nothing here."""
        return None

    def get(self, request: Request, **kwargs: Any) -> Response:
        """There is nothing here."""
        raise NoSuchPath("There is no such endpoint.")

    post = put = patch = delete = options = trace = get
