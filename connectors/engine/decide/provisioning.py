"""How an object that should have an account gets it, and how the account is kept as it should be."""

from dataclasses import replace

from connectors.engine.decide.correlation import Correlation, Finding, correlate, correlation_key
from connectors.engine.decide.desired import Desired, desired_attributes, spec_of
from connectors.engine.decide.difference import difference
from connectors.engine.decide.trail import Trail
from connectors.engine.decision import Answer, Decision, Need, Needs, Problem
from connectors.engine.situation import LinkView, MembershipDelta, RemoteState, Situation, Verdict
from connectors.spi import Attributes, Capability, Delta, DisableStyle, ObjectClass, RemoteObject
from connectors.vocabulary import GonePolicy, Settlement
from identities.vocabulary import ObjectType


def decide_provisioning(situation: Situation, trail: Trail) -> Decision | Needs:
    """Find, create or adopt the account, or bring it up to date."""
    link = situation.link or LinkView()
    if link.is_linked:
        trail.add("link", "Is it linked to an account?", Answer.YES, link.remote_name, {"remote_id": link.remote_id})
        return _linked(situation, link, trail)
    trail.add("link", "Is it linked to an account?", Answer.NO, _LINK_TEXTS.get(link.settlement, ""))
    if link.settlement is not Settlement.NONE:
        return Decision(Verdict.LEAVE, settlement=link.settlement)
    return _find_or_create(situation, Verdict.CREATE, trail)


_LINK_TEXTS = {
    Settlement.KEPT: "It was unlinked by hand and is left alone until it is matched again.",
    Settlement.GONE: "The account was deleted in the system, and that was accepted.",
}


def bring_up_to_date(
    situation: Situation, remote: RemoteObject | None, trail: Trail, *, enabled: bool
) -> Decision | Needs:
    """Compare the account with what it should be.

    Args:
        remote: the account as read; None: as it was last known.
        enabled: whether it should be usable.
    """
    desired = desired_attributes(situation, creating=False)
    if desired.unknown:
        return Needs(Need.RESOLVE, references=frozenset(desired.unknown))
    trail.extend(desired.steps)
    if desired.problems:
        return _blocked(desired.problems[0], Verdict.UPDATE, trail)
    if not situation.system.capabilities.allows(situation.object.object_class, Capability.UPDATE):
        trail.add("capability", "Can the system be updated?", Answer.NO)
        return Decision(Verdict.LEAVE, target=remote)
    found = difference(situation, desired, remote)
    trail.extend(found.steps)
    if not found.steps:
        trail.add("difference", "Does the account differ?", Answer.NO, "Every managed attribute is as it should be.")
    switch = _switch(situation, remote, trail, enabled=enabled)
    delta = Delta(replace=found.replace, enabled=switch)
    members = _members(situation, trail)
    return Decision(
        _update_verdict(delta, members),
        target=remote,
        remote_id=remote.remote_id if remote else (situation.link or LinkView()).remote_id,
        delta=delta,
        before=found.before,
        members=members,
        desired=desired.attributes,
        correlation_key=correlation_key(situation, desired),
        waiting_for=desired.waiting_for + members.pending,
        is_assumed=remote is None,
    )


def _linked(situation: Situation, link: LinkView, trail: Trail) -> Decision | Needs:
    remote = situation.remote
    can_read = situation.system.capabilities.allows(situation.object.object_class, Capability.GET)
    if remote.state is RemoteState.UNKNOWN and situation.may_read and can_read:
        return Needs(Need.READ)
    if remote.state is not RemoteState.ABSENT:
        is_read = remote.state is RemoteState.PRESENT
        text = "It was read." if is_read else "Unknown until read; what was last known is assumed."
        trail.add("remote", "Is the account there?", Answer.YES if is_read else Answer.UNKNOWN, text)
        return bring_up_to_date(situation, remote.object, trail, enabled=True)
    policy = situation.system.when_gone
    trail.add("remote", "Is the account there?", Answer.NO, f"It was deleted in the system; the policy is: {policy}.")
    if policy is GonePolicy.ACCEPT:
        return Decision(Verdict.ACCEPT_GONE, remote_id=link.remote_id, ends_link=True, settlement=Settlement.GONE)
    return _find_or_create(situation, Verdict.RECREATE, trail)


def _find_or_create(situation: Situation, verdict: Verdict, trail: Trail) -> Decision | Needs:
    desired = desired_attributes(situation, creating=True)
    if desired.unknown:
        return Needs(Need.RESOLVE, references=frozenset(desired.unknown))
    if desired.has_no_place and situation.system.schema and situation.system.schema.local_names:
        trail.extend(desired.steps)
        return Decision(Verdict.WAIT, waiting_for=desired.waiting_for, intended=verdict)
    if not _has_schema(situation) and not situation.may_read:
        trail.add("correlation", "Is there an account already?", Answer.UNKNOWN, "The schema was never read.")
        return _create(situation, desired, verdict, trail, is_assumed=True)
    if not correlation_key(situation, desired):
        trail.extend(desired.steps)
        return _blocked(_no_key(situation, desired), verdict, trail)
    found = correlate(situation, desired, trail)
    if isinstance(found, Needs):
        return found
    if found.finding is Finding.DISPUTED:
        key = correlation_key(situation, desired)
        return Decision(Verdict.DISPUTE, candidates=found.candidates, correlation_key=key, intended=verdict)
    if found.hit is not None:
        return _adopt(situation, found, trail)
    return _create(situation, desired, verdict, trail, is_assumed=found.finding is Finding.UNKNOWN)


