"""API clients and their tokens. Issuing a token has no batch form: its text is shown once, for one client."""

import ipaddress
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actions.allauth_clients import ClientChange, follow_api_clients
from identities.actions.batches import each, in_chunks, one
from identities.actions.client_limits import clean_limit
from identities.actions.row_writing import update_rows
from identities.actions.token_revocation import revoke_many
from identities.actors import Actor
from identities.errors import Conflict, IdentityError, NotFound, RuleViolation
from identities.models import ApiClient, ApiToken
from identities.queries.tokens import TOKEN_MARK, token_digest
from identities.rules.naming import check_name
from identities.vocabulary import (
    USUAL_SCOPES,
    AdoptionRule,
    ClientProfile,
    ClientScope,
    ClientSight,
    PayloadKeeping,
    Verb,
)

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
    "sight",
    "bounds",
    "read_only_attributes",
    "rate_limit",
    "allowed_networks",
    "kept_payloads",
    "enabled",
    "expires_at",
)


@dataclass(frozen=True, slots=True)
class NewClient:
    """One API client to be created.

    Attributes:
        scopes: what it may do.
        sight: whom it sees; what it writes are its own people and those it adopts in any case.
        bounds: a SCIM filter on people; nobody outside of it exists for the client.
        read_only_attributes: our names of what it may not write (`title`, `emails`, `custom.badge`), and `active`.
        rate_limit: requests in a window; None: what the service allows.
        allowed_networks: CIDRs it may call from; empty: anywhere.
        kept_payloads: of which of its requests the log keeps what was sent.
    """

    name: str
    profile: ClientProfile = ClientProfile.RFC
    scopes: Sequence[ClientScope] = USUAL_SCOPES
    adoption_rule: AdoptionRule = AdoptionRule.REFUSE
    adoption_owns_lifecycle: bool = False
    sight: ClientSight = ClientSight.OWN
    bounds: str = ""
    read_only_attributes: Sequence[str] = ()
    rate_limit: int | None = None
    allowed_networks: Sequence[str] = ()
    kept_payloads: PayloadKeeping = PayloadKeeping.REFUSED
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ClientUpdate:
    """Changes of one client: names as in `NewClient`, and `enabled`."""

    client: ApiClient | UUID
    changes: Mapping[str, Any]


def create_client(name: str, *, actor: Actor, **how: Any) -> ApiClient:
    """Create an API client. It has no token yet: see `issue_token`.

    Args:
        how: as in `NewClient`.

    Raises:
        Conflict: `client_name_taken`. RuleViolation: a value is not allowed; `field` names it.
    """
    return one(create_clients_many([NewClient(name, **how)], actor=actor))


def create_clients_many(rows: Sequence[NewClient], *, actor: Actor) -> list[ApiClient | IdentityError]:
    """Create many API clients; what `create_client` would raise stands in the place of the client."""
    return in_chunks(partial(_create, actor), rows)


def _create(actor: Actor, rows: Sequence[NewClient]) -> list[ApiClient | IdentityError]:
    holders = _holders()
    changes: list[ClientChange] = []

    def step(row: NewClient) -> ApiClient:
        cleaned = {field.name: _clean(field.name, getattr(row, field.name)) for field in fields(row)}
        client = ApiClient(**cleaned, created_at=timezone.now())
        _take_name(client, holders)
        changes.append((client, {field: (None, audit.plain(value)) for field, value in cleaned.items()}))
        return client

    results = each(step, rows)
    ApiClient.objects.bulk_create([client for client, _differences in changes])
    _record(Verb.CLIENT_CREATED, changes, actor)
    return results


def update_client(client: ApiClient | UUID, *, actor: Actor, changes: Mapping[str, Any]) -> ApiClient:
    """Change an API client; names as in `create_client`, and `enabled`. Effective with the next request.

    Raises:
        NotFound: `client_not_found`. Conflict: `client_name_taken`. RuleViolation: a value is not allowed.
    """
    return one(update_clients_many([ClientUpdate(client, changes)], actor=actor))


def update_clients_many(updates: Sequence[ClientUpdate], *, actor: Actor) -> list[ApiClient | IdentityError]:
    """Change many API clients, each of which may appear once; what `update_client` would raise stands in the place of
    the client.
    """
    return in_chunks(partial(_update, actor), updates)


