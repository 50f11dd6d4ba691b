"""Every attribute the portal knows, once: SCIM path, type, column and place in a document.

Filters, sorting, rendering, reading requests and `/Schemas` are driven by this table. Plain Python, no Django: columns
are named by strings. Attribute names and types follow RFC 7643 sections 3.1, 4.1, 4.2 and 4.3.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Resource = Literal["User", "Group", "OrgUnit"]

USER_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE_SCHEMA: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ORG_UNIT_SCHEMA: Final = "urn:ietf:params:scim:schemas:portal:2.0:OrgUnit"
PORTAL_SCHEMA: Final = "urn:ietf:params:scim:schemas:extension:portal:2.0:User"

CORE_SCHEMAS: Final[dict[Resource, str]] = {
    "User": USER_SCHEMA,
    "Group": GROUP_SCHEMA,
    "OrgUnit": ORG_UNIT_SCHEMA,
}

CUSTOM_PREFIX: Final = "custom"


class Kind(StrEnum):
    """How the values of an attribute compare."""

    TEXT = "text"
    EXACT_TEXT = "exact text"
    IDENTIFIER = "identifier"
    BOOLEAN = "boolean"
    DATE_TIME = "dateTime"
    DATE = "date"
    CUSTOM = "custom"


class Collection(StrEnum):
    """Where the entries of a multi-valued attribute are kept."""

    VALUES = "values"
    GROUPS = "groups"
    MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute or sub-attribute that holds a single value.

    Attributes:
        path: SCIM path below its schema (`name.givenName`, `emails.value`).
        column: our column (for a part of a multi-valued attribute, the column of the entry); empty where the value lies
            elsewhere.
        key: the folded column beside it, for texts compared without regard to case.
        where: keys that lead to the value in a document; for an entry, its keys inside the entry.
        many: name of the multi-valued attribute it is a part of.
        writable: a request may set it.
    """

    schema: str
    path: str
    kind: Kind
    column: str = ""
    key: str = ""
    where: tuple[str, ...] = ()
    many: str = ""
    writable: bool = True

    @property
    def name(self) -> str:
        """The path with its schema where the schema is an extension: how people write it."""
        return self.path if self.schema in CORE_SCHEMAS.values() else f"{self.schema}:{self.path}"


