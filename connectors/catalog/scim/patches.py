"""Deltas as PATCH operations (RFC 7644 section 3.5.2) in the peer's dialect, or applied to a whole object.

A strict peer answers 400 noTarget to a path that selects nothing, a naive one invents a value: operations on selected
values are therefore written against the object as it was just read.
"""

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from scim2_models import Attribute
from scim2_models.path import AttrPath, CompareOperator, ValuePath

from connectors.catalog.scim.configuration import MemberRemoval, PatchStyle, ScimConfiguration
from connectors.catalog.scim.documents import (
    Document,
    assign,
    elements_for,
    elements_of,
    encoded,
    json_value,
    says_something,
    selected,
    twin_of,
    value_of,
)
from connectors.catalog.scim.names import AttributeName, RawComparison, Selection
from connectors.catalog.scim.shapes import ACTIVE, MARKER, MEMBERS, Shapes, is_complex
from connectors.spi import Attributes, Delta, Scalar, Values

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
Resolved = tuple[AttributeName, Attribute, list[Any]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a PATCH request; `path` None means the whole resource."""

    op: str
    path: str | None
    value: Any = None


@dataclass(frozen=True, slots=True)
class MemberDelta:
    """The part of a group's delta that concerns its members; `replace` None leaves those that are not named."""

    replace: Values | None = None
    add: Values = ()
    remove: Values = ()

    def __bool__(self) -> bool:
        return self.replace is not None or bool(self.add or self.remove)


def split_members(delta: Delta) -> tuple[Delta, MemberDelta]:
    """A group's delta without its members, and the members."""

    def rest(part: Attributes) -> Attributes:
        return {name: values for name, values in part.items() if name != MEMBERS}

    members = MemberDelta(delta.replace.get(MEMBERS), delta.add.get(MEMBERS, ()), delta.remove.get(MEMBERS, ()))
    return Delta(rest(delta.replace), rest(delta.add), rest(delta.remove), delta.enabled), members


class DeltaWriter:
    """Writes deltas for one object class in one dialect. Unknown attributes are Rejected before anything is sent."""

    def __init__(self, configuration: ScimConfiguration, shapes: Shapes) -> None:
        self._configuration = configuration
        self._shapes = shapes

    def needs_current(self, delta: Delta) -> bool:
        """Whether the operations depend on what the object holds now."""
        selections = any(name.selection is not None for name, _, _ in self._resolved(delta.replace))
        return bool(selections or delta.add or delta.remove)

    def apply(self, delta: Delta, document: Document) -> None:
        """Change `document` as the delta says."""
        for name, attribute, values in self._replacements(delta, document):
            assign(document, name, attribute, values)
        if delta.enabled is not None:
            document[ACTIVE] = self._encoded(delta.enabled)

    def operations(self, delta: Delta, current: Document) -> list[Operation]:
        """The delta as operations on an object that now stands as `current`."""
        if self._configuration.patch_style is PatchStyle.NO_PATH:
            return self._whole(delta, current)
        working = copy.deepcopy(current)
        operations: list[Operation] = []
        for name, attribute, values in self._replacements(delta, working):
            operations += _steps(name, attribute, values, working)
            assign(working, name, attribute, values)
        if delta.enabled is not None:
            operations.append(Operation("replace", ACTIVE, self._encoded(delta.enabled)))
        return operations

    def member_batches(self, members: MemberDelta) -> Iterator[list[Operation]]:
        """The operations of each request, at most `members_per_request` members in each."""
        size = self._configuration.members_per_request
        unwanted = set(members.remove)
        wanted = [each for each in dict.fromkeys((*(members.replace or ()), *members.add)) if each not in unwanted]
        for chunk in _chunks(members.remove if members.replace is None else (), size):
            yield self._removals(chunk)
        if members.replace is not None and not wanted:
            yield [Operation("remove", MEMBERS)]
        op = "add" if members.replace is None else "replace"
        for chunk in _chunks(wanted, size):
            yield [Operation(op, MEMBERS, [{"value": each} for each in chunk])]
            op = "add"

    def body(self, operations: Iterable[Operation]) -> Document:
        """The PATCH request."""
        capitalised = self._configuration.capitalised_operations
        rendered = []
        for operation in operations:
            item: Document = {"op": operation.op.capitalize() if capitalised else operation.op}
            if operation.path is not None:
                item["path"] = operation.path
            if operation.value is not None:
                item["value"] = operation.value
            rendered.append(item)
        return {"schemas": [PATCH_URN], "Operations": rendered}

    def _removals(self, members: Iterable[Scalar]) -> list[Operation]:
        if self._configuration.remove_members_by is MemberRemoval.VALUE_LIST:
            return [Operation("remove", MEMBERS, [{"value": each} for each in members])]
        return [_removal(AttrPath(MEMBERS), each) for each in members]

    def _resolved(self, attributes: Attributes) -> Iterator[Resolved]:
        for text, values in attributes.items():
            if text == MARKER and self._configuration.omit_external_id:
                continue
            name, attribute = self._shapes.resolve(text)
            yield name, attribute, [self._encoded(value) for value in values]

    def _replacements(self, delta: Delta, document: Document) -> Iterator[Resolved]:
        """Everything the delta says about values, as whole new values of its attributes."""
        yield from self._resolved(delta.replace)
        for name, attribute, values in self._resolved(delta.add):
            present = _held(document, name)
            yield name, attribute, [*present, *(each for each in values if each not in present)]
        for name, attribute, values in self._resolved(delta.remove):
            yield name, attribute, [each for each in _held(document, name) if each not in values]

    def _whole(self, delta: Delta, current: Document) -> list[Operation]:
        """One operation without a path; what is cleared needs one with a path each."""
        working, fragment = copy.deepcopy(current), Document()
        removals: list[Operation] = []
        for name, attribute, values in self._replacements(delta, working):
            assign(working, name, attribute, values)
            if name.selection is not None:
                whole = AttributeName(name.attribute, urn=name.urn)
                container = working if name.urn is None else value_of(working, name.urn)
                _put_list(fragment, whole, elements_of(value_of(container, name.attribute)))
            elif values:
                assign(fragment, name, attribute, values)
            else:
                removals.append(Operation("remove", str(name)))
        if delta.enabled is not None:
            fragment[ACTIVE] = self._encoded(delta.enabled)
        return [*([Operation("replace", None, fragment)] if fragment else []), *removals]

    def _encoded(self, value: Scalar) -> Any:
        return encoded(value, string_booleans=self._configuration.string_booleans)


def _steps(name: AttributeName, attribute: Attribute, values: list[Any], current: Document) -> list[Operation]:
    """The operations that give one attribute its new value."""
    if name.selection is not None:
        return _selected_steps(name, name.selection, values, current)
    if attribute.multi_valued and is_complex(attribute) and _elements(current, name):
        present = _held(current, name)
        added = [each for each in values if each not in present]
        removed = [each for each in present if each not in values]
        steps = [_removal(name.base, each) for each in removed]
        return [*steps, *([Operation("add", str(name), elements_for(added, attribute))] if added else [])]
    if not values:
        return [Operation("remove", str(name))]
    value = values[0] if name.sub is not None else json_value(values, attribute)
    return [Operation("replace", str(name), value)]


def _selected_steps(name: AttributeName, selection: Selection, values: list[Any], current: Document) -> list[Operation]:
    elements, sub = _elements(current, name), name.sub or "value"
    element = selected(elements, selection)
    if element is None:
        return _added(name, selection, elements, values)
    if values:
        return [Operation("replace", str(name), values[0])] if value_of(element, sub) != values[0] else []
    if value_of(element, sub) is None:
        return []
    rest = {key: value for key, value in element.items() if key.lower() != sub.lower()}
    return [Operation("remove", str(name) if says_something(rest) else str(ValuePath(name.base, selection.comparison)))]


def _added(name: AttributeName, selection: Selection, elements: list[Any], values: list[Any]) -> list[Operation]:
    if not values:
        return []
    sub = name.sub or "value"
    if twin_of(elements, selection, sub, values[0]) is not None:
        same = ValuePath(name.base, RawComparison(AttrPath(sub), CompareOperator.eq, values[0]), selection.by)
        return [Operation("replace", str(same), selection.value)]
    return [Operation("add", str(name.base), [{selection.by: selection.value, sub: values[0]}])]


def _removal(path: AttrPath, value: Any) -> Operation:
    return Operation("remove", str(ValuePath(path, RawComparison(AttrPath("value"), CompareOperator.eq, value))))


def _elements(document: Document, name: AttributeName) -> list[Any]:
    container = document if name.urn is None else value_of(document, name.urn)
    return elements_of(value_of(container, name.attribute))


def _held(document: Document, name: AttributeName) -> list[Any]:
    """The raw values an attribute holds, without what marks them."""
    elements = _elements(document, name)
    return [value_of(each, "value") if isinstance(each, dict) else each for each in elements]


def _put_list(fragment: Document, name: AttributeName, elements: list[Any]) -> None:
    container = fragment if name.urn is None else fragment.setdefault(name.urn, {})
    container[name.attribute] = elements


def _chunks(values: Iterable[Scalar], size: int) -> Iterator[list[Scalar]]:
    items = list(values)
    return (items[start : start + size] for start in range(0, len(items), size))
