"""What is written down about an object's account while it is converged: the link, its members, the brake's allowance.

Every write stands in a transaction that holds the operation's row and checks its fence, so that a worker that was given
up cannot overwrite what its successor wrote.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache, partial
from typing import Any, NamedTuple, TypeVar

from django.db import IntegrityError, OperationalError, transaction

from connectors.engine.budget import begin_removal, give_back_removal, removal_budget
from connectors.engine.claim import Claim, held_operation
from connectors.engine.claiming import dialect
from connectors.engine.decide.difference import fingerprint, is_rewritten
from connectors.engine.decide.values import same
from connectors.engine.decision import Decision
from connectors.engine.dependents import Dependents, dependents_of, disputants_of, refused_key, ring, under_way
from connectors.engine.failures import AccountTaken, BrakeEngaged, LeaseLost, LinkChanged, SystemChanged
from connectors.engine.known_values import remembered
from connectors.engine.lying_below import follow_move, follow_rename, wait_for_leaving
from connectors.engine.situation import Hit, LinkView, MemberChange, ObjectView, Situation, SystemView, Verdict
from connectors.engine.subject_rows import rows_of
from connectors.engine.system_view import link_view
from connectors.models import ConnectedSystem, Link, Operation, RemoteMembership
from connectors.spi import ObjectClass, RemoteObject
from connectors.vocabulary import LinkState, Settlement, SystemState
from identities.canonical import fold
from identities.queries.compiled import CompiledObjects, id_hole
from identities.vocabulary import ObjectType

logger = logging.getLogger(__name__)
T = TypeVar("T")
ATTEMPTS = 3


class Ledger:
    """Writes for one claim.

    Every method raises `LeaseLost` when the lease is not held any more, and writes nothing then.
    """

    def __init__(self, claim: Claim, system: ConnectedSystem, view: SystemView) -> None:
        self._claim = claim
        self._system = system
        self._schema = view.schema
        self._nests = view.capabilities.nested_references

    def reserve_removal(self, verdict: Verdict) -> None:
        """Take one removal from the hour's allowance, one worker at a time.

        Raises:
            BrakeEngaged: nothing is left of it.
        """
        with self._held(lock_system=True) as held:
            braked = not (self._claim.released or self._system.state == SystemState.DELETING)
            if braked and not removal_budget(self._system, held.now, held.operation.pk).has_room:
                raise BrakeEngaged
            begin_removal(held.operation, verdict, held.now)

    def return_removal(self) -> None:
        """The removal is known not to have happened."""
        with self._held() as held:
            give_back_removal(held.operation)

    def intend_create(self, situation: Situation, key: str, *, lost: bool) -> bool:
        """Note that this key was seen absent and a create follows; whatever is found under it afterwards is ours.

        The system's lock orders this against its being paused or deleted: a removal that begins later finds the link.

        Args:
            lost: the account there was is gone; the link lets go of it.

        Returns:
            Whether an earlier create with this key was noted already, whose outcome may still be unknown.

        Raises:
            SystemChanged, LinkChanged: no create is wanted any more.
        """
        with self._held(lock_system=True) as held:
            if held.system is None or held.system.state != self._system.state:
                raise SystemChanged
            self._check_class(situation.object)
            link = self._link(situation.object)
            _check_untouched(link, situation)
            is_repeated: bool = link.create_intent_key == key
            if not is_repeated:
                link.create_intent_key, link.create_intent_at = key, held.now
            link.correlation_key = key
            if lost:
                link.remote_id, link.enabled, link.known = None, None, {}
            if link.state != LinkState.LINKED or lost:
                link.state = LinkState.PENDING
            link.save()
            return is_repeated

    def withdraw_intent(self, item: ObjectView) -> None:
        """The create is known not to have happened."""
        with self._held():
            self._links(item).update(create_intent_key="", create_intent_at=None)

    def linked(self, situation: Situation, decision: Decision, remote: RemoteObject) -> Link:
        """Tie the object to the remote object as it now stands, remember what is known of it, and enqueue whom that
        concerns.

        Raises:
            AccountTaken: the remote object is linked to another object of ours. LinkChanged: a person was faster.
        """
        return _persistently(partial(self._linked, situation, decision, remote))

    def _linked(self, situation: Situation, decision: Decision, remote: RemoteObject) -> Link:
        item = situation.object
        seen = _tie(situation.link or LinkView())
        try:
            with self._held(lock_system=seen != _tie_to(remote, decision.correlation_key or seen[-1])) as held:
                link = self._link(item)
                _check_untouched(link, situation, remote.remote_id)
                before, had_reference = _tie(link_view(link)), bool(link.reference)
                if before[0] != remote.remote_id:
                    self._check_class(item)
                    _forget_members(link, remote)
                    link.linked_at, link.adopted = held.now, decision.takes_over
                link.state, link.remote_id = LinkState.LINKED, remote.remote_id
                link.reference, link.remote_name = remote.reference, remote.name
                link.enabled = remote.enabled
                link.create_intent_key, link.create_intent_at = "", None
                link.refused_key, link.disputed_with = None, ""
                self._remember(link, situation, decision, remote)
                link.synchronised_at = held.now
                link.save()
                after = _tie(link_view(link))
                if before[:2] != after[:2]:
                    if had_reference:
                        follow_rename([link.pk])
                    self._ring(held.operation, item, had_reference=had_reference)
                    self._ring_around(held.operation, item, before[1], after[1] if before[0] == after[0] else "")
                let_go = before[-1] if fold(before[-1]) != fold(after[-1]) else ""
                self._ring_disputants(held.operation, item, let_go, before[0] if before[:3] != after[:3] else None)
                return link
        except IntegrityError as error:
            raise AccountTaken(remote) from error

    def removed(self, item: ObjectView, settlement: Settlement) -> None:
        """There is no account any more, or the portal let go of it; whom that concerns is enqueued.

        The link's reference stays: groups may still hold it.
        """
        _persistently(partial(self._removed, item, settlement))

    def _removed(self, item: ObjectView, settlement: Settlement) -> None:
        with self._held(lock_system=True) as held:
            RemoteMembership.objects.filter(group_link__in=self._links(item)).delete()
            ties = list(self._links(item).values_list("correlation_key", "remote_id", "reference"))
            self._links(item).update(
                state=LinkState.REMOVED,
                remote_id=None,
                enabled=None,
                known={},
                unresolved=0,
                create_intent_key="",
                create_intent_at=None,
                refused_key=None,
                disputed_with="",
                settlement=settlement,
                synchronised_at=held.now,
            )
            self._ring(held.operation, item, had_reference=True)
            for key, remote_id, reference in ties:
                self._ring_disputants(held.operation, item, key, remote_id)
                self._ring_around(held.operation, item, reference)

    def waits_for_leaving(self, item: ObjectView, below: int) -> None:
        """The unit is to go when what lies below it has left; whoever leaves finds it by that and rings."""
        with self._held(lock_system=True) as held:
            self._links(item).update(unresolved=below, synchronised_at=held.now)

    def disputed(self, situation: Situation, key: str, candidates: Sequence[Hit]) -> None:
        """The name is taken by an account that is not ours.

        Raises:
            LinkChanged: it was somebody else's, who may have let go of it since. Who lets go later finds this link.
        """
        item = situation.object
        with self._held(lock_system=True):
            in_the_way = [hit.remote.remote_id for hit in candidates]
            others = {hit.remote.remote_id for hit in candidates if hit.linked_to}
            held = Link.objects.filter(system=self._system, object_class=item.object_class, remote_id__in=others)
            if situation.search and situation.search.began_at:
                held = held.exclude(synchronised_at__gte=situation.search.began_at)
            if held.count() < len(others):
                raise LinkChanged
            link = self._link(item)
            # Of several, the first: when it goes, the next one is found, and stands here from then on.
            _note_refusal(link, key, in_the_way[0] if in_the_way else "")
            if link.state != LinkState.LINKED:
                link.correlation_key, link.state = key, LinkState.DISPUTED
            link.save()

    def refused(self, item: ObjectView, key: str, remote_id: str | None) -> bool:
        """The account may not have this name, because another one has it. Who lets go of it later finds this link.

        Args:
            remote_id: the account that has it, when the system tells.

        Returns:
            Whether that was not known before.
        """
        with self._held(lock_system=True):
            link = self._link(item)
            before = link.refused_key, link.disputed_with
            _note_refusal(link, key, remote_id or "")
            link.save()
            return before != (link.refused_key, link.disputed_with)

    def members_written(self, link: Link, added: Iterable[MemberChange], removed: Iterable[MemberChange]) -> None:
        """These members are in the remote group now, and those are not.

        A member whose account got another reference meanwhile may still be there under that one, if the system follows
        renames itself: it stays known, and the operation that the change of the reference has asked for removes it.
        Where the account may have another one that is not written down yet, it stays known without a reference, and
        gets the new one with its link (`follow_rename`).
        """
        gone = {each.link_id: each for each in removed}
        with self._held(lock_system=bool(gone)):
            known = RemoteMembership.objects.filter(group_link=link)
            doubtful = {*gone, *known.filter(reference="").values_list("member_link", flat=True)} if gone else set()
            places = self._nests and self._system.object_class_of(ObjectType.ORG_UNIT) is ObjectClass.ORG_UNIT
            unsure = under_way(self._system, doubtful, with_units=places)
            rows = known.filter(member_link__in=doubtful).values_list("pk", "member_link", "member_link__reference")
            left = [pk for pk, member, present in rows if member not in gone or gone[member].present in ("", present)]
            # Before the others: a member that is removed and added has another reference by now (see `act._chunks`).
            known.filter(pk__in=left).exclude(member_link__in=unsure).delete()
            known.filter(pk__in=left).update(reference="")
            RemoteMembership.objects.bulk_create(
                [
                    RemoteMembership(group_link=link, member_link_id=each.link_id, reference=each.reference)
                    for each in added
                ],
                update_conflicts=True,
                unique_fields=["group_link", "member_link"],
                update_fields=["reference"],
            )

    def _ring(self, operation: Operation, item: ObjectView, *, had_reference: bool) -> None:
        concerned = dependents_of(self._system, item.type, item.id, had_reference=had_reference)
        self._enqueue(concerned, f"a reference changed: {item.name}", operation)

    def _ring_around(self, operation: Operation, item: ObjectView, before: str, after: str = "") -> None:
        """What lies below a unit moves with it, and the units that it leaves may wait for that."""
        if self._nests and before:
            is_place = item.object_class is ObjectClass.ORG_UNIT
            moved = follow_move(self._system, before, after) if after and is_place else ()
            concerned = {*moved, *wait_for_leaving(self._system, before)} - {(item.type, item.id)}
            self._enqueue(tuple(concerned), f"{item.name} left {before}", operation)

    def _ring_disputants(self, operation: Operation, item: ObjectView, key: str, remote_id: str | None) -> None:
        if key or remote_id:
            concerned = disputants_of(self._system, item.object_class, key=key, remote_id=remote_id)
            self._enqueue(concerned, f"{item.name} let go of the name", operation)

    def _enqueue(self, concerned: Dependents, cause: str, operation: Operation) -> None:
        lane, correlation_id = self._claim.lane, operation.correlation_id
        ring(self._system.id, concerned, lane=lane, cause=cause, correlation_id=correlation_id)

    def _remember(self, link: Link, situation: Situation, decision: Decision, remote: RemoteObject) -> None:
        item = situation.object
        if decision.desired:
            current = {name: remote.attributes.get(name, ()) for name in decision.desired}
            written = {name: values for name, values in decision.desired.items() if self._is_unreadable(name)}
            rewritten = dict(self._rewritten(situation, decision, remote))
            link.known = remembered({**current, **written}, item.id, self._schema, rewritten)
        link.correlation_key = decision.correlation_key or link.correlation_key
        link.unresolved = decision.waiting_for
        link.applied_version = item.version
        link.settlement = decision.settlement

    def _rewritten(self, situation: Situation, decision: Decision, remote: RemoteObject) -> Iterator[tuple[str, str]]:
        """What was written, now or before, and does not stand there as it was written."""
        specs = self._schema.attributes if self._schema else {}
        was_linked = situation.link is not None and situation.link.remote_id == remote.remote_id
        for name, wanted in decision.desired.items():
            spec, current = specs.get(name), remote.attributes.get(name, ())
            if spec is None or not spec.readable or same(wanted, current, spec):
                continue
            is_written = name in decision.attributes or name in decision.delta.replace
            if is_written or (was_linked and is_rewritten(situation, spec, wanted, current)):
                yield name, fingerprint(wanted, situation.object.id)

    def _is_unreadable(self, name: str) -> bool:
        spec = self._schema.attributes.get(name) if self._schema else None
        return spec is not None and not spec.readable

    def _links(self, item: ObjectView) -> Any:
        return Link.objects.filter(system=self._system, object_type=item.type, object_id=item.id)

    def _link(self, item: ObjectView) -> Link:
        """The object's link, made if there is none; its name is frozen anew while the object is there."""
        stored = _locked_link().objects(system=self._system.id, object_type=str(item.type), object_id=item.id)
        link: Link = stored[0] if stored else Link(system=self._system, object_type=item.type, object_id=item.id)
        link.object_class = item.object_class
        link.object_name = item.name[:255]
        own = f"{item.type}_id"  # of an object whose row goes, the database clears it
        if getattr(link, own) is None and rows_of(item.type).filter(pk=item.id).exists():
            setattr(link, own, item.id)
        return link

    def _check_class(self, item: ObjectView) -> None:
        """Raise SystemChanged when org units are held as something else by now; the system's lock is held."""
        if item.type is ObjectType.ORG_UNIT:
            now = ConnectedSystem.objects.get(pk=self._system.pk)
            if now.object_class_of(item.type) is not item.object_class:
                raise SystemChanged

    @contextmanager
    def _held(self, *, lock_system: bool = False) -> Iterator["_Held"]:
        """A transaction in which the lease is held. The system is locked before the operation, as everywhere."""
        with transaction.atomic():
            locked = dialect().lock_system(self._system.id) if lock_system else None
            held = held_operation(self._claim)
            if held is None:
                raise LeaseLost
            yield _Held(*held, locked.system if locked else None)


