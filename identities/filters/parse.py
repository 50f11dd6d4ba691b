"""Read a SCIM filter (RFC 7644 section 3.4.2.2) and bind it to our attributes. Plain Python.

The grammar is scim2-models'; names and types come from `attributes`.
"""

import re
from functools import lru_cache
from typing import Final, NoReturn

from scim2_models import InvalidFilterException
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    ScimFilter,
    ValuePath,
)
from scim2_models.path import Present as PresentExpr

from identities.errors import RuleViolation
from identities.filters.attributes import (
    CORE_SCHEMAS,
    ENTERPRISE_SCHEMA,
    Attribute,
    Complex,
    MultiValued,
    Resource,
    Target,
    find,
    parts_of,
)
from identities.filters.literals import EQUALITY, UnfitError, literal
from identities.filters.match import compare
from identities.filters.tree import Every, Filter, Negation, Node, Present, Select, Some, Test

MAX_LENGTH: Final = 4000
MAX_DEPTH: Final = 20
MAX_CLAUSES: Final = 200

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"')
_COLUMN: Final = re.compile(r"at column (\d+)")


def parse(text: str, resource: Resource, *, per_client: bool = False, others: tuple[Resource, ...] = ()) -> Filter:
    """Read `text` as a filter on `resource`.

    Args:
        per_client: whether `externalId`, which belongs to one API client, may be named.
        others: resource types that the same filter is for. An attribute that only one of them has is one without a
            value here (RFC 7644 section 3.4.2.1).

    Raises:
        RuleViolation: code `invalid_filter`; `facts["position"]` is the column (from 1) where reading stopped, None
            where the filter can be read but makes no sense for the resource.
    """
    if len(text) > MAX_LENGTH:
        _refuse(f"The filter is longer than {MAX_LENGTH} characters.", MAX_LENGTH + 1)
    _check_nesting(text)
    return _parsed(text, resource, per_client, others)


@lru_cache(maxsize=512)
def _parsed(text: str, resource: Resource, per_client: bool, others: tuple[Resource, ...]) -> Filter:
    try:
        # Not bound to scim2-models' resources: names are bound to our own table.
        tree = ScimFilter(text).ast
    except InvalidFilterException as error:
        column = _COLUMN.search(error.detail)
        _refuse(f"The filter cannot be read: {error.detail}.", int(column.group(1)) if column else None)
    return Filter(text, resource, _Binder(resource, per_client, others).visit(tree))


def _check_nesting(text: str) -> None:
    depth = 0
    for position, character in enumerate(_QUOTED.sub(lambda found: "." * len(found.group()), text), start=1):
        if character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
        if depth > MAX_DEPTH:
            _refuse(f"The filter nests more than {MAX_DEPTH} levels.", position)


def _refuse(message: str, position: int | None = None) -> NoReturn:
    raise RuleViolation("invalid_filter", message, position=position)


def _name(path: AttrPath) -> str:
    return f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr


def _settled(node: object, *, truth: bool) -> Node:
    """A clause that is as true of one object as of any other."""
    return Every(str(node), ()) if truth else Some(str(node), ())


