"""The verdict in words: the last step of every decision."""

from connectors.engine.decide.trail import Trail
from connectors.engine.decision import Answer, Decision
from connectors.engine.situation import Verdict

_SENTENCES = {
    Verdict.CREATE: "The account is created.",
    Verdict.ADOPT: "The account that is there is linked and brought up to date.",
    Verdict.UPDATE: "The account is brought up to date.",
    Verdict.ENABLE: "The account is enabled.",
    Verdict.DISABLE: "The account is disabled.",
    Verdict.DELETE: "The account is deleted.",
    Verdict.UNLINK: "The account is left as it is, and the portal lets go of it.",
    Verdict.NOTHING: "There is nothing to do.",
    Verdict.LEAVE: "The account is left as it is.",
    Verdict.WAIT: "Nothing is done now.",
    Verdict.DISPUTE: "A person has to decide whose account it is.",
    Verdict.HOLD: "It is held until a person releases or rejects it.",
    Verdict.RECREATE: "The account is created again.",
    Verdict.ACCEPT_GONE: "That the account is gone is accepted.",
}


def describe(decision: Decision, trail: Trail) -> None:
    """Write down the verdict."""
    text = _SENTENCES[decision.verdict]
    if decision.intended is not None:
        text += f" Otherwise: {_SENTENCES[decision.intended]}"
    if decision.below:
        text += f" It waits for {decision.below} accounts below it to leave."
    if decision.waiting_for:
        text += f" It waits for {decision.waiting_for} more accounts that it refers to."
    if decision.is_assumed:
        text += " This rests on what was last known; it is certain only once the system is read."
    trail.add("verdict", "What is done?", Answer.INFO, text, {"verdict": str(decision.verdict)})
