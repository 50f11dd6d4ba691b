"""A PATCH of a group, split into what concerns its members (sets to add and remove) and the rest.

The member list itself is never read: membership changes stay as sets until the database applies them (RFC 7644 section
3.5.2, on `members`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from scim2_models import InvalidPathException, InvalidValueException, PatchOp
from scim2_models.path import CompareOperator, Comparison, FilterNode, LogicalExpr, LogicalOperator

_MEMBER_PARTS: Final = frozenset({"value", "$ref", "type", "display"})


@dataclass(slots=True)
class MemberChanges:
    """Ordered steps, neighbours of one kind put together: a step is one action whatever the number of operations."""

    steps: list["Step"] = field(default_factory=list)

    def add(self, members: Iterable[str]) -> None:
        """These are members from here on."""
        self._put("add", members)

    def remove(self, members: Iterable[str]) -> None:
        """These are no members from here on."""
        self._put("remove", members)

    def replace(self, members: Iterable[str]) -> None:
        """These are all the members from here on; what came before does not matter."""
        self.steps = [Step("replace", dict.fromkeys(members))]

    def remove_selected(self, selection: str) -> None:
        """Whoever the filter selects is no member from here on."""
        self.steps.append(Step("select", {}, selection))

    def _put(self, kind: str, members: Iterable[str]) -> None:
        if not self.steps or self.steps[-1].kind != kind:
            self.steps.append(Step(kind, {}))
        self.steps[-1].members.update(dict.fromkeys(members))


@dataclass(slots=True)
class Step:
    """One set-based change. `members` holds ids in the order they were named; `selection` is a filter on members."""

    kind: str
    members: dict[str, None]
    selection: str = ""


def split(message: Any) -> tuple[MemberChanges, list[Any]]:
    """Split a validated message into changes of members and the operations on everything else.

    Raises:
        InvalidPathException, InvalidValueException: an operation on members that means nothing.
    """
    changes, others = MemberChanges(), []
    for operation in message.operations:
        if operation.path is None:
            rest = _take_members(operation, changes)
            if rest:
                others.append(operation.model_copy(update={"value": rest}))
        elif operation.path.parts[:1] and operation.path.parts[0].lower() == "members":
            _on_members(operation, changes)
        else:
            others.append(operation)
    return changes, others


def check_members(message: Any) -> None:
    """Refuse parts of members that no member has (raises InvalidValueException)."""
    for operation in message.operations:
        value = operation.value
        if operation.path is None and isinstance(value, dict):
            value = next((part for name, part in value.items() if _is_members(name)), None)
        elif operation.path is None or operation.path.parts[0].lower() != "members":
            continue
        for entry in value if isinstance(value, list) else [value]:
            unknown = {name.lower() for name in entry} - _MEMBER_PARTS if isinstance(entry, dict) else ()
            if unknown:
                raise InvalidValueException(detail=f"A member has no {min(unknown)}.")


def rest_of(message: Any, operations: list[Any]) -> Any:
    """The message with these operations alone, or None if there are none left."""
    copied: PatchOp[Any] | None = message.model_copy(update={"operations": operations}) if operations else None
    return copied


def _take_members(operation: Any, changes: MemberChanges) -> dict[str, Any]:
    """Handle `members` in a value without a path; the value's other attributes are returned."""
    if not isinstance(operation.value, dict):
        raise InvalidValueException(detail="A value without a path is an object.")
    for name, value in operation.value.items():
        if _is_members(name):
            _write(operation.op, _ids(value), changes)
    return {name: value for name, value in operation.value.items() if not _is_members(name)}


def _on_members(operation: Any, changes: MemberChanges) -> None:
    path, selection = operation.path, operation.path.value_filter
    if len(path.parts) > 1:
        raise InvalidPathException(path=str(path), detail="Members are added and removed whole.")
    if operation.op == "remove":
        _remove(operation, selection, changes)
    elif selection is not None:
        raise InvalidPathException(path=str(path), detail="Members are added and removed whole.")
    else:
        _write(operation.op, _ids(operation.value), changes)


def _remove(operation: Any, selection: FilterNode | None, changes: MemberChanges) -> None:
    if selection is not None:
        named = _named_by(selection)
        if named is None:
            changes.remove_selected(f"members[{selection}]")
        else:
            changes.remove(named)
    elif operation.value is not None:
        changes.remove(_ids(operation.value))
    else:
        changes.replace(())


def _write(op: str, members: list[str], changes: MemberChanges) -> None:
    if op == "add":
        changes.add(members)
    else:
        changes.replace(members)


def _ids(value: Any) -> list[str]:
    entries = value if isinstance(value, list) else [] if value is None else [value]
    ids = [_value_of(entry) for entry in entries]
    if not all(isinstance(each, str) and each for each in ids):
        raise InvalidValueException(detail="A member is an object with the id of a user or group as its value.")
    return ids


def _value_of(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return None
    return next((part for name, part in entry.items() if name.lower() == "value"), None)


def _is_members(name: str) -> bool:
    return name.lower().rpartition(":")[2] == "members"


def _named_by(node: FilterNode) -> list[str] | None:
    """The ids that `value eq "..." or value eq "..."` names; None for any other filter."""
    match node:
        case Comparison(attr_path=path, op=CompareOperator.eq, value=str() as value) if path.attr.lower() == "value":
            return [value]
        case LogicalExpr(op=LogicalOperator.or_, terms=terms):
            parts = [_named_by(term) for term in terms]
            return None if None in parts else [each for part in parts if part for each in part]
    return None
