"""Which account of the system is the object's: what a search brought up, verified and judged.

Systems are known to ignore filters or to match more loosely than asked, so no hit is believed before it is compared
here. An account that is linked to, or carries the id of, another object of ours is never taken.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from connectors.engine.decide.desired import Desired, carries_mark, spec_of
from connectors.engine.decide.trail import Trail
from connectors.engine.decide.values import displayed, holds, same
from connectors.engine.decision import Answer, Need, Needs
from connectors.engine.situation import Criterion, Hit, LinkView, Search, Situation
from connectors.spi import Capability
from connectors.vocabulary import AdoptionPolicy


class Finding(StrEnum):
    """What correlation came to. unknown: no search was made and none may be."""

    ABSENT = "absent"
    OURS = "ours"
    ADOPTABLE = "adoptable"
    DISPUTED = "disputed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Correlation:
    """The account that is the object's, or those that stand in its way."""

    finding: Finding
    hit: Hit | None = None
    candidates: tuple[Hit, ...] = ()


_WITHIN = " < "
"""Between a name and the reference of what it lies in, where names are taken only there. No reference holds it."""


def correlation_key(situation: Situation, desired: Desired) -> str:
    """The value by which the account is recognised; empty when the mappings give none.

    Where a name is taken only among the objects of the same parent, that one's reference is part of it.
    """
    spec = spec_of(situation, situation.system.correlation_attribute)
    value = displayed(desired.attributes.get(spec.name, ())[:1]) if spec else ""
    within = _within(situation, desired)
    return value if within is None or not value else f"{value}{_WITHIN}{within}"


def _within(situation: Situation, desired: Desired) -> str | None:
    """The reference of what the object should lie in, where its name is taken only there."""
    schema = situation.system.schema
    if schema is None or not schema.local_names or schema.parent_attribute is None:
        return None
    return displayed(desired.attributes.get(schema.parent_attribute, ()))


def _by_key(situation: Situation, key: str) -> Criterion:
    """What a correlation key says has to be looked for."""
    attribute, schema = situation.system.correlation_attribute, situation.system.schema
    if schema is None or not schema.local_names:
        return Criterion(attribute, key)
    value, _, within = key.rpartition(_WITHIN)
    return Criterion(attribute, value, within)


def correlate(situation: Situation, desired: Desired, trail: Trail) -> Correlation | Needs:
    """Find the object's account, or say what to search for first."""
    criteria = _criteria(situation, desired)
    search = situation.search
    if search is None or not set(criteria) <= set(search.criteria):
        if not situation.may_read:
            trail.add("correlation", "Is there an account already?", Answer.UNKNOWN, "unknown until read")
            return Correlation(Finding.UNKNOWN)
        if situation.system.capabilities.allows(situation.object.object_class, Capability.SEARCH):
            return Needs(Need.SEARCH, criteria=criteria)
        trail.add("correlation", "Is there an account already?", Answer.UNKNOWN, "The system cannot be searched.")
        search = Search(criteria)
    return _judged(situation, search, correlation_key(situation, desired), _name(situation, desired), trail)


def created_by_us(situation: Situation, trail: Trail) -> Correlation | Needs:
    """Whether a create whose answer was lost left an account behind, for an object that should have none any more."""
    link = situation.link or LinkView()
    criteria = (*_mark_criterion(situation), _by_key(situation, link.create_intent_key))
    if situation.search is None or not set(criteria) <= set(situation.search.criteria):
        can_search = situation.system.capabilities.allows(situation.object.object_class, Capability.SEARCH)
        if not (situation.may_read and can_search):
            trail.add("intent", "Did an earlier create succeed?", Answer.UNKNOWN, "unknown until read")
            return Correlation(Finding.UNKNOWN)
        return Needs(Need.SEARCH, criteria=criteria)
    ours = [hit for hit in situation.search.hits if _is_free(hit) and _is_ours(hit, situation)]
    trail.yes_or_no("intent", "Did an earlier create succeed?", bool(ours), ours[0].remote.name if ours else "")
    return Correlation(Finding.OURS, ours[0]) if ours else Correlation(Finding.ABSENT)


def _criteria(situation: Situation, desired: Desired) -> tuple[Criterion, ...]:
    """Our mark, the key, the key of an outstanding create, and the name that has to be free."""
    link = situation.link or LinkView()
    keys = (correlation_key(situation, desired), link.create_intent_key)
    by_key = [_by_key(situation, key) for key in keys if key]
    name = _name(situation, desired)
    return tuple(dict.fromkeys((*_mark_criterion(situation), *by_key, *((name,) if name else ()))))


def _mark_criterion(situation: Situation) -> tuple[Criterion, ...]:
    marker = situation.system.marker_attribute
    spec = spec_of(situation, marker) if marker else None
    return (Criterion(spec.name, str(situation.object.id)),) if spec and spec.readable else ()


