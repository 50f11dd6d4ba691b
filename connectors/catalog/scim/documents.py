"""Between a SCIM resource (JSON) and flat attributes, both ways."""

import base64
import binascii
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from scim2_models import Attribute

from connectors.catalog.scim.names import CORE_URNS, AttributeName, Selection, is_attribute_name
from connectors.catalog.scim.shapes import HIDDEN, Shapes, is_complex, sub_attributes, value_type
from connectors.spi import AttributeType, Scalar, Values

Document = dict[str, Any]
"""A resource or a part of one."""


def key_of(container: Mapping[str, Any], name: str) -> str:
    """The key under which a peer holds `name`; `name` itself if it does not."""
    if name in container:
        return name
    folded = name.lower()
    return next((key for key in container if key.lower() == folded), name)


def value_of(container: Any, name: str) -> Any:
    """The value of `name`, compared without regard to case; None when it is not there."""
    return container.get(key_of(container, name)) if isinstance(container, dict) else None


def id_of(document: Any) -> str | None:
    """The id of a resource; also where a peer writes it as a number. None when it has none."""
    raw = document.get("id") if isinstance(document, dict) else None
    return str(raw) if isinstance(raw, str | int) and not isinstance(raw, bool) and raw != "" else None


def elements_of(value: Any) -> list[Any]:
    """The values of a multi-valued attribute; a lone value where a list should be is taken for one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def truth(value: Any) -> bool | None:
    """A boolean, also where a peer writes it as text; None when it is neither."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def flattened(document: Document, shapes: Shapes) -> dict[str, Values]:
    """The attributes of a resource by remote attribute name. What the schema does not know is left out."""
    result: dict[str, Values] = {}
    for key, value in document.items():
        urn = None
        part = {key: value}
        if key.lower().startswith("urn:"):
            urn, part = (None if key.lower() in CORE_URNS else key), value
        if not isinstance(part, dict):
            continue
        for label, content in part.items():
            hidden = not is_attribute_name(label, urn) or (urn is None and label.lower() in HIDDEN)
            attribute = None if hidden else shapes.believed(label, urn, multi_valued=isinstance(content, list))
            if attribute is not None:
                result.update(_readings(attribute, urn, content))
    return {name: values for name, values in result.items() if values}


def _readings(attribute: Attribute, urn: str | None, content: Any) -> Iterator[tuple[str, Values]]:
    label, subs = attribute.name or "", sub_attributes(attribute)
    elements = elements_of(content)
    if not subs:
        values = _decoded(elements, value_type(attribute))
        yield str(AttributeName(label, urn=urn)), values if attribute.multi_valued else values[:1]
    elif not attribute.multi_valued:
        for sub in subs.values():
            name = AttributeName(label, None if sub.name == "value" else sub.name, urn)
            if sub.name != "$ref":
                yield str(name), _decoded([_part(each, sub.name or "") for each in elements[:1]], value_type(sub))
    else:
        if "value" in subs:
            yield str(AttributeName(label, urn=urn)), _plain_values(elements, value_type(subs["value"]))
        yield from _selected_readings(label, urn, elements, subs)


def _part(element: Any, sub: str) -> Any:
    """A sub-attribute; plain text where an object should be is taken for its value."""
    return value_of(element, sub) if isinstance(element, dict) or sub != "value" else element


def _plain_values(elements: Iterable[Any], type_: AttributeType) -> Values:
    raw = [_part(each, "value") for each in elements]
    return tuple(dict.fromkeys(_decoded(raw, type_)))


def _selected_readings(
    label: str, urn: str | None, elements: list[Any], subs: Mapping[str, Attribute]
) -> Iterator[tuple[str, Values]]:
    """The first value of each type, and the primary one."""
    for selection in _present_selections(elements, subs):
        element = selected(elements, selection)
        for sub in subs.values():
            if sub.name not in ("type", "primary", "display", "$ref"):
                values = _decoded([value_of(element, sub.name or "")], value_type(sub))
                yield str(AttributeName(label, sub.name, urn, selection)), values


def _present_selections(elements: list[Any], subs: Mapping[str, Attribute]) -> Iterator[Selection]:
    if "$ref" in subs and "display" in subs and "primary" not in subs:
        return  # members and groups: their type says what they are, not which is meant
    told = [each for element in elements if isinstance(each := value_of(element, "type"), str) and each]
    usual = {each.lower(): each for each in (subs["type"].canonical_values or () if "type" in subs else ())}
    for each in {text.lower(): text for text in reversed(told)}.values():
        yield Selection("type", usual.get(each.lower(), each))
    if any(truth(value_of(each, "primary")) for each in elements):
        yield Selection("primary", True)  # noqa: FBT003 - the value of the attribute primary


def selected(elements: list[Any], selection: Selection) -> Document | None:
    """The first value a selection means; None when there is none."""
    for element in elements:
        if isinstance(element, dict) and _is_meant(value_of(element, selection.by), selection):
            return element
    return None


