"""`attributes` and `excludedAttributes` (RFC 7644 section 3.9), on answers that are plain dictionaries already."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scim2_models import InvalidPathException, InvalidValueException
from scim2_models.path import AttrPath, Path

from identities.filters.attributes import CORE_SCHEMAS, ENTERPRISE_SCHEMA, PORTAL_SCHEMA, Resource

# RFC 7643 section 7: `returned` is "always".
_ALWAYS: Final = ("schemas", "id")
# `returned` is "request": the portal's own view of a person, which few clients care for.
_ON_REQUEST: Final = ("state", "orgUnit")
_EXTENSIONS: Final = {schema.lower(): schema for schema in (ENTERPRISE_SCHEMA, PORTAL_SCHEMA)}
_LONGEST: Final = 4000

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """Which attributes an answer holds: lower-case keys from the outside in. An unknown one selects nothing."""

    included: tuple[Keys, ...] = ()
    excluded: tuple[Keys, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether nothing was chosen: the answer holds what it holds by default."""
        return not self.included and not self.excluded

    def wants(self, name: str) -> bool:
        """Whether an attribute (or some part of it) is in the answer, so that work for the others can be left out."""
        key = name.lower()
        if self.included:
            return any(keys[0] == key for keys in self.included)
        return (key,) not in self.excluded

    def asks_for(self, schema: str, name: str) -> bool:
        """Whether an attribute of an extension (or all of it) is asked for by name."""
        asked = ((schema.lower(),), (schema.lower(), name.lower()))
        return any(keys[:2] in asked for keys in self.included)

    def apply(self, form: dict[str, Any]) -> dict[str, Any]:
        """The part of the answer that was asked for."""
        form = self._without_unasked(form)
        if self.included:
            kept = {name: form[name] for name in _ALWAYS if name in form}
            rest = {name: value for name, value in form.items() if name not in kept}
            return kept | _include(rest, self.included)
        if self.excluded:
            removable = {name: value for name, value in form.items() if name not in _ALWAYS}
            return {name: form[name] for name in _ALWAYS if name in form} | _exclude(removable, self.excluded)
        return form

    def _without_unasked(self, form: dict[str, Any]) -> dict[str, Any]:
        extension = form.get(PORTAL_SCHEMA)
        if extension is None:
            return form
        kept = {
            name: value
            for name, value in extension.items()
            if name not in _ON_REQUEST or self.asks_for(PORTAL_SCHEMA, name)
        }
        if kept:
            return form | {PORTAL_SCHEMA: kept}
        rest = {name: value for name, value in form.items() if name != PORTAL_SCHEMA}
        return rest | {"schemas": [schema for schema in form["schemas"] if schema != PORTAL_SCHEMA]}


def projection(attributes: Any, excluded: Any, resource: Resource) -> Projection:
    """Read the two parameters: texts with commas, or lists (RFC 7644 sections 3.9 and 3.4.3).

    Raises:
        InvalidValueException: both are given, or a list is too long.
        InvalidPathException: a name that is none.
    """
    included, left_out = _names(attributes), _names(excluded)
    if included and left_out:
        raise InvalidValueException(detail="attributes and excludedAttributes cannot be used together.")
    return Projection(
        tuple(_keys(name, resource) for name in included), tuple(_keys(name, resource) for name in left_out)
    )


def _names(value: Any) -> list[str]:
    texts = value if isinstance(value, list) else ["" if value is None else value]
    if not all(isinstance(text, str) for text in texts):
        raise InvalidValueException(detail="attributes and excludedAttributes are lists of names.")
    if sum(len(text) for text in texts) > _LONGEST:
        raise InvalidValueException(detail=f"The list of attributes is longer than {_LONGEST} characters.")
    return [name.strip() for text in texts for name in text.split(",") if name.strip()]


def _keys(name: str, resource: Resource) -> Keys:
    if name.lower() in _EXTENSIONS:
        return (name.lower(),)
    try:
        node = Path(name).ast
    except InvalidPathException:
        node = None
    if not isinstance(node, AttrPath):
        raise InvalidPathException(path=name, detail=f"{name!r} is not the name of an attribute.")
    own = node.uri is None or node.uri.lower() == CORE_SCHEMAS[resource].lower()
    parts = (node.attr, node.sub_attr) if own else (node.uri, node.attr, node.sub_attr)
    return tuple(part.lower() for part in parts if part)


def _include(form: Mapping[str, Any], wanted: Iterable[Keys]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in form.items():
        below = [keys[1:] for keys in wanted if keys and keys[0] == name.lower()]
        if () in below:
            kept[name] = value
        elif below and (part := _inside(value, below, _include)):
            kept[name] = part
    return kept


def _exclude(form: Mapping[str, Any], unwanted: Iterable[Keys]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in form.items():
        below = [keys[1:] for keys in unwanted if keys and keys[0] == name.lower()]
        if () in below:
            continue
        if (part := _inside(value, below, _exclude) if below else value) not in ({}, []):
            kept[name] = part
    return kept


def _inside(value: Any, keys: list[Keys], part_of: Any) -> Any:
    if isinstance(value, dict):
        return part_of(value, keys)
    if isinstance(value, list):
        return [part for each in value if (part := part_of(each, keys) if isinstance(each, dict) else each)]
    # A simple value has no parts: it stays when parts of it are excluded, and is not what was asked for otherwise.
    return value if part_of is _exclude else None
