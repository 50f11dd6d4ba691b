"""What the service says of itself (RFC 7643 sections 5, 6 and 7; RFC 7644 section 4)."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from scim2_models import (
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Pagination,
    Patch,
    ResourceType,
    ServiceProviderConfig,
    Sort,
)
from scim2_models.resources.service_provider_config import AuthenticationScheme

from identities.filters.attributes import CORE_SCHEMAS
from identities.representation.rendering import SCIM_BASE_PATH
from identities.scim.limits import BODY_BYTES, CURSOR_SECONDS, OPERATIONS, PAGE_DEFAULT, PAGE_LARGEST
from identities.scim.reading.listing import list_response
from identities.scim.reading.renderings import Form
from identities.scim.schemas.org_unit import OrgUnit
from identities.scim.schemas.published_schemas import published_schemas
from identities.scim.schemas.resources import Group, user_model
from identities.scim.views import ScimView
from identities.scim.wire.errors import error_body
from identities.scim.wire.messages import as_form
from identities.vocabulary import ClientProfile, ClientScope


class DiscoveryView(ScimView):
    """Read-only, for every client."""

    http_method_names = ("get", "head", "options")

    def needed_scope(self, method: str | None) -> ClientScope | None:
        """Every client may know what the service is."""
        return None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a filter, as RFC 7644 section 4 asks: the answer is never a part of the whole."""
        super().initial(request, *args, **kwargs)
        if any(name.lower() == "filter" for name in request.query_params):
            raise PermissionDenied("These resources cannot be filtered.")


class ServiceProviderConfigView(DiscoveryView):
    """`/ServiceProviderConfig`."""

    kind = "configuration"

    def get(self, request: Request) -> Response:
        """What the service can do."""
        config = as_form(_config())
        if self.caller.profile != ClientProfile.RFC:
            # They page by index alone, and older libraries refuse attributes they do not know.
            del config["pagination"]
        return Response(_located(config, "ServiceProviderConfig"))


class ListingView(DiscoveryView):
    """`/ResourceTypes` and `/Schemas`, whole or (as `kind` says) one by id."""

    kind = "documents"

    def documents(self) -> list[Form]:
        """All of them."""
        raise NotImplementedError

    def get(self, request: Request, pk: str | None = None) -> Response:
        """All, or the one with this id."""
        documents = self.documents()
        if pk is None:
            return Response(list_response(documents, len(documents), 1))
        found = next((each for each in documents if each["id"].lower() == pk.lower()), None)
        if found is None:
            return Response(error_body(404, f"There is no {pk[:120]}.").model_dump(), status=404)
        return Response(found)


class ResourceTypesView(ListingView):
    """`/ResourceTypes`."""

    resource = "ResourceType"

    def documents(self) -> list[Form]:
        """Users, groups and org units."""
        forms = [as_form(ResourceType.from_resource(model)) for model in (user_model(), Group, OrgUnit)]
        return [_located(form, f"ResourceTypes/{form['id']}", "ResourceType") for form in forms]


class SchemasView(ListingView):
    """`/Schemas`."""

    resource = "Schema"

    def documents(self) -> list[Form]:
        """The schemas of users, groups and org units, with the custom attributes that are declared now.

        What the client may not write is read-only in them.
        """
        locked = self.caller.read_only_attributes
        forms = [as_form(each) for resource in CORE_SCHEMAS for each in published_schemas(resource, locked)]
        return [_located(form, f"Schemas/{form['id']}", "Schema") for form in forms]


def _config() -> ServiceProviderConfig:
    return ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=True, max_operations=OPERATIONS, max_payload_size=BODY_BYTES),
        filter=Filter(supported=True, max_results=PAGE_LARGEST),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=True),
        etag=ETag(supported=True),
        pagination=Pagination(
            cursor=True,
            index=True,
            default_pagination_method=Pagination.DefaultPaginationMethod.index,
            default_page_size=PAGE_DEFAULT,
            max_page_size=PAGE_LARGEST,
            cursor_timeout=CURSOR_SECONDS,
        ),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Bearer token",
                description="A token of an API client of the portal, sent in the Authorization header.",
                spec_uri="https://www.rfc-editor.org/info/rfc6750",
                primary=True,
            ),
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauth2,
                name="OAuth 2.0 client credentials",
                description=(
                    "A token that an API client with OAuth credentials gets at "
                    f"{settings.PORTAL_PUBLIC_URL}/oauth/token; it is good for an hour."
                ),
                spec_uri="https://www.rfc-editor.org/info/rfc6749",
            ),
        ],
    )


def _located(form: Form, path: str, resource_type: str = "ServiceProviderConfig") -> Form:
    address = f"{settings.PORTAL_PUBLIC_URL}{SCIM_BASE_PATH}/{path}"
    return form | {"meta": {"resourceType": resource_type, "location": address}}