@cache
def _locked_link() -> CompiledObjects:
    holes = {"system": id_hole(), "object_type": "object type", "object_id": id_hole()}
    return CompiledObjects(Link.objects.select_for_update().filter(**holes).order_by(), holes)


class _Held(NamedTuple):
    """The operation while its lease is held, the database's time, and the system where it was locked."""

    operation: Operation
    now: datetime
    system: ConnectedSystem | None


def _persistently(write: Callable[[], T]) -> T:
    """Write down what was done on the system, again when the database chose the transaction as a deadlock's victim."""
    for _ in range(ATTEMPTS - 1):
        try:
            return write()
        except OperationalError:
            logger.warning("Writing down what was done is repeated", exc_info=True)
    return write()


def _note_refusal(link: Link, key: str, remote_id: str) -> None:
    link.refused_key, link.disputed_with = refused_key(key), remote_id


def _tie(link: LinkView) -> tuple[str | None, str, str, str]:
    """What others see of a link: the account, its reference, its name, its key."""
    if not link.is_linked:
        return None, "", "", ""
    return link.remote_id, link.reference, link.remote_name, link.correlation_key


def _tie_to(remote: RemoteObject, key: str) -> tuple[str | None, str, str, str]:
    return remote.remote_id, remote.reference, remote.name, key


def _check_untouched(link: Link, situation: Situation, remote_id: str | None = None) -> None:
    """Raise LinkChanged when a person cut the tie, or tied the object to another account, since it was decided.

    Args:
        remote_id: the account the object is about to be tied to, or already is by this very operation.
    """
    seen = situation.link or LinkView()
    if link.settlement != seen.settlement or _tie(link_view(link))[0] not in (None, seen.remote_id, remote_id):
        raise LinkChanged


def _forget_members(link: Link, remote: RemoteObject) -> None:
    """A remote object that is new to the link: a group is taken to be empty, a member to be in no group.

    Systems differ in whether they drop the membership of an object that is deleted. Adding what is there does no harm.
    """
    if link.linked_at is not None:  # before, nothing was known of it
        RemoteMembership.objects.filter(group_link=link).delete()
        # Without a reference: it had left, and it was open under which one it might still be there.
        RemoteMembership.objects.filter(member_link=link, reference__in=(remote.reference, "")).delete()
