"""What becomes of the account of an object that has no claim to it any more."""

from connectors.engine.decide.correlation import Correlation, Finding, created_by_us
from connectors.engine.decide.standing import Reason, Standing
from connectors.engine.decide.trail import Trail
from connectors.engine.decision import Answer, Decision, Need, Needs
from connectors.engine.situation import LinkView, RemoteState, Situation, Verdict
from connectors.spi import Capability, Delta, DisableStyle, ObjectClass, RemoteObject
from connectors.vocabulary import RemovalPolicy, Settlement
from identities.vocabulary import ObjectType


def decide_removal(situation: Situation, standing: Standing, trail: Trail) -> Decision | Needs:
    """Apply the system's policy to the account, if there is one."""
    link = situation.link or LinkView()
    if link.is_linked:
        trail.add("link", "Is there an account of ours?", Answer.YES, link.remote_name, {"state": str(link.state)})
        return _linked(situation, link, standing, trail)
    if not link.create_intent_key:
        trail.add("link", "Is there an account of ours?", Answer.NO, "None is known.")
        return Decision(Verdict.NOTHING)
    found = created_by_us(situation, trail)
    if isinstance(found, Needs):
        return found
    return _left_behind(situation, found, standing, trail)


def _left_behind(situation: Situation, found: Correlation, standing: Standing, trail: Trail) -> Decision | Needs:
    """An account that a create of ours left behind is removed like any other."""
    if found.finding is Finding.UNKNOWN:
        return Decision(Verdict.NOTHING, is_assumed=True)
    if found.hit is None:
        return Decision(Verdict.NOTHING)
    return _by_policy(situation, found.hit.remote.remote_id, found.hit.remote, standing, trail)


def _linked(situation: Situation, link: LinkView, standing: Standing, trail: Trail) -> Decision | Needs:
    if link.settlement is Settlement.KEPT and standing.reason is not Reason.SYSTEM_DELETED:
        trail.add("kept", "Was the removal rejected?", Answer.YES, "A person decided that the account stays as it is.")
        return Decision(Verdict.LEAVE, remote_id=link.remote_id, settlement=Settlement.KEPT)
    if situation.remote.state is RemoteState.ABSENT:
        trail.add("remote", "Is the account there?", Answer.NO, "It was deleted in the system.")
        return Decision(Verdict.ACCEPT_GONE, remote_id=link.remote_id, ends_link=True)
    return _by_policy(situation, link.remote_id or "", situation.remote.object, standing, trail)


def _by_policy(
    situation: Situation, remote_id: str, remote: RemoteObject | None, standing: Standing, trail: Trail
) -> Decision | Needs:
    policy = _possible(situation, standing.policy, trail)
    if policy is RemovalPolicy.DELETE and situation.below:
        trail.add("below", "Is it empty there?", Answer.NO, f"{situation.below} accounts of ours lie below it.")
        return Decision(Verdict.WAIT, remote_id=remote_id, below=situation.below, intended=Verdict.DELETE)
    if policy is RemovalPolicy.DELETE:
        return Decision(Verdict.DELETE, target=remote, remote_id=remote_id, ends_link=True)
    if policy is RemovalPolicy.DISABLE:
        return _disable(situation, remote_id, remote, standing, trail)
    ends = standing.reason in (Reason.SYSTEM_DELETED, Reason.DELETED)
    return Decision(Verdict.UNLINK if ends else Verdict.LEAVE, target=remote, remote_id=remote_id, ends_link=ends)


def _disable(
    situation: Situation, remote_id: str, remote: RemoteObject | None, standing: Standing, trail: Trail
) -> Decision | Needs:
    link = situation.link or LinkView()
    can_read = situation.system.capabilities.allows(situation.object.object_class, Capability.GET)
    if remote is None and situation.may_read and can_read:
        return Needs(Need.READ)
    is_read = remote is not None and remote.enabled is not None
    enabled = remote.enabled if remote is not None and is_read else link.enabled
    ends = standing.reason is Reason.SYSTEM_DELETED
    if enabled is False:
        trail.add("enabled", "Is the account enabled?", Answer.NO, "It is disabled already.")
        verdict = Verdict.UNLINK if ends else Verdict.NOTHING
        return Decision(verdict, target=remote, remote_id=remote_id, ends_link=ends, is_assumed=not is_read)
    trail.add("enabled", "Is the account enabled?", Answer.UNKNOWN if enabled is None else Answer.YES)
    return Decision(
        Verdict.DISABLE,
        target=remote,
        remote_id=remote_id,
        delta=Delta(enabled=False),
        ends_link=ends,
        is_partial=standing.reason is Reason.INACTIVE,
        is_assumed=not is_read,
    )


def _possible(situation: Situation, policy: RemovalPolicy, trail: Trail) -> RemovalPolicy:
    """The policy as far as the system can carry it out."""
    item, capabilities = situation.object, situation.system.capabilities
    can_delete = capabilities.allows(item.object_class, Capability.DELETE)
    can_update = capabilities.allows(item.object_class, Capability.UPDATE)
    wanted = policy
    if wanted is RemovalPolicy.DISABLE and item.object_class is ObjectClass.ORG_UNIT:
        wanted = RemovalPolicy.LEAVE  # those who are disabled lie in it
    if wanted is RemovalPolicy.DISABLE and (
        item.object_class is ObjectClass.GROUP or capabilities.disable is DisableStyle.REMOVAL
    ):
        wanted = RemovalPolicy.DELETE
    can_disable = item.type is ObjectType.USER and capabilities.disable is DisableStyle.NATIVE and can_update
    if wanted is RemovalPolicy.DELETE and not can_delete:
        wanted = RemovalPolicy.DISABLE
    if wanted is RemovalPolicy.DISABLE and not can_disable:
        wanted = RemovalPolicy.LEAVE
    text = f"The policy is: {policy}."
    if wanted is not policy:
        text += f" What this system can do is: {wanted}."
    trail.add("removal_policy", "What does the removal policy say?", Answer.INFO, text, {"policy": str(wanted)})
    return wanted
