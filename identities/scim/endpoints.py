"""The endpoints of users, groups and queries."""

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, cast
from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from identities.filters.attributes import Resource
from identities.models import ApiClient
from identities.scim.bulk import answer_bulk
from identities.scim.reading.asked import find_group_tag, find_user_tag
from identities.scim.reading.cursor_paging import cursor_page
from identities.scim.reading.listing import index_page, read_queries, readable
from identities.scim.reading.org_units import find_org_unit_tag, read_org_unit
from identities.scim.reading.projection import Projection, projection
from identities.scim.reading.renderings import Form, Rendering, location, read_group, read_user, render_user
from identities.scim.reading.stored import UserRow
from identities.scim.views import ScimView
from identities.scim.wire.messages import check_search
from identities.scim.wire.renderers import Written
from identities.scim.wire.versions import NO_PRECONDITIONS, Preconditions
from identities.scim.writing import groups, org_units, users
from identities.vocabulary import ClientScope


class ResourceView(ScimView):
    """What the endpoints of one resource type share; a child says which."""

    resource: Resource
    handlers: ModuleType
    read_tag: Callable[..., str | None]
    read_one: Callable[..., Rendering | None]

    def projection(self, request: Request) -> Projection:
        """What the client wants to see of a resource."""
        return asked_for(request, self.resource)

    def represent(self, pk: UUID | str, wanted: Projection, row: UserRow | None = None) -> Response:
        """The resource as it is now, with its version (raises NotFound).

        Args:
            row: what the answer is made of, where it is known already.
        """
        found = render_user(row, wanted) if row else type(self).read_one(self.caller, pk, wanted)
        if found is None:
            raise self.handlers.not_found(pk)
        return represented(found)


class CollectionView(ResourceView):
    """`/Users`, `/Groups` and `/OrgUnits`."""

    kind = "collection"

    def get(self, request: Request) -> Response:
        """A page of what the client sees."""
        return Response(answer(request.query_params.dict(), self.caller, self.resource))

    def post(self, request: Request) -> Response:
        """Create a resource; 201 with its representation."""
        wanted = self.projection(request)
        pk, row = self.handlers.create(self.call(request), request.data)
        response = self.represent(pk, wanted, row)
        response.status_code = status.HTTP_201_CREATED
        response.headers["Location"] = location(f"{self.resource}s", pk)
        return response


