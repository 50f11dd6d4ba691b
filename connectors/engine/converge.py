"""Converging one object on one system: gather, decide, act, until it is as it should be, at most three rounds."""

import time
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.engine import crash_points
from connectors.engine.act import Act
from connectors.engine.claim import Claim, Ending, Outcome, still_held
from connectors.engine.configured import configured
from connectors.engine.decision import Decision
from connectors.engine.dependents import Dependents, dependents_of, holders_of
from connectors.engine.failures import (
    AccountTaken,
    BrakeEngaged,
    Defect,
    KeptChanging,
    LeaseLost,
    LinkChanged,
    SystemChanged,
)
from connectors.engine.gather import Gatherer
from connectors.engine.ledger import Ledger
from connectors.engine.outcomes import call_facts, decided_outcome, failed_outcome, retry_delay
from connectors.engine.reads import decided
from connectors.engine.session import Session, session
from connectors.engine.situation import CREATES, LinkView, Situation, Verdict
from connectors.models import ConnectedSystem
from connectors.spi import AlreadyExists, Ambiguous, ConnectorError, Gone, Schema, Transient
from connectors.vocabulary import SystemState

MOST_ROUNDS = 3
WAITS_SECONDS = (0.5, 2.0)
"""Before the searches after a create whose outcome is unknown: some systems show what they hold only after a while."""
RESERVE_SECONDS = 1.0
"""What must be left of the deadline after such a wait."""
ATTEMPTS_TO_GIVE_WAY = 5
"""How often a write is tried that may have been refused because of others of ours, whose turn comes too."""
LONGEST_LAG_SECONDS = 600
"""How long a system may take to show an account that it says is there, before that is a dispute."""


def converge(claim: Claim) -> Outcome:
    """Bring one object on one system to where it should be.

    Never raises the interface's errors: they become the outcome. What is done is written down under the claim's fence
    as it is done, so that it can be interrupted anywhere and repeated.
    """
    crash_points.reach("after_claim")
    found = configured(claim.system_id)
    if found is None:
        return Outcome(Ending.DONE, answered=False)
    outcome = _Attempt(claim, *found).outcome()
    crash_points.reach("before_finish")
    return outcome


class _Attempt:
    """One attempt at one object. Keeps what was decided, so that whatever ends it can be explained."""

    def __init__(self, claim: Claim, system: ConnectedSystem, now: datetime) -> None:
        self._claim = claim
        self._system = system
        self._now = now
        self._carried_out: list[Decision] = []
        self._under_way: Decision | None = None
        self._answered = False
        self._calls: tuple[dict[str, Any], ...] = ()

    def outcome(self) -> Outcome:
        """Converge and say how it ended."""
        try:
            with session(self._system, is_held=lambda: still_held(self._claim)) as opened:
                try:
                    self._converge(opened)
                finally:
                    self._answered = opened.connector.answered
                    self._calls = tuple(call_facts(call) for call in opened.connector.log)
        except LeaseLost:
            return Outcome(Ending.RETRY, message="The lease was lost.", retry_in=0.0, answered=self._answered)
        except SystemChanged:
            return Outcome(Ending.RETRY, retry_in=0.0, answered=self._answered)
        except (ConnectorError, Defect, KeptChanging) as error:
            outcome = failed_outcome(self._claim, error, self._under_way)
        else:
            outcome = decided_outcome(self._carried_out)
            if self._carried_out[-1].members.more:
                outcome = replace(outcome, dependents=((self._claim.object_type, self._claim.object_id),))
        others = self._others_first(outcome)
        if others is not None:
            outcome = replace(outcome, ending=Ending.RETRY, retry_in=retry_delay(self._claim), dependents=others)
        return replace(outcome, answered=self._answered, calls=self._calls)

    def _others_first(self, outcome: Outcome) -> Dependents | None:
        """Whom to converge before it is tried again, where others of ours may be why it was refused; None elsewhere.

        A delete may be refused while others refer to the account, a new name while somebody of ours still has it, who
        may be about to get another.
        """
        if self._claim.attempt >= ATTEMPTS_TO_GIVE_WAY:
            return None
        kind, object_id = self._claim.object_type, self._claim.object_id
        if outcome.error_class == "rejected" and outcome.verdict == Verdict.DELETE:
            return dependents_of(self._system, kind, object_id, had_reference=True) or None
        if outcome.error_class == "already_exists" and self._under_way and self._under_way.verdict not in CREATES:
            object_class, key = self._system.object_class_of(kind), self._under_way.correlation_key
            return holders_of(self._system, object_class, key, but=object_id) or None
        return None

    def _converge(self, opened: Session) -> None:
        schema = _schema(opened)
        gatherer = Gatherer(self._system, self._claim.object_type, now=self._now, schema=schema, may_read=True)
        act = Act(opened, Ledger(self._claim, self._system, gatherer.view))
        doubt: ConnectorError | None = None
        for _ in range(MOST_ROUNDS):
            decide = self._beyond_doubt if doubt else self._decide
            situation, decision = decide(gatherer, opened, doubt)
            self._under_way, doubt = decision, None
            try:
                act.carry_out(situation, decision)
            except (Gone, BrakeEngaged, AccountTaken, LinkChanged):
                continue  # it has changed since it was decided
            except (Ambiguous, AlreadyExists, Transient) as error:
                if decision.verdict not in CREATES:
                    raise
                doubt = error
                continue
            self._carried_out.append(decision)
            if not decision.is_partial:
                return
        raise doubt or KeptChanging

    def _decide(
        self, gatherer: Gatherer, opened: Session, doubt: ConnectorError | None = None
    ) -> tuple[Situation, Decision]:
        situation = gatherer.one(
            self._claim.object_id, released=self._claim.released, own_operation=self._claim.operation_id
        )
        refused = doubt if isinstance(doubt, AlreadyExists) else None
        return decided(gatherer, situation, opened.connector, refused=refused)

    def _beyond_doubt(
        self, gatherer: Gatherer, opened: Session, doubt: ConnectorError | None
    ) -> tuple[Situation, Decision]:
        """Search again after a create that may have succeeded. To create again at once could make two.

        Raises:
            ConnectorError: the doubt, when nothing was found while the deadline allowed to look; it is tried later.
        """
        for seconds in WAITS_SECONDS:
            if opened.remaining() < seconds + RESERVE_SECONDS:
                break
            time.sleep(seconds)
            situation, decision = self._decide(gatherer, opened, doubt)
            if decision.verdict not in CREATES and not _may_be_late(situation, decision):
                return situation, decision
        if isinstance(doubt, AlreadyExists):
            raise Ambiguous("The system says the account is there, but does not show it yet.", detail=doubt.detail)
        raise doubt or Transient("The outcome of the create is unknown.")


def _schema(opened: Session) -> Schema | None:
    """The system's schema, read if need be, unless the system is not to be called, or is on its way out."""
    return opened.schema() if opened.system.state == SystemState.RUNNING else None


def _may_be_late(situation: Situation, decision: Decision) -> bool:
    """Whether the name may be taken by an earlier create of ours that the system does not show yet."""
    link = situation.link or LinkView()
    if decision.verdict is not Verdict.DISPUTE or decision.candidates or not link.create_intent_at:
        return False
    return (situation.now - link.create_intent_at).total_seconds() < LONGEST_LAG_SECONDS
