"""The org structure as a whole: who stands below whom, how many people stand where, and the way down to a unit."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from uuid import UUID

from django.db.models import Count

from identities.canonical import fold
from identities.models import OrgUnit, User
from identities.queries.compiled import Among, CompiledObjects, Several
from identities.queries.recursion import parents_above


@dataclass(slots=True)
class Place:
    """One unit's place in the tree.

    Attributes:
        people: how many persons stand in it. people_below: how many in it and below it.
    """

    pk: UUID
    parent: UUID | None
    name_key: str
    code_key: str
    people: int = 0
    people_below: int = 0
    children: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class OrgTree:
    """All present units, of each what little it takes to find its place; siblings by name.

    A unit whose parent is gone stands at the top.
    """

    places: Mapping[UUID, Place]
    top: list[UUID]

    @classmethod
    def load(cls) -> "OrgTree":
        """The tree as it stands, in two statements."""
        rows = OrgUnit.objects.without_tree_fields().filter(deleted_at=None).order_by("name_key", "pk")
        found = {row[0]: Place(*row) for row in rows.values_list("pk", "parent_id", "name_key", "code_key")}
        people = User.objects.persons().filter(org_unit__deleted_at=None, org_unit__isnull=False).order_by()
        for unit, number in people.values_list("org_unit_id").annotate(number=Count("pk")):
            found[unit].people = number
        top = []
        for place in found.values():
            above = found.get(place.parent) if place.parent is not None else None
            (top if above is None else above.children).append(place.pk)
        tree = cls(found, top)
        for place in reversed(list(tree.walk(top))):
            place.people_below = place.people + sum(found[child].people_below for child in place.children)
        return tree

    def walk(self, units: Collection[UUID]) -> Iterator[Place]:
        """These units and all below them, each before those below it."""
        waiting = list(reversed(list(units)))
        while waiting:
            place = self.places[waiting.pop()]
            yield place
            waiting.extend(reversed(place.children))

    def above(self, unit: UUID) -> list[UUID]:
        """The units above this one, the nearest first."""
        found: list[UUID] = []
        here = self.places[unit].parent
        while here in self.places and here not in found:
            found.append(here)
            here = self.places[here].parent
        return found

    def called(self, text: str) -> list[UUID]:
        """The units whose name or code holds every word, in the order of the tree."""
        words = fold(text).split()
        return [
            place.pk
            for place in self.walk(self.top)
            if all(word in place.name_key or word in place.code_key for word in words)
        ]


def org_paths(units: Collection[UUID]) -> dict[UUID, list[OrgUnit]]:
    """For each of these units that is not deleted, the units from the top down to it, in two statements."""
    if not units:
        return {}
    above = parents_above(units)
    known = {unit.pk: unit for unit in _units().objects(units=list(above))}
    return {unit: _way_down(unit, above, known) for unit in units if unit in known}


@cache
def _units() -> CompiledObjects:
    units = Several()
    found = OrgUnit.objects.without_tree_fields().filter(Among("pk", units)).order_by()
    return CompiledObjects(found, {"units": units})


def path_in_words(path: Collection[OrgUnit]) -> str:
    """The way down to a unit, for people."""
    return " / ".join(unit.name for unit in path)


def _way_down(unit: UUID, above: Mapping[UUID, UUID | None], known: Mapping[UUID, OrgUnit]) -> list[OrgUnit]:
    path: list[OrgUnit] = []
    here: UUID | None = unit
    while here is not None and here in known and known[here] not in path:
        path.insert(0, known[here])
        here = above.get(here)
    return path
