"""Whether the object should have a usable account on the system, and if not, why and what the policies say."""

from dataclasses import dataclass
from enum import StrEnum

from connectors.engine.decide.trail import Trail
from connectors.engine.decision import Answer
from connectors.engine.situation import Situation
from connectors.vocabulary import RemovalPolicy, SystemState
from identities.vocabulary import ObjectType

_WORDS = {ObjectType.USER: "person", ObjectType.GROUP: "group", ObjectType.ORG_UNIT: "org unit"}
_STRICTEST_FIRST = (RemovalPolicy.DELETE, RemovalPolicy.DISABLE, RemovalPolicy.LEAVE)


class Reason(StrEnum):
    """Why an object has no claim to a usable account."""

    SYSTEM_DELETED = "system_deleted"
    DELETED = "deleted"
    OUT_OF_SCOPE = "out_of_scope"
    INACTIVE = "inactive"
    NOT_PROVISIONED = "not_provisioned"


@dataclass(frozen=True, slots=True)
class Standing:
    """How the object stands with the system.

    Attributes:
        reason: None when it should have a usable account.
        policy: what the system's policies say then.
    """

    reason: Reason | None = None
    policy: RemovalPolicy = RemovalPolicy.LEAVE


def judge(situation: Situation, trail: Trail) -> Standing:
    """Go through the system, the object and the scope, writing down each step."""
    _system_steps(situation, trail)
    _object_steps(situation, trail)
    _scope_steps(situation, trail)
    system = situation.system
    if system.state is SystemState.DELETING:
        return Standing(Reason.SYSTEM_DELETED, system.deletion_policy)
    if situation.object.deleted:
        return Standing(Reason.DELETED, system.when_deleted)
    if not system.provisioned:
        return Standing(Reason.NOT_PROVISIONED, RemovalPolicy.LEAVE)
    return _by_strictest_policy(situation)


def _by_strictest_policy(situation: Situation) -> Standing:
    """Of being out of scope and being inactive, the one with the stricter policy counts."""
    system = situation.system
    found = []
    if not situation.object.scope.matches:
        found.append(Standing(Reason.OUT_OF_SCOPE, system.when_out_of_scope))
    if not situation.object.active:
        found.append(Standing(Reason.INACTIVE, system.when_inactive))
    return min(found, key=lambda each: _STRICTEST_FIRST.index(each.policy), default=Standing())


def _system_steps(situation: Situation, trail: Trail) -> None:
    system = situation.system
    texts = {
        SystemState.RUNNING: (Answer.YES, f"{system.name} is running."),
        SystemState.PAUSED: (Answer.NO, f"{system.name} is paused: nothing is written until it is resumed."),
        SystemState.DELETING: (Answer.INFO, f"{system.name} is being deleted; its accounts: {system.deletion_policy}."),
    }
    outcome, text = texts[system.state]
    trail.add("system", "Is the system written to?", outcome, text, {"state": str(system.state)})
    if system.unavailable:
        trail.add("connector", "Can its connector be used?", Answer.NO, system.unavailable)
    if not system.provisioned:
        word = _WORDS[situation.object.type]
        text = f"{word.capitalize()}s of this system are left as they are."
        trail.add("provisioned", f"Are {word}s provisioned?", Answer.NO, text)


def _object_steps(situation: Situation, trail: Trail) -> None:
    item = situation.object
    word = _WORDS[item.type]
    if item.deleted:
        trail.add("object", f"Is the {word} there?", Answer.NO, f"{item.name} is deleted.")
        return
    if item.type is not ObjectType.USER:
        trail.add("object", f"Is the {word} there?", Answer.YES, f"{item.name} exists.")
        return
    text = f"{item.name} is active." if item.active else f"{item.name} is not active: {item.condition or 'suspended'}."
    trail.yes_or_no("object", "Is the person active?", item.active, text)


def _scope_steps(situation: Situation, trail: Trail) -> None:
    scope = situation.object.scope
    text = "It belongs in this system." if scope.matches else "It does not belong in this system."
    trail.yes_or_no("scope", "Is it in scope?", scope.matches, text)
    answers = {True: Answer.YES, False: Answer.NO, None: Answer.UNKNOWN}
    for clause in scope.clauses:
        trail.add("scope_clause", clause.text, answers[clause.holds], depth=clause.depth + 1)
