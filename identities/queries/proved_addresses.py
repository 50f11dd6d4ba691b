"""Addresses that people proved to be theirs. What stands in `emails` is data, and proves nothing."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef


def without_proved_address(users: Collection[UUID]) -> set[UUID]:
    """Those of these people who proved no address."""
    return set(users) - set(
        EmailAddress.objects.filter(user__in=users, verified=True).values_list("user_id", flat=True)
    )


def proved_address(address: str | None = None) -> Exists:
    """The condition that the user of the outer row proved this address (in any case), or any."""
    proved: Any = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    # allauth keeps addresses in lower case.
    return Exists(proved if address is None else proved.filter(email=address.lower()))
