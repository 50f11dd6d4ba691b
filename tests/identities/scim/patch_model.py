"""PATCH as RFC 7644 section 3.5.2 describes it, on plain dictionaries: what the service is held against.

Shares nothing with the product. An operation is kept in its parts and written as JSON only for the service, so that no
path is read here.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
SINGLE = ("title", "nickName", "displayName")
COMPLEX = {"name": ("givenName", "familyName"), ENTERPRISE: ("department", "costCenter")}
MANY = ("emails", "phoneNumbers")


class Refused(Exception):  # noqa: N818  # an outcome, not a mistake
    """The service must answer 400 and change nothing."""


@dataclass(frozen=True)
class Selection:
    """The filter of a path: a part of an entry compared with a text."""

    part: str
    operator: str
    value: str

    def selects(self, entry: dict[str, Any]) -> bool:
        """Whether the entry is meant."""
        found, wanted = entry.get(self.part, ""), self.value
        return bool(found) and {"eq": found == wanted, "sw": found.startswith(wanted)}[self.operator]


@dataclass(frozen=True)
class Operation:
    """One operation; without an attribute, `value` names them."""

    op: str
    attribute: str | None = None
    part: str | None = None
    selection: Selection | None = None
    value: Any = None

    @property
    def json(self) -> dict[str, Any]:
        """As it is sent."""
        message = {"op": self.op}
        if self.attribute is not None:
            chosen = self.selection
            filter_ = f'[{chosen.part} {chosen.operator} "{chosen.value}"]' if chosen else ""
            part = f"{':' if self.attribute == ENTERPRISE else '.'}{self.part}" if self.part else ""
            message["path"] = f"{self.attribute}{filter_}{part}"
        return message if self.value is None else message | {"value": self.value}


def patched(user: dict[str, Any], operations: list[Operation]) -> dict[str, Any]:
    """The user after all operations (raises Refused: then none of them counts)."""
    changed = deepcopy(user)
    for operation in operations:
        if operation.attribute is None:
            for name, value in operation.value.items():
                _apply(changed, Operation(operation.op, name, value=value))
        else:
            _apply(changed, operation)
    for name in MANY:
        changed[name] = _settled(user.get(name, []), changed.get(name, []))
    return {name: value for name, value in changed.items() if value}


def _apply(user: dict[str, Any], operation: Operation) -> None:
    name, value = str(operation.attribute), deepcopy(operation.value)
    if name == "id":
        raise Refused("mutability")
    if name in MANY:
        user[name] = _entries(user.get(name, []), operation, value)
    elif operation.op == "remove" and operation.part is None:
        user.pop(name, None)
    elif operation.op == "remove":
        user.get(name, {}).pop(operation.part, None)
    elif name in COMPLEX:
        # Sections 3.5.2.1 and 3.5.2.3: the parts that are given; the others stay.
        user[name] = user.get(name, {}) | ({operation.part: value} if operation.part else value)
    else:
        user[name] = value


def _entries(entries: list[dict[str, Any]], operation: Operation, value: Any) -> list[dict[str, Any]]:
    if operation.selection is not None:
        return _selected(entries, operation, operation.selection, value)
    if operation.op == "remove":
        return []
    given = value if isinstance(value, list) else [value]
    before = [] if operation.op == "replace" else entries
    return _with_one_primary(_unique([*before, *given]), given)


def _selected(
    entries: list[dict[str, Any]], operation: Operation, selection: Selection, value: Any
) -> list[dict[str, Any]]:
    chosen = [entry for entry in entries if selection.selects(entry)]
    if not chosen and operation.op != "remove":
        raise Refused("noTarget")
    if operation.op == "remove" and operation.part is None:
        return [entry for entry in entries if entry not in chosen]
    for entry in chosen:
        if operation.op == "remove":
            entry.pop(operation.part, None)
        elif operation.part is not None:
            entry[operation.part] = value
        else:
            # Section 3.5.2.3 of complex attributes: the parts that are given; the others stay.
            entry.update(value)
    return _with_one_primary(_unique(entries), chosen)


def _unique(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """RFC 7643 section 2.4: a value of a type is there once, so that to add it again is to say more of it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for entry in entries:
        same = found.setdefault(_identity(entry), entry)
        same.update(entry | ({"primary": True} if same.get("primary") else {}))
    return list(found.values())


def _with_one_primary(entries: list[dict[str, Any]], given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Section 3.5.2: a new primary value takes the mark from the one before."""
    marked = {_identity(entry) for entry in given if entry.get("primary")}
    if len(marked) > 1:
        raise Refused("invalidValue")
    return [entry | {"primary": False} if marked and _identity(entry) not in marked else entry for entry in entries]


def _settled(before: list[dict[str, Any]], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where nothing is said of any mark, it stays on a value that stays: what is absent is not cleared."""
    silent = not any("primary" in entry for entry in entries)
    had = [entry for entry in before if entry["primary"]] if silent else []
    stays = [entry for entry in entries if any(entry["value"] == one["value"] for one in had)]
    exact = [entry for entry in stays if any(_identity(entry) == _identity(one) for one in had)]
    return [{"primary": entry in (exact or stays)[:1]} | entry for entry in entries]


def _identity(entry: dict[str, Any]) -> tuple[str, str]:
    return entry["value"], entry["type"]


# Few values, so that operations meet one another.
_words = st.sampled_from(["a", "b", "c"])
_types = st.sampled_from(["work", "home"])
_values = {"emails": st.sampled_from(["a@b.co", "b@b.co", "c@b.co"]), "phoneNumbers": st.sampled_from(["+1", "+2"])}
_writes = st.sampled_from(["add", "replace"])


def _entry(name: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"value": _values[name], "type": _types}, optional={"primary": st.booleans()})


def _given(name: str) -> st.SearchStrategy[Any]:
    if name in MANY:
        return st.lists(_entry(name), min_size=1, max_size=2)
    if name in COMPLEX:
        return st.dictionaries(st.sampled_from(COMPLEX[name]), _words, min_size=1)
    return _words


def _on_entries(name: str) -> st.SearchStrategy[Operation]:
    selections = st.builds(Selection, st.just("type"), st.just("eq"), _types) | st.builds(
        Selection, st.just("value"), st.sampled_from(["eq", "sw"]), _values[name]
    )
    display = st.just("display")
    return st.one_of(
        st.builds(Operation, st.just("remove"), st.just(name), st.none() | display, selections),
        st.builds(Operation, st.just("replace"), st.just(name), st.none(), selections, _entry(name)),
        st.builds(Operation, st.just("replace"), st.just(name), st.just("value"), selections, _values[name]),
        st.builds(Operation, _writes, st.just(name), display, selections, _words),
        st.builds(Operation, _writes, st.just(name), value=_entry(name)),
    )


_PARTS = [(name, part) for name, parts in COMPLEX.items() for part in parts]
_NAMES = [*SINGLE, *COMPLEX, *MANY]
operations = st.one_of(
    st.sampled_from(_NAMES).flatmap(lambda name: st.builds(Operation, _writes, st.just(name), value=_given(name))),
    st.sampled_from(_NAMES).map(lambda name: Operation("remove", name)),
    st.builds(lambda at, op, value: Operation(op, *at, value=value), st.sampled_from(_PARTS), _writes, _words),
    st.sampled_from(_PARTS).map(lambda at: Operation("remove", *at)),
    st.builds(
        Operation,
        _writes,
        value=st.fixed_dictionaries({}, optional={name: _given(name) for name in _NAMES}).filter(bool),
    ),
    st.builds(Operation, _writes, st.just("id"), value=_words),
    *(_on_entries(name) for name in MANY),
)
