"""What the connector proposes after reading what the peer tells of itself."""

from collections.abc import Mapping
from types import MappingProxyType

from scim2_models import ServiceProviderConfig

from connectors.catalog.scim.announcement import resource_types, schemas, service_provider_config
from connectors.catalog.scim.client import ScimClient
from connectors.catalog.scim.configuration import Authentication, DisableBy, FilterSupport, WriteMethod
from connectors.catalog.scim.names import ENTERPRISE_URN
from connectors.catalog.scim.shapes import ACTIVE, MARKER, STANDARD, PeerSchema, object_schema, takes_groups
from connectors.spi import Discovery, ObjectClass

SUGGESTED: Mapping[ObjectClass, Mapping[str, str]] = MappingProxyType(
    {
        ObjectClass.USER: {
            "userName": "user.userName",
            MARKER: "user.id",
            "name.givenName": "user.name.givenName",
            "name.familyName": "user.name.familyName",
            "displayName": "user.displayName",
            "title": "user.title",
            'emails[type eq "work"].value': "user.primary_email",
            f"{ENTERPRISE_URN}:employeeNumber": "user.enterprise.employeeNumber",
            f"{ENTERPRISE_URN}:department": "user.enterprise.department",
            f"{ENTERPRISE_URN}:manager": "user.manager.id",
        },
        ObjectClass.GROUP: {"displayName": "group.displayName", MARKER: "group.id"},
    }
)


def discover(client: ScimClient, *, marker: bool) -> Discovery:
    """Proposals for the configuration and the mappings, with `externalId` if `marker` (raises as the client does)."""
    config, types, told = service_provider_config(client), resource_types(client), schemas(client)
    known = STANDARD if told is None else told
    proposals: dict[str, object] = {}
    notes = []
    if types:
        proposals["groups_path"] = ""
        for object_class, announced in types.items():
            proposals[f"{object_class}s_path"] = announced.endpoint
    if config is None:
        notes.append("The system does not tell its service provider configuration; the dialect's defaults stand.")
    else:
        proposals |= _dialect(config)
    if told is None:
        notes.append("The system does not tell its schemas; those of the standard are offered.")
    else:
        proposals |= _abilities(told)
    return Discovery(proposals=proposals, notes=tuple(notes), suggested_mappings=_suggested(known, marker=marker))


def _dialect(config: ServiceProviderConfig) -> dict[str, object]:
    proposals: dict[str, object] = {}
    if config.patch and config.patch.supported is not None:
        method = WriteMethod.PATCH if config.patch.supported else WriteMethod.PUT
        proposals |= {"update_with": method, "group_membership_with": method}
    if config.filter and config.filter.supported is not None:
        proposals["filter_supported"] = FilterSupport.AUTO if config.filter.supported else FilterSupport.NO
    if config.pagination and config.pagination.max_page_size:
        proposals["page_size"] = max(1, min(config.pagination.max_page_size, 1000))
    schemes = {str(scheme.type) for scheme in config.authentication_schemes or ()}
    if schemes == {"httpbasic"}:
        proposals["authentication"] = Authentication.BASIC
    return proposals


def _abilities(told: Mapping[ObjectClass, tuple[PeerSchema, ...]]) -> dict[str, object]:
    users = {(each.name or "").lower() for schema in told.get(ObjectClass.USER, ()) for each in schema.attributes}
    return {
        "disable_by": DisableBy.ACTIVE if ACTIVE in users else DisableBy.REMOVAL,
        "nested_groups": takes_groups(told.get(ObjectClass.GROUP, ())),
    }


def _suggested(
    known: Mapping[ObjectClass, tuple[PeerSchema, ...]], *, marker: bool
) -> dict[ObjectClass, dict[str, str]]:
    """The suggested mappings for attributes the peer has."""
    result = {}
    for object_class, parts in known.items():
        attributes = object_schema(object_class, parts, marker=marker).attributes
        result[object_class] = {
            name: expression for name, expression in SUGGESTED[object_class].items() if name in attributes
        }
    return result
