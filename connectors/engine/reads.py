"""Finding out what a decision asks for: reading, searching, resolving."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from connectors.engine.claiming import dialect
from connectors.engine.decide import decide
from connectors.engine.decision import Decision, Need, Needs
from connectors.engine.failures import Defect
from connectors.engine.gather import Gatherer
from connectors.engine.guarded_connector import GuardedConnector
from connectors.engine.situation import (
    Criterion,
    Hit,
    ObjectView,
    RemoteState,
    RemoteView,
    Search,
    Situation,
)
from connectors.engine.subject_rows import name_of, rows_of
from connectors.models import ConnectedSystem, Link
from connectors.spi import AlreadyExists, And, Equals, Filter, Gone, Not, ObjectClass, Present, RemoteObject
from identities.vocabulary import ObjectType

MOST_NEEDS = 6
"""A read, a search and references, each twice because the object may change meanwhile."""
HITS = 10


def decided(
    gatherer: Gatherer,
    situation: Situation,
    connector: GuardedConnector | None,
    *,
    refused: AlreadyExists | None = None,
) -> tuple[Situation, Decision]:
    """Decide, finding out whatever the decision asks for.

    Args:
        connector: None where nothing remote may be read; the situation must say so too.
        refused: what a create was just refused with.

    Returns:
        The decision, and the situation it rests on.

    Raises:
        ConnectorError, Defect, LeaseLost: a read failed.
    """
    for _ in range(MOST_NEEDS):
        answer = decide(situation)
        if isinstance(answer, Decision):
            return situation, answer
        situation = _found_out(gatherer, situation, answer, connector, refused)
    raise RuntimeError(f"No decision about {situation.object.name} on {situation.system.name}: {answer}")


def _found_out(
    gatherer: Gatherer,
    situation: Situation,
    needs: Needs,
    connector: GuardedConnector | None,
    refused: AlreadyExists | None,
) -> Situation:
    if needs.kind is Need.RESOLVE:
        return replace(situation, references={**situation.references, **gatherer.resolve(needs.references)})
    if connector is None:
        raise RuntimeError("a decision that may not read asked for a read")
    if needs.kind is Need.READ:
        return replace(situation, remote=_read(situation, connector))
    return replace(situation, search=_search(gatherer, situation.object, needs.criteria, connector, refused))


def _read(situation: Situation, connector: GuardedConnector) -> RemoteView:
    remote_id = situation.link.remote_id if situation.link else None
    try:
        found = connector.get(situation.object.object_class, remote_id or "")
    except Gone:
        return RemoteView(RemoteState.ABSENT)
    if found.remote_id != remote_id:  # what follows would be written to somebody else's account
        raise Defect("The connector returned another object than it was asked for.", f"{remote_id}: {found.remote_id}")
    return RemoteView(RemoteState.PRESENT, found)


def _search(
    gatherer: Gatherer,
    item: ObjectView,
    criteria: tuple[Criterion, ...],
    connector: GuardedConnector,
    refused: AlreadyExists | None,
) -> Search:
    """Each criterion alone, because not every system understands "or"; the decision verifies what comes back."""
    began_at = dialect().now()
    found: dict[str, RemoteObject] = {}
    for criterion in criteria:
        page = connector.search(item.object_class, _condition(gatherer, criterion), limit=HITS)
        found.update({each.remote_id: each for each in page.items})
    if refused is not None and refused.remote_id and refused.remote_id not in found:
        in_the_way = _in_the_way(item, refused.remote_id, connector)
        found.update({each.remote_id: each for each in in_the_way})
    hits = _recognised(gatherer, item, list(found.values()))
    return Search(criteria, hits, taken=refused is not None, began_at=began_at)


def _condition(gatherer: Gatherer, criterion: Criterion) -> Filter:
    named = Equals(criterion.attribute, criterion.value)
    schema = gatherer.view.schema
    if criterion.within is None or schema is None or schema.parent_attribute is None:
        return named
    parent = schema.parent_attribute
    return And((named, Equals(parent, criterion.within) if criterion.within else Not(Present(parent))))


def _in_the_way(item: ObjectView, remote_id: str, connector: GuardedConnector) -> Iterable[RemoteObject]:
    try:
        return (connector.get(item.object_class, remote_id),)
    except Gone:
        return ()


def _recognised(gatherer: Gatherer, item: ObjectView, found: list[RemoteObject]) -> tuple[Hit, ...]:
    """The objects with the names of those of ours, other than `item`, that they are linked to or carry the id of."""
    if not found:
        return ()
    linked = Link.objects.filter(
        system=gatherer.system, object_class=item.object_class, remote_id__in=[each.remote_id for each in found]
    ).exclude(object_id=item.id)
    names = dict(linked.values_list("remote_id", "object_name"))
    marks = {each.remote_id: _marks(gatherer, each) - {item.id} for each in found}
    owners = _names_of(gatherer.system, item.object_class, set().union(*marks.values()))
    return tuple(
        Hit(
            each,
            names.get(each.remote_id, ""),
            next((owners[id_] for id_ in marks[each.remote_id] if id_ in owners), ""),
        )
        for each in found
    )


def _marks(gatherer: Gatherer, remote: RemoteObject) -> set[UUID]:
    """The ids of ours that the object may carry."""
    marker = gatherer.view.marker_attribute
    values = remote.attributes.get(marker, ()) if marker else ()
    return {mark for value in values if (mark := _uuid(value)) is not None}


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


def _names_of(system: ConnectedSystem, object_class: ObjectClass, ids: set[UUID]) -> dict[UUID, str]:
    """The names of those of ours that the system holds as this class."""
    found: dict[UUID, str] = {}
    for object_type in ObjectType if ids else ():
        if system.object_class_of(object_type) is object_class:
            named = rows_of(object_type).filter(pk__in=ids).annotate(name_for_list=name_of(object_type))
            found.update(named.values_list("pk", "name_for_list"))
    return found
