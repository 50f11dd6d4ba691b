"""Requests to begin with in the console: what each kind of client sends to connect, match, create, disable and add
members. Their forms are those that Microsoft and Okta document; tests replay the whole sequences.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import orjson
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from identities.filters.attributes import ENTERPRISE_SCHEMA
from identities.models import ApiClient
from identities.scim.callers.visibility import own_groups, own_users
from identities.vocabulary import ClientProfile

# Stands where a client knows nobody yet.
NOBODY: Final = "00000000-0000-0000-0000-000000000000"
_USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_NAME: Final = "ada.sample@example.com"


@dataclass(frozen=True, slots=True)
class RequestSample:
    """One request to begin with."""

    key: str
    title: str | Promise
    method: str
    path: str
    body: str = ""


def request_samples(client: ApiClient) -> tuple[RequestSample, ...]:
    """The samples for a client: in the form of its profile, about somebody it knows. Asks for one person and group."""
    user = own_users(client).order_by("-created_at").values_list("pk", flat=True).first() or NOBODY
    group = own_groups(client).order_by("-created_at").values_list("pk", flat=True).first() or NOBODY
    return _BY_PROFILE[ClientProfile(client.profile)](str(user), str(group))


def _rfc(user: str, group: str) -> tuple[RequestSample, ...]:
    created = {"schemas": [_USER], "userName": _NAME, "name": {"givenName": "Ada", "familyName": "Sample"}}
    return (
        RequestSample("connect", _("Test the connection"), "GET", "/ServiceProviderConfig"),
        _match(f'userName eq "{_NAME}"'),
        _create(created),
        _disable(user, {"op": "replace", "path": "active", "value": False}),
        _add_member(group, {"op": "add", "path": "members", "value": [{"value": user}]}),
    )


def _entra(user: str, group: str) -> tuple[RequestSample, ...]:
    created = {
        "schemas": [_USER, ENTERPRISE_SCHEMA],
        "externalId": "ada.sample",
        "userName": _NAME,
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": _NAME}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": "Ada Sample", "familyName": "Sample", "givenName": "Ada"},
        "roles": [],
    }
    nobody = f'userName eq "{NOBODY}"'
    return (
        RequestSample("connect", _("Test the connection"), "GET", f"/Users?filter={quote(nobody)}"),
        _match(f'userName eq "{_NAME}"'),
        _create(created),
        _disable(user, {"op": "Replace", "path": "active", "value": "False"}),
        _add_member(group, {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user}]}),
    )


def _okta(user: str, group: str) -> tuple[RequestSample, ...]:
    created = {
        "schemas": [_USER],
        "userName": _NAME,
        "name": {"givenName": "Ada", "familyName": "Sample"},
        "emails": [{"primary": True, "value": _NAME, "type": "work"}],
        "displayName": "Ada Sample",
        "locale": "en-US",
        "externalId": "00u1sample",
        "groups": [],
        "active": True,
    }
    return (
        RequestSample("connect", _("Test the connection"), "GET", "/Users?startIndex=1&count=2"),
        _match(f'userName eq "{_NAME}"', "&startIndex=1&count=100"),
        _create(created),
        _disable(user, {"op": "replace", "value": {"active": False}}),
        _add_member(group, {"op": "add", "path": "members", "value": [{"value": user, "display": _NAME}]}),
    )


_BY_PROFILE: Final[dict[ClientProfile, Callable[[str, str], tuple[RequestSample, ...]]]] = {
    ClientProfile.RFC: _rfc,
    ClientProfile.ENTRA: _entra,
    ClientProfile.OKTA: _okta,
}


def _match(filter_: str, more: str = "") -> RequestSample:
    return RequestSample("match", _("Match a person"), "GET", f"/Users?filter={quote(filter_)}{more}")


def _create(body: dict[str, Any]) -> RequestSample:
    return RequestSample("create", _("Create a person"), "POST", "/Users", _json(body))


def _disable(user: str, operation: dict[str, Any]) -> RequestSample:
    return RequestSample("disable", _("Disable a person"), "PATCH", f"/Users/{user}", _patch(operation))


def _add_member(group: str, operation: dict[str, Any]) -> RequestSample:
    return RequestSample("member", _("Add a member to a group"), "PATCH", f"/Groups/{group}", _patch(operation))


def _patch(operation: dict[str, Any]) -> str:
    return _json({"schemas": [_PATCH], "Operations": [operation]})


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