class _Binder(FilterVisitor[Node]):
    """Turns scim2-models' syntax tree into ours, attribute by attribute."""

    def __init__(self, resource: Resource, per_client: bool, others: tuple[Resource, ...]) -> None:
        self._resource: Resource = resource
        self._others = others
        self._per_client = per_client
        self._inside: MultiValued | Complex | None = None
        self._clauses = 0

    def visit_comparison(self, node: Comparison) -> Node:
        """Bind a comparison; `ne` becomes the negation of `eq`."""
        self._count()
        if self._is_resource_type(node.attr_path):
            return _settled(node, truth=self._is_of_type(node))
        if self._is_schemas(node.attr_path):
            return self._has_schema(node)
        if self._is_of_others(node.attr_path):
            return _settled(node, truth=(node.op is CompareOperator.ne) != (node.value is None))
        attribute = self._comparable(node.attr_path)
        try:
            value = literal(attribute, node.op, node.value)
        except UnfitError as error:
            _refuse(f"In {str(node)!r}: {error}.")
        if node.op is CompareOperator.ne:
            return Negation(str(node), Test(str(node), attribute, CompareOperator.eq, value))
        return Test(str(node), attribute, node.op, value)

    def visit_present(self, node: PresentExpr) -> Node:
        """Bind a test for presence."""
        self._count()
        if self._is_resource_type(node.attr_path) or self._is_schemas(node.attr_path):
            return _settled(node, truth=True)
        if self._is_of_others(node.attr_path):
            return _settled(node, truth=False)
        return Present(str(node), self._target(node.attr_path))

    def visit_not(self, node: Not) -> Node:
        """Bind a negation."""
        return Negation(str(node), self.visit(node.expr))

    def visit_logical_expr(self, node: LogicalExpr) -> Node:
        """Bind a conjunction or disjunction."""
        terms = tuple(self.visit(term) for term in node.terms)
        return Every(str(node), terms) if node.op is LogicalOperator.and_ else Some(str(node), terms)

    def visit_value_path(self, node: ValuePath) -> Node:
        """Bind a selection of entries, such as `emails[type eq "work"]`."""
        if self._is_of_others(node.attr_path):
            return _settled(node, truth=False)
        selected = self._target(node.attr_path)
        if isinstance(selected, Attribute):
            _refuse(f"{node.attr_path} has a single value; there is nothing to select from it.")
        self._inside = selected
        try:
            inner = self.visit(node.val_filter)
        finally:
            self._inside = None
        # A complex attribute with one value is that value: what is asked of its parts is asked of the object.
        return Select(str(node), selected, inner) if isinstance(selected, MultiValued) else inner

    def _count(self) -> None:
        self._clauses += 1
        if self._clauses > MAX_CLAUSES:
            _refuse(f"The filter has more than {MAX_CLAUSES} clauses.")

    def _is_resource_type(self, path: AttrPath) -> bool:
        """Whether this is `meta.resourceType`, the same for all objects of a type."""
        return self._inside is None and path.uri is None and _name(path).lower() == "meta.resourcetype"

    def _is_of_type(self, node: Comparison) -> bool:
        if node.value is None or not isinstance(node.value, str):
            return (node.op is CompareOperator.ne) if node.op in EQUALITY else _refuse(f"{node} compares with a text.")
        if node.op is CompareOperator.ne:
            return node.value != self._resource
        return compare(self._resource, node.op, node.value)

    def _is_schemas(self, path: AttrPath) -> bool:
        return self._inside is None and path.uri is None and _name(path).lower() == "schemas"

    def _has_schema(self, node: Comparison) -> Node:
        """`schemas` holds the resource's own, and the enterprise extension where there is anything of it."""
        if node.op not in EQUALITY or not isinstance(node.value, str):
            _refuse(f"In {str(node)!r}: schemas is compared by eq and ne, with a text in double quotes.")
        schema = node.value.lower()
        found: Node = _settled(node, truth=schema == CORE_SCHEMAS[self._resource].lower())
        if schema == ENTERPRISE_SCHEMA.lower():
            found = Some(str(node), tuple(Present(each.name, each) for each in parts_of(self._resource, schema)))
        return Negation(str(node), found) if node.op is CompareOperator.ne else found

    def _is_of_others(self, path: AttrPath) -> bool:
        """Whether only other resource types have the attribute."""
        if self._inside is not None or find(self._resource, path.uri, _name(path)) is not None:
            return False
        return any(find(other, path.uri, _name(path)) is not None for other in self._others)

    def _target(self, path: AttrPath) -> Target:
        name = _name(path)
        if self._inside is not None:
            part = self._inside.part(name) if path.uri is None else None
            return part or _refuse(f"{self._inside.name} has no part {name!r}.")
        target = find(self._resource, path.uri, name)
        if target is None:
            _refuse(f"{self._resource} has no attribute {str(path)!r}.")
        if isinstance(target, Attribute) and target.path == "externalId" and not self._per_client:
            _refuse("externalId belongs to one API client and cannot be used here.")
        return target

    def _comparable(self, path: AttrPath) -> Attribute:
        """The attribute a comparison means: of a complex one its `value` part (RFC 7644 section 3.4.2.2)."""
        target = self._target(path)
        if isinstance(target, Attribute):
            return target
        return target.value_part or _refuse(f"{path} is complex: compare one of its parts.")