def _update(actor: Actor, updates: Sequence[ClientUpdate]) -> list[ApiClient | IdentityError]:
    locked = _lock([update.client for update in updates])
    holders = _holders() if any("name" in update.changes for update in updates) else {}
    changes: list[ClientChange] = []

    def step(update: ClientUpdate) -> ApiClient:
        cleaned = {field: _clean(field, value) for field, value in update.changes.items()}
        found = _present(locked, update.client)
        before = {field: getattr(found, field) for field in cleaned}
        differences = audit.differences(found, before, cleaned)
        for field, value in cleaned.items():
            setattr(found, field, value)
        if "name" in differences:
            _take_name(found, holders)
        if differences:
            changes.append((found, differences))
        return found

    results = each(step, updates)
    update_rows([found for found, _differences in changes], {name for _found, each in changes for name in each})
    follow_api_clients(changes)
    _record(Verb.CLIENT_CHANGED, changes, actor)
    return results


def issue_token(client: ApiClient | UUID, *, actor: Actor, expires_at: datetime | None = None) -> str:
    """Issue a bearer token and return its text, which is not kept and cannot be shown again.

    At most two tokens are live, so that one can be rotated: the new one before the old one is revoked.

    Raises:
        NotFound: `client_not_found`. RuleViolation: `too_many_tokens`.
    """
    text = f"{TOKEN_MARK}{secrets.token_urlsafe(TOKEN_BYTES)}"
    with transaction.atomic():
        found = lock_client(client)
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
        _record_tokens(Verb.TOKEN_ISSUED, [token], actor)
    return text


def revoke_token(token: ApiToken | int, *, actor: Actor) -> ApiToken:
    """Make a token worthless from now on. Nothing happens if it already is.

    Raises:
        NotFound: `token_not_found`.
    """
    return one(revoke_tokens_many([token], actor=actor))


def revoke_tokens_many(tokens: Sequence[ApiToken | int], *, actor: Actor) -> list[ApiToken | IdentityError]:
    """`revoke_token` for many; refusals stand in the place of the token."""
    record = partial(_record_tokens, Verb.TOKEN_REVOKED, actor=actor)
    return revoke_many(ApiToken.objects.select_related("client"), tokens, record)


def record_trial(client: ApiClient, method: str, path: str, status: int, *, actor: Actor) -> None:
    """Record that `actor` tried how a request of the client would be answered; nothing else came of it.

    Args:
        path: without secrets.
    """
    audit.record(Verb.REQUEST_TRIED, client, actor=actor, method=method, path=path, status=status)


def live_tokens(client: ApiClient) -> Any:
    """The tokens of a client that are neither revoked nor expired, newest first."""
    unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    return ApiToken.objects.filter(unexpired, client=client, revoked_at=None)


def _record(verb: Verb, changes: Sequence[ClientChange], actor: Actor) -> None:
    audit.record_many([audit.AuditRow(verb, client, differences) for client, differences in changes], actor=actor)


def _record_tokens(verb: Verb, tokens: Sequence[ApiToken], actor: Actor) -> None:
    rows = [
        audit.AuditRow(verb, token, facts={"client": token.client.name, "prefix": token.prefix}) for token in tokens
    ]
    audit.record_many(rows, actor=actor)


def lock_client(client: ApiClient | UUID) -> ApiClient:
    """The client, locked until the transaction ends (raises NotFound, code `client_not_found`)."""
    return _present(_lock([client]), client)


def _lock(clients: Sequence[ApiClient | UUID]) -> dict[UUID, ApiClient]:
    rows = ApiClient.objects.select_for_update(no_key=True).order_by("pk")
    return {found.pk: found for found in rows.filter(pk__in=[_id(client) for client in clients])}


def _present(locked: Mapping[UUID, ApiClient], client: ApiClient | UUID) -> ApiClient:
    found = locked.get(_id(client))
    if found is None:
        raise NotFound("client_not_found", _("This API client does not exist."))
    return found


def _id(client: ApiClient | UUID) -> UUID:
    return client.pk if isinstance(client, ApiClient) else client


def _holders() -> dict[str, UUID]:
    """Which client has which name. There are few."""
    return dict(ApiClient.objects.order_by().values_list("name", "pk"))


def _take_name(client: ApiClient, holders: dict[str, UUID]) -> None:
    if holders.setdefault(client.name, client.pk) != client.pk:
        message = _("There is an API client %(name)s already.") % {"name": client.name}
        raise Conflict("client_name_taken", message, field="name")


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
        if field == "sight":
            return ClientSight(value)
        if field == "kept_payloads":
            return PayloadKeeping(value)
        if field == "scopes":
            return [ClientScope(scope).value for scope in value]
        if field == "allowed_networks":
            return [str(ipaddress.ip_network(network)) for network in value]
    except ValueError as error:
        raise RuleViolation("invalid_value", f"{field}: {error}", field=field) from error
    return clean_limit(field, value)
