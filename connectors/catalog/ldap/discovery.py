"""What a directory tells of itself, as a proposal for its configuration."""

from dataclasses import dataclass

import ldap
from ldap.schema import AttributeType as AttributeDescription
from ldap.schema import ObjectClass as ObjectClassDescription
from ldap.schema import SubSchema

from connectors.catalog.ldap.configuration import DisableBy, LdapConfiguration
from connectors.catalog.ldap.enabling import LOCKED_TIME
from connectors.catalog.ldap.findings import PAGED_RESULTS, PASSWORD_POLICY
from connectors.catalog.ldap.names import relative_to, same_dn
from connectors.catalog.ldap.schema import directory_schema, subschema
from connectors.catalog.ldap.session import Query, Session
from connectors.spi import Discovery, Misconfigured, ObjectClass

_MOST_CONTAINERS = 200
_GROUP_CLASSES = ("groupOfNames", "groupOfUniqueNames", "groupOfMembers", "posixGroup")
_MARKERS = ("employeeNumber", "uniqueIdentifier", "carLicense")
_USUAL_NAMES = {
    "user_container": ("people", "users", "accounts"),
    "group_container": ("groups",),
    "disabled_container": ("disabled", "inactive", "former"),
}
_LOCK_ATTRIBUTE = "nsAccountLock"
_MAPPINGS = {
    ObjectClass.USER: {
        "uid": "user.userName",
        "cn": "user.displayName or user.userName",
        "sn": "user.name.familyName or user.userName",
        "givenName": "user.name.givenName",
        "displayName": "user.displayName",
        "mail": "user.primary_email",
        "title": "user.title",
        "employeeNumber": "user.enterprise.employeeNumber",
        "manager": "user.manager.id",
        "departmentNumber": "user.enterprise.department",
    },
    ObjectClass.GROUP: {"cn": "group.displayName"},
    ObjectClass.ORG_UNIT: {"ou": "org_unit.name"},
}


def discovered(session: Session, configuration: LdapConfiguration) -> Discovery:
    """Proposals and choices for the fields marked as discovered, over a bound session."""
    contexts = tuple(value.decode() for value in session.root().values.get("namingcontexts", []))
    known = any(same_dn(context, configuration.base_dn) for context in contexts)
    base_dn = configuration.base_dn if known or not contexts else contexts[0]
    containers = _containers(session, base_dn)
    found = _Found(session, subschema(session, configuration), base_dn, contexts, containers)
    return Discovery(
        proposals=found.proposals(),
        choices=found.choices(),
        notes=found.notes(),
        suggested_mappings=_mappings(found.parsed, configuration),
    )


def _containers(session: Session, base_dn: str) -> tuple[str, ...]:
    """Organizational units and containers below the base, relative to it."""
    text = "(|(objectClass=organizationalUnit)(objectClass=container)(objectClass=nsContainer))"
    try:
        found, _ = session.search_page(Query(base_dn, text, ("1.1",)), _MOST_CONTAINERS, b"")
    except ldap.NO_SUCH_OBJECT:
        return ()
    return tuple(relative for entry in found if (relative := relative_to(entry.dn, base_dn)))


def _mappings(parsed: SubSchema, configuration: LdapConfiguration) -> dict[ObjectClass, dict[str, str]]:
    """The usual mappings, as far as the configured classes have their attributes."""
    try:
        parts = directory_schema(parsed, configuration).schema.objects
    except Misconfigured:  # Test says what is wrong with it; nothing can be suggested for it
        return {}
    return {
        object_class: {name: source for name, source in _MAPPINGS[object_class].items() if name in part.attributes}
        for object_class, part in parts.items()
    }


