"""The endpoints of users, groups and queries."""

from collections.abc import Callable
from types import ModuleType
from typing import cast
from uuid import UUID

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from identities.filters.attributes import Resource
from identities.scim import groups, users
from identities.scim.asked import find_group_tag, find_user_tag
from identities.scim.listing import answer, answer_all, read_query
from identities.scim.projection import Projection, projection
from identities.scim.reading import Form, Rendering, location, read_group, read_user
from identities.scim.renderers import Written
from identities.scim.versions import is_unchanged
from identities.scim.views import ScimView
from identities.vocabulary import ClientScope


class ResourceView(ScimView):
    """What the endpoints of one resource type share; a child says which."""

    resource: Resource
    handlers: ModuleType
    read_tag: Callable[..., str | None]
    read_one: Callable[..., Rendering | None]

    def projection(self, request: Request) -> Projection:
        """What the client wants to see of a resource."""
        given = {name.lower(): value for name, value in request.query_params.items()}
        return projection(given.get("attributes"), given.get("excludedattributes"), self.resource)

    def represent(self, pk: UUID | str, wanted: Projection) -> Response:
        """The resource as it is now, with its version (raises NotFound)."""
        found = type(self).read_one(self.caller, pk, wanted)
        if found is None:
            raise self.handlers.not_found(pk)
        return Response(Written(found.text), headers={"ETag": found.tag, "Content-Location": found.location})


class CollectionView(ResourceView):
    """`/Users` and `/Groups`."""

    def get(self, request: Request) -> Response:
        """A page of what the client sees."""
        return Response(answer(read_query(request.query_params.dict(), self.resource), self.caller).written())

    def post(self, request: Request) -> Response:
        """Create a resource; 201 with its representation."""
        wanted = self.projection(request)
        pk = self.handlers.create(self.call(request), request.data)
        response = self.represent(pk, wanted)
        response.status_code = status.HTTP_201_CREATED
        response.headers["Location"] = location(f"{self.resource}s", pk)
        return response


class ObjectView(ResourceView):
    """`/Users/<id>` and `/Groups/<id>`."""

    def get(self, request: Request, pk: str) -> Response:
        """The resource, or 304 if the client has this version."""
        identifier = self.identifier(pk)
        wanted, known = self.projection(request), request.META.get("HTTP_IF_NONE_MATCH")
        if known:
            tag = type(self).read_tag(self.caller, identifier)
            if tag is not None and is_unchanged(known, tag):
                return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return self.represent(identifier, wanted)

    def put(self, request: Request, pk: str) -> Response:
        """Replace the resource."""
        identifier, wanted = self.identifier(pk), self.projection(request)
        self.handlers.replace(self.call(request), identifier, request.data)
        return self.represent(identifier, wanted)

    def patch(self, request: Request, pk: str) -> Response:
        """Change the resource in parts."""
        identifier, wanted = self.identifier(pk), self.projection(request)
        self.handlers.patch(self.call(request), identifier, request.data)
        return self.after_patch(identifier, wanted)

    def delete(self, request: Request, pk: str) -> Response:
        """Delete the resource, as far as it is the client's."""
        self.handlers.delete(self.call(request), self.identifier(pk))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def after_patch(self, pk: UUID, wanted: Projection) -> Response:
        """The answer to a PATCH."""
        return self.represent(pk, wanted)

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


class UsersView(_Users, CollectionView):
    """`/Users`."""


class UserView(_Users, ObjectView):
    """`/Users/<id>`."""


class GroupsView(_Groups, CollectionView):
    """`/Groups`."""


class GroupView(_Groups, ObjectView):
    """`/Groups/<id>`."""

    def after_patch(self, pk: UUID, wanted: Projection) -> Response:
        """Nothing, unless attributes were asked for: a large group is not read to confirm a change of one member."""
        if wanted.included:
            return self.represent(pk, wanted)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SearchView(ScimView):
    """`/.search`, `/Users/.search` and `/Groups/.search` (RFC 7644 section 3.4.3)."""

    resource: Resource | None = None

    def needed_scope(self, method: str | None) -> ClientScope | None:
        """A search reads, whatever its method."""
        return ClientScope.READ

    def post(self, request: Request) -> Response:
        """A page of what the client sees."""
        parameters = cast(Form, request.data)
        if self.resource is None:
            return Response(answer_all(parameters, self.caller).written())
        return Response(answer(read_query(parameters, self.resource), self.caller).written())