def _is_meant(mark: Any, selection: Selection) -> bool:
    if isinstance(selection.value, bool):
        return truth(mark) is selection.value
    return isinstance(mark, str) and mark.lower() == selection.value.lower()


def _decoded(raw: Iterable[Any], type_: AttributeType) -> Values:
    return tuple(value for each in raw if (value := _scalar(each, type_)) is not None)


def _scalar(raw: Any, type_: AttributeType) -> Scalar | None:
    """A JSON value as the type the schema tells; as text when it is not of that type, None for objects and nothing."""
    if raw is None or isinstance(raw, dict | list) or raw == "":
        return None
    match type_:
        case AttributeType.BOOLEAN if (flag := truth(raw)) is not None:
            return flag
        case AttributeType.INTEGER if isinstance(raw, int) or (isinstance(raw, float) and raw.is_integer()):
            return int(raw)
        case AttributeType.DECIMAL if isinstance(raw, int | float) and abs(raw) <= sys.float_info.max:
            return float(raw)
        case AttributeType.DATETIME | AttributeType.BINARY if isinstance(raw, str):
            return _parsed(raw, type_)
    return raw if isinstance(raw, str) else str(raw)


def _parsed(text: str, type_: AttributeType) -> Scalar:
    try:
        if type_ is AttributeType.BINARY:
            return base64.b64decode(text, validate=True)
        return datetime.fromisoformat(text)
    except (ValueError, binascii.Error):
        return text


def encoded(value: Scalar, *, string_booleans: bool = False) -> Any:
    """A value as JSON (RFC 7643 section 2.3)."""
    if isinstance(value, bool):
        return str(value) if string_booleans else value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        return moment.isoformat().replace("+00:00", "Z")
    return value


def elements_for(values: Iterable[Any], attribute: Attribute) -> list[Any]:
    """Encoded values as the values of a multi-valued attribute."""
    return [{"value": value} for value in values] if is_complex(attribute) else list(values)


def json_value(values: list[Any], attribute: Attribute) -> Any:
    """Encoded values as the whole value of an attribute: a list, an object with `value`, or the value itself."""
    if attribute.multi_valued or len(values) > 1:
        return elements_for(values, attribute)
    return {"value": values[0]} if is_complex(attribute) else values[0]


def assign(document: Document, name: AttributeName, attribute: Attribute, values: list[Any]) -> None:
    """Set the encoded values of one attribute in a resource; no values take it away, with all that becomes empty."""
    container = document
    if name.urn is not None:
        urn = key_of(document, name.urn)
        if not isinstance(document.get(urn), dict):
            document[urn] = {}
        container = document[urn]
    key = key_of(container, name.attribute)
    if name.selection is not None:
        content: Any = _with_selected(elements_of(container.get(key)), name, values)
    elif name.sub is not None:
        content = container.get(key) if isinstance(container.get(key), dict) else {}
        _put(content, name.sub, values[0] if values else None)
    else:
        content = _with_marks(json_value(values, attribute), container.get(key)) if values else None
    _put(container, key, content)
    if name.urn is not None and not container:
        del document[key_of(document, name.urn)]


def _with_marks(content: Any, before: Any) -> Any:
    """New values of a multi-valued attribute; those that were there keep their type and other marks."""
    if not isinstance(content, list):
        return content
    known = {str(value_of(each, "value")): each for each in elements_of(before) if isinstance(each, dict)}
    return [known.get(str(each["value"]), each) if isinstance(each, dict) else each for each in content]


def _put(container: Document, name: str, value: Any) -> None:
    key = key_of(container, name)
    if value is None or value in ([], {}):
        container.pop(key, None)
    else:
        container[key] = value


def _with_selected(elements: list[Any], name: AttributeName, values: list[Any]) -> list[Any]:
    """The values of an attribute with the selected one changed, added, or taken away once it says nothing."""
    selection, sub = name.selection, name.sub or "value"
    if selection is None:
        return elements
    element = selected(elements, selection)
    if element is not None:
        _put(element, sub, values[0] if values else None)
        return [each for each in elements if each is not element or says_something(each)]
    if not values:
        return elements
    twin = twin_of(elements, selection, sub, values[0])
    if twin is not None:
        twin[selection.by] = selection.value
        return elements
    return [*elements, {selection.by: selection.value, sub: values[0]}]


def says_something(element: Document) -> bool:
    """Whether a value holds more than what marks it."""
    return any(key.lower() not in ("type", "primary", "display", "$ref") for key in element)


def twin_of(elements: list[Any], selection: Selection, sub: str, value: Any) -> Document | None:
    """A value that says the same already and only lacks the mark; peers refuse the same value twice."""
    for element in elements:
        if isinstance(element, dict) and value_of(element, sub) == value and value_of(element, selection.by) is None:
            return element
    return None
