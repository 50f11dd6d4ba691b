"""What a peer tells about itself: configuration, resource types and schemas (RFC 7643 sections 5 to 7).

Peers leave out parts, invent others, or have none of it; whatever can be understood is used.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from scim2_models import ResourceType, ServiceProviderConfig

from connectors.catalog.scim.client import ScimClient
from connectors.catalog.scim.documents import elements_of, id_of, value_of
from connectors.catalog.scim.names import is_attribute_name
from connectors.catalog.scim.shapes import CORE_URN, PeerSchema, lenient_attribute
from connectors.spi import Gone, Misconfigured, ObjectClass, Rejected


@dataclass(frozen=True)
class Announced:
    """The resource type that stands for an object class: where it is found and which schemas it has."""

    endpoint: str
    schema: str
    extensions: tuple[str, ...]


def service_provider_config(client: ScimClient) -> ServiceProviderConfig | None:
    """The peer's configuration; parts that are malformed are left out, None when there is none."""
    document = _told(client, "/ServiceProviderConfig")
    if document is None:
        return None
    result = ServiceProviderConfig()
    for key in ("patch", "filter", "etag", "pagination", "authenticationSchemes"):
        part = value_of(document, key)
        try:
            parsed = ServiceProviderConfig.model_validate({key: part} if part is not None else {})
        except ValidationError:
            continue
        for name in parsed.model_fields_set:
            setattr(result, name, getattr(parsed, name))
    return result


def resource_types(client: ScimClient) -> dict[ObjectClass, Announced]:
    """The resource types of users and groups, as far as the peer tells them."""
    found: dict[ObjectClass, Announced] = {}
    for raw in elements_of(value_of(_told(client, "/ResourceTypes"), "Resources")):
        try:
            parsed = ResourceType.model_validate(raw)
        except ValidationError:
            continue
        for object_class, urn in CORE_URN.items():
            if parsed.schema_ and parsed.endpoint and str(parsed.schema_).lower() == urn.lower():
                extensions = tuple(str(each.schema_) for each in parsed.schema_extensions or () if each.schema_)
                found.setdefault(object_class, Announced(_path(str(parsed.endpoint)), str(parsed.schema_), extensions))
    return found


def schemas(client: ScimClient) -> dict[ObjectClass, tuple[PeerSchema, ...]] | None:
    """The schemas of users and groups; None when the peer does not tell them."""
    document = _told(client, "/Schemas")
    raw = {str(each["id"]): each for each in elements_of(value_of(document, "Resources")) if id_of(each)}
    if not raw:
        return None
    types = resource_types(client)
    return {each: peer for each in CORE_URN if (peer := _schemas_of(each, raw, types.get(each)))} or None


def _schemas_of(object_class: ObjectClass, raw: dict[str, Any], announced: Announced | None) -> tuple[PeerSchema, ...]:
    core = CORE_URN[object_class]
    urns = {urn.lower(): urn for urn in raw}
    if core.lower() not in urns:
        return ()
    if announced is None:  # then an extension is told by its name, as in ...:enterprise:2.0:User
        extensions = [urn for urn in raw if urn.lower() != core.lower() and urn.endswith(core.rpartition(":")[2])]
    else:
        extensions = [urns[urn.lower()] for urn in announced.extensions if urn.lower() in urns]
    usable = [urn for urn in extensions if is_attribute_name("any", urn)]
    return (_schema(None, raw[urns[core.lower()]]), *(_schema(urn, raw[urn]) for urn in usable))


def _schema(urn: str | None, raw: Any) -> PeerSchema:
    described = (lenient_attribute(each) for each in elements_of(value_of(raw, "attributes")))
    return PeerSchema(urn, tuple(each for each in described if each is not None))


def _told(client: ScimClient, path: str) -> dict[str, Any] | None:
    """A document of the peer about itself; None when it has none there, or none for the portal."""
    try:
        return client.document(path)
    except (Gone, Rejected):
        return None
    except Misconfigured as error:
        if error.facts.get("status") in (None, 401):
            raise
        return None


def _path(endpoint: str) -> str:
    """The endpoint below the base URL; some peers tell a whole URL."""
    return "/" + endpoint.rstrip("/").rpartition("/")[2]
