"""What the object should look like on the system: its mappings computed, typed and with references resolved."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from connectors.engine.decide.values import displayed, holds, normalised
from connectors.engine.decision import Answer, Problem, Step
from connectors.engine.masking import MASK, looks_secret
from connectors.engine.situation import Situation
from connectors.spi import AttributeSpec, AttributeType, Scalar, Values
from identities.mapping import RowOutcome, RowResult, apply_rows

_TITLES = {
    RowOutcome.CLEARED: (Answer.YES, "nothing: the attribute is cleared"),
    RowOutcome.NULL: (Answer.INFO, "nothing: the attribute is left alone"),
    RowOutcome.ON_CREATE_ONLY: (Answer.INFO, "only written when the account is created"),
}


@dataclass(slots=True)
class Desired:
    """The attributes an object should have.

    Attributes:
        attributes: an empty tuple clears; what is absent is left alone.
        unknown: references that have not been asked for yet. waiting_for: those that have no account yet.
        has_no_place: the org unit it lies in has no account yet.
        steps: a step for each mapping row. problems: what keeps it from being written.
    """

    attributes: dict[str, Values] = field(default_factory=dict)
    unknown: set[UUID] = field(default_factory=set)
    waiting_for: int = 0
    has_no_place: bool = False
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def desired_attributes(situation: Situation, *, creating: bool) -> Desired:
    """Compute every mapping row, bring the values to their types, resolve references, add place and mark.

    Args:
        creating: whether the account is about to be created; rows may apply then only.
    """
    desired = Desired()
    subject = situation.object.type.value
    mapped = apply_rows(
        situation.system.mappings, {subject: situation.object.document}, creating=creating, subject=subject
    )
    for result in mapped.explained:
        _take(result, situation, desired)
    _place(situation, desired)
    _mark(situation, desired)
    if creating:
        desired.problems.extend(_missing(situation, desired))
    return desired


def spec_of(situation: Situation, attribute: str) -> AttributeSpec | None:
    """How the system declares an attribute, however it is spelt; without a schema anything goes, None: it has none."""
    schema = situation.system.schema
    if schema is None:
        return AttributeSpec(attribute, multi_valued=True)
    if attribute in schema.attributes:
        return schema.attributes[attribute]
    wanted = attribute.casefold()
    return next((spec for name, spec in schema.attributes.items() if name.casefold() == wanted), None)


def carries_mark(attributes_value: Values, object_id: UUID) -> bool:
    """Whether our id is among these values."""
    return holds(attributes_value, str(object_id), AttributeSpec("mark"))


def _take(result: RowResult, situation: Situation, desired: Desired) -> None:
    attribute = result.row.attribute
    if result.outcome is RowOutcome.PROBLEM:
        _refuse(desired, attribute, "mapping_failed", f"The mapping of {attribute} fails: {result.message}")
        return
    if result.outcome in _TITLES and result.outcome is not RowOutcome.CLEARED:
        outcome, text = _TITLES[result.outcome]
        desired.steps.append(Step("mapping", attribute, outcome, text))
        return
    spec = spec_of(situation, attribute)
    if spec is None:
        text = f"The system has no attribute {attribute}. Correct the mapping, or read the system's schema anew."
        _refuse(desired, attribute, "unknown_attribute", text)
        return
    if situation.system.schema is not None and spec.name == situation.system.schema.member_attribute:
        desired.steps.append(
            Step("mapping", attribute, Answer.INFO, "members are kept by membership, not by a mapping")
        )
        return
    try:
        values = _resolved(normalised(result.values, spec), spec, situation, desired)
    except ValueError as error:
        _refuse(desired, attribute, "bad_value", f"The value of {attribute} cannot be written: {error}.")
        return
    _accept(desired, spec, values, result.outcome)


def _accept(desired: Desired, spec: AttributeSpec, values: Values | None, outcome: RowOutcome) -> None:
    if values is None:
        desired.steps.append(Step("mapping", spec.name, Answer.UNKNOWN, "waits for an account that is not there yet"))
        return
    if outcome is RowOutcome.CLEARED:
        answer, text = _TITLES[outcome]
        desired.attributes.setdefault(spec.name, ())
    elif not values:
        answer, text = Answer.INFO, "nothing: the attribute is left alone"
    else:
        answer, text = Answer.YES, MASK if looks_secret(spec.name) else displayed(values)
        desired.attributes[spec.name] = values
    desired.steps.append(Step("mapping", spec.name, answer, text))


def _resolved(values: Values, spec: AttributeSpec, situation: Situation, desired: Desired) -> Values | None:
    """References to objects of ours in the system's own form; None when none of them can be given yet."""
    if spec.type is not AttributeType.REFERENCE:
        return values
    found: list[Scalar] = []
    waiting = 0
    for value in values:
        object_id = _uuid(value)
        if object_id is None:
            found.append(value)
        elif object_id not in situation.references:
            desired.unknown.add(object_id)
            waiting += 1
        elif (reference := situation.references[object_id]) is None:
            waiting += 1
        else:
            found.append(reference)
    desired.waiting_for += waiting
    return None if waiting and not found else tuple(found)


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _place(situation: Situation, desired: Desired) -> None:
    """Let the account lie where the org unit of the object is, on systems with places, unless a mapping says where."""
    schema = situation.system.schema
    place = schema.parent_attribute if schema else None
    if place is None or place in {row.attribute for row in situation.system.mappings}:
        return
    parent = situation.object.parent_id
    if parent is None:
        desired.attributes[place] = ()
        desired.steps.append(Step("mapping", place, Answer.YES, "at the top: it is in no org unit"))
    elif parent not in situation.references:
        desired.unknown.add(parent)
    elif (reference := situation.references[parent]) is None:
        desired.waiting_for += 1
        desired.has_no_place = True
        desired.steps.append(Step("mapping", place, Answer.UNKNOWN, "waits for its org unit, which is not there yet"))
    else:
        desired.attributes[place] = (reference,)
        desired.steps.append(Step("mapping", place, Answer.YES, reference))


def _mark(situation: Situation, desired: Desired) -> None:
    """Let the account carry our id where the system has room for it, unless a mapping uses that attribute otherwise."""
    marker = situation.system.marker_attribute
    spec = spec_of(situation, marker) if marker else None
    mapped = {row.attribute.casefold() for row in situation.system.mappings}
    if spec is None or spec.name.casefold() in mapped:
        return
    desired.attributes[spec.name] = (str(situation.object.id),)
    desired.steps.append(Step("mapping", spec.name, Answer.YES, "our id, so that the account is known to be ours"))


def _missing(situation: Situation, desired: Desired) -> Iterator[Problem]:
    """Attributes the system insists on and no mapping gives."""
    schema = situation.system.schema
    for spec in schema.attributes.values() if schema else ():
        if (
            spec.required
            and spec.creatable
            and not desired.attributes.get(spec.name)
            and not _is_member(situation, spec)
        ):
            yield Problem("missing_value", f"The system needs a value for {spec.name}, and the mappings give none.")


def _is_member(situation: Situation, spec: AttributeSpec) -> bool:
    return situation.system.schema is not None and spec.name == situation.system.schema.member_attribute


def _refuse(desired: Desired, attribute: str, code: str, text: str) -> None:
    desired.problems.append(Problem(code, text))
    desired.steps.append(Step("mapping", attribute, Answer.NO, text))
