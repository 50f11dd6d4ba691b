"""The chain over the audit trail, and what becomes visible in it."""

from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from django.utils import timezone

from identities import audit
from identities.audit.digests import EMPTY_VALUES, FROZEN_COLUMNS
from identities.models import AuditEntry, AuditSeal, User
from tests.factories import actor, make_people, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def sealed() -> list[AuditEntry]:
    """Nine entries under three seals, and one without."""
    make_people(9)
    while audit.seal_batch(3):
        continue
    make_person()
    return list(AuditEntry.objects.order_by("pk"))


def _change(**values: object) -> Callable[[list[AuditEntry]], int]:
    def attack(entries: list[AuditEntry]) -> int:
        AuditEntry.objects.filter(pk=entries[4].pk).update(**values)
        return entries[4].pk

    return attack


def _delete(index: int) -> Callable[[list[AuditEntry]], int]:
    def attack(entries: list[AuditEntry]) -> int:
        AuditEntry.objects.filter(pk=entries[index].pk).delete()
        return entries[index].pk

    return attack


def _delete_the_newest_sealed(entries: list[AuditEntry]) -> int:
    AuditEntry.objects.filter(pk__in=[entries[7].pk, entries[8].pk]).delete()
    return entries[8].pk


def _insert_copied_seal(entries: list[AuditEntry]) -> int:
    forged = AuditEntry.objects.get(pk=entries[4].pk)
    forged.pk = None
    forged.save(force_insert=True)
    return forged.pk


def _insert_into_the_past(entries: list[AuditEntry]) -> int:
    gap = entries[0].pk - 1
    row = entries[9]
    row.pk, row.timestamp = gap, timezone.now() - timedelta(days=3)
    row.save(force_insert=True)
    return gap


def _swap(entries: list[AuditEntry]) -> int:
    one, two = entries[3], entries[4]
    texts = {name: getattr(one, name) for name in ("object_repr", "subject_id", "changes")}
    AuditEntry.objects.filter(pk=one.pk).update(**{name: getattr(two, name) for name in texts})
    AuditEntry.objects.filter(pk=two.pk).update(**texts)
    return one.pk


def _swap_numbers(entries: list[AuditEntry]) -> int:
    one, two = entries[3].pk, entries[4].pk
    for before, after in ((one, -1), (two, one), (-1, two)):
        row = AuditEntry.objects.get(pk=before)
        AuditEntry.objects.filter(pk=before).delete()
        row.pk = after
        row.save(force_insert=True)
    return one


def _take_out_of_the_seal(entries: list[AuditEntry]) -> int:
    AuditEntry.objects.filter(pk=entries[4].pk).update(seal=None)
    return entries[4].pk


def _blank_without_a_word(entries: list[AuditEntry]) -> int:
    entry = entries[4]
    salts = {name: "0" * 64 for name in FROZEN_COLUMNS if name not in EMPTY_VALUES}
    digests = {**(entry.digests or {}), "salts": salts}
    AuditEntry.objects.filter(pk=entry.pk).update(**EMPTY_VALUES, digests=digests)
    return entry.pk


def _change_a_seal(entries: list[AuditEntry]) -> int:
    AuditSeal.objects.filter(number=2).update(digest="0" * 64)
    return entries[3].pk


def _delete_a_seal_with_its_entries(entries: list[AuditEntry]) -> int:
    AuditEntry.objects.filter(seal__number=2).delete()
    AuditSeal.objects.filter(number=2).delete()
    return entries[5].pk


ATTACKS: dict[str, Callable[[list[AuditEntry]], int]] = {
    "changed difference": _change(changes={"title": ["", "Boss"]}),
    "changed actor": _change(actor_name="somebody else"),
    "changed time": _change(timestamp=timezone.now() - timedelta(days=1)),
    "changed verb": _change(verb="user.restored"),
    "changed address": _change(remote_addr="192.0.2.9"),
    "emptied": _change(object_repr=""),
    "digests removed": _change(digests=None),
    "digests replaced": _change(digests={"columns": {}, "after": 0, "chain": ""}),
    "first deleted": _delete(0),
    "middle deleted": _delete(4),
    "last of a seal deleted": _delete(5),
    "tail deleted": _delete_the_newest_sealed,
    "inserted with a copied seal": _insert_copied_seal,
    "inserted into the past": _insert_into_the_past,
    "contents exchanged": _swap,
    "numbers exchanged": _swap_numbers,
    "taken out of its seal": _take_out_of_the_seal,
    "emptied as if erased": _blank_without_a_word,
    "seal changed": _change_a_seal,
    "seal deleted with its entries": _delete_a_seal_with_its_entries,
}


