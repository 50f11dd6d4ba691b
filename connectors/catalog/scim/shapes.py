"""What attributes look like: from the peer's own schemas where it tells them, else from the standard."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError
from scim2_models import Attribute, EnterpriseUser, Group, Mutability, Resource, Returned, User

from connectors.catalog.scim.names import (
    ENTERPRISE_URN,
    GROUP_URN,
    USER_URN,
    AttributeName,
    Selection,
    is_attribute_name,
    parse_name,
)
from connectors.spi import AttributeSpec, AttributeType, ObjectClass, ObjectSchema, Rejected

NAME_ATTRIBUTES = {ObjectClass.USER: "userName", ObjectClass.GROUP: "displayName"}
MEMBERS = "members"
MARKER = "externalId"
ACTIVE = "active"
HIDDEN = frozenset({"id", "schemas", "meta", ACTIVE})
"""Told by other means than attributes: the remote id, the version, the portable `enabled`."""
MARKS = frozenset({"type", "primary", "display", "$ref"})
"""Sub-attributes that say which value it is, not what."""
_TYPES = {
    Attribute.Type.boolean: AttributeType.BOOLEAN,
    Attribute.Type.decimal: AttributeType.DECIMAL,
    Attribute.Type.integer: AttributeType.INTEGER,
    Attribute.Type.date_time: AttributeType.DATETIME,
    Attribute.Type.binary: AttributeType.BINARY,
}
_CLASSES = {"User": ObjectClass.USER, "Group": ObjectClass.GROUP}


@dataclass(frozen=True)
class PeerSchema:
    """One schema of a resource type; `urn` is None for its core schema."""

    urn: str | None
    attributes: tuple[Attribute, ...]


def _standard(urn: str | None, model: type[Resource[Any]] | Any) -> PeerSchema:
    return PeerSchema(urn, tuple(model.to_schema().attributes or ()))


STANDARD: Mapping[ObjectClass, tuple[PeerSchema, ...]] = {
    ObjectClass.USER: (_standard(None, User), _standard(ENTERPRISE_URN, EnterpriseUser)),
    ObjectClass.GROUP: (_standard(None, Group),),
}
CORE_URN = {ObjectClass.USER: USER_URN, ObjectClass.GROUP: GROUP_URN}
EXTERNAL_ID = Attribute.model_validate({"name": MARKER, "type": "string", "multiValued": False, "caseExact": True})
"""A common attribute (RFC 7643 section 3.1): schemas do not list it."""


def lenient_attribute(raw: Any) -> Attribute | None:
    """The description of one attribute; what is malformed in it is left out, None when nothing is left."""
    if not isinstance(raw, dict) or not is_attribute_name(raw.get("name")):
        return None
    try:
        attribute = Attribute.model_validate(raw)
    except ValidationError:
        return _reduced(raw)
    attribute.sub_attributes = [sub for sub in attribute.sub_attributes or () if is_attribute_name(sub.name)] or None
    return attribute


def _reduced(raw: dict[str, Any]) -> Attribute:
    """What can be understood of a description that is not as the standard wants it."""
    types = {member.value.lower(): member.value for member in Attribute.Type}
    described = (lenient_attribute(sub) for sub in raw.get("subAttributes") or () if isinstance(sub, dict))
    reduced = Attribute.model_validate({"name": raw["name"], "type": types.get(str(raw.get("type")).lower(), "string")})
    reduced.multi_valued = raw.get("multiValued") is True
    reduced.sub_attributes = [sub for sub in described if sub] or None
    return reduced


class Shapes:
    """The attributes of one object class.

    The peer's schemas are asked for only when a name is met that the standard does not know.

    Args:
        load: reads the peer's schemas; None when it does not tell them, and any attribute is then believed to exist.
    """

    def __init__(self, object_class: ObjectClass, load: Callable[[], tuple[PeerSchema, ...] | None]) -> None:
        self.object_class = object_class
        self._load = load
        self._known = {**_by_name(STANDARD[object_class]), ("", MARKER.lower()): EXTERNAL_ID}
        self._loaded = False
        self._complete = False

    def find(self, attribute: str, urn: str | None) -> Attribute | None:
        """The attribute, compared without regard to case (RFC 7643 section 2.1)."""
        key = ((urn or "").lower(), attribute.lower())
        if key not in self._known and not self._loaded:
            schemas = self._load()
            self._loaded = True
            self._complete = schemas is not None
            self._known = _by_name(schemas or ()) | self._known
        return self._known.get(key)

    def believed(self, attribute: str, urn: str | None, *, multi_valued: bool = False) -> Attribute | None:
        """As `find`; any attribute of an extension is believed to exist where the peer does not tell its schemas."""
        found = self.find(attribute, urn)
        if found is not None or urn is None or self._complete:
            return found
        return Attribute.model_validate({"name": attribute, "type": "string", "multiValued": multi_valued})

    def resolve(self, text: str) -> tuple[AttributeName, Attribute]:
        """A remote attribute name, spelt as the schema does, and the attribute it belongs to.

        Raises:
            Rejected: the peer has no such attribute, or it cannot be used in this form.
        """
        name = parse_name(text)
        found = self.believed(name.attribute, name.urn)
        hidden = name.urn is None and name.attribute.lower() in HIDDEN
        if found is None or hidden or not _fits(name, found):
            raise Rejected(f"The system has no attribute {text!r}.", facts={"attribute": text})
        subs = {sub.lower(): sub for sub in sub_attributes(found)}
        canonical = replace(
            name, attribute=found.name or name.attribute, sub=subs.get((name.sub or "").lower(), name.sub)
        )
        return canonical, found


def _by_name(schemas: Iterable[PeerSchema]) -> dict[tuple[str, str], Attribute]:
    return {
        ((schema.urn or "").lower(), attribute.name.lower()): attribute
        for schema in schemas
        for attribute in schema.attributes
        if attribute.name
    }


def sub_attributes(attribute: Attribute) -> dict[str, Attribute]:
    """The sub-attributes by name; empty for a simple attribute."""
    return {sub.name: sub for sub in attribute.sub_attributes or () if sub.name}


def is_complex(attribute: Attribute) -> bool:
    """Whether its values are objects."""
    return bool(attribute.sub_attributes)


def _fits(name: AttributeName, attribute: Attribute) -> bool:
    subs = {sub.lower() for sub in sub_attributes(attribute)}
    if name.selection is not None:
        return bool(attribute.multi_valued) and (name.sub or "").lower() in subs
    if name.sub is not None:
        return not attribute.multi_valued and name.sub.lower() in subs
    return not subs or "value" in subs


def value_type(attribute: Attribute) -> AttributeType:
    """The type of a simple attribute."""
    return _TYPES.get(attribute.type or Attribute.Type.string, AttributeType.STRING)


def object_schema(object_class: ObjectClass, schemas: Iterable[PeerSchema], *, marker: bool) -> ObjectSchema:
    """The object class as the portal's mappings see it: flat names, each with its type."""
    specs = [spec for schema in schemas for attribute in schema.attributes for spec in _specs(schema.urn, attribute)]
    if marker and all(spec.name != MARKER for spec in specs):
        specs.append(_spec(AttributeName(MARKER), EXTERNAL_ID, EXTERNAL_ID))
    attributes = {spec.name: spec for spec in specs}
    name = NAME_ATTRIBUTES[object_class]
    attributes.setdefault(name, AttributeSpec(name, required=True))
    return ObjectSchema(
        object_class=object_class,
        attributes=attributes,
        name_attribute=name,
        member_attribute=MEMBERS if MEMBERS in attributes and object_class is ObjectClass.GROUP else None,
        marker_attribute=MARKER if marker else None,
    )


