"""API clients and their tokens."""

import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actors import Actor
from identities.errors import Conflict, NotFound, RuleViolation
from identities.models import ApiClient, ApiToken
from identities.queries.tokens import TOKEN_MARK, token_digest
from identities.rules.naming import check_name
from identities.vocabulary import AdoptionRule, ClientProfile, ClientScope, Verb

LIVE_TOKENS: Final = 2
TOKEN_BYTES: Final = 32
PREFIX_LENGTH: Final = 12
NAME_LENGTH: Final = 120
_CHANGEABLE: Final = (
    "name",
    "profile",
    "scopes",
    "adoption_rule",
    "adoption_owns_lifecycle",
    "allowed_networks",
    "enabled",
    "expires_at",
)


def create_client(
    name: str,
    *,
    actor: Actor,
    profile: ClientProfile = ClientProfile.RFC,
    scopes: Sequence[ClientScope] = tuple(ClientScope),
    adoption_rule: AdoptionRule = AdoptionRule.REFUSE,
    adoption_owns_lifecycle: bool = False,
    allowed_networks: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> ApiClient:
    """Create an API client. It has no token yet: see `issue_token`.

    Args:
        scopes: what it may do; everything if not given.
        allowed_networks: CIDRs it may call from; empty: anywhere.

    Raises:
        Conflict: `client_name_taken`. RuleViolation: a value is not allowed; `field` names it.
    """
    values = {
        "name": name,
        "profile": profile,
        "scopes": scopes,
        "adoption_rule": adoption_rule,
        "adoption_owns_lifecycle": adoption_owns_lifecycle,
        "allowed_networks": allowed_networks,
        "expires_at": expires_at,
    }
    cleaned = {field: _clean(field, value) for field, value in values.items()}
    client = ApiClient(**cleaned, created_at=timezone.now())
    with transaction.atomic():
        _save(client, force_insert=True)
        differences = {field: (None, audit.plain(value)) for field, value in cleaned.items()}
        audit.record(Verb.CLIENT_CREATED, client, actor=actor, changes=differences)
    return client


def update_client(client: ApiClient | UUID, *, actor: Actor, changes: Mapping[str, Any]) -> ApiClient:
    """Change an API client; names as in `create_client`, and `enabled`. Effective with the next request.

    Raises:
        NotFound: `client_not_found`. Conflict: `client_name_taken`. RuleViolation: a value is not allowed.
    """
    cleaned = {field: _clean(field, value) for field, value in changes.items()}
    with transaction.atomic():
        found = _lock(client)
        before = {field: getattr(found, field) for field in cleaned}
        for field, value in cleaned.items():
            setattr(found, field, value)
        differences = audit.differences(found, before, cleaned)
        if differences:
            _save(found, update_fields=list(differences))
            audit.record(Verb.CLIENT_CHANGED, found, actor=actor, changes=differences)
    return found


def issue_token(client: ApiClient | UUID, *, actor: Actor, expires_at: datetime | None = None) -> str:
    """Issue a bearer token and return its text, which is not kept and cannot be shown again.

    At most two tokens are live, so that one can be rotated: the new one before the old one is revoked.

    Raises:
        NotFound: `client_not_found`. RuleViolation: `too_many_tokens`.
    """
    text = f"{TOKEN_MARK}{secrets.token_urlsafe(TOKEN_BYTES)}"
    with transaction.atomic():
        found = _lock(client)
        if live_tokens(found).count() >= LIVE_TOKENS:
            message = _("%(name)s has two live tokens. Revoke one first.") % {"name": found.name}
            raise RuleViolation("too_many_tokens", message)
        token = ApiToken.objects.create(
            client=found,
            digest=token_digest(text),
            prefix=text[:PREFIX_LENGTH],
            created_at=timezone.now(),
            expires_at=expires_at,
        )
        _record_token(Verb.TOKEN_ISSUED, token, actor)
    return text


def revoke_token(token: ApiToken | int, *, actor: Actor) -> ApiToken:
    """Make a token worthless from now on. Nothing happens if it already is.

    Raises:
        NotFound: `token_not_found`.
    """
    pk = token.pk if isinstance(token, ApiToken) else token
    with transaction.atomic():
        found = (
            ApiToken.objects.select_for_update(of=("self",), no_key=True).select_related("client").filter(pk=pk).first()
        )
        if found is None:
            raise NotFound("token_not_found", _("This token does not exist."))
        if found.revoked_at is None:
            found.revoked_at = timezone.now()
            found.save(update_fields=["revoked_at"])
            _record_token(Verb.TOKEN_REVOKED, found, actor)
    return found


def live_tokens(client: ApiClient) -> Any:
    """The tokens of a client that are neither revoked nor expired, newest first."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiToken.objects.filter(unexpired, client=client, revoked_at=None)


def _record_token(verb: Verb, token: ApiToken, actor: Actor) -> None:
    audit.record(verb, token, actor=actor, client=token.client.name, prefix=token.prefix)


def _lock(client: ApiClient | UUID) -> ApiClient:
    pk = client.pk if isinstance(client, ApiClient) else client
    found = ApiClient.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None:
        raise NotFound("client_not_found", _("This API client does not exist."))
    return found


def _save(client: ApiClient, **how: Any) -> None:
    try:
        with transaction.atomic():
            client.save(**how)
    except IntegrityError as error:
        message = _("There is an API client %(name)s already.") % {"name": client.name}
        raise Conflict("client_name_taken", message, field="name") from error


def _clean(field: str, value: Any) -> Any:
    if field not in _CHANGEABLE:
        raise RuleViolation("unknown_attribute", f"API clients have no attribute {field}.", field=field)
    if field == "name":
        return check_name(field, value)[:NAME_LENGTH]
    try:
        if field == "profile":
            return ClientProfile(value)
        if field == "adoption_rule":
            return AdoptionRule(value)
        if field == "scopes":
            return [ClientScope(scope).value for scope in value]
        if field == "allowed_networks":
            return [str(ipaddress.ip_network(network)) for network in value]
    except ValueError as error:
        raise RuleViolation("invalid_value", f"{field}: {error}", field=field) from error
    return value
