"""What a decision and its execution come to, as the queue keeps it: ending, steps and difference, secrets masked."""

from collections.abc import Sequence
from datetime import timedelta
from random import SystemRandom
from typing import Any

from django.conf import settings

from connectors.engine import retry
from connectors.engine.claim import Claim, Ending, Outcome
from connectors.engine.claiming import dialect
from connectors.engine.decide.values import displayed
from connectors.engine.decision import Decision, Step
from connectors.engine.failures import Defect, KeptChanging, ending_of
from connectors.engine.guarded_connector import Call
from connectors.engine.masking import masked
from connectors.engine.situation import WRITES, Verdict
from connectors.models import Operation
from connectors.spi import ConnectorError, Throttled, Values

_SHOWN_MEMBERS = 50
_RANDOM = SystemRandom().random


def decided_outcome(carried_out: Sequence[Decision]) -> Outcome:
    """The outcome of the decisions that were carried out: shown as the first that wrote, ended as the last."""
    last = carried_out[-1]
    shown = next((each for each in carried_out if each.verdict in WRITES), last)
    problem = last.problem
    return Outcome(
        _ending(last),
        verdict=shown.verdict,
        steps=tuple(step_facts(step) for step in shown.steps),
        difference=difference_of(shown),
        error_class=problem.code if problem else "",
        message=problem.message if problem else _message(last),
        held_verdict=last.intended or "" if last.verdict is Verdict.HOLD else "",
    )


def failed_outcome(claim: Claim, error: ConnectorError | Defect | KeptChanging, under_way: Decision | None) -> Outcome:
    """The outcome of an attempt that ended with an error: the class of the error decides.

    Args:
        under_way: what had been decided when it happened.
    """
    ending, error_class = ending_of(error)
    retry_in = error.retry_after if isinstance(error, Throttled) else None
    if ending is Ending.RETRY:
        retry_in = retry_delay(claim)
        ending = Ending.FAILED if retry_in is None else ending
    return Outcome(
        ending,
        verdict=under_way.verdict if under_way else "",
        steps=tuple(step_facts(step) for step in under_way.steps) if under_way else (),
        difference=difference_of(under_way) if under_way else {},
        error_class=error_class,
        message=error.message,
        detail=error.detail,
        retry_in=retry_in,
    )


def retry_delay(claim: Claim) -> float | None:
    """Seconds until the operation is tried again, None when it has been tried for long enough."""
    created_at = Operation.objects.filter(pk=claim.operation_id).values_list("created_at", flat=True).first()
    age = dialect().now() - created_at if created_at else timedelta()
    return retry.delay(claim.attempt, age, base=settings.PORTAL_BACKOFF_BASE_SECONDS, random=_RANDOM)


def step_facts(step: Step) -> dict[str, Any]:
    """A step as it is stored and shown."""
    return {
        "code": step.code,
        "title": step.title,
        "outcome": str(step.outcome),
        "text": step.text,
        "facts": step.facts,
        "depth": step.depth,
    }


def call_facts(call: Call) -> dict[str, Any]:
    """A call as it is stored and shown."""
    return {"call": call.name, "milliseconds": round(call.seconds * 1000, 1), "error": call.error}


def difference_of(decision: Decision) -> dict[str, Any]:
    """What is written, or would be: attributes with old and new values, the account's state, members, candidates."""
    found: dict[str, Any] = {}
    attributes = decision.attributes or decision.delta.replace
    if attributes:
        new = masked({name: _shown(values) for name, values in attributes.items()})
        old = masked({name: _shown(decision.before.get(name, ())) for name in attributes})
        found["attributes"] = {name: {"old": old[name], "new": new[name]} for name in attributes}
    enabled = decision.enabled if decision.attributes else decision.delta.enabled
    if enabled is not None:
        found["enabled"] = enabled
    if not decision.members.is_empty:
        found["members"] = _members(decision)
    if decision.waiting_for:
        found["waiting_for"] = decision.waiting_for
    if decision.candidates:
        found["candidates"] = [
            {"remote_id": hit.remote.remote_id, "name": hit.remote.name, "belongs_to": hit.linked_to or hit.marked_for}
            for hit in decision.candidates
        ]
    return found


def _members(decision: Decision) -> dict[str, Any]:
    members = decision.members
    return {
        "add": len(members.add),
        "remove": len(members.remove),
        "added": [each.name or each.reference for each in members.add[:_SHOWN_MEMBERS]],
        "removed": [each.name or each.reference for each in members.remove[:_SHOWN_MEMBERS]],
    }


def _shown(values: Values) -> list[str]:
    return [displayed((value,)) for value in values]


def _ending(decision: Decision) -> Ending:
    if decision.verdict is Verdict.HOLD:
        return Ending.HELD
    if decision.verdict is Verdict.DISPUTE:
        return Ending.DISPUTED
    if decision.verdict is not Verdict.WAIT:
        return Ending.DONE
    if decision.problem is None and (decision.waiting_for or decision.below):
        return Ending.DONE  # it is rung for when what it waits for has come or left
    if decision.problem is None:
        return Ending.RETRY  # the system is paused: the queue does not hand it out before it is resumed
    return Ending.MISCONFIGURED if decision.problem.code == "unavailable" else Ending.FAILED


def _message(decision: Decision) -> str:
    if decision.verdict in (Verdict.DISPUTE, Verdict.HOLD):
        decisive = [step for step in decision.steps if step.code in ("correlation", "adoption", "brake")]
        return " ".join(step.text for step in decisive)
    return decision.steps[-1].text if (decision.waiting_for or decision.below) and decision.steps else ""
