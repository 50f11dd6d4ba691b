"""The page of the org tree: so many units that a page can show, the rest one click further down."""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.utils.http import urlencode

from identities.admin.origins import OriginNames
from identities.models import OrgUnit
from identities.queries.org_tree import OrgTree, Place

UNITS_PER_PAGE: Final = 400
ROOTS_PER_PAGE: Final = 100
# A tree of so many is shown unfolded.
UNFOLDED: Final = 60


@dataclass(slots=True)
class Row:
    """One unit on the page.

    Attributes:
        more: how many directly below it are not shown. is_found: whether the search found it, and not only one below.
        opens: whether a list of those below it follows. is_open: whether that is unfolded.
        ends: so many lists end with it.
    """

    unit: OrgUnit
    place: Place
    source: str
    opens: bool
    more: int
    is_found: bool
    is_open: bool
    ends: str = ""


@dataclass(frozen=True, slots=True)
class TreePage:
    """What the page shows.

    Attributes:
        rows: the units, each before those below it. path: the units above all of them, where a part of the tree is
            shown.
        query: what was searched for; found: how many units that found. total: how many units there are.
        pages: of the uppermost units, or of those that were found. rest: the other parameters of the address.
    """

    rows: list[Row]
    path: list[OrgUnit]
    query: str
    found: int
    total: int
    pages: Page[UUID]
    rest: str


def tree_page(sent: QueryDict) -> TreePage:
    """The tree, from the top or below one unit (`below`), or what a search (`q`) finds with all that stands above it;
    in a number of statements that does not depend on the number of units.
    """
    tree = OrgTree.load()
    query = sent.get("q", "").strip()
    start = None if query else _known(tree, sent.get("below", ""))
    candidates = tree.called(query) if query else tree.top if start is None else tree.places[start].children
    pages = Paginator(candidates, ROOTS_PER_PAGE).get_page(sent.get("p"))
    chosen = list(pages.object_list)
    shown = _with_all_above(tree, chosen) if query else _as_fit(tree, chosen)
    path = [] if start is None else [start, *tree.above(start)][::-1]
    units = _units([*shown, *path])
    roots = [pk for pk in tree.top if pk in shown] if query else chosen
    rest = urlencode({name: value for name, value in (("q", query), ("below", start or "")) if value})
    return TreePage(
        _rows(tree, roots, units, set(chosen) if query else set(), unfold=bool(query) or len(shown) <= UNFOLDED),
        [units[pk] for pk in path if pk in units],
        query,
        len(candidates),
        len(tree.places),
        pages,
        rest,
    )


def _rows(
    tree: OrgTree, roots: Iterable[UUID], units: dict[Any, OrgUnit], found: set[UUID], *, unfold: bool
) -> list[Row]:
    names, rows = OriginNames(), []
    waiting = [(pk, 0, 0) for pk in reversed(list(roots)) if pk in units]
    while waiting:
        pk, depth, ends = waiting.pop()
        place, unit = tree.places[pk], units[pk]
        below = [child for child in place.children if child in units]
        row = Row(
            unit,
            place,
            names.name(unit.origin),
            opens=bool(below),
            more=len(place.children) - len(below),
            is_found=pk in found,
            is_open=unfold or depth == 0,
            ends="" if below else "x" * ends,
        )
        rows.append(row)
        # The last of a list ends it, and whatever ends with the unit above.
        waiting.extend((child, depth + 1, ends + 1 if child == below[-1] else 0) for child in reversed(below))
    return rows


def _known(tree: OrgTree, text: str) -> UUID | None:
    try:
        pk = UUID(text)
    except ValueError:
        return None
    return pk if pk in tree.places else None


def _with_all_above(tree: OrgTree, units: Iterable[UUID]) -> set[UUID]:
    return {each for pk in units for each in (pk, *tree.above(pk))}


def _as_fit(tree: OrgTree, roots: Collection[UUID]) -> set[UUID]:
    """These and whole families of units below them, level by level, as long as the page holds them."""
    shown, waiting = set(roots), deque(roots)
    while waiting:
        children = tree.places[waiting.popleft()].children
        if len(shown) + len(children) <= UNITS_PER_PAGE:
            shown.update(children)
            waiting.extend(children)
    return shown


def _units(ids: Collection[UUID]) -> dict[Any, OrgUnit]:
    rows = OrgUnit.objects.without_tree_fields().filter(pk__in=ids, deleted_at=None).select_related("manager")
    return {unit.pk: unit for unit in rows.order_by()}