class ObjectView(ResourceView):
    """`/Users/<id>`, `/Groups/<id>` and `/OrgUnits/<id>`."""

    kind = "object"

    def get(self, request: Request, pk: str) -> Response:
        """The resource, or 304 if the client has this version."""
        identifier = self.identifier(pk)
        wanted, preconditions = self.projection(request), Preconditions.of(request)
        if preconditions != NO_PRECONDITIONS:
            tag = type(self).read_tag(self.caller, identifier)
            if tag is not None and preconditions.check_read(tag):
                return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return self.represent(identifier, wanted)

    def put(self, request: Request, pk: str) -> Response:
        """Replace the resource."""
        identifier, wanted = self.identifier(pk), self.projection(request)
        row = self.handlers.replace(self.call(request), identifier, request.data)
        return self.represent(identifier, wanted, row)

    def patch(self, request: Request, pk: str) -> Response:
        """Change the resource in parts."""
        identifier, wanted = self.identifier(pk), self.projection(request)
        row = self.handlers.patch(self.call(request), identifier, request.data)
        return self.after_patch(identifier, wanted, row)

    def delete(self, request: Request, pk: str) -> Response:
        """Delete the resource, as far as it is the client's."""
        self.handlers.delete(self.call(request), self.identifier(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def after_patch(self, pk: UUID, wanted: Projection, row: UserRow | None) -> Response:
        """The answer to a PATCH; arguments as for `represent`."""
        return self.represent(pk, wanted, row)

    def identifier(self, text: str) -> UUID:
        """The id in the address, spelt as the portal spells it (raises NotFound)."""
        try:
            found = UUID(text)
        except ValueError:
            raise self.handlers.not_found(text) from None
        if str(found) != text:
            raise self.handlers.not_found(text)
        return found


class _Users:
    resource: Resource = "User"
    handlers = users
    read_tag = staticmethod(find_user_tag)
    read_one = staticmethod(read_user)
    write_scope = ClientScope.WRITE_USERS


class _Groups:
    resource: Resource = "Group"
    handlers = groups
    read_tag = staticmethod(find_group_tag)
    read_one = staticmethod(read_group)
    write_scope = ClientScope.WRITE_GROUPS


class _OrgUnits:
    resource: Resource = "OrgUnit"
    handlers = org_units
    read_tag = staticmethod(find_org_unit_tag)
    read_one = staticmethod(read_org_unit)
    read_scope = ClientScope.READ_ORG_UNITS
    write_scope = ClientScope.WRITE_ORG_UNITS


class UsersView(_Users, CollectionView):
    """`/Users`."""


class UserView(_Users, ObjectView):
    """`/Users/<id>`."""


class GroupsView(_Groups, CollectionView):
    """`/Groups`."""


class GroupView(_Groups, ObjectView):
    """`/Groups/<id>`."""

    def after_patch(self, pk: UUID, wanted: Projection, row: UserRow | None) -> Response:
        """Nothing, unless attributes were asked for: a large group is not read to confirm a change of one member."""
        if wanted.included:
            return self.represent(pk, wanted)
        return Response(status=status.HTTP_204_NO_CONTENT)


class BulkView(ScimView):
    """`/Bulk` (RFC 7644 section 3.7)."""

    kind = "bulk"

    def needed_scope(self, method: str | None) -> ClientScope | None:
        """Each operation needs the scope of its resource type."""
        return None

    def post(self, request: Request) -> Response:
        """Carry out the operations; 200 says only that the answer tells of each."""
        return Response(answer_bulk(self.call(request), cast(Form, request.data)))


class OrgUnitsView(_OrgUnits, CollectionView):
    """`/OrgUnits`."""


class OrgUnitView(_OrgUnits, ObjectView):
    """`/OrgUnits/<id>`."""


class SearchView(ScimView):
    """`/.search`, and that of each resource type (RFC 7644 section 3.4.3)."""

    kind = "search"
    resource: Resource | None = None

    def needed_scope(self, method: str | None) -> ClientScope | None:
        """A search reads, whatever its method."""
        return ClientScope.READ_ORG_UNITS if self.resource == "OrgUnit" else ClientScope.READ

    def post(self, request: Request) -> Response:
        """A page of what the client sees."""
        parameters = cast(Form, request.data)
        check_search(parameters, str(self.caller.profile))
        resources = readable(self.caller) if self.resource is None else (self.resource,)
        return Response(answer(parameters, self.caller, *resources))


class RootView(ScimView):
    """The base address: a query across resource types (RFC 7644 section 3.4.2.1)."""

    def get(self, request: Request) -> Response:
        """A page of what the client sees."""
        return Response(answer(request.query_params.dict(), self.caller, *readable(self.caller)))


def represented(found: Rendering) -> Response:
    """The answer that shows a resource."""
    return Response(Written(found.text), headers={"ETag": found.tag, "Content-Location": found.location})


def unless_known(request: Request, response: Response) -> Response:
    """The answer, or 304 if the caller says that it has this version."""
    tag = response.headers["ETag"]
    if not Preconditions.of(request).check_read(tag):
        return response
    return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})


def asked_for(request: Request, resource: Resource) -> Projection:
    """What a request wants to see of a resource."""
    given = {name.lower(): value for name, value in request.query_params.items()}
    return projection(given.get("attributes"), given.get("excludedattributes"), resource)


def answer(parameters: Mapping[str, Any], client: ApiClient, *resources: Resource) -> Written:
    """The page of these resource types that the parameters ask for, by index unless they name a cursor."""
    queries = read_queries(parameters, *resources)
    return index_page(queries, client) if queries[0].cursor is None else cursor_page(queries, client)