def test_a_sound_trail_verifies(sealed: list[AuditEntry]) -> None:
    outcome = audit.verify()
    assert (outcome.ok, outcome.checked, outcome.unsealed, outcome.last_seal) == (True, 9, 1, 3)
    assert AuditSeal.objects.count() == 3
    assert audit.seal_batch() == 1
    assert audit.seal_batch() == 0
    assert audit.verify().checked == 10


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_tampering_is_found_and_the_first_bad_entry_named(attack: str, sealed: list[AuditEntry]) -> None:
    first_bad = ATTACKS[attack](sealed)
    outcome = audit.verify()
    assert (outcome.ok, outcome.first_bad) == (False, first_bad), outcome.reason
    assert outcome.reason


def test_a_cut_tail_needs_a_checkpoint(sealed: list[AuditEntry]) -> None:
    before = audit.verify()
    checkpoint = (before.last_seal, before.last_digest)
    assert audit.verify(checkpoint).ok
    AuditEntry.objects.filter(seal__number=3).delete()
    AuditSeal.objects.filter(number=3).delete()
    assert audit.verify().ok, "what the chain alone cannot know"
    assert not audit.verify(checkpoint).ok
    audit.seal_batch()
    assert not audit.verify(checkpoint).ok, "a new seal of that number is another one"


def test_a_late_commit_is_sealed_later(sealed: list[AuditEntry]) -> None:
    late = sealed[9]
    late.pk = sealed[0].pk - 1
    late.save(force_insert=True)
    assert audit.verify().ok
    assert audit.seal_batch() == 2
    assert audit.verify().ok


def test_the_inherited_foreign_keys_are_not_covered(sealed: list[AuditEntry]) -> None:
    AuditEntry.objects.update(actor=make_person())
    assert audit.verify().ok


def test_erasure_empties_the_texts_and_the_chain_still_verifies() -> None:
    ada, bob = make_person("lovelace@x.test", display_name="Ada Lovelace"), make_person("bob")
    by_ada = actor()
    audit.record("user.waved_at", bob, actor=by_ada)
    AuditEntry.objects.filter(verb="user.waved_at").update(actor_id=ada.pk, actor_name="Ada Lovelace")
    audit.seal_batch()
    late = audit.record("user.waved_at", ada, actor=actor())
    assert audit.erase_subject(ada, actor=actor().because("asked for it")) == 3
    assert audit.verify().ok
    assert "lovelace" not in str(list(AuditEntry.objects.values())).lower()
    about = AuditEntry.objects.get(verb="user.created", subject_id=str(ada.pk))
    assert (about.object_repr, about.changes, about.salt) == ("", None, "")
    assert set(about.digests["salts"]).isdisjoint(EMPTY_VALUES), "a guess cannot be checked any more"
    assert AuditEntry.objects.get(pk=late.pk).object_repr == ""
    audit.seal_batch()
    assert audit.verify().ok
    AuditEntry.objects.filter(pk=about.pk).update(verb="user.restored")
    assert audit.verify().first_bad == about.pk, "what was not erased is still covered"


def test_erasing_twice_is_no_harm() -> None:
    ada = make_person("ada")
    audit.seal_batch()
    audit.erase_subject(ada, actor=actor())
    audit.erase_subject(ada, actor=actor())
    audit.seal_batch()
    assert audit.verify().ok
    assert User.objects.filter(pk=ada.pk).exists()


def test_an_erasure_while_the_trail_is_verified_is_no_break(monkeypatch: pytest.MonkeyPatch) -> None:
    ada = make_person("ada")
    audit.seal_batch()
    audit.erase_subject(ada, actor=actor())
    module = import_module("identities.audit.verify")
    read, known_before = module._erased_entries, [set[int]()]
    monkeypatch.setattr(module, "_erased_entries", lambda: known_before.pop() if known_before else read())
    assert audit.verify().ok
