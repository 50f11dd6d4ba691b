"""What each endpoint takes and gives, as an OpenAPI document has it (RFC 7644 sections 3 and 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from identities.representation.rendering import SCIM_BASE_PATH
from identities.scim.openapi.components import ATTRIBUTES, ORDER, WHOLE, attribute_of, components, filter_of, reference
from identities.scim.openapi.schemas import Json


def _query(name: str, schema: Json) -> OpenApiParameter:
    return OpenApiParameter(name, schema, OpenApiParameter.QUERY)


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


_PARTS: Final = (_query("attributes", ATTRIBUTES), _query("excludedAttributes", ATTRIBUTES))
_IF_MATCH: Final = _header("If-Match", "The version that the change is meant for; 412 if it is another by now.")
_IF_NONE_MATCH: Final = _header("If-None-Match", "The version that the client has; 304 if it is that one still.")


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one kind of endpoint takes and gives. In names `{}` stands for the resource type.

    Attributes:
        name: the id of the operation.
        takes: the schema of the body, if there is one.
        gives: schemas by status; None where there is no body.
        refuses: the statuses with an error message, beside those that every operation has.
    """

    name: str
    gives: Mapping[int, str | None]
    takes: str | None = None
    parameters: tuple[OpenApiParameter, ...] = ()
    refuses: tuple[int, ...] = ()


_CHANGES: Final = (400, 404, 409, 412, 413, 415)
OPERATIONS: Final[dict[tuple[str, str], Operation]] = {
    ("collection", "GET"): Operation("list{}s", {200: "{}List"}, parameters=_PARTS, refuses=(400,)),
    ("collection", "POST"): Operation("create{}", {201: "{}"}, "{}Request", _PARTS, (400, 409, 413, 415)),
    ("object", "GET"): Operation(
        "read{}", {200: "{}", 304: None}, parameters=(_IF_NONE_MATCH, *_PARTS), refuses=(400, 404)
    ),
    ("object", "PUT"): Operation("replace{}", {200: "{}"}, "{}Request", (_IF_MATCH, *_PARTS), _CHANGES),
    ("object", "PATCH"): Operation("patch{}", {200: "{}", 204: None}, "{}Patch", (_IF_MATCH, *_PARTS), _CHANGES),
    ("object", "DELETE"): Operation("delete{}", {204: None}, parameters=(_IF_MATCH,), refuses=(400, 404, 412)),
    ("search", "POST"): Operation("search{}", {200: "{}List"}, "{}SearchRequest", refuses=(400, 413, 415)),
    ("bulk", "POST"): Operation("bulk", {200: "BulkResponse"}, "BulkRequest", refuses=(400, 413, 415)),
    ("me", "GET"): Operation("readMe", {200: "User", 304: None}, parameters=(_IF_NONE_MATCH, *_PARTS), refuses=(400,)),
    ("me", "PUT"): Operation("replaceMe", {200: "User"}, "MeRequest", (_IF_MATCH, *_PARTS), _CHANGES),
    ("me", "PATCH"): Operation("patchMe", {200: "User"}, "MePatch", (_IF_MATCH, *_PARTS), _CHANGES),
    ("documents", "GET"): Operation("list{}s", {200: "{}List"}),
    ("document", "GET"): Operation("read{}", {200: "{}"}, refuses=(404,)),
    ("configuration", "GET"): Operation("readServiceProviderConfig", {200: "ServiceProviderConfig"}),
}
_WITH_ID: Final = ("object", "document")
_ALWAYS: Final = (401, 403, 406, 429, 500, 503)


class ScimSchema(AutoSchema):
    """Describes a view by its `kind` and `resource`."""

    @property
    def operation(self) -> Operation:
        """What is said of the method at hand."""
        return OPERATIONS[self.view.kind, self.method]

    def is_excluded(self) -> bool:
        """A view that has no kind is not described."""
        return (self.view.kind, self.method) not in OPERATIONS

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        """The operation; a body that it takes must be there."""
        operation = super().get_operation(*args, **kwargs)
        if operation and "requestBody" in operation:
            operation["requestBody"]["required"] = True
        return operation

    def get_override_parameters(self) -> list[Any]:
        """Query, path and header parameters."""
        return [*self._own(), *self.operation.parameters]

    def get_request_serializer(self) -> Any:
        """The body."""
        body = self._named(self.operation.takes)
        return dict.fromkeys(self.map_parsers(), body) if body else None

    def get_response_serializers(self) -> Any:
        """Every answer, by its status."""
        answers = {status: self._named(name) for status, name in self.operation.gives.items()}
        return answers | dict.fromkeys((*self.operation.refuses, *_ALWAYS), reference("Error"))

    def get_operation_id(self) -> str:
        """Method and resource type."""
        return self.operation.name.format(self.view.resource or "")

    def get_tags(self) -> list[str]:
        """The resource type."""
        return [self.view.resource or "Service"]

    def _own(self) -> list[OpenApiParameter]:
        """Those that depend on the resource type."""
        resource = str(self.view.resource)
        if self.view.kind in _WITH_ID:
            schema = {"type": "string", "format": f"scim-{resource.lower()}-id"}
            return [OpenApiParameter("id", schema, OpenApiParameter.PATH)]
        if self.view.kind != "collection" or self.method != "GET":
            return []
        return [
            _query("filter", filter_of(resource)),
            _query("sortBy", attribute_of(resource)),
            _query("sortOrder", ORDER),
            _query("startIndex", WHOLE),
            _query("count", WHOLE),
        ]

    def _named(self, name: str | None) -> Json | None:
        return reference(name.format(self.view.resource or "")) if name else None


class BearerScheme(OpenApiAuthenticationExtension):
    """How clients say who they are."""

    target_class = "identities.scim.callers.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> Json:
        """A bearer token (RFC 6750)."""
        return {"type": "http", "scheme": "bearer"}


class PersonScheme(BearerScheme):
    """How people say who they are to `/Me`: by a token of their own."""

    target_class = "identities.scim.callers.persons.PersonAuthentication"
    name = "personalToken"


class SessionScheme(OpenApiAuthenticationExtension):
    """Or by the session of their browser."""

    target_class = "identities.scim.callers.persons.OwnSession"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> Json:
        """The cookie; what changes something needs the form token with it."""
        needed = "With `X-CSRFToken` where something changes."
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME, "description": needed}


def only_scim(endpoints: list[tuple[Any, ...]], **kwargs: Any) -> list[tuple[Any, ...]]:
    """The addresses of the SCIM service alone; other APIs have documents of their own."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(f"{SCIM_BASE_PATH}/")]


def add_components(result: Json, **kwargs: Any) -> Json:
    """Put the schemas that operations refer to into the document, and take off the slashes that are optional."""
    result["components"]["schemas"] = components()
    result["paths"] = {path.rstrip("/"): operations for path, operations in result["paths"].items()}
    return result
