"""A SCIM client for tests that believes no answer: each is checked against the schemas the service itself publishes."""

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from urllib.parse import quote

import orjson
from django.test import Client
from scim2_models import Context, Error, ListResponse, ResourceType, Schema, ScimProvider, ServiceProviderConfig

from identities.actions.clients import create_client, issue_token
from identities.actors import Actor, command_actor, scim_actor
from identities.models import ApiClient
from identities.vocabulary import AdoptionRule, ClientProfile, ClientScope

BASE = "/scim/v2"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PORTAL = "urn:ietf:params:scim:schemas:extension:portal:2.0:User"
ORG_UNIT = "urn:ietf:params:scim:schemas:portal:2.0:OrgUnit"
SCHEMAS = {"User": USER, "Group": GROUP, "OrgUnit": ORG_UNIT}
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"

_CONTEXTS = {
    "GET": Context.RESOURCE_QUERY_RESPONSE,
    "POST": Context.RESOURCE_CREATION_RESPONSE,
    "PUT": Context.RESOURCE_REPLACEMENT_RESPONSE,
    "PATCH": Context.RESOURCE_PATCH_RESPONSE,
}


@dataclass(frozen=True)
class Answer:
    """An answer that has been checked."""

    status: int
    body: Any
    headers: Any

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The page of a list."""
        return list(self.body["Resources"])


@dataclass
class Service:
    """One API client at work."""

    client: ApiClient
    token: str
    http: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    @property
    def actor(self) -> Actor:
        """The actor that this client's requests act as."""
        return scim_actor(self.client.pk, self.client.name)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request and check the answer, whatever it is."""
        response = self.raw(method, path, body, **headers)
        answer = Answer(response.status_code, _body(response), response.headers)
        self._check(method, path, answer)
        return answer

    def raw(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request. A body that is no bytes goes as SCIM's JSON."""
        data = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        given = {"Authorization": f"Bearer {self.token}", "Accept": "application/scim+json", **headers}
        content_type = given.pop("Content-Type", "application/scim+json")
        return self.http.generic(method, f"{BASE}{path}", data, content_type=content_type, headers=given)

    def get(self, path: str, **headers: str) -> Answer:
        """GET."""
        return self.request("GET", path, **headers)

    def find(self, filter_: str, path: str = "/Users") -> Answer:
        """GET with a filter."""
        return self.get(f"{path}?filter={quote(filter_)}")

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        """POST."""
        return self.request("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        """PUT."""
        return self.request("PUT", path, body, **headers)

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Answer:
        """PATCH with these operations."""
        return self.request("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        """DELETE."""
        return self.request("DELETE", path, **headers)

    def create_user(self, user_name: str, **attributes: Any) -> dict[str, Any]:
        """Create a user; its representation."""
        answer = self.post("/Users", {"schemas": [USER], "userName": user_name, **attributes})
        assert answer.status == 201, answer.body
        return dict(answer.body)

    def create_group(self, display_name: str, *members: str, **attributes: Any) -> dict[str, Any]:
        """Create a group of these ids; its representation."""
        entries = [{"value": member} for member in members]
        answer = self.post(
            "/Groups", {"schemas": [GROUP], "displayName": display_name, "members": entries, **attributes}
        )
        assert answer.status == 201, answer.body
        return dict(answer.body)

    @property
    def notes(self) -> list[dict[str, str]]:
        """What the request log says of the last request about users or groups."""
        return list(self.client.requests.filter(path__regex=r"^/scim/v2/(Users|Groups)").latest("id").notes)

    @cached_property
    def published(self) -> ScimProvider:
        """What the service says of itself."""
        return _provider(
            *(self.raw("GET", path).content for path in ("/ServiceProviderConfig", "/Schemas", "/ResourceTypes"))
        )

    def _check(self, method: str, path: str, answer: Answer) -> None:
        if answer.body is None:
            assert answer.status in (204, 304), answer.status
            return
        assert answer.headers["Content-Type"] == "application/scim+json"
        if answer.status >= 400:
            error = Error.model_validate(answer.body)
            assert error.status == answer.status
            assert answer.body["status"] == str(answer.status)
            return
        if "Resources" in answer.body:
            assert all(isinstance(answer.body[name], int) for name in ("totalResults", "itemsPerPage"))
            assert isinstance(answer.body.get("startIndex", 1), int)
            assert answer.body["itemsPerPage"] == len(answer.body["Resources"])
            for resource in answer.body["Resources"]:
                self._check_resource(resource, Context.RESOURCE_QUERY_RESPONSE)
        else:
            self._check_resource(answer.body, _CONTEXTS[method])

    def _check_resource(self, resource: dict[str, Any], context: Context) -> None:
        """By `schemas`, because `meta` may have been left out on request."""
        name = next((name for name, schema in SCHEMAS.items() if schema in resource["schemas"]), None)
        if name is None:
            return
        model: Any = self.published.model_for(name)
        model.model_validate(resource, scim_ctx=context)


def new_service(
    name: str = "hr",
    profile: ClientProfile = ClientProfile.RFC,
    scopes: tuple[ClientScope, ...] = tuple(ClientScope),
    adoption_rule: AdoptionRule = AdoptionRule.REFUSE,
    **more: Any,
) -> Service:
    """An API client with a token."""
    client = create_client(
        name, actor=command_actor(), profile=profile, scopes=scopes, adoption_rule=adoption_rule, **more
    )
    return Service(client, issue_token(client, actor=command_actor()))


@cache
def _provider(config: bytes, schemas: bytes, types: bytes) -> ScimProvider:
    """The models these documents describe: made once, because making them takes longer than most tests."""
    return ScimProvider.from_discovery(
        ListResponse[Schema].model_validate_json(schemas, scim_ctx=Context.RESOURCE_QUERY_RESPONSE).resources or (),
        ListResponse[ResourceType].model_validate_json(types, scim_ctx=Context.RESOURCE_QUERY_RESPONSE).resources or (),
        ServiceProviderConfig.model_validate_json(config, scim_ctx=Context.RESOURCE_QUERY_RESPONSE),
    )


def _body(response: Any) -> Any:
    return orjson.loads(response.content) if response.content else None