def _name(situation: Situation, desired: Desired) -> Criterion | None:
    schema = situation.system.schema
    values = desired.attributes.get(schema.name_attribute, ()) if schema else ()
    if schema is None or not values:
        return None
    return Criterion(schema.name_attribute, displayed(values[:1]), _within(situation, desired))


def _judged(situation: Situation, search: Search, key: str, name: Criterion | None, trail: Trail) -> Correlation:
    marked = [hit for hit in search.hits if _is_marked(hit, situation)]
    intended = [hit for hit in search.hits if _is_intended(hit, situation)]
    ours = marked or intended
    if ours:
        return _judged_ours(ours, by_mark=bool(marked), trail=trail)
    keyed = [hit for hit in search.hits if _matches(hit, situation, _by_key(situation, key))]
    if keyed:
        return _judged_foreign(keyed, situation, trail)
    named = [hit for hit in search.hits if name and _matches(hit, situation, name)]
    if named or search.taken:
        text = "The name is taken by an account that is not ours."
        trail.add("correlation", "Is there an account already?", Answer.YES, text, _facts(named or search.hits))
        return Correlation(Finding.DISPUTED, candidates=tuple(named) or search.hits)
    trail.add("correlation", "Is there an account already?", Answer.NO, f"Nothing was found for {key}.")
    return Correlation(Finding.ABSENT)


def _judged_ours(hits: list[Hit], *, by_mark: bool, trail: Trail) -> Correlation:
    why = "it carries our id" if by_mark else "we were creating it"
    free = [hit for hit in hits if _is_free(hit)]
    if len(hits) == 1 and free:
        text = f"{hits[0].remote.name} is ours: {why}."
        trail.add("correlation", "Is there an account already?", Answer.YES, text, _facts(hits))
        return Correlation(Finding.OURS, hits[0])
    text = "Several accounts seem to be ours." if len(hits) > 1 else f"It is linked to {hits[0].linked_to}."
    trail.add("correlation", "Is there an account already?", Answer.YES, text, _facts(hits))
    return Correlation(Finding.DISPUTED, candidates=tuple(hits))


def _judged_foreign(hits: list[Hit], situation: Situation, trail: Trail) -> Correlation:
    """An account with our key that nothing shows to be ours: the adoption policy decides."""
    question, facts = "Is there an account already?", _facts(hits)
    first, policy = hits[0], situation.system.adoption_policy
    if len(hits) > 1:
        trail.add("correlation", question, Answer.YES, f"{len(hits)} accounts have this key.", facts)
    elif not _is_free(first):
        text = f"{first.remote.name} belongs to {first.linked_to or first.marked_for}, it is never adopted."
        trail.add("correlation", question, Answer.YES, text, facts)
    else:
        trail.add("correlation", question, Answer.YES, f"{first.remote.name} is there and was not made by us.", facts)
        trail.yes_or_no("adoption", "May it be adopted?", policy is AdoptionPolicy.EXACT_KEY, _POLICY_TEXTS[policy])
        if policy is AdoptionPolicy.EXACT_KEY:
            return Correlation(Finding.ADOPTABLE, first)
    return Correlation(Finding.DISPUTED, candidates=tuple(hits))


_POLICY_TEXTS = {
    AdoptionPolicy.EXACT_KEY: "The key is the same; the system's policy is to adopt it.",
    AdoptionPolicy.ASK: "The system's policy is to ask: match it by hand, or give one of the two another name.",
    AdoptionPolicy.NEVER: "The system's policy is to adopt nothing: match it by hand, or give one another name.",
}


def _is_ours(hit: Hit, situation: Situation) -> bool:
    return _is_marked(hit, situation) or _is_intended(hit, situation)


def _is_marked(hit: Hit, situation: Situation) -> bool:
    marker = situation.system.marker_attribute
    spec = spec_of(situation, marker) if marker else None
    return spec is not None and carries_mark(hit.remote.attributes.get(spec.name, ()), situation.object.id)


def _is_intended(hit: Hit, situation: Situation) -> bool:
    """Whether a create of ours explains this account: its key was seen absent before we tried."""
    link = situation.link or LinkView()
    if not link.create_intent_key or hit.marked_for:
        return False
    return _matches(hit, situation, _by_key(situation, link.create_intent_key))


def _is_free(hit: Hit) -> bool:
    return not (hit.linked_to or hit.marked_for)


def _matches(hit: Hit, situation: Situation, wanted: Criterion) -> bool:
    spec, attributes = spec_of(situation, wanted.attribute), hit.remote.attributes
    if spec is None or not wanted.value or not holds(attributes.get(spec.name, ()), wanted.value, spec):
        return False
    schema = situation.system.schema
    if wanted.within is None or schema is None or schema.parent_attribute is None:
        return True
    parent = schema.attributes[schema.parent_attribute]
    return same(attributes.get(parent.name, ()), (wanted.within,) if wanted.within else (), parent)


def _facts(hits: Sequence[Hit]) -> dict[str, object]:
    return {"accounts": [hit.remote.name for hit in hits]}
