"""What a client may do: its scopes."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from identities.models import ApiClient
from identities.vocabulary import ClientScope


class HasScope(BasePermission):
    """Asks for the scope that the view names for the method; a view that names none refuses."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the client has the scope. Deny by default: only an authenticated API client can have one."""
        client = request.auth
        if not isinstance(client, ApiClient):
            return False
        needed = view.needed_scope(request.method)
        if needed is None or needed in client.scopes:
            return True
        self.message = scope_needed(needed)
        return False


def scope_needed(scope: ClientScope) -> str:
    """What a client is told that lacks a scope."""
    return _("This needs the scope %(scope)s, which the client does not have.") % {"scope": scope}
