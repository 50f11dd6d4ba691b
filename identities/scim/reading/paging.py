"""Finding a page of users: by statements that are compiled once for each shape of query."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from scim2_models.path import CompareOperator

from identities.filters.query import to_q
from identities.filters.sort import sorting
from identities.filters.tree import Filter, Test
from identities.models import ApiClient
from identities.queries.compiled import LIMIT_HOLE, OFFSET_HOLE, Compiled, Counted
from identities.scim.callers.visibility import eyes, found_users, is_tallied
from identities.scim.reading.asked import Statement, kept, number_of_users
from identities.scim.reading.stored import GroupsOfPage, UserRow, user_rows


@dataclass(frozen=True, slots=True)
class Shape:
    """What queries for users have in common that one statement answers: all but page and texts compared with.

    Attributes:
        backward: from the end of the order to its beginning.
    """

    filter: Filter | None = None
    sort_by: str | None = None
    descending: bool = False
    holes: tuple[str, ...] = ()
    backward: bool = False

    @property
    def is_lookup(self) -> bool:
        """Whether it asks for one person by a name: the row is read with the groups, in one statement."""
        match self.filter:
            case Filter(root=Test(attribute=attribute, operator=CompareOperator.eq)):
                return attribute.path in _NAMES
        return False

    @property
    def is_asked_again(self) -> bool:
        """Whether other queries are likely to have this shape: a filter without holes is one query's own."""
        return self.filter is None or bool(self.holes)


_NAMES: Final = frozenset({"userName", "externalId", "id"})
_EVERYBODY: Final = Shape()
_FROM_THE_END: Final = Shape(backward=True)
_LOOKS: Final = 3


def find_page(
    shape: Shape, values: tuple[str, ...], client: ApiClient, skip: int, count: int
) -> tuple[list[UserRow], int]:
    """The rows of a page, and how many there are in all.

    One row more than the page holds is read: a page that is not full says how many there are by itself.
    """
    if shape == _EVERYBODY and is_tallied(client):
        return _page_of_all(client, skip, count)
    texts = {str(number): value for number, value in enumerate(values)}
    rows: list[UserRow] = []
    if count:
        name = (shape, count + 1) if skip == 0 else (shape, None)
        statement = _statement(shape, client, name, lambda: _page(shape, client, None if skip else count + 1))
        rows = [UserRow(*row) for row in statement.rows(limit=count + 1, offset=skip, **texts)]
        if len(rows) <= count and (rows or not skip):
            return rows, skip + len(rows)
    counted = _statement(shape, client, (shape, "number"), lambda: Counted(_found(shape, client), _holes(shape)))
    return rows[:count], counted.number(**texts)


def groups_of(rows: list[UserRow], client: ApiClient) -> dict[str, str]:
    """The groups of each user (see `GroupsOfPage.entries`), read for all at once if they are not known yet."""
    if not rows or any(row.groups is not None for row in rows):
        return {}
    statement = kept(client, "groups of a page", lambda: GroupsOfPage(eyes(client)))
    return statement.entries([row.id for row in rows])


def _page_of_all(client: ApiClient, skip: int, count: int) -> tuple[list[UserRow], int]:
    """A page of everybody, from whichever end is nearer, and the number that is tallied.

    From the end it is found by the number: if somebody came or went in between, it is looked for again.
    """
    total = number_of_users(client)
    for _ in range(_LOOKS):
        left = total - skip
        if left <= 0 or not count:
            return [], total
        if skip < left:
            break
        before, rows = total, _rows(client, _FROM_THE_END, max(0, left - count), min(count, left))[::-1]
        total = number_of_users(client)
        if total == before:
            return rows, total
    return _rows(client, _EVERYBODY, skip, count), total


def _rows(client: ApiClient, shape: Shape, skip: int, count: int) -> list[UserRow]:
    first = None if skip else count
    rows = kept(client, (shape, first), lambda: _page(shape, client, first)).rows(limit=count, offset=skip)
    return [UserRow(*row) for row in rows]


def _page(shape: Shape, client: ApiClient, first: int | None) -> Compiled:
    """`first`: the first so many, whose statement has one good plan; else wherever told."""
    seen = eyes(client)
    asked = sorting(shape.sort_by, "User", descending=shape.descending, visibility=seen)
    order = asked.order_by(backward=shape.backward)
    found = _found(shape, client).order_by(*order)
    if first is not None:
        rows = user_rows(found, seen, with_groups=shape.is_lookup)[:first]
        return Compiled(rows, _holes(shape), prepare=_one_plan(shape))
    # Which users first: nothing is looked up for those that are passed over.
    page = found.values("pk")[OFFSET_HOLE : OFFSET_HOLE + LIMIT_HOLE]
    rows = user_rows(found_users(client, shape.filter).filter(pk__in=page).order_by(*order), seen, with_groups=False)
    return Compiled(rows, _holes(shape), prepare=False)


def _statement(shape: Shape, client: ApiClient, name: object, compile_: Callable[[], Statement]) -> Statement:
    return kept(client, name, compile_) if shape.is_asked_again else compile_()


def _one_plan(shape: Shape) -> bool:
    """Whether the same plan is the best whatever the texts: nothing is searched for, or something unique enough."""
    return shape.filter is None or (
        isinstance(shape.filter.root, Test) and shape.filter.root.operator is CompareOperator.eq
    )


def _found(shape: Shape, client: ApiClient) -> Any:
    seen = found_users(client, shape.filter)
    return seen.filter(to_q(shape.filter, eyes(client))) if shape.filter else seen


def _holes(shape: Shape) -> dict[str, Any]:
    return {str(number): hole for number, hole in enumerate(shape.holes)}
