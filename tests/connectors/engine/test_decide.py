"""One line for every way to every verdict."""

from dataclasses import replace

import pytest

from connectors.engine.decide import decide
from connectors.engine.decision import Decision
from connectors.engine.limits import RemovalBudget
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
from connectors.spi import WRITABLE, Capabilities, Capability, Delta, DisableStyle, ObjectClass
from connectors.vocabulary import AdoptionPolicy, GonePolicy, LinkState, RemovalPolicy, Settlement, SystemState
from tests.connectors.engine.situations import (
    ADA,
    AS_DESIRED,
    BOSS,
    CRITERIA,
    LINKED,
    MAPPINGS,
    NOW,
    OUT_OF_SCOPE,
    REMOTE_ID,
    ada,
    group,
    linked,
    read,
    remote,
    unlinked,
    user_system,
)

FOREIGN = remote({"userName": ("ADA",), "givenName": ("Someone",)}, remote_id="foreign")
OURS = remote({**AS_DESIRED, "userName": ("a.lovelace",)}, remote_id="ours")
DELETED = ada(deleted=True, active=False, scope=OUT_OF_SCOPE)
INACTIVE = ada(active=False, condition="suspended by admin")
LEAVING = ada(scope=OUT_OF_SCOPE)
NO_DELETE = frozenset(WRITABLE - {Capability.DELETE})
INTENDED = LinkView(create_intent_key="ada", create_intent_at=NOW)
FULL = RemovalBudget(removed=20, limit=20, accounts=100)
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


def decided(situation: Situation) -> Decision:
    decision = decide(situation)
    assert isinstance(decision, Decision), decision
    return decision


def test_a_create_carries_every_value_our_mark_and_the_state() -> None:
    decision = decided(unlinked())
    assert decision.attributes == AS_DESIRED
    assert decision.enabled is True
    assert decision.correlation_key == "ada"


def test_a_create_leaves_out_references_that_cannot_be_resolved() -> None:
    person = ada(document={**ada().document, "manager": {"id": str(BOSS)}})
    waiting = decided(unlinked(object=person, references={BOSS: None}))
    assert "manager" not in waiting.attributes
    assert waiting.waiting_for == 1
    resolved = decided(unlinked(object=person, references={BOSS: "ref-boss"}))
    assert resolved.attributes["manager"] == ("ref-boss",)
    assert resolved.waiting_for == 0


def test_an_update_writes_only_what_differs() -> None:
    decision = decided(linked(remote({**AS_DESIRED, "title": ("Lady",), "department": ("R&D",)})))
    assert decision.delta == Delta(replace={"title": ("Countess",)})


def test_disabling_writes_nothing_else_so_that_no_bad_value_can_stop_it() -> None:
    decision = decided(linked(remote({}), object=INACTIVE))
    assert decision.delta == Delta(enabled=False)
    assert decision.is_partial


def test_an_adopted_account_is_brought_up_to_date_with_our_mark() -> None:
    decision = decided(unlinked(FOREIGN, system=user_system(adoption_policy=AdoptionPolicy.EXACT_KEY)))
    assert decision.remote_id == "foreign"
    assert decision.takes_over
    assert decision.delta.replace["externalId"] == (str(ADA),)
    assert "userName" not in decision.delta.replace  # it differs in case only
    assert not decided(unlinked(OURS)).takes_over


def test_a_dispute_names_the_accounts() -> None:
    assert [hit.remote.remote_id for hit in decided(unlinked(FOREIGN)).candidates] == ["foreign"]


def test_waiting_and_holding_say_what_would_be_done_otherwise() -> None:
    paused = decided(linked(object=DELETED, may_read=False, system=user_system(state=SystemState.PAUSED)))
    assert paused.intended is Verdict.DELETE
    assert decided(linked(object=DELETED, budget=FULL)).intended is Verdict.DELETE
    assert not decided(linked(object=INACTIVE, budget=FULL)).is_partial
    assert decided(unlinked(object=ada(document={}))).intended is Verdict.CREATE


def test_a_paused_system_is_not_asked_anything() -> None:
    decision = decided(linked(remote=RemoteView(), system=user_system(state=SystemState.PAUSED)))
    assert decision.verdict is Verdict.WAIT


def test_members_are_a_delta_and_pending_ones_are_counted() -> None:
    members = MembershipDelta(add=(CHANGE,), pending=3)
    decision = decided(group(members=members))
    assert decision.members == members
    assert decision.delta.is_empty
    assert decision.waiting_for == 3


def test_a_lost_account_is_settled_only_if_it_should_have_been_there() -> None:
    accepted = decided(linked(remote=read(None), system=user_system(when_gone=GonePolicy.ACCEPT)))
    assert (accepted.settlement, accepted.ends_link) == (Settlement.GONE, True)
    assert decided(linked(remote=read(None), object=DELETED)).settlement is Settlement.NONE


def test_secrets_do_not_show_in_the_steps() -> None:
    mapping = replace(MAPPINGS[0], attribute="userPassword", source="title")
    decision = decided(unlinked(system=user_system(schema=None, mappings=(*MAPPINGS, mapping))))
    shown = repr([step for step in decision.steps if step.title == "userPassword"])
    assert "Countess" not in shown
    assert "•••" in shown


def test_remote_ids_reach_the_removal_of_what_a_lost_create_left() -> None:
    decision = decided(unlinked(FOREIGN, object=DELETED, link=INTENDED))
    assert decision.remote_id == "foreign"
    assert decided(linked(object=DELETED)).remote_id == REMOTE_ID
