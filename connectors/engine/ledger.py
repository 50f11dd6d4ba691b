"""What is written down about an object's account while it is converged: the link, its members, the brake's allowance.

Every write stands in a transaction that holds the operation's row and checks its fence, so that a worker that was given
up cannot overwrite what its successor wrote.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from connectors.engine.budget import removal_budget
from connectors.engine.claim import Claim
from connectors.engine.claiming import dialect
from connectors.engine.decide.difference import fingerprint, is_rewritten
from connectors.engine.decide.values import same
from connectors.engine.decision import Decision
from connectors.engine.failures import AccountTaken, BrakeEngaged, LeaseLost
from connectors.engine.known_values import remembered
from connectors.engine.situation import MemberChange, ObjectView, Situation, Verdict
from connectors.models import ConnectedSystem, Link, Operation, RemoteMembership
from connectors.spi import ObjectSchema, RemoteObject
from connectors.vocabulary import LinkState, OperationState, Settlement, SystemState
from identities.models import Group, User
from identities.vocabulary import ObjectType


class Ledger:
    """Writes for one claim.

    Every method raises `LeaseLost` when the lease is not held any more, and writes nothing then.
    """

    def __init__(self, claim: Claim, system: ConnectedSystem, schema: ObjectSchema | None) -> None:
        self._claim = claim
        self._system = system
        self._schema = schema

    def reserve_removal(self, verdict: Verdict) -> None:
        """Take one removal from the hour's allowance, one worker at a time.

        Raises:
            BrakeEngaged: nothing is left of it.
        """
        with self._held(lock_system=True) as operation:
            braked = not (self._claim.released or self._system.state == SystemState.DELETING)
            if braked and not removal_budget(self._system, dialect().now(), operation.pk).has_room:
                raise BrakeEngaged
            Operation.objects.filter(pk=operation.pk).update(verdict=verdict)

    def intend_create(self, item: ObjectView, key: str, *, lost: bool) -> bool:
        """Note that this key was seen absent and a create follows; whatever is found under it afterwards is ours.

        Args:
            lost: the account there was is gone; the link lets go of it.

        Returns:
            Whether an earlier create with this key was noted already, whose outcome may still be unknown.
        """
        with self._held():
            link = self._link(item)
            is_repeated: bool = link.create_intent_key == key
            if not is_repeated:
                link.create_intent_key, link.create_intent_at = key, timezone.now()
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
        """Tie the object to the remote object as it now stands, and remember what is known of it.

        Raises:
            AccountTaken: the remote object is linked to another object of ours.
        """
        item = situation.object
        try:
            with self._held():
                link = self._link(item)
                is_new = link.state != LinkState.LINKED or link.remote_id != remote.remote_id
                if is_new:
                    link.linked_at, link.adopted = timezone.now(), decision.takes_over
                    _forget_members(link, remote)
                link.state, link.remote_id = LinkState.LINKED, remote.remote_id
                link.reference, link.remote_name = remote.reference, remote.name
                link.enabled = remote.enabled
                link.create_intent_key, link.create_intent_at = "", None
                self._remember(link, situation, decision, remote)
                link.save()
                return link
        except IntegrityError as error:
            raise AccountTaken(remote) from error

    def removed(self, item: ObjectView, settlement: Settlement) -> None:
        """There is no account any more, or the portal let go of it. Its reference stays: groups may still hold it."""
        with self._held():
            RemoteMembership.objects.filter(group_link__in=self._links(item)).delete()
            self._links(item).update(
                state=LinkState.REMOVED,
                remote_id=None,
                enabled=None,
                known={},
                unresolved=0,
                create_intent_key="",
                create_intent_at=None,
                settlement=settlement,
                synchronised_at=timezone.now(),
            )

    def disputed(self, item: ObjectView, key: str) -> None:
        """The name is taken by an account that is not ours."""
        with self._held():
            link = self._link(item)
            link.correlation_key = key
            if link.state != LinkState.LINKED:
                link.state = LinkState.DISPUTED
            link.save()

    def members_written(self, link: Link, added: Iterable[MemberChange], removed: Iterable[MemberChange]) -> None:
        """These members are in the remote group now, and those are not."""
        with self._held():
            gone = [each.link_id for each in removed]
            RemoteMembership.objects.filter(group_link=link, member_link__in=gone).delete()
            RemoteMembership.objects.bulk_create(
                [
                    RemoteMembership(group_link=link, member_link_id=each.link_id, reference=each.reference)
                    for each in added
                ],
                update_conflicts=True,
                unique_fields=["group_link", "member_link"],
                update_fields=["reference"],
            )

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
        link.synchronised_at = timezone.now()

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
        link = self._links(item).first() or Link(system=self._system, object_type=item.type, object_id=item.id)
        link.object_name = item.name[:255]
        model: Any = User if item.type is ObjectType.USER else Group
        if model.objects.filter(pk=item.id).exists():
            setattr(link, f"{item.type}_id", item.id)
        return link

    @contextmanager
    def _held(self, *, lock_system: bool = False) -> Iterator[Operation]:
        """A transaction in which the lease is held. The system is locked before the operation, as everywhere."""
        with transaction.atomic():
            if lock_system:
                dialect().lock_system(self._system.id)
            rows = Operation.objects.select_for_update()
            held = rows.filter(pk=self._claim.operation_id, fence=self._claim.fence, state=OperationState.IN_FLIGHT)
            operation = held.first()
            if operation is None:
                raise LeaseLost
            yield operation


def _forget_members(link: Link, remote: RemoteObject) -> None:
    """A remote object that is new to the link: a group is taken to be empty, a member to be in no group.

    Systems differ in whether they drop the membership of an object that is deleted. Adding what is there does no harm.
    """
    if link.pk is not None:
        RemoteMembership.objects.filter(group_link=link).delete()
        RemoteMembership.objects.filter(member_link=link, reference=remote.reference).delete()
