"""How many requests a client or a person may send."""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from django.core.cache import cache
from redis import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from identities.models import ApiClient, User
from identities.scim.limits import PERSON_REQUESTS, RATE_REQUESTS, RATE_SECONDS

logger = logging.getLogger(__name__)

# In the environ of a request that the portal asks of itself. What comes over the network cannot have it.
UNCOUNTED: Final = "portal.uncounted"

# A process counts by itself and tells the others once it has counted this part of the limit, or after this time. So
# many processes can let so many parts too much pass.
_PART: Final = 100
_TELL_SECONDS: Final = 0.5
# Names that a process remembers. Forgetting them forgives what was not told yet.
_MOST: Final = 10_000


@dataclass(slots=True)
class _Count:
    """What this process knows of a window: what all had counted when it last asked, and what it counted since."""

    window: int
    told: int = 0
    untold: int = 0
    asked_at: float = 0.0


_counts: dict[str, _Count] = {}
_lock: Final = threading.Lock()


class ClientThrottle(BaseThrottle):
    """The limit of the client, or the service's where it has none of its own."""

    def allow_request(self, request: Request, view: Any) -> bool:
        """Count the request and say whether it is within the limit."""
        client = request.auth
        if not isinstance(client, ApiClient) or UNCOUNTED in request.META:
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

    While the shared counters cannot be reached nobody is turned away: changes are accepted without Redis, too.
    """
    now = time.time()
    window = int(now // seconds)
    with _lock:
        count = _counts.get(name)
        if count is None or count.window != window:
            if len(_counts) >= _MOST:
                _counts.clear()
            count = _counts[name] = _Count(window)
        count.untold += 1
        if count.untold < max(1, limit // _PART) and now - count.asked_at < _TELL_SECONDS:
            return count.told + count.untold <= limit
        untold, count.untold, count.asked_at = count.untold, 0, now
    total = _tell(f"{name}:{window}", untold, 2 * seconds)
    count.told = max(count.told, total)
    return total <= limit


def seconds_left(seconds: int) -> float:
    """Seconds until the next window, for `Retry-After`."""
    return seconds - time.time() % seconds


def _tell(key: str, number: int, timeout: int) -> int:
    """Add to the shared counter; what it holds now, 0 if it cannot be reached."""
    try:
        return number if cache.add(key, number, timeout=timeout) else cache.incr(key, number)
    except ValueError:
        # Evicted between the two calls: the count begins anew.
        return number
    except RedisError as error:
        logger.warning("Requests are not counted: %s", error)
        return 0
