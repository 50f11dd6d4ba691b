"""Change events and the doorbell."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from identities import outbox
from identities.models import ChangeEvent, Delivery
from identities.outbox import Announcement
from identities.vocabulary import Consumer, EventKind, ObjectType
from tests.factories import actor, make_person

CHANGE = EventKind.USER_CHANGED


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A bell that counts, beside one that is broken."""
    heard: list[str] = []

    def broken() -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr(outbox, "bells", [broken, lambda: heard.append("ring")])
    return heard


@pytest.mark.django_db
def test_an_event_has_a_delivery_for_every_subscriber() -> None:
    by, user = actor(), uuid4()
    outbox.announce(CHANGE, ObjectType.USER, user, actor=by, attributes=["title"], facts={"manager": None}, urgent=True)
    event = ChangeEvent.objects.get()
    assert (event.kind, event.object_type, event.object_id) == (CHANGE, "user", user)
    assert (event.attributes, event.facts, event.urgent) == (["title"], {"manager": None}, True)
    assert (event.origin, event.actor_name, event.correlation_id) == (by.origin, by.name, by.correlation_id)
    assert list(Delivery.objects.values_list("event_id", "consumer", "done_at")) == [
        (event.pk, Consumer.CONNECTORS, None)
    ]


@pytest.mark.django_db
def test_consumers_are_only_told_what_they_subscribed_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SUBSCRIPTIONS", {Consumer.CONNECTORS: frozenset({EventKind.USER_DELETED})})
    outbox.announce(CHANGE, ObjectType.USER, uuid4(), actor=actor())
    assert (ChangeEvent.objects.count(), Delivery.objects.count()) == (1, 0)


@pytest.mark.django_db
def test_many_events_are_two_statements_in_order(django_assert_num_queries: Any) -> None:
    announced = [Announcement(CHANGE, ObjectType.USER, uuid4()) for _ in range(20)]
    with django_assert_num_queries(2):
        outbox.announce_many(announced, actor=actor())
    told = list(ChangeEvent.objects.order_by("pk").values_list("object_id", flat=True))
    assert told == [each.subject_id for each in announced]
    with django_assert_num_queries(0):
        outbox.announce_many([], actor=actor())


@pytest.mark.django_db(transaction=True)
def test_the_bell_rings_after_the_commit_and_a_broken_one_is_no_harm(rings: list[str]) -> None:
    with transaction.atomic():
        make_person()
        assert rings == []
    assert rings
    assert ChangeEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_neither_told_nor_rung(rings: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        make_person()
        raise ZeroDivisionError
    assert rings == []
    assert not ChangeEvent.objects.exists()
