"""Who acts in the self-service portal: the people themselves."""

from allauth.core.internal.httpkit import get_client_ip
from django.http import HttpRequest

from identities.actors import Actor, self_actor
from identities.models import User


def acting_on_self(user: User, request: HttpRequest | None) -> Actor:
    """`user` as the actor of what they do to their own record."""
    return self_actor(user.pk, user.user_name, address_of(request))


def address_of(request: HttpRequest | None) -> str | None:
    """The client's address, as far as it is known."""
    return get_client_ip(request) if request else None