def _specs(urn: str | None, attribute: Attribute) -> Iterator[AttributeSpec]:
    label = attribute.name or ""
    if not label or (urn is None and label.lower() in HIDDEN):
        return
    subs = sub_attributes(attribute)
    if not subs:
        yield _spec(AttributeName(label, urn=urn), attribute, attribute)
        return
    if "value" in subs:
        yield _spec(AttributeName(label, urn=urn), attribute, subs["value"])
    plain = [sub for name, sub in subs.items() if name not in MARKS]
    if not attribute.multi_valued:
        for sub in plain:
            if sub.name != "value":
                yield _spec(AttributeName(label, sub.name, urn), attribute, sub, within=True)
        return
    if not _referred(attribute):
        for selection in _selections(subs):
            for sub in plain:
                yield _spec(AttributeName(label, sub.name, urn, selection), attribute, sub, within=True)


def _selections(subs: Mapping[str, Attribute]) -> Iterator[Selection]:
    if "primary" in subs:
        yield Selection("primary", True)  # noqa: FBT003 - the value of the attribute primary
    if "type" in subs:
        for canonical in subs["type"].canonical_values or ():
            yield Selection("type", canonical)


def _spec(name: AttributeName, attribute: Attribute, value: Attribute, *, within: bool = False) -> AttributeSpec:
    """`within`: one sub-attribute or one selected value, which is single and never required by itself."""
    mutability = {attribute.mutability, value.mutability}
    read_only = Mutability.read_only in mutability
    referred = () if within else _referred(attribute)
    return AttributeSpec(
        name=str(name),
        type=AttributeType.REFERENCE if referred else value_type(value),
        multi_valued=bool(attribute.multi_valued) and not within,
        required=bool(attribute.required) and not within,
        creatable=not read_only,
        updatable=not read_only and attribute.mutability is not Mutability.immutable,
        readable=attribute.returned is not Returned.never,
        case_exact=bool(referred) or bool(value.case_exact),
        refers_to=referred[0] if referred else None,
        description=attribute.description or "",
    )


def _referred(attribute: Attribute) -> tuple[ObjectClass, ...]:
    """The object classes a complex attribute's `$ref` points to."""
    target = sub_attributes(attribute).get("$ref")
    kinds = target.reference_types or () if target else ()
    if (attribute.name or "").lower() == MEMBERS:
        kinds = ("User", *kinds)
    return tuple(_CLASSES[kind] for kind in kinds if kind in _CLASSES)


def takes_groups(schemas: Iterable[PeerSchema]) -> bool:
    """Whether the peer says that groups may be members of groups."""
    members = [each for schema in schemas for each in schema.attributes if (each.name or "").lower() == MEMBERS]
    return any(ObjectClass.GROUP in _referred(attribute) for attribute in members)
