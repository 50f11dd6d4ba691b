"""JSON schemas of resources, made from the SCIM schemas that the service publishes: custom attributes are in them."""

from collections.abc import Iterable
from typing import Any, Final

from scim2_models import Attribute, Mutability, Required, Returned

from identities.filters.attributes import USER_TEXTS
from identities.rules.attributes import TEXT_LENGTHS, VALUE_LENGTHS
from identities.rules.naming import NAME_LENGTH
from identities.rules.rows import DISPLAY_LENGTH, PART_LENGTH, ROWS_PER_ATTRIBUTE, TYPE_LENGTH
from identities.rules.values import CUSTOM_VALUES
from identities.scim.limits import MEMBERS_PER_REQUEST
from identities.scim.schemas.published_schemas import published_schemas

Json = dict[str, Any]

META: Final[Json] = {"$ref": "#/components/schemas/Meta"}

_LARGEST_NUMBER: Final = 2**53
LARGEST: Final[Json] = {"minimum": -_LARGEST_NUMBER, "maximum": _LARGEST_NUMBER}
_TYPES: Final[dict[str, Json]] = {
    "boolean": {"type": "boolean"},
    "decimal": {"type": "number", **LARGEST},
    "integer": {"type": "integer", **LARGEST},
    "dateTime": {"type": "string", "format": "date-time"},
}
_DAY: Final[Json] = {"type": "string", "format": "date"}
# What no text of a request can hold.
NO_NUL: Final = r"^[^\u0000]*$"
# No control characters; the second form is for what must not be blank either.
_CONTROLS: Final = r"\u0000-\u001F\u007F-\u009F"
_ANY_TEXT: Final = f"^[^{_CONTROLS}]*$"
_FILLED_TEXT: Final = rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$"
_EMAIL: Final = rf"^[^@\s{_CONTROLS}]+@[^@\s{_CONTROLS}]+$"
_BASE64: Final = r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)$"
# What refers to other resources, and what kind of thing each entry names.
_REFERRING: Final = {"members": "member", "manager": "manager", "parent": "parent"}
_ONE_PRIMARY: Final[Json] = {
    "contains": {"required": ["primary"], "properties": {"primary": {"const": True}}},
    "minContains": 0,
    "maxContains": 1,
}


def answer_schema(resource: str) -> Json:
    """A resource as answers hold it. A client may ask for a part of it: only `schemas` and `id` are always there."""
    core, *extensions = published_schemas(resource)
    properties = {
        "schemas": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "id": {"type": "string"},
        "externalId": {"type": "string"},
        "meta": META,
        **_answered(core.attributes or ()),
        **{str(each.id): object_schema(_answered(each.attributes or ())) for each in extensions},
    }
    return object_schema(properties, "schemas", "id")


def request_schema(resource: str) -> Json:
    """A resource as POST and PUT take it. Read-only attributes are ignored, and so are not in it."""
    core, *extensions = published_schemas(resource)
    urns = [str(each.id) for each in (core, *extensions)]
    properties = {
        "schemas": {"type": "array", "items": {"enum": urns}, "contains": {"const": urns[0]}, "uniqueItems": True},
        "externalId": nullable(_text(NAME_LENGTH)),
        **dict(writable(resource)),
    }
    return object_schema(properties, *_required(core.attributes or ()))


def writable(resource: str) -> Iterable[tuple[str, Json]]:
    """Every attribute that a request may set, with the schema of its value; an extension counts as one."""
    core, *extensions = published_schemas(resource)
    for each in core.attributes or ():
        if _is_taken(each):
            yield str(each.name), _taken(each, "")
    for extension in extensions:
        parts = {str(each.name): _taken(each, "") for each in extension.attributes or () if _is_taken(each)}
        yield str(extension.id), object_schema(parts, *_required(extension.attributes or ()))


def document_schema(attributes: Iterable[Attribute]) -> Json:
    """A resource of discovery, as answers hold it."""
    common = {"schemas": {"type": "array", "items": {"type": "string"}}, "id": {"type": "string"}, "meta": META}
    return object_schema(common | _answered(attributes), "schemas", "meta")


def _answered(attributes: Iterable[Attribute]) -> Json:
    return {str(each.name): _answer(each) for each in attributes if each.returned != Returned.never}


