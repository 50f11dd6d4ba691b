"""Groups in SCIM form (RFC 7643 section 4.2)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django_scim.adapters import SCIMMixin

from identities.filters.attributes import GROUP_SCHEMA
from identities.models import Group
from identities.representation.arguments import GroupArguments
from identities.representation.rendering import SCIM_BASE_PATH, compact_json, timestamp


class GroupAdapter(SCIMMixin):  # type: ignore[misc]  # django-scim2 is untyped
    """A group and its SCIM form without its members, who are read where they are asked for."""

    id_field = "id"
    resource_type = "Group"

    @property
    def path(self) -> str:
        """The resource's path below the portal's address."""
        return f"{SCIM_BASE_PATH}/Groups/{self.id}"

    @property
    def location(self) -> str:
        """The resource's address, made from the portal's public URL and never from a request."""
        return f"{settings.PORTAL_PUBLIC_URL}{self.path}"

    def to_dict(self) -> dict[str, Any]:
        """The group's own values in SCIM form, without location and version."""
        group: Group = self.obj
        return {
            "schemas": [GROUP_SCHEMA],
            "id": self.id,
            "displayName": group.display_name,
            "meta": {
                "resourceType": self.resource_type,
                "created": timestamp(group.created_at),
                "lastModified": timestamp(group.modified_at),
            },
        }

    def from_dict(self, d: Mapping[str, Any]) -> GroupArguments:
        """What a whole group in SCIM form (validated) means to the actions. Nothing is written."""
        members = d.get("members")
        return GroupArguments(
            display_name=d.get("displayName") or "",
            members=None if members is None else tuple(member.get("value") or "" for member in members),
            external_id=d.get("externalId"),
        )


def group_stored_text(group: Group) -> str:
    """The rendering kept with the group: own values as JSON text, without members."""
    return compact_json(GroupAdapter(group).to_dict())
