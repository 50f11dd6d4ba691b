"""Bring what Entra and Okta send into the form the RFCs define, each deviation by its name in `profiles`."""

from typing import Any, Final

from scim2_models import InvalidValueException

from identities.filters.attributes import ENTERPRISE_SCHEMA, VALUE_NAMES, parts_of
from identities.scim.wire.notes import Notes
from identities.scim.wire.profiles import tolerates

Payload = dict[str, Any]

_BOOLEANS: Final = frozenset({"active", "primary"})
_TEXTS: Final = {"true": True, "false": False}
_MULTI_VALUED: Final = frozenset({"members", *(name.lower() for name in VALUE_NAMES)})
_ENTERPRISE: Final = frozenset(part.path.partition(".")[0].lower() for part in parts_of("User", ENTERPRISE_SCHEMA))
_MANAGER: Final = frozenset({"manager", f"{ENTERPRISE_SCHEMA}:manager".lower()})


class Tolerance:
    """What one client may deviate in, and the notes of where it did."""

    def __init__(self, profile: str, notes: Notes) -> None:
        self.profile = profile
        self.notes = notes

    def resource(self, payload: Payload) -> Payload:
        """A user or group as a request sends it.

        Raises:
            InvalidValueException: a boolean that is none.
        """
        return self._object(payload)

    def patch(self, payload: Payload) -> Payload:
        """A PatchOp message. Operations that only concern what the portal never takes (a password) are left out."""
        cleaned: Payload = {}
        for name, value in payload.items():
            if name.lower() == "operations" and isinstance(value, list):
                apart = [part for each in value for part in _apart(each)]
                operations = (self._operation(each) if isinstance(each, dict) else each for each in apart)
                cleaned[name] = [each for each in operations if each is not None]
            else:
                cleaned[name] = value
        return cleaned

    def allows(self, name: str, subject: str = "") -> bool:
        """Whether the deviation is tolerated; if it is, it is noted."""
        if not tolerates(self.profile, name):
            return False
        self.notes.add(name, subject)
        return True

    def _operation(self, operation: Payload) -> Payload | None:
        """One operation of a PATCH; None if it only concerns what is never taken."""
        given = {_lower_keyword(name): value for name, value in operation.items()}
        if isinstance(given.get("op"), str) and given["op"] != given["op"].lower():
            self.allows("capital_operations")
        path = given.get("path")
        if path in (None, ""):
            return self._without_path(given)
        if isinstance(path, str):
            path = given["path"] = self._with_schema(path)
        if not isinstance(path, str) or "value" not in given:
            if path == "active":
                # Removed, it would be neither true nor false: the operation changes nothing.
                self.notes.add("ignored", "active")
            return given
        if path.lower() == "password":
            self.notes.add("ignored", "password")
            return None
        value = self._targeted(path, given["value"])
        if path.lower() in _MANAGER and value is None:
            return {"op": "remove", "path": path}
        return given | {"value": value}

    def _without_path(self, given: Payload) -> Payload | None:
        rest = {name: part for name, part in given.items() if name != "path"}
        value = rest.get("value")
        if not isinstance(value, dict):
            return rest
        cleaned = self._object(value, patching=True)
        return None if value and not cleaned else rest | {"value": cleaned}

    def _with_schema(self, path: str) -> str:
        """The path; an enterprise attribute's with its schema before it."""
        if path.partition(".")[0].lower() in _ENTERPRISE and self.allows("enterprise_without_schema", path):
            return f"{ENTERPRISE_SCHEMA}:{path}"
        return path

    def _targeted(self, path: str, value: Any) -> Any:
        """The value of an operation whose path names an attribute."""
        name = path.rpartition(".")[2].lower()
        only = _only_value(value)
        if only is not None and "[" not in path and _plain(name) not in _MULTI_VALUED:
            value = only if self.allows("single_value_list", path) else value
        if name in _BOOLEANS and not isinstance(value, dict | list):
            return self._boolean(name, value)
        if path.lower() in _MANAGER:
            return self._manager(value)
        if isinstance(value, dict):
            return self._object(value, top=False)
        if isinstance(value, list):
            return self._entries(name, value)
        return value

    def _object(self, payload: Payload, *, top: bool = True, patching: bool = False) -> Payload:
        """An object with booleans and manager in order; at the top without a password, in a PATCH without the id."""
        cleaned: Payload = {}
        for name, value in payload.items():
            key = name.lower()
            if top and key == "password":
                self.notes.add("ignored", "password")
            elif patching and key == "id" and self.allows("resource_id_in_value"):
                continue
            elif key in _MANAGER:
                cleaned[name] = self._manager(value)
            elif key.rpartition(".")[2] in _BOOLEANS:
                cleaned[name] = self._boolean(key, value)
            elif isinstance(value, dict):
                cleaned[name] = self._object(value, top=False)
            elif isinstance(value, list):
                cleaned[name] = self._entries(key, value)
            else:
                cleaned[name] = value
        return cleaned

    def _entries(self, name: str, entries: list[Any]) -> list[Any]:
        """A list in order; in a multi-valued attribute texts become entries, and entries that say nothing go."""
        multi_valued = _plain(name) in _MULTI_VALUED
        kept = []
        for given in entries:
            plain = multi_valued and isinstance(given, str) and self.allows("plain_entries", name)
            entry = {"value": given} if plain else given
            if isinstance(entry, dict):
                entry = self._object(entry, top=False)
                if multi_valued and _says_nothing(entry) and self.allows("empty_entries", name):
                    continue
            kept.append(entry)
        return kept

    def _boolean(self, name: str, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in _TEXTS and self.allows("string_booleans", name):
            return _TEXTS[value.lower()]
        raise InvalidValueException(detail=f"{name} is true or false.")

    def _manager(self, value: Any) -> Any:
        if isinstance(value, str) and self.allows("manager_text"):
            return {"value": value} if value else None
        named = isinstance(value, dict) and any(key.lower() == "displayname" for key in value)
        if named and self.allows("manager_display_name"):
            return {key: part for key, part in value.items() if key.lower() != "displayname"}
        return value


def _apart(operation: Any) -> list[Any]:
    """The operation, and one of its own for each key of a value without a path that is a path with a filter."""
    if not isinstance(operation, dict):
        return [operation]
    given = {_lower_keyword(name): part for name, part in operation.items()}
    value = given.get("value")
    if given.get("path") not in (None, "") or not isinstance(value, dict) or not any("[" in name for name in value):
        return [operation]
    rest = {name: part for name, part in value.items() if "[" not in name}
    filtered = [{"op": given.get("op"), "path": name, "value": part} for name, part in value.items() if "[" in name]
    return [*([given | {"value": rest}] if rest else []), *filtered]


def _only_value(value: Any) -> Any:
    """The value in `[{"value": ..., "$ref": ...}]`; None for anything else."""
    if not isinstance(value, list) or len(value) != 1 or not isinstance(value[0], dict):
        return None
    return value[0].get("value") if set(value[0]) <= {"value", "$ref"} else None


def _says_nothing(entry: Payload) -> bool:
    """Whether an entry has a value that is empty, and at most says of which kind it would be."""
    parts = {name.lower(): part for name, part in entry.items()}
    return parts.get("value", 0) in ("", None) and set(parts) <= {"value", "type", "primary", "display"}


def _plain(name: str) -> str:
    """The name without a schema before it."""
    return name.rpartition(":")[2]


def _lower_keyword(name: str) -> str:
    return name.lower() if name.lower() in ("op", "path", "value") else name
