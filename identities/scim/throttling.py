"""How many requests a client or a person may send."""

import logging
import time
from typing import Any

from django.core.cache import cache
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from identities.models import ApiClient, User
from identities.scim.limits import PERSON_REQUESTS, RATE_REQUESTS, RATE_SECONDS

logger = logging.getLogger(__name__)


class ClientThrottle(BaseThrottle):
    """The limit of the client, or the service's where it has none of its own."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and say whether it is within the limit."""
        client = request.auth
        if not isinstance(client, ApiClient):
            return True
        return within_rate(f"scim-requests:{client.pk}", client.rate_limit or RATE_REQUESTS, RATE_SECONDS)

    def wait(self) -> float:
        """Seconds until the next window."""
        return seconds_left(RATE_SECONDS)


class PersonThrottle(ClientThrottle):
    """The limit of a person at `/Me`, by whatever tokens and sessions."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and say whether it is within the limit."""
        if not isinstance(request.user, User):
            return True
        return within_rate(f"scim-requests-of:{request.user.pk}", PERSON_REQUESTS, RATE_SECONDS)


def within_rate(name: str, limit: int, seconds: int) -> bool:
    """Count one more under this name and say whether there are at most `limit` in the current window.

    While the counters cannot be reached nobody is turned away: changes are accepted without Redis, too.
    """
    key = f"{name}:{int(time.time() // seconds)}"
    try:
        return cache.add(key, 1, timeout=2 * seconds) or cache.incr(key) <= limit
    except ValueError:
        # Evicted between the two calls: the count begins anew.
        return True
    except RedisError as error:
        logger.warning("Requests are not counted: %s", error)
        return True


def seconds_left(seconds: int) -> float:
    """Seconds until the next window, for `Retry-After`."""
    return seconds - time.time() % seconds
