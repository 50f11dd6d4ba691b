"""What the directory can hold, from its subschema (RFC 4512 section 4.2)."""

import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from threading import Lock

import ldap
from ldap.schema import AttributeType as AttributeDescription
from ldap.schema import ObjectClass as ObjectClassDescription
from ldap.schema import SubSchema

from connectors.catalog.ldap.configuration import DisableBy, LdapConfiguration
from connectors.catalog.ldap.enabling import LOCKED_TIME
from connectors.catalog.ldap.names import dn_key
from connectors.catalog.ldap.session import Query, Session
from connectors.catalog.ldap.values import TYPES_BY_SYNTAX
from connectors.spi import (
    AttributeSpec,
    AttributeType,
    Misconfigured,
    ObjectClass,
    ObjectSchema,
    Rejected,
    Schema,
)

CONTAINER = "@container"
"""Pseudo attribute: where below the configured container an object stands; absent in the container itself."""

PLACE = "@org_unit"
"""Pseudo attribute: the DN of the org unit an object stands in; absent in the configured container itself."""

PSEUDO = frozenset({CONTAINER, PLACE})
GROUP_NUMBER = "gidNumber"
ORG_UNIT_CLASS = "organizationalUnit"
ORG_UNIT_NAME = "ou"
_UNREADABLE = frozenset({"userpassword", "sambantpassword", "sambalmpassword"})
_NUMBER_MATCHES = frozenset({"telephonenumbermatch", "numericstringmatch"})
_PERSONS = frozenset({"manager", "secretary"})
_KEPT = 16
_parsed: dict[tuple[str, int, str, str], SubSchema] = {}
_parsed_lock = Lock()


def subschema(session: Session, configuration: LdapConfiguration) -> SubSchema:
    """The server's parsed subschema, kept in this process until the server says that it changed."""
    named = session.root().values.get("subschemasubentry", [b"cn=Subschema"])[0].decode()
    stamp = session.search(Query(named, "(objectClass=subschema)", ("modifyTimestamp",), ldap.SCOPE_BASE))
    if not stamp:
        raise Misconfigured("The directory does not show its schema to this account.")
    changed = stamp[0].values.get("modifytimestamp", [b""])[0].decode()
    key = (configuration.host, configuration.port, named, changed)
    with _parsed_lock:
        known = _parsed.get(key)
    if known is not None and changed:
        return known
    wanted = ("attributeTypes", "objectClasses")
    [found] = session.search(Query(named, "(objectClass=subschema)", wanted, ldap.SCOPE_BASE))
    values = {name: found.values.get(name.lower(), []) for name in wanted}
    parsed = SubSchema(values, check_uniqueness=0)
    with _parsed_lock:
        if len(_parsed) >= _KEPT:
            _parsed.clear()
        _parsed[key] = parsed
    return parsed


@dataclass(frozen=True)
class DirectorySchema:
    """The schema of the configured classes, with what the connector itself has to know.

    Attributes:
        names: lower-case name or alias -> name of the schema, per object class.
        numbers: attributes whose values are the same number however it is spaced: telephone numbers.
        member_required: a group must have a member, so that an empty one needs a placeholder.
        has_lock: the attribute type of the password policy's lock is known.
    """

    schema: Schema
    names: Mapping[ObjectClass, Mapping[str, str]]
    numbers: frozenset[str]
    member_required: bool
    has_lock: bool

    def part(self, object_class: ObjectClass) -> ObjectSchema:
        """The schema of one object class (raises Misconfigured: none are configured)."""
        try:
            return self.schema.objects[object_class]
        except KeyError as error:
            raise Misconfigured(f"No container for {object_class}s is configured.") from error

    def spec(self, object_class: ObjectClass, attribute: str) -> AttributeSpec:
        """The description of an attribute under any of its names (raises Rejected: unknown)."""
        part = self.part(object_class)
        name = self.names[object_class].get(attribute.lower())
        if name is None:
            raise Rejected(f"The directory knows no attribute {attribute!r} of a {object_class}.")
        return part.attributes[name]

    def key(self, object_class: ObjectClass, attribute: str, value: bytes) -> Hashable:
        """What is equal for two values that the directory takes for the same (RFC 4518 section 2)."""
        spec, text = self.spec(object_class, attribute), value.decode(errors="surrogateescape")
        if spec.type is AttributeType.REFERENCE:
            return dn_key(text)
        if spec.type is not AttributeType.STRING:
            return value
        if spec.name in self.numbers:
            return text.replace(" ", "").replace("-", "")
        spaced = " ".join(filter(None, unicodedata.normalize("NFKC", text).split(" ")))
        return spaced if spec.case_exact else spaced.lower()

    def readable(self, object_class: ObjectClass, *, members: bool) -> tuple[str, ...]:
        """The attributes to ask for."""
        part = self.part(object_class)
        hidden = PSEUDO | (set() if members else {part.member_attribute})
        return tuple(name for name, spec in part.attributes.items() if spec.readable and name not in hidden)


