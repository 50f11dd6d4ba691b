"""Users in SCIM form (RFC 7643 section 4.1), with the enterprise and the portal extension."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.conf import settings
from django_scim.adapters import SCIMMixin

from identities.filters.attributes import (
    CUSTOM_PREFIX,
    END_DATE,
    ENTERPRISE_SCHEMA,
    MANAGER,
    PORTAL_SCHEMA,
    PROFILE_URL,
    RESERVED_NAMES,
    START_DATE,
    USER_SCHEMA,
    USER_TEXTS,
    USER_VALUES,
)
from identities.models import MultiValue, User
from identities.representation.arguments import UserArguments
from identities.representation.rendering import SCIM_BASE_PATH, compact_json, look_up, place, timestamp

_TEXTS = (*USER_TEXTS, PROFILE_URL)
_DATES = (START_DATE, END_DATE)
_ROW_COLUMNS = ("value", "display", "type")


class UserAdapter(SCIMMixin):  # type: ignore[misc]  # django-scim2 is untyped
    """A user and its SCIM form. Only own values: nothing here depends on who reads.

    Args:
        obj: the user.
        multi_values: its value rows; read from the database where they are not given.
    """

    id_field = "id"
    resource_type = "User"

    def __init__(self, obj: User, request: object = None, multi_values: Iterable[MultiValue] | None = None) -> None:
        super().__init__(obj, request)
        self._multi_values = multi_values

    @property
    def path(self) -> str:
        """The resource's path below the portal's address."""
        return f"{SCIM_BASE_PATH}/Users/{self.id}"

    @property
    def location(self) -> str:
        """The resource's address, made from the portal's public URL and never from a request."""
        return f"{settings.PORTAL_PUBLIC_URL}{self.path}"

    def to_dict(self) -> dict[str, Any]:
        """The user's own values in SCIM form, references relative (RFC 7643 section 2.3.7), no location, no version."""
        user: Any = self.obj
        form: dict[str, Any] = {"schemas": [USER_SCHEMA], "id": self.id}
        for attribute in _TEXTS:
            if text := getattr(user, attribute.column):
                place(form, attribute.where, text)
        form["active"] = user.active
        self._add_values(form)
        if user.manager_id is not None:
            manager = {"value": str(user.manager_id), "$ref": f"Users/{user.manager_id}"}
            place(form, (ENTERPRISE_SCHEMA, "manager"), manager)
        form[PORTAL_SCHEMA] = self._portal_extension()
        form["schemas"] += [schema for schema in (ENTERPRISE_SCHEMA, PORTAL_SCHEMA) if schema in form]
        form["meta"] = {
            "resourceType": self.resource_type,
            "created": timestamp(user.created_at),
            "lastModified": timestamp(user.modified_at),
        }
        return form

    def _add_values(self, form: dict[str, Any]) -> None:
        rows = self.obj.multi_values.all() if self._multi_values is None else self._multi_values
        for row in sorted(rows, key=lambda row: (row.position, row.pk or 0)):
            form.setdefault(row.attribute, []).append(_entry(row))

    def _portal_extension(self) -> dict[str, Any]:
        user: Any = self.obj
        extension = {
            name: value
            for name, value in user.custom.items()
            if value not in (None, "", []) and name.lower() not in RESERVED_NAMES
        }
        for attribute in _DATES:
            day: date | None = getattr(user, attribute.column)
            if day is not None:
                extension[attribute.path] = day.isoformat()
        # Last, what is returned on request only: the SCIM service cuts it off.
        extension["state"] = str(user.state)
        if user.org_unit_id is not None:
            extension["orgUnit"] = {"value": str(user.org_unit_id)}
        return extension

    def from_dict(self, d: Mapping[str, Any]) -> UserArguments:
        """What a whole user in SCIM form (validated, names spelt as in the schemas) means to the actions.

        Nothing is written. Attributes the portal does not keep and `password` are not looked at. Custom attributes come
        as `custom.<name>`: those named in `d`, and those the user has now with None, because a whole form without them
        clears them.
        """
        form = dict(d)
        changes: dict[str, Any] = {each.column: look_up(form, each.where) or "" for each in _TEXTS}
        changes["manager"] = look_up(form, MANAGER.where)
        for attribute in _DATES:
            text = look_up(form, attribute.where)
            changes[attribute.column] = date.fromisoformat(text[:10]) if text else None
        extension = form.get(PORTAL_SCHEMA) or {}
        for name in {**self.obj.custom, **extension}:
            if name.lower() not in RESERVED_NAMES:
                changes[f"{CUSTOM_PREFIX}.{name}"] = extension.get(name)
        values = {many.name: [_row(entry) for entry in form.get(many.name) or ()] for many in USER_VALUES}
        return UserArguments(changes, values, form.get("active"), form.get("externalId"))


def stored_text(user: User, multi_values: Iterable[MultiValue]) -> str:
    """The rendering kept with the user: own values as JSON text, nothing that depends on the reader or another object.

    Left out on purpose and added when it is read: externalId, location, version, groups, names of manager and org unit.
    """
    return compact_json(UserAdapter(user, multi_values=multi_values).to_dict())


def _entry(row: MultiValue) -> dict[str, Any]:
    entry: dict[str, Any] = {name: text for name in _ROW_COLUMNS if (text := getattr(row, name))}
    entry |= {name: part for name, part in row.data.items() if part not in (None, "")}
    # RFC 7643 section 2.4: what does not say so is not primary. Said, so that filters find it.
    entry["primary"] = row.primary
    return entry


def _row(entry: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {name: entry.get(name) or "" for name in _ROW_COLUMNS}
    # None: the entry does not say which value is primary.
    row["primary"] = entry.get("primary")
    row["data"] = {
        name: part for name, part in entry.items() if name not in (*_ROW_COLUMNS, "primary") and part not in (None, "")
    }
    return row
