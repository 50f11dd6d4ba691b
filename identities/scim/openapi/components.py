"""The messages of the protocol as JSON schemas, by the names the document gives them."""

from typing import Any, Final

from scim2_models import ResourceType, Schema, ServiceProviderConfig

from identities.filters.attributes import CORE_SCHEMAS, scim_name
from identities.filters.parse import MAX_LENGTH
from identities.rules.personal import PERSONAL
from identities.scim.bulk.answering import BULK_RESPONSE
from identities.scim.bulk.job import HANDLERS
from identities.scim.bulk.operations import BULK_REQUEST
from identities.scim.limits import OPERATIONS
from identities.scim.openapi.schemas import (
    LARGEST,
    NO_NUL,
    Json,
    answer_schema,
    document_schema,
    nullable,
    object_schema,
    request_schema,
    writable,
)
from identities.scim.reading.listing import LIST_SCHEMA
from identities.scim.wire.messages import SEARCH_SCHEMA

PATCH_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR_SCHEMA: Final = "urn:ietf:params:scim:api:messages:2.0:Error"

ORDER: Final[Json] = {"type": "string", "enum": ["ascending", "descending"]}
WHOLE: Final[Json] = {"type": "integer"}
ATTRIBUTES: Final[Json] = {"type": "string", "format": "scim-attributes"}

_STRING: Final[Json] = {"type": "string"}
_BULK_ID: Final[Json] = {"type": "string", "minLength": 1, "pattern": NO_NUL}
_TEXT: Final[Json] = {"type": "string", "pattern": NO_NUL}
# What requests at `/Me` may change: all of it stands in the core schema.
_PERSONAL: Final = {scim_name(attribute).partition(".")[0] for attribute in PERSONAL}
_NUMBER: Final[Json] = {"type": "integer", "minimum": 0}


def filter_of(resource: str) -> Json:
    """A filter on this resource type (RFC 7644 figure 1), or on all where there is none."""
    return {"type": "string", "format": f"scim-{resource.lower()}-filter".replace("--", "-"), "maxLength": MAX_LENGTH}


def attribute_of(resource: str) -> Json:
    """The name of one attribute of this resource type."""
    return {"type": "string", "format": f"scim-{resource.lower()}-attribute".replace("--", "-")}


