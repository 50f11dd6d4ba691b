"""What decisions carry beside their verdict."""

from dataclasses import replace

from connectors.engine.decide import decide
from connectors.engine.decide.difference import fingerprint
from connectors.engine.decision import Decision
from connectors.engine.situation import MemberChange, MembershipDelta, RemoteView, Situation, Verdict
from connectors.spi import Attributes, Delta
from connectors.vocabulary import AdoptionPolicy, GonePolicy, Settlement, SystemState
from tests.connectors.engine.situations import (
    ADA,
    AS_DESIRED,
    BOSS,
    DELETED,
    DOCUMENT,
    FOREIGN,
    FULL,
    INACTIVE,
    INTENDED,
    LINKED,
    MAPPINGS,
    OURS,
    REMOTE_ID,
    ada,
    group,
    linked,
    read,
    remote,
    unlinked,
    user_system,
)

CHANGE = MemberChange(7, "ref-7", "Somebody")


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


def test_a_value_the_system_keeps_otherwise_is_not_written_again() -> None:
    known: Attributes = {**AS_DESIRED, "title": ("COUNTESS OF",)}
    link = replace(LINKED, known=known, rewritten={"title": fingerprint(("Countess",), ADA)})
    settled = decided(linked(remote(known), link=link))
    assert settled.verdict is Verdict.NOTHING
    assert any("the system keeps COUNTESS OF" in step.text for step in settled.steps if step.code == "difference")
    moved_on = decided(linked(remote({**known, "title": ("Lady",)}), link=link))
    wanted_anew = decided(linked(remote(known), link=link, object=ada(document={**DOCUMENT, "title": "Queen"})))
    assert moved_on.delta == Delta(replace={"title": ("Countess",)})
    assert wanted_anew.delta == Delta(replace={"title": ("Queen",)})
