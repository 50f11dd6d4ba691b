"""Building the situation of an object on a system: what the portal knows, in a constant number of queries."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache
from uuid import UUID

from connectors.engine import schema_store
from connectors.engine.budget import removal_budget
from connectors.engine.limits import RemovalBudget
from connectors.engine.lying_below import links_below
from connectors.engine.membership_delta import differing_groups, membership_delta
from connectors.engine.membership_source import members_of
from connectors.engine.scope_view import ScopeReader
from connectors.engine.situation import MembershipDelta, ObjectView, ScopeView, Situation
from connectors.engine.subjects import Subject, load_subjects
from connectors.engine.system_view import link_view, system_view
from connectors.models import ConnectedSystem, Link
from connectors.spi import ObjectClass, Schema
from connectors.vocabulary import LinkState
from identities.queries.compiled import Among, Compiled, CompiledObjects, Several, id_hole
from identities.vocabulary import ObjectType

References = Mapping[UUID, str | None]


class Gatherer:
    """Gathers the situations of objects of one type on one system, alone or in batches.

    Args:
        now: the moment the decision is made for.
        schema: the system's schema, where it was read already; otherwise the one kept with the system.
        may_read: whether decisions may ask for remote reads.

    Raises:
        Misconfigured: the system's scope filter cannot be read any more.
    """

    def __init__(
        self,
        system: ConnectedSystem,
        object_type: ObjectType,
        *,
        now: datetime,
        schema: Schema | None = None,
        may_read: bool = False,
    ) -> None:
        self.system = system
        self.object_type = object_type
        self.now = now
        self.may_read = may_read
        self.view = system_view(system, object_type, schema or schema_store.kept(system))
        self._scope = ScopeReader(system, object_type)
        self._class = system.object_class_of(object_type)

    def one(self, object_id: UUID, *, released: bool = False, own_operation: int | None = None) -> Situation:
        """The situation of one object, whether or not it still exists.

        Args:
            released: a person let its removal through the brake.
            own_operation: the operation at hand, which does not count as a removal under way.
        """
        situation = next(self.many([object_id], RemovalBudget(), members_in_full=True))
        item = situation.object
        if item.active and item.scope.matches and not item.deleted:
            return situation  # nothing to remove, so nobody asks how much may be
        budget = removal_budget(self.system, self.now, own_operation)
        return replace(situation, budget=budget, released=released, below=self.below(situation))

    def many(
        self, object_ids: Collection[UUID], budget: RemovalBudget, *, members_in_full: bool = False
    ) -> Iterator[Situation]:
        """The situations of several objects; how many queries it takes does not depend on how many there are.

        Args:
            members_in_full: compare the members of groups one group after the other, which says which differ;
                otherwise it is only found out whether they do.
        """
        subjects = load_subjects(self.object_type, object_ids)
        found = _links().objects(system=self.system.id, object_type=str(self.object_type), objects=list(object_ids))
        links = {link.object_id: link for link in found}
        references = self.resolve(self._referred(subjects.values()))
        differing = self._differing(object_ids) if not members_in_full else frozenset()
        for object_id in object_ids:
            link = links.get(object_id)
            situation = self.situation(object_id, subjects.get(object_id), link, references, budget)
            if members_in_full:
                yield self.with_members(situation, link)
            else:
                yield replace(situation, members=MembershipDelta(differs=object_id in differing))

    def situation(
        self,
        object_id: UUID,
        subject: Subject | None,
        link: Link | None,
        references: References,
        budget: RemovalBudget,
    ) -> Situation:
        """The situation from what was loaded, without a query; members are not compared."""
        return Situation(
            system=self.view,
            object=self._object(object_id, subject, link),
            now=self.now,
            link=link_view(link) if link else None,
            references=references,
            members=None,
            budget=budget,
            may_read=self.may_read,
        )

    def resolve(self, references: Collection[UUID]) -> dict[UUID, str | None]:
        """The remote references of these objects of ours on the system; None where one has no account there."""
        return resolved([self.system], references)[self.system.id]

    def _referred(self, subjects: Iterable[Subject]) -> set[UUID]:
        """Whom they usually refer to, asked for together; a decision asks for whatever else it needs."""
        has_parent = self.view.schema is not None and self.view.schema.parent_attribute is not None
        found = {id_ for each in subjects for id_ in (each.manager_id, each.parent_id if has_parent else None)}
        return {id_ for id_ in found if id_ is not None}

    def below(self, situation: Situation) -> int:
        """How much of ours lies in the remote org unit; asked for where it has to go."""
        link = situation.link
        is_place = self._class is ObjectClass.ORG_UNIT and self.view.capabilities.nested_references
        if not is_place or link is None or not link.is_linked:
            return 0
        return links_below(self.system, link.reference).count()

    def _object(self, object_id: UUID, subject: Subject | None, link: Link | None) -> ObjectView:
        if subject is None:  # it has no row any more; its link still knows its name
            name = link.object_name if link else str(object_id)
            scope = ScopeView(matches=False)
            return ObjectView(
                self.object_type, object_id, name, active=False, deleted=True, scope=scope, held_as=self._class
            )
        return ObjectView(
            type=self.object_type,
            id=object_id,
            name=subject.name,
            document=subject.document,
            active=subject.active,
            deleted=subject.deleted,
            condition=subject.condition,
            scope=self._scope.of(subject),
            version=subject.version,
            parent_id=subject.parent_id,
            held_as=self._class,
        )

    def _differing(self, object_ids: Collection[UUID]) -> Collection[UUID]:
        if self._class is not ObjectClass.GROUP:
            return frozenset()
        nested = self.view.capabilities.nested_groups
        return differing_groups(self.system, members_of(self.object_type), object_ids, nested=nested)

    def with_members(self, situation: Situation, link: Link | None) -> Situation:
        is_wanted = not situation.object.deleted and situation.object.scope.matches
        if self._class is not ObjectClass.GROUP or not is_wanted:
            return situation
        nested = self.view.capabilities.nested_groups
        group_link = link if link and link.state == LinkState.LINKED else None
        source = members_of(self.object_type)
        delta = membership_delta(self.system, source, situation.object.id, group_link, nested=nested)
        return replace(situation, members=delta)


def resolved(systems: Iterable[ConnectedSystem], references: Collection[UUID]) -> dict[UUID, dict[UUID, str | None]]:
    """By system, the remote references of these objects of ours; None where one has no account there. One query."""
    found: dict[UUID, dict[UUID, str | None]] = {system.id: dict.fromkeys(references) for system in systems}
    if references:
        for system_id, object_id, reference in _references().rows(systems=list(found), objects=list(references)):
            found[system_id][object_id] = reference
    return found


@cache
def _links() -> CompiledObjects:
    system, objects = id_hole(), Several()
    links = Link.objects.filter(Among("object_id", objects), system=system, object_type="object type").order_by()
    return CompiledObjects(links, {"system": system, "object_type": "object type", "objects": objects})


@cache
def _references() -> Compiled:
    systems, objects = Several(), Several()
    linked = Link.objects.filter(Among("system_id", systems), Among("object_id", objects), state=LinkState.LINKED)
    found = linked.exclude(reference="").order_by().values_list("system_id", "object_id", "reference")
    return Compiled(found, {"systems": systems, "objects": objects})
