"""What is to be done with one object on one system, and why: the pure heart of the engine.

Converging, previewing, provisioning one person now and explaining all ask `decide`. It reads a frozen `Situation` and
nothing else, never raises, and asks for what it is missing (`Needs`) instead of fetching it. Without remote reads it
answers from what was last known and says so.
"""

from dataclasses import replace

from connectors.engine.decide.provisioning import bring_up_to_date, decide_provisioning
from connectors.engine.decide.removal import decide_removal
from connectors.engine.decide.standing import Reason, Standing, judge
from connectors.engine.decide.trail import Trail
from connectors.engine.decide.verdicts import describe
from connectors.engine.decision import Answer, Decision, Needs, Problem
from connectors.engine.situation import REMOVALS, WRITES, Situation, Verdict
from connectors.vocabulary import SystemState

__all__ = ["decide"]


def decide(situation: Situation) -> Decision | Needs:
    """Decide one object on one system.

    The steps go from the system over the object, its scope, its link, correlation, mappings and differences to the
    removal policy and the brake; the last one is the verdict in words.

    Returns:
        The decision, or what has to be found out first. Remote reads are asked for only where `situation.may_read`;
        references are known locally and always asked for.
    """
    trail = Trail()
    standing = judge(situation, trail)
    if _is_paused(situation) and situation.may_read:
        decision: Decision | Needs = Decision(Verdict.WAIT)
    elif standing.reason is None:
        decision = decide_provisioning(situation, trail)
    else:
        decision = _without_claim(situation, standing, trail)
    if isinstance(decision, Needs):
        return decision
    decision = _braked(situation, standing, decision, trail)
    decision = _gated(situation, decision)
    describe(decision, trail)
    return replace(decision, steps=trail.steps)


def _without_claim(situation: Situation, standing: Standing, trail: Trail) -> Decision | Needs:
    decision = decide_removal(situation, standing, trail)
    if isinstance(decision, Needs) or decision.verdict is not Verdict.NOTHING or standing.reason is not Reason.INACTIVE:
        return decision
    if situation.link is None or not situation.link.is_linked:
        return decision
    return _kept_up_to_date(situation, decision, trail)


def _kept_up_to_date(situation: Situation, decision: Decision, trail: Trail) -> Decision | Needs:
    """A disabled account of somebody who may return follows their name; what cannot be computed can wait until then."""
    follows = Trail()
    updated = bring_up_to_date(situation, situation.remote.object, follows, enabled=False)
    if isinstance(updated, Decision) and updated.verdict in (Verdict.WAIT, Verdict.LEAVE):
        return decision
    trail.extend(follows.steps)
    return updated


def _braked(situation: Situation, standing: Standing, decision: Decision, trail: Trail) -> Decision:
    if decision.verdict not in REMOVALS:
        return decision
    budget, question = situation.budget, "Does the removal brake let it through?"
    facts = {"removed": budget.removed, "limit": budget.limit, "accounts": budget.accounts}
    if standing.reason is Reason.SYSTEM_DELETED or situation.released:
        trail.add("brake", question, Answer.YES, "A person decided it.", facts)
        return decision
    text = f"{budget.removed} of {budget.limit} removals were made within the last hour."
    trail.yes_or_no("brake", question, budget.has_room, text, facts)
    return decision if budget.has_room else _stopped(decision, Verdict.HOLD)


def _gated(situation: Situation, decision: Decision) -> Decision:
    """What a paused system or a missing connector keeps from being done."""
    if decision.verdict in (Verdict.WAIT, Verdict.NOTHING):
        return decision
    if situation.system.unavailable and decision.verdict in WRITES:
        problem = Problem("unavailable", situation.system.unavailable)
        return replace(_stopped(decision, Verdict.WAIT), problem=problem)
    return _stopped(decision, Verdict.WAIT) if _is_paused(situation) else decision


def _stopped(decision: Decision, verdict: Verdict) -> Decision:
    """Not to be carried out; what was intended is kept for showing."""
    return replace(decision, verdict=verdict, intended=decision.intended or decision.verdict, is_partial=False)


def _is_paused(situation: Situation) -> bool:
    return situation.system.state is SystemState.PAUSED
