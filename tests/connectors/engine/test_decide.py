"""One line for every way to every verdict."""

from dataclasses import replace

import pytest

from connectors.engine.decide import decide
from connectors.engine.decision import Decision
from connectors.engine.situation import (
    Criterion,
    Hit,
    LinkView,
    MemberChange,
    MembershipDelta,
    RemoteView,
    Search,
    Situation,
    Verdict,
)
from connectors.spi import WRITABLE, Capabilities, Capability, DisableStyle, ObjectClass
from connectors.vocabulary import AdoptionPolicy, GonePolicy, LinkState, RemovalPolicy, Settlement, SystemState
from tests.connectors.engine.situations import (
    AS_DESIRED,
    CRITERIA,
    DELETED,
    FOREIGN,
    FULL,
    INACTIVE,
    INTENDED,
    LEAVING,
    LINKED,
    MAPPINGS,
    OURS,
    OUT_OF_SCOPE,
    ada,
    group,
    linked,
    read,
    remote,
    unlinked,
    user_system,
)

NO_DELETE = frozenset(WRITABLE - {Capability.DELETE})
BY_NUMBER = user_system(
    correlation_attribute="employeeNumber",
    adoption_policy=AdoptionPolicy.EXACT_KEY,
    mappings=(*MAPPINGS, replace(MAPPINGS[0], attribute="employeeNumber", source="title")),
)
NAMESAKE = Search((*CRITERIA, Criterion("employeeNumber", "Countess")), (Hit(FOREIGN),))
CHANGE = MemberChange(7, "ref-7", "Somebody")


def can(disable: DisableStyle = DisableStyle.NATIVE, abilities: frozenset[Capability] = WRITABLE) -> Capabilities:
    return Capabilities(objects=dict.fromkeys(ObjectClass, abilities), disable=disable)


