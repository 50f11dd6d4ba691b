"""Carrying out a decision: the remote calls it takes, and what is written down before and after each."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from connectors.engine.decision import Decision
from connectors.engine.failures import LinkChanged
from connectors.engine.ledger import Ledger
from connectors.engine.session import Session
from connectors.engine.situation import REMOVALS, MemberChange, MembershipDelta, Situation, Verdict
from connectors.models import Link
from connectors.spi import (
    AlreadyExists,
    ConnectorError,
    Delta,
    Gone,
    Misconfigured,
    Rejected,
    RemoteObject,
    Scalar,
    Throttled,
)


class Act:
    """Carries out decisions about one object."""

    def __init__(self, opened: Session, ledger: Ledger) -> None:
        self._connector = opened.connector
        self._ledger = ledger

    def carry_out(self, situation: Situation, decision: Decision) -> None:
        """Do what was decided.

        Raises:
            ConnectorError, Defect: a call failed; what was done before it is written down. BrakeEngaged, AccountTaken,
            LinkChanged: something changed since it was decided, and it has to be decided again. LeaseLost,
            SystemChanged: stop.
        """
        if decision.verdict in REMOVALS:
            self._remove(situation, decision)
        elif (action := _ACTIONS.get(decision.verdict)) is not None:
            action(self, situation, decision)

    def _remove(self, situation: Situation, decision: Decision) -> None:
        """Disable or delete, counted by the removal brake unless it certainly did not happen."""
        self._ledger.reserve_removal(decision.verdict)
        try:
            _ACTIONS[decision.verdict](self, situation, decision)
        except ConnectorError as error:
            if isinstance(error, Gone) or _is_certainly_refused(error):
                self._ledger.return_removal()
            raise

    def _create(self, situation: Situation, decision: Decision) -> None:
        item = situation.object
        lost = decision.verdict is Verdict.RECREATE
        is_repeated = self._ledger.intend_create(situation, decision.correlation_key, lost=lost)
        try:
            remote = self._connector.create(item.object_class, decision.attributes, enabled=decision.enabled)
        except ConnectorError as error:
            if _is_certainly_refused(error) and not is_repeated:
                self._ledger.withdraw_intent(item)
            raise
        self._settle(situation, decision, remote)

    def _adopt(self, situation: Situation, decision: Decision) -> None:
        """Link first: if the update fails, the account is known to be ours all the same."""
        if decision.target is not None:
            nothing_written = replace(decision, members=MembershipDelta(), delta=Delta())
            self._settle(situation, nothing_written, decision.target)
            self._update(situation, decision)

    def _update(self, situation: Situation, decision: Decision) -> None:
        remote = decision.target
        if decision.remote_id is not None and not decision.delta.is_empty:
            remote = self._changed(situation, decision, decision.remote_id)
        if decision.ends_link:
            self._let_go(situation, decision)
        elif remote is not None:
            self._settle(situation, decision, remote)

    def _changed(self, situation: Situation, decision: Decision, remote_id: str) -> RemoteObject:
        """Update the account. A name that is taken is noted and tried once more: whoever let go of it meanwhile did not
        know that it was wanted, whoever does later rings.
        """
        try:
            return self._connector.update(situation.object.object_class, remote_id, decision.delta)
        except AlreadyExists as error:
            if self._ledger.refused(situation.object, decision.correlation_key, error.remote_id):
                raise LinkChanged from error
            raise

    def _delete(self, situation: Situation, decision: Decision) -> None:
        with suppress(Gone):  # somebody else deleted it: what was wanted has come about
            self._connector.delete(situation.object.object_class, decision.remote_id or "")
        self._let_go(situation, decision)

    def _let_go(self, situation: Situation, decision: Decision) -> None:
        self._ledger.removed(situation.object, decision.settlement)

    def _note(self, situation: Situation, decision: Decision) -> None:
        """Nothing to write there; what was read is worth remembering."""
        if decision.target is not None:
            self._settle(situation, decision, decision.target)

    def _wait(self, situation: Situation, decision: Decision) -> None:
        """What it waits for rings; a unit that is to go is found by what it is known to wait for."""
        if decision.below:
            self._ledger.waits_for_leaving(situation.object, decision.below)

    def _dispute(self, situation: Situation, decision: Decision) -> None:
        self._ledger.disputed(situation, decision.correlation_key, decision.candidates)

    def _settle(self, situation: Situation, decision: Decision, remote: RemoteObject) -> None:
        """Write the link, and then the members, which need it."""
        link = self._ledger.linked(situation, decision, remote)
        self._write_members(situation, link, decision.members)

    def _write_members(self, situation: Situation, link: Link, members: MembershipDelta) -> None:
        """Chunk by chunk, each written down once it is there, so that an interrupted group goes on where it stopped."""
        schema = situation.system.schema
        attribute = schema.member_attribute if schema else None
        if attribute is None:
            return
        for add, remove in _chunks(members, situation.system.capabilities.members_per_update):
            leaving = (*_references(remove), *_present_references(remove))
            delta = Delta(add={attribute: _references(add)}, remove={attribute: leaving})
            if delta.add[attribute] or delta.remove[attribute]:
                self._connector.update(situation.object.object_class, link.remote_id or "", delta)
            self._ledger.members_written(link, add, remove)


def _is_certainly_refused(error: ConnectorError) -> bool:
    """Whether a call that ended with this error changed nothing, now or later."""
    if isinstance(error, Throttled):
        return error.is_refused
    return isinstance(error, AlreadyExists | Rejected | Misconfigured)


def _chunks(members: MembershipDelta, size: int) -> Iterator[tuple[tuple[MemberChange, ...], tuple[MemberChange, ...]]]:
    """The changes in parts of at most `size`, additions first: a group that is never empty needs no placeholder.

    A member that has another reference by now stands before them, its removal just before its addition. What is known
    of it is one row, which so never tells of a reference that is not there, nor forgets one that is.
    """
    old = {each.link_id: each for each in members.remove}
    again = {each.link_id for each in members.add if each.link_id in old}
    exchanged = [
        change
        for each in members.add
        if each.link_id in again
        for change in ((False, old.pop(each.link_id)), (True, each))
    ]
    new = [(True, each) for each in members.add if each.link_id not in again]
    changes = iter([*exchanged, *new, *((False, each) for each in old.values())])
    while chunk := list(islice(changes, max(1, size))):
        yield tuple(each for adds, each in chunk if adds), tuple(each for adds, each in chunk if not adds)


def _references(changes: tuple[MemberChange, ...]) -> tuple[Scalar, ...]:
    return tuple(each.reference for each in changes if each.reference and not each.is_shared)


def _present_references(removed: tuple[MemberChange, ...]) -> tuple[Scalar, ...]:
    """Where a member stands that leaves, if the system itself has followed the rename of its account."""
    return tuple(each.present for each in removed if each.present and each.present != each.reference)


_ACTIONS: dict[Verdict, Callable[[Act, Situation, Decision], None]] = {
    Verdict.CREATE: Act._create,
    Verdict.RECREATE: Act._create,
    Verdict.ADOPT: Act._adopt,
    Verdict.UPDATE: Act._update,
    Verdict.ENABLE: Act._update,
    Verdict.DISABLE: Act._update,
    Verdict.DELETE: Act._delete,
    Verdict.UNLINK: Act._let_go,
    Verdict.ACCEPT_GONE: Act._let_go,
    Verdict.NOTHING: Act._note,
    Verdict.DISPUTE: Act._dispute,
    Verdict.WAIT: Act._wait,
}
"""What is not named here is neither written to the system nor remembered on the link: leave, hold."""
