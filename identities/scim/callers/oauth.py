"""Where API clients get and give back OAuth tokens (RFC 6749 section 4.4, RFC 7009).

allauth authenticates the OAuth client and writes the token. Before that stands what it does not know: whether the API
client may call at all, from where and how often, and that no answer tells an id that exists from one that does not.
"""

import math
from http import HTTPStatus
from typing import Any, Final

from allauth.core.internal.httpkit import extract_basic_auth
from allauth.idp.oidc import views
from allauth.idp.oidc.models import Client, Token
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse

from identities.actions.oauth import record_oauth_token
from identities.actors import scim_actor
from identities.models import ApiClient
from identities.queries.tokens import is_live
from identities.scim.callers.authentication import called_from_allowed_network
from identities.scim.callers.throttling import seconds_left, within_rate
from identities.scim.limits import OAUTH_REQUESTS, OAUTH_SECONDS
from identities.vocabulary import Verb

_CHALLENGE: Final = 'Basic realm="OAuth"'


class _OAuthEndpoint:
    """What both endpoints ask first. Every refusal of a client is the same answer and takes as long."""

    verb: Verb
    http_method_names = ("post", "options")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The answer of RFC 6749 section 5, in a transaction with its audit entry."""
        if not within_rate(f"oauth-requests:{request.META.get('REMOTE_ADDR')}", OAUTH_REQUESTS, OAUTH_SECONDS):
            answer = _error("temporarily_unavailable", HTTPStatus.TOO_MANY_REQUESTS)
            answer["Retry-After"] = str(math.ceil(seconds_left(OAUTH_SECONDS)))
            return answer
        if error := self.refusal(request):
            return _error(error, HTTPStatus.BAD_REQUEST)
        client = _client_of(request)
        if client is None:
            return _invalid_client()
        with transaction.atomic():
            return self._answer(request, client)

    def refusal(self, request: HttpRequest) -> str | None:
        """The OAuth error of a request that no client may make."""
        return None

    def prepare(self, request: HttpRequest, client: ApiClient) -> bool:
        """Last changes before allauth reads the request; whether what it does is to be recorded."""
        return True

    def _answer(self, request: HttpRequest, client: ApiClient) -> HttpResponse:
        changes = self.prepare(request, client)
        answer: HttpResponse = super().post(request)  # type: ignore[misc]  # allauth's view stands beside this one
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            return _invalid_client()
        if answer.status_code == HTTPStatus.OK and changes:
            actor = scim_actor(client.pk, client.name, request.META.get("REMOTE_ADDR"))
            record_oauth_token(client, self.verb, actor=actor)
        answer["Cache-Control"] = "no-store"
        return answer


class TokenView(_OAuthEndpoint, views.TokenView):
    """Tokens for the client credentials grant, and no other."""

    verb = Verb.TOKEN_ISSUED

    def refusal(self, request: HttpRequest) -> str | None:
        """Refuse other grants, which allauth would look into, and resources, of which there is one only."""
        grant = request.POST.get("grant_type")
        if not grant:
            return "invalid_request"
        if grant != Client.GrantType.CLIENT_CREDENTIALS:
            return "unsupported_grant_type"
        return "invalid_target" if "resource" in request.POST else None


class RevokeView(_OAuthEndpoint, views.RevokeView):
    """Makes a token of the client's own worthless. Somebody else's is as unknown: the answer is 200, and it lives."""

    verb = Verb.TOKEN_REVOKED

    def refusal(self, request: HttpRequest) -> str | None:
        """Without a token there is nothing to revoke."""
        return None if request.POST.get("token") else "invalid_request"

    def prepare(self, request: HttpRequest, client: ApiClient) -> bool:
        """Hide from allauth, which revokes whatever it is shown, a token that is not the client's."""
        known: Any = Token.objects.by_value(request.POST["token"])
        if known.filter(client=client.oauth_client_id).exists():
            return True
        request.POST = request.POST.copy()
        request.POST["token"] = "unknown"  # noqa: S105  nobody's token
        return False


def _client_of(request: HttpRequest) -> ApiClient | None:
    """The API client that may call and whose id is given, by header or form; its secret is allauth's to check."""
    client_id, secret = extract_basic_auth(request.headers)  # type: ignore[arg-type]  # it reads like a dictionary
    if not client_id:
        client_id, secret = request.POST.get("client_id"), request.POST.get("client_secret")
    if not client_id or not secret:
        return None
    found = None if "\x00" in client_id else ApiClient.objects.filter(oauth_client=client_id).first()
    if found is not None and is_live(found) and called_from_allowed_network(found, request.META.get("REMOTE_ADDR", "")):
        return found
    # As long as checking a secret takes.
    make_password(secret)
    return None


def _invalid_client() -> JsonResponse:
    answer = _error("invalid_client", HTTPStatus.UNAUTHORIZED)
    answer["WWW-Authenticate"] = _CHALLENGE
    return answer


def _error(error: str, status: HTTPStatus) -> JsonResponse:
    return JsonResponse({"error": error}, status=status, headers={"Cache-Control": "no-store"})