def _has_schema(situation: Situation) -> bool:
    return situation.system.schema is not None or bool(situation.system.correlation_attribute)


def _no_key(situation: Situation, desired: Desired) -> Problem:
    if desired.problems:
        return desired.problems[0]
    attribute = situation.system.correlation_attribute
    text = (
        f"The mappings give no value for {attribute or 'the correlation attribute'}, by which accounts are recognised."
    )
    return Problem("no_key", text)


def _adopt(situation: Situation, found: Correlation, trail: Trail) -> Decision | Needs:
    remote = found.hit.remote if found.hit else None
    decision = bring_up_to_date(situation, remote, trail, enabled=True)
    if isinstance(decision, Needs) or decision.verdict is Verdict.WAIT:
        return decision
    if decision.verdict is Verdict.LEAVE:  # it may not be updated, but it can be linked
        decision = replace(decision, remote_id=remote.remote_id if remote else None)
    return replace(decision, verdict=Verdict.ADOPT, takes_over=found.finding is Finding.ADOPTABLE)


def _create(situation: Situation, desired: Desired, verdict: Verdict, trail: Trail, *, is_assumed: bool) -> Decision:
    trail.extend(desired.steps)
    if desired.problems:
        return _blocked(desired.problems[0], verdict, trail)
    item, capabilities = situation.object, situation.system.capabilities
    if not capabilities.allows(item.object_class, Capability.CREATE):
        trail.add("capability", "Can accounts be created?", Answer.NO, "The connector cannot, as it is configured.")
        return Decision(Verdict.LEAVE)
    attributes = _creatable(situation, desired.attributes)
    has_state = item.type is ObjectType.USER and capabilities.disable is DisableStyle.NATIVE
    members = _members(situation, trail)
    return Decision(
        verdict,
        attributes=attributes,
        enabled=True if has_state else None,
        members=members,
        desired=desired.attributes,
        correlation_key=correlation_key(situation, desired),
        waiting_for=desired.waiting_for + members.pending,
        is_partial=verdict is Verdict.RECREATE or len(attributes) < _count(desired.attributes),
        is_assumed=is_assumed,
    )


def _count(attributes: Attributes) -> int:
    return sum(1 for values in attributes.values() if values)


def _creatable(situation: Situation, attributes: Attributes) -> Attributes:
    specs = {name: spec_of(situation, name) for name in attributes}
    return {name: values for name, values in attributes.items() if values and (spec := specs[name]) and spec.creatable}


def _members(situation: Situation, trail: Trail) -> MembershipDelta:
    members = situation.members
    if situation.object.object_class is not ObjectClass.GROUP:
        return MembershipDelta()
    if members is None:
        trail.add("members", "Do its members differ?", Answer.UNKNOWN, "They are not compared here.")
        return MembershipDelta()
    if members.is_empty:
        trail.add("members", "Do its members differ?", Answer.NO, "Every known member is there.")
    else:
        counted = f"{len(members.add)} to add, {len(members.remove)} to remove{', and more' if members.more else ''}."
        text = "Some are to be added or removed." if members.differs else counted
        trail.add("members", "Do its members differ?", Answer.YES, text, _names(members))
    if members.pending:
        trail.add("references", "Are all members there?", Answer.NO, f"{members.pending} have no account yet.")
    return members


def _names(members: MembershipDelta) -> dict[str, object]:
    """A few names; a step is no place for thousands."""
    return {
        "add": [each.name or each.reference for each in members.add[:20]],
        "remove": [each.name or each.reference for each in members.remove[:20]],
    }


def _switch(situation: Situation, remote: RemoteObject | None, trail: Trail, *, enabled: bool) -> bool | None:
    """The new portable state, or None when it stays."""
    if situation.object.type is not ObjectType.USER or situation.system.capabilities.disable is not DisableStyle.NATIVE:
        return None
    link = situation.link or LinkView()
    current = remote.enabled if remote is not None else link.enabled
    if current is None or current is enabled:
        return None
    trail.add("enabled", "Is the account enabled?", Answer.NO if enabled else Answer.YES)
    return enabled


def _update_verdict(delta: Delta, members: MembershipDelta) -> Verdict:
    if delta.enabled is True:
        return Verdict.ENABLE
    if delta.enabled is False:
        return Verdict.DISABLE
    return Verdict.NOTHING if delta.is_empty and members.is_empty else Verdict.UPDATE


def _blocked(problem: Problem, intended: Verdict, trail: Trail) -> Decision:
    trail.add("problem", "Can it be written?", Answer.NO, problem.message, {"code": problem.code})
    return Decision(Verdict.WAIT, problem=problem, intended=intended)
