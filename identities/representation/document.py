"""The document of a user or group: what filters in memory and mapping expressions see."""

from collections.abc import Iterable, Mapping
from typing import Any

from identities.filters.attributes import CUSTOM_PREFIX, ENTERPRISE_SCHEMA, PORTAL_SCHEMA, RESERVED_NAMES


def document(
    form: Mapping[str, Any],
    *,
    groups: Iterable[Mapping[str, Any]] = (),
    manager: Mapping[str, Any] | None = None,
    org_unit: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Complete a user's SCIM form (the parsed stored text) for filters and mappings.

    Args:
        form: the user's own values in SCIM form.
        groups: the groups the user is a direct member of, each with `value` (id) and `display` (name).
        manager: `id`, `userName`, `displayName` of the manager, more if mappings should see it.
        org_unit: `id`, `code`, `name` of the org unit, more if mappings should see it.

    Returns:
        The form and, beside it, `enterprise`, `custom`, `primary_email`, `groups`, `manager`, `org_unit`.
    """
    extension = form.get(PORTAL_SCHEMA, {})
    return {
        **form,
        "enterprise": form.get(ENTERPRISE_SCHEMA, {}),
        CUSTOM_PREFIX: {name: value for name, value in extension.items() if name.lower() not in RESERVED_NAMES},
        "primary_email": primary_value(form.get("emails", ())),
        "groups": [dict(group) for group in groups],
        "manager": dict(manager) if manager is not None else None,
        "org_unit": dict(org_unit) if org_unit is not None else None,
    }


def primary_value(entries: Iterable[Mapping[str, Any]]) -> str | None:
    """The value of the primary entry, or else of the first one that has a value."""
    valued = [entry for entry in entries if entry.get("value")]
    return next((entry["value"] for entry in valued if entry.get("primary")), valued[0]["value"] if valued else None)