CASES: list[tuple[str, Situation, Verdict]] = [
    # create
    ("nobody there", unlinked(), Verdict.CREATE),
    ("a hit that does not match is not believed", unlinked(remote({"userName": ("adam",)})), Verdict.CREATE),
    ("it was removed and belongs here again", unlinked(link=replace(LINKED, state=LinkState.REMOVED)), Verdict.CREATE),
    ("nobody looked and nobody may", unlinked(search=None, may_read=False), Verdict.CREATE),
    (
        "cannot be searched",
        unlinked(search=None, system=user_system(capabilities=can(abilities=frozenset({Capability.CREATE})))),
        Verdict.CREATE,
    ),
    # adopt
    ("carries our mark under another name", unlinked(OURS), Verdict.ADOPT),
    ("carries our mark beside a namesake", unlinked(FOREIGN, OURS), Verdict.ADOPT),
    ("we were creating it", unlinked(FOREIGN, link=INTENDED), Verdict.ADOPT),
    (
        "policy exact key",
        unlinked(FOREIGN, system=user_system(adoption_policy=AdoptionPolicy.EXACT_KEY)),
        Verdict.ADOPT,
    ),
    (
        "a linked account that is gone is back under our mark",
        linked(remote=read(None), search=unlinked(OURS).search),
        Verdict.ADOPT,
    ),
    # dispute
    ("policy ask", unlinked(FOREIGN), Verdict.DISPUTE),
    ("policy never", unlinked(FOREIGN, system=user_system(adoption_policy=AdoptionPolicy.NEVER)), Verdict.DISPUTE),
    (
        "linked to somebody else",
        unlinked(Hit(FOREIGN, linked_to="Bob"), system=user_system(adoption_policy=AdoptionPolicy.EXACT_KEY)),
        Verdict.DISPUTE,
    ),
    (
        "carries the id of somebody else",
        unlinked(Hit(FOREIGN, marked_for="Bob"), system=user_system(adoption_policy=AdoptionPolicy.EXACT_KEY)),
        Verdict.DISPUTE,
    ),
    (
        "we were creating it, but it is linked to somebody else",
        unlinked(Hit(FOREIGN, linked_to="Bob"), link=INTENDED),
        Verdict.DISPUTE,
    ),
    (
        "two with the key",
        unlinked(
            FOREIGN, replace(FOREIGN, remote_id="other"), system=user_system(adoption_policy=AdoptionPolicy.EXACT_KEY)
        ),
        Verdict.DISPUTE,
    ),
    ("two with our mark", unlinked(OURS, replace(OURS, remote_id="other")), Verdict.DISPUTE),
    (
        "the name is taken by what a search does not show",
        unlinked(search=Search(CRITERIA, taken=True)),
        Verdict.DISPUTE,
    ),
    ("the name is taken by an account with another key", unlinked(system=BY_NUMBER, search=NAMESAKE), Verdict.DISPUTE),
    # update, enable, nothing
    ("a value differs", linked(remote({**AS_DESIRED, "title": ("Lady",)})), Verdict.UPDATE),
    ("a value is to be cleared", linked(object=ada(document={**ada().document, "title": None})), Verdict.UPDATE),
    ("only the case differs", linked(remote({**AS_DESIRED, "userName": ("ADA",)})), Verdict.NOTHING),
    ("an unmanaged value", linked(remote({**AS_DESIRED, "department": ("R&D",)})), Verdict.NOTHING),
    ("disabled there", linked(remote(enabled=False)), Verdict.ENABLE),
    ("disabled there and different", linked(remote({}, enabled=False)), Verdict.ENABLE),
    (
        "the system knows no disabled accounts",
        linked(remote(enabled=False), system=user_system(capabilities=can(DisableStyle.UNSUPPORTED))),
        Verdict.NOTHING,
    ),
    ("all is well", linked(), Verdict.NOTHING),
    ("all is well as far as is known", linked(remote=RemoteView(), may_read=False), Verdict.NOTHING),
    (
        "differs from what is known",
        linked(remote=RemoteView(), may_read=False, link=replace(LINKED, known={})),
        Verdict.UPDATE,
    ),
    (
        "back in good standing after a rejected removal",
        linked(link=replace(LINKED, settlement=Settlement.KEPT)),
        Verdict.NOTHING,
    ),
    # disable
    ("suspended", linked(object=INACTIVE), Verdict.DISABLE),
    ("out of scope", linked(object=LEAVING), Verdict.DISABLE),
    (
        "deleted, policy disable",
        linked(object=DELETED, system=user_system(when_deleted=RemovalPolicy.DISABLE)),
        Verdict.DISABLE,
    ),
    (
        "to be deleted, but the system cannot",
        linked(object=DELETED, system=user_system(capabilities=can(abilities=NO_DELETE))),
        Verdict.DISABLE,
    ),
    (
        "the system is being deleted",
        linked(system=user_system(state=SystemState.DELETING, deletion_policy=RemovalPolicy.DISABLE)),
        Verdict.DISABLE,
    ),
    ("suspended, unknown until read", linked(object=INACTIVE, remote=RemoteView(), may_read=False), Verdict.DISABLE),
    ("suspended and left behind by a lost create", unlinked(FOREIGN, object=INACTIVE, link=INTENDED), Verdict.DISABLE),
    ("already disabled", linked(remote(enabled=False), object=INACTIVE), Verdict.NOTHING),
    ("already disabled, out of scope, different", linked(remote({}, enabled=False), object=LEAVING), Verdict.NOTHING),
    (
        "already disabled, renamed meanwhile",
        linked(remote({**AS_DESIRED, "userName": ("ava",)}, enabled=False), object=INACTIVE),
        Verdict.UPDATE,
    ),
    (
        "already disabled, mapping broken",
        linked(
            remote({}, enabled=False),
            object=INACTIVE,
            system=user_system(mappings=(replace(MAPPINGS[0], attribute="nowhere"),)),
        ),
        Verdict.NOTHING,
    ),
    # delete
    ("deleted", linked(object=DELETED), Verdict.DELETE),
    ("no row any more", linked(object=replace(DELETED, document={})), Verdict.DELETE),
    (
        "suspended, policy delete",
        linked(object=INACTIVE, system=user_system(when_inactive=RemovalPolicy.DELETE)),
        Verdict.DELETE,
    ),
    (
        "suspended, the system can only delete",
        linked(object=INACTIVE, system=user_system(capabilities=can(DisableStyle.REMOVAL))),
        Verdict.DELETE,
    ),
    (
        "the stricter of two policies",
        linked(
            object=replace(LEAVING, active=False),
            system=user_system(when_out_of_scope=RemovalPolicy.LEAVE, when_inactive=RemovalPolicy.DELETE),
        ),
        Verdict.DELETE,
    ),
    (
        "the system is being deleted with its accounts, brake and all",
        linked(budget=FULL, system=user_system(state=SystemState.DELETING, deletion_policy=RemovalPolicy.DELETE)),
        Verdict.DELETE,
    ),
    ("released from the brake", linked(object=DELETED, budget=FULL, released=True), Verdict.DELETE),
    ("deleted and left behind by a lost create", unlinked(FOREIGN, object=DELETED, link=INTENDED), Verdict.DELETE),
    ("a group out of scope", group(object=replace(group().object, scope=OUT_OF_SCOPE)), Verdict.DELETE),
    ("a group that is deleted", group(object=replace(group().object, deleted=True)), Verdict.DELETE),
    # unlink, leave
    (
        "deleted, policy leave",
        linked(object=DELETED, system=user_system(when_deleted=RemovalPolicy.LEAVE)),
        Verdict.UNLINK,
    ),
    (
        "the system is being deleted without its accounts",
        linked(system=user_system(state=SystemState.DELETING)),
        Verdict.UNLINK,
    ),
    (
        "the system is being deleted, already disabled",
        linked(
            remote(enabled=False), system=user_system(state=SystemState.DELETING, deletion_policy=RemovalPolicy.DISABLE)
        ),
        Verdict.UNLINK,
    ),
    (
        "the system is being deleted and cannot be reached",
        linked(
            remote=RemoteView(),
            may_read=False,
            system=user_system(state=SystemState.DELETING, unavailable="no library"),
        ),
        Verdict.UNLINK,
    ),
    (
        "out of scope, policy leave",
        linked(object=LEAVING, system=user_system(when_out_of_scope=RemovalPolicy.LEAVE)),
        Verdict.LEAVE,
    ),
    ("removal rejected", linked(object=LEAVING, link=replace(LINKED, settlement=Settlement.KEPT)), Verdict.LEAVE),
    (
        "suspended, the system can do nothing about it",
        linked(object=INACTIVE, system=user_system(capabilities=can(DisableStyle.UNSUPPORTED, NO_DELETE))),
        Verdict.LEAVE,
    ),
    ("its loss was accepted", unlinked(link=LinkView(LinkState.REMOVED, settlement=Settlement.GONE)), Verdict.LEAVE),
    ("unlinked by hand", unlinked(link=LinkView(LinkState.REMOVED, settlement=Settlement.KEPT)), Verdict.LEAVE),
    (
        "cannot be created",
        unlinked(system=user_system(capabilities=can(abilities=frozenset({Capability.SEARCH})))),
        Verdict.LEAVE,
    ),
    (
        "cannot be updated",
        linked(system=user_system(capabilities=can(abilities=frozenset({Capability.GET})))),
        Verdict.LEAVE,
    ),
    ("groups are not provisioned any more", group(system=replace(group().system, provisioned=False)), Verdict.LEAVE),
    # nothing, because there is no account and should be none
    ("out of scope without account", unlinked(object=LEAVING), Verdict.NOTHING),
    ("suspended without account", unlinked(object=INACTIVE), Verdict.NOTHING),
    ("deleted without account", unlinked(object=DELETED), Verdict.NOTHING),
    ("disputed and out of scope", unlinked(object=LEAVING, link=LinkView(LinkState.DISPUTED)), Verdict.NOTHING),
    ("the lost create never happened", unlinked(object=DELETED, link=INTENDED), Verdict.NOTHING),
    (
        "nobody may look whether the lost create happened",
        unlinked(object=DELETED, link=INTENDED, search=None, may_read=False),
        Verdict.NOTHING,
    ),
    (
        "the system cannot be searched for what the lost create left",
        unlinked(
            object=DELETED,
            link=INTENDED,
            search=None,
            system=user_system(capabilities=can(abilities=frozenset({Capability.CREATE}))),
        ),
        Verdict.NOTHING,
    ),
    (
        "what the lost create left belongs to somebody else",
        unlinked(Hit(FOREIGN, linked_to="Bob"), object=DELETED, link=INTENDED),
        Verdict.NOTHING,
    ),
    # wait
    ("paused", linked(object=DELETED, system=user_system(state=SystemState.PAUSED)), Verdict.WAIT),
    (
        "paused, explained",
        linked(object=DELETED, may_read=False, system=user_system(state=SystemState.PAUSED)),
        Verdict.WAIT,
    ),
    (
        "the connector cannot be used",
        linked(object=DELETED, system=user_system(unavailable="no library")),
        Verdict.WAIT,
    ),
    ("no key", unlinked(object=ada(document={})), Verdict.WAIT),
    (
        "a mapping names what the system has not",
        unlinked(system=user_system(mappings=(*MAPPINGS, replace(MAPPINGS[0], attribute="shoeSize")))),
        Verdict.WAIT,
    ),
    (
        "a mapping fails",
        linked(
            system=user_system(
                mappings=(*MAPPINGS, replace(MAPPINGS[3], attribute="department", source="user.userName + 1"))
            )
        ),
        Verdict.WAIT,
    ),
    (
        "a value of the wrong type",
        linked(system=user_system(mappings=(*MAPPINGS, replace(MAPPINGS[0], attribute="floor")))),
        Verdict.WAIT,
    ),
    # hold
    ("the brake", linked(object=DELETED, budget=FULL), Verdict.HOLD),
    ("the brake stops disabling too", linked(object=INACTIVE, budget=FULL), Verdict.HOLD),
    ("the brake stops no enabling", linked(remote(enabled=False), budget=FULL), Verdict.ENABLE),
    # gone
    ("gone", linked(remote=read(None), search=unlinked().search), Verdict.RECREATE),
    (
        "gone, policy accept",
        linked(remote=read(None), system=user_system(when_gone=GonePolicy.ACCEPT)),
        Verdict.ACCEPT_GONE,
    ),
    ("gone, and to be removed anyway", linked(remote=read(None), object=DELETED), Verdict.ACCEPT_GONE),
    # groups
    ("a member more", group(members=MembershipDelta(add=(CHANGE,))), Verdict.UPDATE),
    ("a member less", group(members=MembershipDelta(remove=(CHANGE,))), Verdict.UPDATE),
    ("members on their way", group(members=MembershipDelta(pending=2)), Verdict.NOTHING),
]


@pytest.mark.parametrize(("situation", "verdict"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_verdict(situation: Situation, verdict: Verdict) -> None:
    decision = decide(situation)
    assert isinstance(decision, Decision), decision
    assert decision.verdict is verdict, decision.steps
    assert decision.steps[-1].code == "verdict"


def test_every_verdict_has_a_case() -> None:
    assert {case[2] for case in CASES} == set(Verdict)