def _answer(attribute: Attribute) -> Json:
    if attribute.type == Attribute.Type.complex:
        single = object_schema(_answered(attribute.sub_attributes or ()))
    else:
        single = dict(_TYPES.get(str(attribute.type.value), {"type": "string"}))
    return {"type": "array", "items": single} if attribute.multi_valued else single


def _taken(attribute: Attribute, parent: str) -> Json:
    """The schema of a value that a request may give; null means no value (RFC 7643 section 2.5)."""
    name = str(attribute.name)
    if attribute.type == Attribute.Type.complex:
        parts = {str(each.name): _taken(each, name) for each in attribute.sub_attributes or () if _is_taken(each)}
        single = object_schema(parts)
    else:
        single = _scalar(attribute, parent)
    if attribute.multi_valued:
        return nullable(_entries(name, single))
    return single if attribute.required == Required.true or name == "value" else nullable(single)


def _scalar(attribute: Attribute, parent: str) -> Json:
    name, kind = str(attribute.name), str((attribute.type or Attribute.Type.string).value)
    if name in ("startDate", "endDate"):
        return dict(_DAY)
    if kind in _TYPES:
        return dict(_TYPES[kind])
    if kind == "binary":
        return {"type": "string", "contentEncoding": "base64", "pattern": _BASE64, "maxLength": VALUE_LENGTHS[parent]}
    if kind == "reference" and parent not in _REFERRING:
        return {"type": "string", "format": "uri", "minLength": 1, "maxLength": VALUE_LENGTHS.get(parent, 1024)}
    if parent in _REFERRING:
        return _reference(parent, name)
    if name == "value":
        pattern = _EMAIL if parent == "emails" else _FILLED_TEXT
        return {"type": "string", "maxLength": VALUE_LENGTHS[parent], "pattern": pattern}
    if parent == "addresses":
        return _text(TYPE_LENGTH if name == "type" else PART_LENGTH)
    if parent in VALUE_LENGTHS:
        return _text(TYPE_LENGTH if name == "type" else DISPLAY_LENGTH)
    filled = attribute.required == Required.true
    return _text(_column_length(name), pattern=_FILLED_TEXT if filled else _ANY_TEXT)


def _reference(parent: str, name: str) -> Json:
    if name == "type":
        return {"enum": ["User", "Group"]}
    if name == "$ref":
        return {"type": "string", "pattern": NO_NUL}
    return {"type": "string", "format": f"scim-{_REFERRING[parent]}-id"}


def _entries(name: str, single: Json) -> Json:
    if name == "members":
        return {"type": "array", "items": single | {"required": ["value"]}, "maxItems": MEMBERS_PER_REQUEST}
    if name == "addresses":
        parts = (part for part in single["properties"] if part not in ("type", "primary"))
        filled = [{"required": [part], "properties": {part: {"type": "string", "minLength": 1}}} for part in parts]
        return {"type": "array", "items": single | {"anyOf": filled}, "maxItems": ROWS_PER_ATTRIBUTE, **_ONE_PRIMARY}
    if name in VALUE_LENGTHS:
        items = single | {"required": ["value"]}
        return {"type": "array", "items": items, "maxItems": ROWS_PER_ATTRIBUTE, **_ONE_PRIMARY}
    return {"type": "array", "items": single, "maxItems": CUSTOM_VALUES}


def _column_length(name: str) -> int:
    columns = {each.path: each.column for each in USER_TEXTS}
    path = next((path for path in columns if path.rpartition(".")[2] == name), "")
    return TEXT_LENGTHS.get(columns.get(path, ""), NAME_LENGTH)


def _is_taken(attribute: Attribute) -> bool:
    return attribute.mutability != Mutability.read_only


def _required(attributes: Iterable[Attribute]) -> list[str]:
    return [str(each.name) for each in attributes if each.required == Required.true and _is_taken(each)]


def _text(length: int, *, pattern: str = _ANY_TEXT) -> Json:
    return {"type": "string", "maxLength": length, "pattern": pattern}


def nullable(schema: Json) -> Json:
    """The schema, and null for no value (RFC 7643 section 2.5)."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_schema(properties: Json, *required: str) -> Json:
    needed: Json = {"required": list(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}
