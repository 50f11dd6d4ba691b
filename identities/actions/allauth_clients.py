"""The OAuth client of an API client: what it may ask tokens for follows the API client, and so do the tokens."""

from collections.abc import Mapping, Sequence
from typing import Any

from allauth.idp.oidc.models import Client, Token

from identities.models import ApiClient

ClientChange = tuple[ApiClient, Mapping[str, tuple[Any, Any]]]


def follow_api_clients(changes: Sequence[ClientChange]) -> None:
    """Bring OAuth clients in line after their API clients changed: what they are called and may do. Disabling revokes.

    A token that was issued before keeps no scope that the client lost: it is checked against the client's, too.
    """
    followed = [(client, set(changed)) for client, changed in changes if client.oauth_client_id is not None]
    stale = [client for client, changed in followed if changed & {"name", "scopes"}]
    if stale:
        rows = [Client(pk=client.oauth_client_id, **oauth_fields(client)) for client in stale]
        Client.objects.bulk_update(rows, ["name", "scopes", "default_scopes"])
    disabled = [client.oauth_client_id for client, changed in followed if "enabled" in changed and not client.enabled]
    if disabled:
        Token.objects.filter(client__in=disabled).delete()


def oauth_fields(client: ApiClient) -> dict[str, str]:
    """What an OAuth client has of its API client: the name, and the scopes it may ask for and gets without asking."""
    scopes = "\n".join(client.scopes)
    name = client.name[: Client._meta.get_field("name").max_length]
    return {"name": name, "scopes": scopes, "default_scopes": scopes}