def directory_schema(parsed: SubSchema, configuration: LdapConfiguration) -> DirectorySchema:
    """The part of a subschema the configuration is about (raises Misconfigured: an attribute is unknown)."""
    parts = {ObjectClass.USER: _user_schema(parsed, configuration)}
    if configuration.has_groups:
        parts[ObjectClass.GROUP] = _group_schema(parsed, configuration)
    if configuration.has_org_units:
        parts[ObjectClass.ORG_UNIT] = _org_unit_schema(parsed)
    must, _ = parsed.attribute_types([configuration.group_object_class], raise_keyerror=0)
    member = member_attribute(configuration).lower()
    return DirectorySchema(
        schema=Schema(parts),
        names={object_class: _names(parsed, part) for object_class, part in parts.items()},
        numbers=frozenset(name for part in parts.values() for name in part.attributes if _is_number(parsed, name)),
        member_required=any(member in map(str.lower, each.names) for each in must.values()),
        has_lock=parsed.get_obj(AttributeDescription, LOCKED_TIME) is not None,
    )


def missing_classes(parsed: SubSchema, configuration: LdapConfiguration) -> list[str]:
    """The configured object classes the directory does not know."""
    groups = (configuration.group_object_class,) if configuration.has_groups else ()
    wanted = (*configuration.user_object_classes, *configuration.searched_classes, *groups)
    return sorted({name for name in wanted if parsed.get_obj(ObjectClassDescription, name) is None})


def member_attribute(configuration: LdapConfiguration) -> str:
    """The attribute that holds the members of the configured group class."""
    if configuration.is_posix:
        return "memberUid"
    return "uniqueMember" if configuration.group_object_class.lower() == "groupofuniquenames" else "member"


def _user_schema(parsed: SubSchema, configuration: LdapConfiguration) -> ObjectSchema:
    attributes = _specs(parsed, configuration.user_object_classes, {configuration.user_rdn_attribute})
    if configuration.disable_by is DisableBy.ATTRIBUTE:
        wanted = configuration.disable_attribute.lower()
        attributes = {name: spec for name, spec in attributes.items() if name.lower() != wanted}
    if configuration.place_people_by_org_unit:
        attributes[PLACE] = _place_spec()
    elif configuration.disable_by is not DisableBy.CONTAINER:
        attributes[CONTAINER] = _container_spec()
    marker = configuration.marker_attribute
    return ObjectSchema(
        object_class=ObjectClass.USER,
        attributes=attributes,
        name_attribute=_named(attributes, configuration.user_rdn_attribute),
        marker_attribute=_named(attributes, marker) if marker else None,
        parent_attribute=PLACE if configuration.place_people_by_org_unit else None,
    )