@dataclass(frozen=True)
class _Found:
    """What was read, turned into proposals."""

    session: Session
    parsed: SubSchema
    base_dn: str
    contexts: tuple[str, ...]
    containers: tuple[str, ...]

    def proposals(self) -> dict[str, object]:
        """One value per field, where there is a reason for one."""
        proposals: dict[str, object] = {"disable_by": self._disable_by().value}
        if self.base_dn:
            proposals["base_dn"] = self.base_dn
        for field, names in _USUAL_NAMES.items():
            container = self._named(names)
            if container and (field != "disabled_container" or proposals["disable_by"] == DisableBy.CONTAINER):
                proposals[field] = container
        if proposals["disable_by"] == DisableBy.ATTRIBUTE:
            proposals |= {"disable_attribute": _LOCK_ATTRIBUTE, "disabled_value": "true"}
        classes = self._group_classes()
        return {**proposals, "group_object_class": classes[0]} if classes else proposals

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Possible values for drop-down lists."""
        return {
            "base_dn": self.contexts,
            **dict.fromkeys((*_USUAL_NAMES, "org_unit_container"), self.containers),
            "user_object_classes": self._person_classes(),
            "group_object_class": self._group_classes(),
            "marker_attribute": tuple(name for name in _MARKERS if self._has(name)),
            "disable_by": tuple(each.value for each in self._possible()),
        }

    def notes(self) -> tuple[str, ...]:
        """What an administrator should know, in words."""
        root = self.session.root().values
        vendor = b" ".join((*root.get("vendorname", ()), *root.get("vendorversion", ()))).decode()
        paging = "pages long lists" if self.session.supports(PAGED_RESULTS) else "does not page long lists"
        lock = "has a" if DisableBy.PPOLICY in self._possible() else "has no"
        return (
            *((f"The server calls itself {vendor}.",) if vendor else ()),
            f"The directory {paging}.",
            f"The directory {lock} password policy overlay to lock accounts with.",
        )

    def _possible(self) -> list[DisableBy]:
        """The ways to disable that can work here, the best first."""
        possible = []
        if self._has(LOCKED_TIME) and self.session.supports(PASSWORD_POLICY):
            possible.append(DisableBy.PPOLICY)
        if self._has(_LOCK_ATTRIBUTE):
            possible.append(DisableBy.ATTRIBUTE)
        if self._named(_USUAL_NAMES["disabled_container"]):
            possible.append(DisableBy.CONTAINER)
        rest = (DisableBy.ATTRIBUTE, DisableBy.CONTAINER, DisableBy.REMOVAL)
        return [*possible, *(each for each in rest if each not in possible)]

    def _disable_by(self) -> DisableBy:
        """The best way; without a lock, an attribute or a container that is there, accounts have to be removed."""
        best = self._possible()[0]
        proven = {
            DisableBy.PPOLICY: self._has(LOCKED_TIME),
            DisableBy.ATTRIBUTE: self._has(_LOCK_ATTRIBUTE),
            DisableBy.CONTAINER: bool(self._named(_USUAL_NAMES["disabled_container"])),
        }
        return best if proven.get(best, False) else DisableBy.REMOVAL

    def _named(self, names: tuple[str, ...]) -> str | None:
        """The first container whose own name is one of these."""
        for name in names:
            for container in self.containers:
                if container.partition(",")[0].partition("=")[2].lower() == name:
                    return container
        return None

    def _has(self, attribute: str) -> bool:
        return self.parsed.get_obj(AttributeDescription, attribute) is not None

    def _group_classes(self) -> tuple[str, ...]:
        return tuple(name for name in _GROUP_CLASSES if self.parsed.get_obj(ObjectClassDescription, name))

    def _person_classes(self) -> tuple[str, ...]:
        """Structural classes that descend from person."""
        classes = [
            self.parsed.get_obj(ObjectClassDescription, oid) for oid in self.parsed.listall(ObjectClassDescription)
        ]
        return tuple(
            sorted(each.names[0] for each in classes if each.kind == 0 and each.names and self._is_person(each))
        )

    def _is_person(self, described: ObjectClassDescription) -> bool:
        if "person" in (name.lower() for name in described.names):
            return True
        parents = (self.parsed.get_obj(ObjectClassDescription, name) for name in described.sup)
        return any(self._is_person(each) for each in parents if each is not None)
