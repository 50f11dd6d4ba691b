"""Links cut and made by hand."""

import pytest

from connectors.actions.links import match_by_hand, unlink
from connectors.catalog.memory.store import MemoryStore
from connectors.engine.work import work
from connectors.models import ConnectedSystem, Link, Operation
from connectors.spi import ObjectClass, Transient
from connectors.vocabulary import LinkState, OperationState
from identities.actors import command_actor
from identities.errors import Conflict, NotFound, RuleViolation
from identities.models import AuditEntry, User
from tests.connectors.engine.memory_systems import a_memory_system, account_names
from tests.connectors.engine.rows import people, put

pytestmark = pytest.mark.django_db

ACTOR = command_actor()


def provisioned() -> tuple[ConnectedSystem, MemoryStore, list[Link]]:
    """A system with two accounts."""
    system, store = a_memory_system()
    put(system, *people(2))
    work("one", 1)
    return system, store, list(Link.objects.order_by("object_name"))


def test_an_unlinked_account_is_left_alone() -> None:
    system, store, (anna, _) = provisioned()

    cut = unlink(anna, actor=ACTOR)

    assert (cut.state, cut.remote_id) == (LinkState.REMOVED, None)
    User.objects.update(title="changed", active=False)
    put(system, *User.objects.all())
    work("one", 1)
    assert len(account_names(store)) == 2
    assert Link.objects.get(pk=anna.pk).state == LinkState.REMOVED
    assert AuditEntry.objects.get(verb="link.cut").facts["account"] == "person000"
    with pytest.raises(RuleViolation):
        unlink(anna, actor=ACTOR)


def test_an_account_is_matched_by_hand_and_brought_up_to_date() -> None:
    _, store, (anna, _) = provisioned()
    assert anna.remote_id is not None
    unlink(anna, actor=ACTOR)
    store.remove(ObjectClass.USER, anna.remote_id)
    other = store.insert(ObjectClass.USER, {"userName": ("legacy",)}, enabled=True)

    matched = match_by_hand(anna, other.remote_id, actor=ACTOR)
    assert (matched.state, matched.remote_name, matched.matched_by_hand) == (LinkState.LINKED, "legacy", True)
    work("one", 1)

    assert account_names(store) == ["person000", "person001"]
    assert Link.objects.get(pk=anna.pk).remote_id == other.remote_id


def test_an_account_of_somebody_else_is_refused() -> None:
    _, _, (anna, berta) = provisioned()
    unlink(anna, actor=ACTOR)
    assert berta.remote_id is not None

    with pytest.raises(Conflict, match="person001"):
        match_by_hand(anna, berta.remote_id, actor=ACTOR)


def test_an_account_that_is_not_there_is_refused() -> None:
    _, _, (anna, _) = provisioned()
    with pytest.raises(NotFound):
        match_by_hand(anna, "no-such-id", actor=ACTOR)
    assert Link.objects.get(pk=anna.pk).remote_id == anna.remote_id


def test_a_system_that_does_not_answer_is_a_refusal_in_words() -> None:
    _, store, (anna, _) = provisioned()
    store.script.fail("get", lambda: Transient("It is down."))

    with pytest.raises(RuleViolation, match="It is down"):
        match_by_hand(anna, "any", actor=ACTOR)
    assert not Operation.objects.filter(state=OperationState.WAITING).exists()