def _group_schema(parsed: SubSchema, configuration: LdapConfiguration) -> ObjectSchema:
    attributes = _specs(parsed, (configuration.group_object_class,), {configuration.group_rdn_attribute})
    member = _named(attributes, member_attribute(configuration))
    found = attributes[member]
    attributes[member] = AttributeSpec(
        member, AttributeType.REFERENCE, multi_valued=True, case_exact=found.case_exact, refers_to=ObjectClass.USER
    )
    if configuration.allots_numbers:
        attributes[GROUP_NUMBER] = replace(attributes[GROUP_NUMBER], required=False)
    attributes[CONTAINER] = _container_spec()
    return ObjectSchema(
        object_class=ObjectClass.GROUP,
        attributes=attributes,
        name_attribute=_named(attributes, configuration.group_rdn_attribute),
        member_attribute=member,
    )


def _org_unit_schema(parsed: SubSchema) -> ObjectSchema:
    attributes = _specs(parsed, (ORG_UNIT_CLASS,), {ORG_UNIT_NAME})
    return ObjectSchema(
        object_class=ObjectClass.ORG_UNIT,
        attributes={**attributes, PLACE: _place_spec()},
        name_attribute=_named(attributes, ORG_UNIT_NAME),
        parent_attribute=PLACE,
        local_names=True,
    )


def _place_spec() -> AttributeSpec:
    return AttributeSpec(
        PLACE,
        AttributeType.REFERENCE,
        refers_to=ObjectClass.ORG_UNIT,
        description="the org unit it stands in; set by the portal itself",
    )


def _container_spec() -> AttributeSpec:
    return AttributeSpec(CONTAINER, description="where below the configured container, as ou=Sales; empty: in it")


def _named(attributes: Mapping[str, AttributeSpec], wanted: str) -> str:
    for name in attributes:
        if name.lower() == wanted.lower():
            return name
    raise Misconfigured(f"The configured object classes have no attribute {wanted!r}.")


def _names(parsed: SubSchema, part: ObjectSchema) -> dict[str, str]:
    names = {name.lower(): name for name in part.attributes}
    for name in part.attributes:
        described = parsed.get_obj(AttributeDescription, name)
        names.update({alias.lower(): name for alias in (described.names if described else ())})
    return names


def _specs(parsed: SubSchema, classes: tuple[str, ...], named_by: set[str]) -> dict[str, AttributeSpec]:
    must, may = parsed.attribute_types(list(classes), raise_keyerror=0)
    naming = {name.lower() for name in named_by}
    specs = {}
    for required, described in [*((True, each) for each in must.values()), *((False, each) for each in may.values())]:
        name = described.names[0] if described.names else described.oid
        aliases = {alias.lower() for alias in described.names}
        if "objectclass" in aliases or described.no_user_mod:
            continue
        specs[name] = _spec(parsed, described, name, required=required or bool(aliases & naming))
    return specs


def _is_number(parsed: SubSchema, name: str) -> bool:
    if name in PSEUDO:
        return False
    equality = parsed.get_inheritedattr(AttributeDescription, name, "equality") or ""
    return equality.lower() in _NUMBER_MATCHES


def _spec(parsed: SubSchema, described: AttributeDescription, name: str, *, required: bool) -> AttributeSpec:
    syntax = parsed.get_inheritedattr(AttributeDescription, described.oid, "syntax") or ""
    equality = parsed.get_inheritedattr(AttributeDescription, described.oid, "equality") or ""
    attribute_type = TYPES_BY_SYNTAX.get(syntax.partition("{")[0], AttributeType.STRING)
    if name.lower() in _UNREADABLE:
        attribute_type = AttributeType.STRING  # passwords are texts in an octet string (RFC 4519 section 2.41)
    ignores_case = "ignore" in equality.lower() or equality.lower() in {
        "distinguishednamematch",
        "uniquemembermatch",
        *_NUMBER_MATCHES,
    }
    return AttributeSpec(
        name=name,
        type=attribute_type,
        multi_valued=not described.single_value,
        required=required,
        readable=name.lower() not in _UNREADABLE,
        case_exact=not ignores_case,
        refers_to=ObjectClass.USER if name.lower() in _PERSONS else None,
        description=described.desc or "",
    )
