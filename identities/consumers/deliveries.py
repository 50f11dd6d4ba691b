"""Claiming deliveries: for a while, and taken over when whoever claimed them is gone.

Times are the database's. On PostgreSQL rows that somebody else is claiming are passed over; on SQLite, where Django
leaves that out, whoever is in a transaction is the only writer.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from identities.models import Delivery
from identities.vocabulary import Consumer

BATCH = 500
"""So many deliveries are claimed at once."""


class Claims:
    """What one consumer in one process claims.

    Attributes:
        given_up: marks whose deliveries were left because our database failed: the next call takes those up at once.
    """

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self.given_up: set[str] = set()

    def new_mark(self) -> str:
        """What one round of work signs its claims with."""
        return uuid.uuid4().hex

    def take(self, mark: str, limit: int = BATCH) -> list[Delivery]:
        """Claim deliveries, oldest first, with their events."""
        given_up = frozenset(self.given_up)
        unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now()) | Q(claimed_by__in=given_up)
        pending = Delivery.objects.filter(unclaimed, consumer=self._consumer, done_at__isnull=True).order_by("id")
        if not pending.exists():
            self.given_up.difference_update(given_up)
            return []  # without the transaction below, which on SQLite would keep writers out
        with transaction.atomic():
            seen = pending.select_related("event").select_for_update(skip_locked=True, of=("self",))
            claimed = list(seen[:limit])
            ids = [delivery.pk for delivery in claimed]
            Delivery.objects.filter(pk__in=ids).update(claimed_by=mark, claimed_until=_lease_end())
        return claimed

    def prolong(self, deliveries: Collection[Delivery], mark: str) -> bool:
        """Claim these for longer; False when somebody else has taken all of them over."""
        return bool(self._own(deliveries, mark).update(claimed_until=_lease_end()))

    def close(self, deliveries: Collection[Delivery], mark: str) -> bool:
        """Call these done; False when somebody else has taken all of them over."""
        return bool(self._own(deliveries, mark).update(done_at=Now()))

    def _own(self, deliveries: Collection[Delivery], mark: str) -> "QuerySet[Delivery]":
        return Delivery.objects.filter(pk__in=[each.pk for each in deliveries], claimed_by=mark)


def _lease_end() -> Any:
    return Now() + timedelta(seconds=settings.PORTAL_LEASE_SECONDS)
