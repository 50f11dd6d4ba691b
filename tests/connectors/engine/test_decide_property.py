"""What holds of every decision: it comes about, it explains itself, and what it writes it need not write again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import event, given, settings
from hypothesis import strategies as st

from connectors.engine.decide import decide
from connectors.engine.decide.difference import fingerprint
from connectors.engine.decision import Decision, Need, Needs
from connectors.engine.limits import RemovalBudget
from connectors.engine.situation import (
    REMOVALS,
    WRITES,
    Criterion,
    Hit,
    LinkView,
    MemberChange,
    MembershipDelta,
    ObjectView,
    RemoteState,
    RemoteView,
    ScopeView,
    Search,
    Situation,
    SystemView,
    Verdict,
)
from connectors.spi import (
    AttributeSpec,
    AttributeType,
    Capabilities,
    Capability,
    DisableStyle,
    ObjectClass,
    ObjectSchema,
    RemoteObject,
    Values,
)
from connectors.vocabulary import AdoptionPolicy, GonePolicy, LinkState, RemovalPolicy, Settlement, SystemState
from identities.mapping import MappingRow
from identities.vocabulary import MappingApply, MappingKind, ObjectType
from tests.connectors.engine.situations import ADA, AS_DESIRED, BOSS, NOW, REMOTE_ID, SYSTEM_ID, group, linked, unlinked

NAMES = ("userName", "externalId", "title", "floor", "since", "manager", "members", "flag", "photo", "sealed")
WORDS = st.sampled_from(("ada", "ADA", " ada", "ä", "", "1", "true", "2026-03-02", str(BOSS), str(ADA), "\x00", "b2s="))
ANYTHING = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-3, 3), st.floats(), st.lists(WORDS, max_size=3))
SCALARS = st.one_of(
    WORDS, st.booleans(), st.integers(-3, 3), st.binary(max_size=3), st.just(NOW), st.floats(allow_nan=False)
)
ATTRIBUTES = st.dictionaries(st.sampled_from((*NAMES, "unheard")), st.lists(SCALARS, max_size=3).map(tuple), max_size=6)
SPECS = st.builds(
    AttributeSpec,
    name=st.just(""),
    type=st.sampled_from(AttributeType),
    multi_valued=st.booleans(),
    required=st.booleans(),
    creatable=st.booleans(),
    updatable=st.booleans(),
    readable=st.booleans(),
    case_exact=st.booleans(),
)
ROWS = st.builds(
    MappingRow,
    attribute=st.sampled_from((*NAMES, "USERNAME", "unheard")),
    kind=st.sampled_from(MappingKind),
    source=st.sampled_from(("a", "b", "c.d", "user.a", "group.b", "user.manager.id", "user.a + 1", "nonsense(")),
    apply=st.sampled_from(MappingApply),
    clear_when_null=st.booleans(),
)
DOCUMENTS = st.dictionaries(st.sampled_from("abc"), ANYTHING).map(lambda d: {**d, "manager": {"id": str(BOSS)}})
BY_CLASS = st.frozensets(st.sampled_from(Capability))


@st.composite
def schemas(draw: st.DrawFn) -> ObjectSchema | None:
    if draw(st.booleans()):
        return None
    names = draw(st.sets(st.sampled_from(NAMES), min_size=1)) | {"userName"}
    attributes = {name: replace(draw(SPECS), name=name) for name in sorted(names)}
    return ObjectSchema(
        draw(st.sampled_from(ObjectClass)),
        attributes,
        name_attribute="userName",
        member_attribute=draw(st.sampled_from((None, "members"))),
        marker_attribute=draw(st.sampled_from((None, "externalId", "unheard"))),
    )


ALL_SYSTEMS = {
    "state": st.sampled_from(SystemState),
    "capabilities": st.builds(
        lambda users, groups, style: Capabilities({ObjectClass.USER: users, ObjectClass.GROUP: groups}, style),
        BY_CLASS,
        BY_CLASS,
        st.sampled_from(DisableStyle),
    ),
    "schema": schemas(),
    "mappings": st.lists(ROWS, max_size=6).map(tuple),
    "correlation_attribute": st.sampled_from(("", "userName", "title", "unheard")),
    "marker_attribute": st.sampled_from((None, "externalId", "unheard")),
    "adoption_policy": st.sampled_from(AdoptionPolicy),
    "when_inactive": st.sampled_from(RemovalPolicy),
    "when_out_of_scope": st.sampled_from(RemovalPolicy),
    "when_deleted": st.sampled_from(RemovalPolicy),
    "when_gone": st.sampled_from(GonePolicy),
    "deletion_policy": st.sampled_from(RemovalPolicy),
    "provisioned": st.booleans(),
    "unavailable": st.sampled_from(("", "no library")),
}


@st.composite
def altered(draw: st.DrawFn, usual: Any, fields: dict[str, st.SearchStrategy[Any]]) -> Any:
    """The usual thing with a few fields as they may be; so every verdict comes up often, and every oddity sometimes."""
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True))
    return replace(usual, **{name: draw(fields[name]) for name in chosen})


ALL_OBJECTS = {
    "type": st.sampled_from(ObjectType),
    "document": DOCUMENTS,
    "active": st.booleans(),
    "deleted": st.booleans(),
    "scope": st.builds(ScopeView, matches=st.booleans()),
}
REMOTES = st.builds(
    RemoteObject,
    object_class=st.sampled_from(ObjectClass),
    remote_id=st.sampled_from((REMOTE_ID, "other")),
    reference=st.just("ref"),
    name=st.just("ada"),
    attributes=ATTRIBUTES | st.just(AS_DESIRED) | st.just({"userName": ("ADA",)}),
    enabled=st.sampled_from((True, False, None)),
)
ALL_LINKS = {
    "state": st.sampled_from(LinkState),
    "remote_id": st.sampled_from((None, REMOTE_ID)),
    "enabled": st.sampled_from((True, False, None)),
    "known": ATTRIBUTES,
    "create_intent_key": st.sampled_from(("", "ada")),
    "create_intent_at": st.just(NOW - timedelta(minutes=1)),
    "settlement": st.sampled_from(Settlement),
}
HITS = st.builds(Hit, REMOTES, linked_to=st.sampled_from(("", "Bob")), marked_for=st.sampled_from(("", "Bob")))
CHANGES = st.lists(st.just(MemberChange(7, "ref-7")), max_size=2).map(tuple)
ALL_SITUATIONS = {
    "remote": st.just(RemoteView())
    | st.just(RemoteView(RemoteState.ABSENT))
    | REMOTES.map(lambda found: RemoteView(RemoteState.PRESENT, replace(found, remote_id=REMOTE_ID))),
    "references": st.sampled_from(({BOSS: "ref-boss"}, {BOSS: None})),
    "members": st.none() | st.builds(MembershipDelta, CHANGES, CHANGES, st.integers(0, 2)),
    "budget": st.builds(RemovalBudget, st.integers(0, 2), st.integers(0, 2)),
    "released": st.booleans(),
    "may_read": st.booleans(),
}


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    usual = draw(st.sampled_from((linked(), unlinked(), group())))
    link = draw(altered(usual.link or LinkView(), ALL_LINKS))
    return replace(
        draw(altered(usual, ALL_SITUATIONS)),
        system=draw(altered(usual.system, ALL_SYSTEMS)),
        object=draw(altered(usual.object, ALL_OBJECTS)),
        link=draw(st.sampled_from((usual.link, link))),
    )


def answered(situation: Situation, hits: tuple[Hit, ...]) -> tuple[Situation, Decision]:
    """Decide, answering whatever is asked, and hold each request to what may be asked."""
    for _ in range(6):
        answer = decide(situation)
        if isinstance(answer, Decision):
            return situation, answer
        assert answer.kind is Need.RESOLVE or situation.may_read
        situation = provided(situation, answer, hits)
    raise AssertionError(f"asked for ever: {answer}")


def provided(situation: Situation, needs: Needs, hits: tuple[Hit, ...]) -> Situation:
    if needs.kind is Need.RESOLVE:
        unknown: dict[UUID, str | None] = dict.fromkeys(needs.references)
        return replace(situation, references={**unknown, **situation.references})
    if needs.kind is Need.READ:
        return replace(situation, remote=RemoteView(RemoteState.ABSENT))
    return replace(situation, search=Search(needs.criteria, hits))


@settings(max_examples=1000, deadline=None)
@given(situations(), st.lists(HITS, max_size=2).map(tuple))
def test_every_situation_is_decided_and_explained(situation: Situation, hits: tuple[Hit, ...]) -> None:
    situation, decision = answered(situation, hits)
    event(f"{decision.verdict}")

    assert decision.steps[-1].facts["verdict"] == decision.verdict
    foreign = {hit.remote.remote_id for hit in hits if hit.linked_to or hit.marked_for}
    own = situation.link.remote_id if situation.link else None
    if decision.verdict in WRITES - {Verdict.CREATE, Verdict.RECREATE}:
        assert decision.remote_id is not None
        assert decision.remote_id == own or decision.remote_id not in foreign - free_of(hits)
    if decision.verdict in REMOVALS:
        is_exempt = situation.released or situation.system.state is SystemState.DELETING
        assert is_exempt or situation.budget.has_room
    if decision.verdict is Verdict.NOTHING:
        assert decision.delta.is_empty
        assert decision.members.is_empty
    if situation.system.state is SystemState.PAUSED:
        assert decision.verdict not in WRITES


def free_of(hits: tuple[Hit, ...]) -> set[str]:
    return {hit.remote.remote_id for hit in hits if not (hit.linked_to or hit.marked_for)}


@settings(max_examples=1000, deadline=None)
@given(situations(), st.lists(HITS, max_size=2).map(tuple))
def test_what_was_written_is_not_written_again(situation: Situation, hits: tuple[Hit, ...]) -> None:
    for _ in range(3):
        situation, decision = answered(replace(situation, may_read=True), hits)
        if decision.verdict not in WRITES - {Verdict.DELETE} or decision.ends_link:
            return
        event(f"{decision.verdict}")
        situation = written(situation, decision)
        again = answered(situation, ())[1]
        if not decision.is_partial:
            assert again.verdict not in WRITES, again.steps
            return
    raise AssertionError("never done")


def written(situation: Situation, decision: Decision) -> Situation:
    """The situation after the system carried out the decision to the letter and it was written down."""
    link = situation.link or LinkView()
    assumed = {} if decision.verdict in {Verdict.CREATE, Verdict.RECREATE} else link.known
    before = decision.target or RemoteObject(situation.object.object_class, REMOTE_ID, "ref", "ada", assumed)
    attributes: dict[str, Values] = {**before.attributes, **decision.attributes, **decision.delta.replace}
    switch = decision.enabled if decision.attributes else decision.delta.enabled
    found = replace(before, attributes=attributes, enabled=before.enabled if switch is None else switch)
    link = replace(
        link,
        state=LinkState.LINKED,
        remote_id=found.remote_id,
        enabled=found.enabled,
        create_intent_key="",
        settlement=decision.settlement,
        fingerprints={
            **link.fingerprints,
            **{name: fingerprint(values, situation.object.id) for name, values in decision.desired.items()},
        },
    )
    members = MembershipDelta(pending=situation.members.pending) if situation.members else None
    return replace(situation, link=link, remote=RemoteView(RemoteState.PRESENT, found), search=None, members=members)


def test_the_answer_of_a_search_must_cover_what_was_asked() -> None:
    situation = Situation(
        system=SystemView(
            SYSTEM_ID,
            "any",
            capabilities=Capabilities({ObjectClass.USER: frozenset(Capability)}),
            mappings=(MappingRow("userName", MappingKind.CONSTANT, "ada"),),
            correlation_attribute="userName",
        ),
        object=ObjectView(ObjectType.USER, ADA, "Ada"),
        now=NOW,
        search=Search((Criterion("userName", "formerly"),)),
    )
    assert decide(situation) == Needs(Need.SEARCH, criteria=(Criterion("userName", "ada"),))
