"""The portal's filters as SCIM filters, and the same filters evaluated here on what a peer answered."""

import unicodedata
from functools import reduce
from operator import and_, or_
from typing import Any, assert_never

from scim2_models.path import AttrPath, CompareOperator, FilterNode, ValuePath
from scim2_models.path import Not as NotNode
from scim2_models.path import Present as PresentNode

from connectors.catalog.scim.documents import encoded
from connectors.catalog.scim.names import AttributeName, RawComparison
from connectors.catalog.scim.shapes import Shapes, is_complex, sub_attributes
from connectors.spi import (
    And,
    Equals,
    Filter,
    Not,
    Or,
    Present,
    RemoteObject,
    Scalar,
    StartsWith,
    Values,
)

IDS = frozenset({"remote_id", "reference"})
EVERYTHING = PresentNode(AttrPath("id"))


def scim_filter(condition: Filter, shapes: Shapes) -> FilterNode:
    """The filter in SCIM's grammar, every value quoted (raises Rejected for an attribute the peer does not have)."""
    match condition:
        case Equals(attribute, value):
            return _comparison(attribute, CompareOperator.eq, encoded(value), shapes)
        case StartsWith(attribute, value):
            return _comparison(attribute, CompareOperator.sw, value, shapes)
        case Present(attribute):
            return _presence(attribute, shapes)
        case And(parts):
            return reduce(and_, (scim_filter(part, shapes) for part in parts)) if parts else EVERYTHING
        case Or(parts):
            return reduce(or_, (scim_filter(part, shapes) for part in parts)) if parts else NotNode(EVERYTHING)
        case Not(part):
            return NotNode(scim_filter(part, shapes))
    assert_never(condition)


def _comparison(text: str, operator: CompareOperator, value: Any, shapes: Shapes) -> FilterNode:
    name, path = _path(text, shapes)
    if name is not None and name.selection is not None:
        inner = RawComparison(AttrPath(name.sub or "value"), operator, value)
        return ValuePath(name.base, name.selection.comparison & inner)
    return RawComparison(path, operator, value)


def _presence(text: str, shapes: Shapes) -> FilterNode:
    name, path = _path(text, shapes)
    if name is not None and name.selection is not None:
        return ValuePath(name.base, name.selection.comparison & PresentNode(AttrPath(name.sub or "value")))
    return PresentNode(path)


def _path(text: str, shapes: Shapes) -> tuple[AttributeName | None, AttrPath]:
    """The name and its path in a filter; a complex attribute is asked for by its `value`."""
    if text in IDS:
        return None, AttrPath("id")
    name, attribute = shapes.resolve(text)
    sub = name.sub or ("value" if is_complex(attribute) else None)
    return name, AttrPath(name.attribute, sub, name.urn)


def _values(text: str, item: RemoteObject, shapes: Shapes) -> Values:
    if text in IDS:
        return (item.remote_id,)
    return item.attributes.get(str(shapes.resolve(text)[0]), ())


def _is_exact(text: str, shapes: Shapes) -> bool:
    if text in IDS:
        return True
    name, attribute = shapes.resolve(text)
    subs = sub_attributes(attribute)
    return "$ref" in subs or bool(subs.get(name.sub or "value", attribute).case_exact)


def _key(value: Scalar, *, exact: bool) -> tuple[bool, bool, Scalar]:
    # True == 1 in Python: keep booleans apart from numbers.
    return isinstance(value, bool), exact, _folded(value, exact=exact) if isinstance(value, str) else value


def _folded(text: str, *, exact: bool) -> str:
    return text if exact else unicodedata.normalize("NFC", text).casefold()


def matches(condition: Filter, item: RemoteObject, shapes: Shapes) -> bool:
    """Whether an object the peer answered with really satisfies the filter."""
    match condition:
        case Equals(attribute, value):
            key = _key(value, exact=_is_exact(attribute, shapes))
            return any(_key(each, exact=key[1]) == key for each in _values(attribute, item, shapes))
        case StartsWith(attribute, prefix):
            exact = _is_exact(attribute, shapes)
            start = _folded(prefix, exact=exact)
            values = _values(attribute, item, shapes)
            return any(isinstance(each, str) and _folded(each, exact=exact).startswith(start) for each in values)
        case Present(attribute):
            return bool(_values(attribute, item, shapes))
        case And(parts):
            return all(matches(part, item, shapes) for part in parts)
        case Or(parts):
            return any(matches(part, item, shapes) for part in parts)
        case Not(part):
            return not matches(part, item, shapes)
    assert_never(condition)


def mentions(condition: Filter | None, attribute: str) -> bool:
    """Whether a filter asks about this attribute anywhere."""
    match condition:
        case Equals(name, _) | StartsWith(name, _) | Present(name):
            return name == attribute
        case And(parts) | Or(parts):
            return any(mentions(part, attribute) for part in parts)
        case Not(part):
            return mentions(part, attribute)
    return False


def only_id(condition: Filter | None) -> str | None:
    """The id, when a filter asks for nothing but one."""
    if isinstance(condition, Equals) and condition.attribute in IDS and isinstance(condition.value, str):
        return condition.value
    return None