def reference(name: str) -> Json:
    """Where the document has this schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def components() -> dict[str, Json]:
    """Every schema of the document. Custom attributes are in them as they are declared now."""
    documents: dict[str, Any] = {
        "ServiceProviderConfig": ServiceProviderConfig,
        "ResourceType": ResourceType,
        "Schema": Schema,
    }
    found = {name: document_schema(model.to_schema().attributes or ()) for name, model in documents.items()}
    for resource in CORE_SCHEMAS:
        found |= {
            resource: answer_schema(resource),
            f"{resource}Request": request_schema(resource),
            f"{resource}Patch": _patch(dict(writable(resource))),
            f"{resource}SearchRequest": _search(resource),
        }
    lists = {f"{name}List": _list(reference(name)) for name in (*CORE_SCHEMAS, "ResourceType", "Schema")}
    personal = {name: value for name, value in writable("User") if name in _PERSONAL}
    mixed = {"anyOf": [reference(resource) for resource in CORE_SCHEMAS]}
    return (
        found
        | lists
        | {
            "List": _list(mixed),
            "Meta": _meta(),
            "Error": _error(),
            "SearchRequest": _search(""),
            "BulkRequest": _bulk_request(),
            "BulkResponse": _bulk_response(),
            "MeRequest": _own_request(personal),
            "MePatch": _patch(personal),
        }
    )


def _message(urn: str, properties: Json, *required: str) -> Json:
    return object_schema({"schemas": _only(urn), **properties}, "schemas", *required)


def _only(urn: str) -> Json:
    return {"type": "array", "items": {"const": urn}, "minItems": 1, "maxItems": 1}


def _list(resource: Json) -> Json:
    numbers = dict.fromkeys(("totalResults", "startIndex", "itemsPerPage"), _NUMBER)
    cursors = dict.fromkeys(("nextCursor", "previousCursor"), _STRING)
    properties = {**numbers, **cursors, "Resources": {"type": "array", "items": resource}}
    # A page by cursor has no number (RFC 9865 section 2).
    return _message(LIST_SCHEMA, properties, "totalResults", "itemsPerPage", "Resources")


def _patch(values: Json) -> Json:
    """One form of operation for each attribute, and one without a path.

    RFC 7644 section 3.5.2 allows longer paths than those listed (`name.givenName`, `emails[type eq "work"].value`).
    """
    partial = object_schema(values) | {"minProperties": 1}
    forms = [object_schema({"op": {"enum": ["add", "replace"]}, "value": partial}, "op", "value")]
    for path, value in values.items():
        replacing = {"op": {"const": "replace"}, "path": {"const": path}, "value": value}
        adding = {"op": {"const": "add"}, "path": {"const": path}, "value": value | {"not": {"type": "null"}}}
        forms += [object_schema(given, "op", "path", "value") for given in (replacing, adding)]
    operations = {"type": "array", "items": {"anyOf": forms}, "minItems": 1, "maxItems": OPERATIONS}
    # `schemas` is not asked for: many clients leave it out.
    return object_schema({"schemas": _only(PATCH_SCHEMA), "Operations": operations}, "Operations")


def _search(resource: str) -> Json:
    names = {"type": "array", "items": {"type": "string", "format": "scim-attribute"}}
    given = {
        "attributes": names,
        "excludedAttributes": names,
        "filter": _or_empty(filter_of(resource)),
        "sortBy": _or_empty(attribute_of(resource)),
        "sortOrder": ORDER,
        "startIndex": WHOLE | LARGEST,
        "count": WHOLE | LARGEST,
    }
    return _message(SEARCH_SCHEMA, {name: nullable(schema) for name, schema in given.items()})


def _own_request(personal: Json) -> Json:
    """What PUT of `/Me` takes; the rest of a user is ignored there, the user name too, which has to be in it though."""
    return object_schema({"schemas": _only(CORE_SCHEMAS["User"]), "userName": _TEXT, **personal}, "userName")


def _or_empty(text: Json) -> Json:
    """The text, or an empty one, which is as if it were not there."""
    return {"anyOf": [text, {"const": ""}]}


def _bulk_request() -> Json:
    """One form of operation for each method and resource type that Bulk takes (RFC 7644 section 3.7)."""
    forms: list[Json] = []
    for endpoint in HANDLERS:
        resource = endpoint.removesuffix("s")
        path = {"type": "string", "format": f"scim-{resource.lower()}-path"}
        put, patch = reference(f"{resource}Request"), reference(f"{resource}Patch")
        creating = {"method": {"const": "POST"}, "path": {"const": f"/{endpoint}"}, "bulkId": _BULK_ID, "data": put}
        forms += [
            object_schema(creating, "method", "path", "bulkId", "data"),
            object_schema(_changing("PUT", path) | {"data": put}, "method", "path", "data"),
            object_schema(_changing("PATCH", path) | {"data": patch}, "method", "path", "data"),
            object_schema(_changing("DELETE", path), "method", "path"),
        ]
    operations = {"type": "array", "items": {"anyOf": forms}, "maxItems": OPERATIONS}
    # `schemas` is not asked for, as with PATCH.
    given = {"schemas": _only(BULK_REQUEST), "failOnErrors": LARGEST | {"type": "integer", "minimum": 1}}
    return object_schema({**given, "Operations": operations}, "Operations")


def _changing(method: str, path: Json) -> Json:
    return {"method": {"const": method}, "path": path, "bulkId": _BULK_ID, "version": _TEXT}


def _bulk_response() -> Json:
    answered = {
        "method": {"enum": ["POST", "PUT", "PATCH", "DELETE"]},
        "bulkId": _STRING,
        "version": _STRING,
        "location": {"type": "string", "format": "uri"},
        "status": {"type": "string", "pattern": "^[2-5][0-9]{2}$"},
        "response": reference("Error"),
    }
    operations = {"type": "array", "items": object_schema(answered, "status")}
    return _message(BULK_RESPONSE, {"Operations": operations}, "Operations")


def _meta() -> Json:
    moment = {"type": "string", "format": "date-time"}
    return object_schema(
        {
            "resourceType": _STRING,
            "created": moment,
            "lastModified": moment,
            "location": {"type": "string", "format": "uri"},
            "version": _STRING,
        }
    )


def _error() -> Json:
    properties = {"status": {"type": "string", "pattern": "^[45][0-9]{2}$"}, "scimType": _STRING, "detail": _STRING}
    return _message(ERROR_SCHEMA, properties, "status")