@dataclass(frozen=True, slots=True)
class MultiValued:
    """A multi-valued complex attribute and the parts of its entries."""

    schema: str
    name: str
    collection: Collection
    parts: tuple[Attribute, ...]

    @property
    def value_part(self) -> Attribute | None:
        """The part that stands for the whole where one is needed (RFC 7643 section 2.4), if there is one."""
        return self.part("value")

    def part(self, name: str) -> Attribute | None:
        """The part with this name in any case, if there is one."""
        wanted = f"{self.name}.{name}".lower()
        return next((part for part in self.parts if part.path.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex attribute with a single value: only its parts can be compared."""

    schema: str
    name: str
    parts: tuple[Attribute, ...]

    @property
    def value_part(self) -> Attribute | None:
        """The part that stands for the whole, as the manager's id does, if there is one."""
        return self.part("value")

    def part(self, name: str) -> Attribute | None:
        """The part with this name in any case, if there is one."""
        wanted = f"{self.name}.{name}".lower()
        return next((part for part in self.parts if part.path.lower() == wanted), None)


Target = Attribute | MultiValued | Complex


def _text(schema: str, path: str, column: str) -> Attribute:
    root = () if schema == USER_SCHEMA else (schema,)
    return Attribute(schema, path, Kind.TEXT, column, f"{column}_key", (*root, *path.split(".")))


_CORE_TEXTS: Final = (
    ("userName", "user_name"),
    ("name.formatted", "formatted_name"),
    ("name.familyName", "family_name"),
    ("name.givenName", "given_name"),
    ("name.middleName", "middle_name"),
    ("name.honorificPrefix", "honorific_prefix"),
    ("name.honorificSuffix", "honorific_suffix"),
    ("displayName", "display_name"),
    ("nickName", "nick_name"),
    ("title", "title"),
    ("userType", "user_type"),
    ("preferredLanguage", "preferred_language"),
    ("locale", "locale"),
    ("timezone", "timezone"),
)
_ENTERPRISE_TEXTS: Final = (
    ("employeeNumber", "employee_number"),
    ("costCenter", "cost_center"),
    ("organization", "organization"),
    ("division", "division"),
    ("department", "department"),
)


def _common(schema: str) -> tuple[Attribute, ...]:
    """The attributes of every resource (RFC 7643 section 3.1)."""
    return (
        Attribute(schema, "id", Kind.IDENTIFIER, "id", where=("id",), writable=False),
        Attribute(schema, "externalId", Kind.EXACT_TEXT, where=("externalId",)),
        Attribute(schema, "meta.created", Kind.DATE_TIME, "created_at", where=("meta", "created"), writable=False),
        Attribute(
            schema, "meta.lastModified", Kind.DATE_TIME, "modified_at", where=("meta", "lastModified"), writable=False
        ),
    )


USER_TEXTS: Final = tuple(_text(USER_SCHEMA, path, column) for path, column in _CORE_TEXTS) + tuple(
    _text(ENTERPRISE_SCHEMA, path, column) for path, column in _ENTERPRISE_TEXTS
)
PROFILE_URL: Final = Attribute(USER_SCHEMA, "profileUrl", Kind.EXACT_TEXT, "profile_url", where=("profileUrl",))
ACTIVE: Final = Attribute(USER_SCHEMA, "active", Kind.BOOLEAN, "active", where=("active",))
MANAGER: Final = Attribute(
    ENTERPRISE_SCHEMA, "manager.value", Kind.IDENTIFIER, "manager_id", where=(ENTERPRISE_SCHEMA, "manager", "value")
)
START_DATE: Final = Attribute(PORTAL_SCHEMA, "startDate", Kind.DATE, "start_date", where=(PORTAL_SCHEMA, "startDate"))
END_DATE: Final = Attribute(PORTAL_SCHEMA, "endDate", Kind.DATE, "end_date", where=(PORTAL_SCHEMA, "endDate"))
ORG_UNIT: Final = Attribute(
    PORTAL_SCHEMA,
    "orgUnit.value",
    Kind.IDENTIFIER,
    "org_unit_id",
    where=(PORTAL_SCHEMA, "orgUnit", "value"),
    writable=False,
)
STATE: Final = Attribute(
    PORTAL_SCHEMA, "state", Kind.EXACT_TEXT, "state", where=(PORTAL_SCHEMA, "state"), writable=False
)

USER_SINGLE: Final = (
    *_common(USER_SCHEMA),
    *USER_TEXTS,
    PROFILE_URL,
    ACTIVE,
    MANAGER,
    Attribute(
        ENTERPRISE_SCHEMA,
        "manager.displayName",
        Kind.TEXT,
        "manager__display_name",
        "manager__display_name_key",
        ("manager", "displayName"),
        writable=False,
    ),
    START_DATE,
    END_DATE,
    STATE,
    ORG_UNIT,
    Attribute(
        PORTAL_SCHEMA,
        "orgUnit.code",
        Kind.TEXT,
        "org_unit__code",
        "org_unit__code_key",
        ("org_unit", "code"),
        writable=False,
    ),
    Attribute(
        PORTAL_SCHEMA,
        "orgUnit.name",
        Kind.TEXT,
        "org_unit__name",
        "org_unit__name_key",
        ("org_unit", "name"),
        writable=False,
    ),
)
GROUP_SINGLE: Final = (
    *_common(GROUP_SCHEMA),
    Attribute(GROUP_SCHEMA, "displayName", Kind.TEXT, "display_name", "display_name_key", ("displayName",)),
)
_ORG_UNIT_ID, _, *_ORG_UNIT_DATES = _common(ORG_UNIT_SCHEMA)
ORG_UNIT_SINGLE: Final = (
    _ORG_UNIT_ID,
    *_ORG_UNIT_DATES,
    Attribute(ORG_UNIT_SCHEMA, "name", Kind.TEXT, "name", "name_key", ("name",)),
    Attribute(ORG_UNIT_SCHEMA, "code", Kind.TEXT, "code", "code_key", ("code",)),
    Attribute(ORG_UNIT_SCHEMA, "parent.value", Kind.IDENTIFIER, "parent_id", where=("parent", "value")),
    Attribute(ORG_UNIT_SCHEMA, "manager.value", Kind.IDENTIFIER, "manager_id", where=("manager", "value")),
)

# The names an administrator may not give to a custom attribute.
RESERVED_NAMES: Final = frozenset({"startdate", "enddate", "state", "orgunit"})


def _entry(schema: str, many: str, part: str, kind: Kind, column: str, key: str = "") -> Attribute:
    return Attribute(schema, f"{many}.{part}", kind, column, key, (part,), many)


def _values(name: str, *, exact: bool = False) -> MultiValued:
    """A multi-valued attribute kept in value rows, with the parts of RFC 7643 section 2.4."""
    value = _entry(USER_SCHEMA, name, "value", Kind.TEXT, "value", "value_key")
    if exact:
        value = _entry(USER_SCHEMA, name, "value", Kind.EXACT_TEXT, "value")
    return MultiValued(
        USER_SCHEMA,
        name,
        Collection.VALUES,
        (
            value,
            _entry(USER_SCHEMA, name, "display", Kind.TEXT, "display", "display_key"),
            _entry(USER_SCHEMA, name, "type", Kind.TEXT, "type", "type_key"),
            _entry(USER_SCHEMA, name, "primary", Kind.BOOLEAN, "primary"),
        ),
    )


ADDRESS_PARTS: Final = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
# RFC 7643 section 4.1.2: an address has no value and no display.
_ADDRESSES: Final = MultiValued(
    USER_SCHEMA,
    "addresses",
    Collection.VALUES,
    (
        *(
            _entry(USER_SCHEMA, "addresses", part, Kind.TEXT, f"data_{part}", f"data_key_{part}")
            for part in ADDRESS_PARTS
        ),
        _entry(USER_SCHEMA, "addresses", "type", Kind.TEXT, "type", "type_key"),
        _entry(USER_SCHEMA, "addresses", "primary", Kind.BOOLEAN, "primary"),
    ),
)
USER_VALUES: Final = (
    _values("emails"),
    _values("phoneNumbers"),
    _values("ims"),
    _values("photos", exact=True),
    _ADDRESSES,
    _values("entitlements"),
    _values("roles"),
    _values("x509Certificates", exact=True),
)
_GROUPS: Final = MultiValued(
    USER_SCHEMA,
    "groups",
    Collection.GROUPS,
    (
        Attribute(USER_SCHEMA, "groups.value", Kind.IDENTIFIER, "group_id", "", ("value",), "groups", writable=False),
        Attribute(
            USER_SCHEMA,
            "groups.display",
            Kind.TEXT,
            "group__display_name",
            "group__display_name_key",
            ("display",),
            "groups",
            writable=False,
        ),
    ),
)
_MEMBERS: Final = MultiValued(
    GROUP_SCHEMA,
    "members",
    Collection.MEMBERS,
    (
        Attribute(GROUP_SCHEMA, "members.value", Kind.IDENTIFIER, "member", "", ("value",), "members"),
        Attribute(GROUP_SCHEMA, "members.type", Kind.EXACT_TEXT, "member_type", "", ("type",), "members"),
    ),
)
USER_MANY: Final = (*USER_VALUES, _GROUPS)
GROUP_MANY: Final = (_MEMBERS,)

VALUE_NAMES: Final = frozenset(many.name for many in USER_VALUES)


def _complexes(attributes: Iterable[Attribute]) -> Iterable[Complex]:
    families: dict[tuple[str, str], list[Attribute]] = {}
    for attribute in attributes:
        name, dot, _ = attribute.path.partition(".")
        if dot:
            families.setdefault((attribute.schema, name), []).append(attribute)
    for (schema, name), parts in families.items():
        yield Complex(schema, name, tuple(parts))


def _index(core: str, singles: tuple[Attribute, ...], many: tuple[MultiValued, ...]) -> dict[str, Target]:
    """Targets by lower-case path, with their schema and alone (an extension's only where the core has no such name)."""
    targets: list[tuple[str, str, Target]] = [(each.schema, each.path, each) for each in singles]
    targets += [(each.schema, each.name, each) for each in _complexes(singles)]
    for each in many:
        targets += [(each.schema, each.name, each), *((part.schema, part.path, part) for part in each.parts)]
    index: dict[str, Target] = {}
    for schema, path, target in sorted(targets, key=lambda item: item[0] != core):
        index[f"{schema}:{path}".lower()] = target
        index.setdefault(path.lower(), target)
    return index


_TARGETS: Final[dict[str, dict[str, Target]]] = {
    "User": _index(USER_SCHEMA, USER_SINGLE, USER_MANY),
    "Group": _index(GROUP_SCHEMA, GROUP_SINGLE, GROUP_MANY),
    "OrgUnit": _index(ORG_UNIT_SCHEMA, ORG_UNIT_SINGLE, ()),
}


def find(resource: Resource, schema: str | None, path: str) -> Target | None:
    """The attribute a path names, in any case (RFC 7643 section 2.1), or None.

    Paths of an extension may stand without their URN, unless the core schema has that name. A custom attribute is
    `custom.<name>` or `<portal URN>:<name>`; its name is matched as written.
    """
    key = f"{schema}:{path}" if schema else path
    target = _TARGETS[resource].get(key.lower())
    if target is not None or resource != "User":
        return target
    if schema is not None and schema.lower() == PORTAL_SCHEMA.lower():
        return custom_attribute(path)
    prefix, dot, name = path.partition(".")
    if schema is None and dot and prefix.lower() == CUSTOM_PREFIX:
        return custom_attribute(name)
    return None


_NAMES: Final = {
    **{each.column: each.name for each in (*GROUP_SINGLE, *USER_SINGLE) if each.column},
    "manager": f"{ENTERPRISE_SCHEMA}:manager",
    "org_unit": f"{PORTAL_SCHEMA}:orgUnit",
}


def parts_of(resource: Resource, schema: str) -> tuple[Attribute, ...]:
    """The single-valued attributes that a request can set of a schema of this resource type."""
    known = {"User": USER_SINGLE, "Group": GROUP_SINGLE, "OrgUnit": ORG_UNIT_SINGLE}[resource]
    return tuple(each for each in known if each.schema.lower() == schema.lower() and each.writable)


def scim_name(field: str) -> str:
    """What SCIM calls an attribute that actions name so; what SCIM does not have keeps its name."""
    prefix, dot, name = field.partition(".")
    if dot and prefix == CUSTOM_PREFIX:
        return f"{PORTAL_SCHEMA}:{name}"
    return _NAMES.get(field, field)


def custom_attribute(name: str) -> Attribute:
    """The attribute of a declared custom attribute."""
    return Attribute(PORTAL_SCHEMA, name, Kind.CUSTOM, CUSTOM_PREFIX, where=(CUSTOM_PREFIX, name))
