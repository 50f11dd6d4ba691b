"""What a request wants a user to be otherwise than it is: the difference between two forms, for PUT and PATCH alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from identities.models import MultiValue, User
from identities.representation import UserAdapter
from identities.representation.arguments import UserArguments
from identities.rules.ownership import is_empty, owner_of
from identities.scim.schemas.resources import user_model
from identities.scim.wire.messages import Form, as_form, as_model
from identities.scim.wire.profiles import policy


@dataclass(frozen=True, slots=True)
class Difference:
    """What a request wants to be otherwise than it is.

    Attributes:
        active: what it says about it; None if nothing.
        external_id: the new one, empty to drop it; None if it stays.
    """

    changes: Mapping[str, Any]
    multi_values: Mapping[str, list[dict[str, Any]]]
    active: bool | None
    external_id: str | None


def put_difference(user: User, rows: Iterable[MultiValue], form: Form, origin: str) -> Difference:
    """What a PUT changes. What it leaves out is cleared only where `origin` owns it, `active` and externalId never.

    Args:
        rows: the user's multi-valued rows.
    """
    adapter = UserAdapter(user, multi_values=rows)
    wanted = adapter.from_dict(form)
    found = _difference(adapter.from_dict(adapter.to_dict()), wanted)
    named = {name: value for name, value in found.changes.items() if _speaks_of(user, name, value, origin)}
    return Difference(named, found.multi_values, wanted.active, wanted.external_id)


def patch_difference(
    user: User, rows: Iterable[MultiValue], external_id: str | None, message: Any, profile: str
) -> Difference:
    """What a validated PatchOp message changes.

    Args:
        rows: the user's multi-valued rows.
        external_id: what the caller calls the user.

    Raises:
        SCIMException, pydantic.ValidationError: it cannot be applied.
    """
    adapter = UserAdapter(user, multi_values=rows)
    resource = as_model(user_model(), _patchable(adapter.to_dict(), external_id))
    before = adapter.from_dict(as_form(resource))
    message.patch(resource, scim_policy=policy(profile))
    return _difference(before, _without_emptied(adapter.from_dict(as_form(resource)), message))


def _patchable(form: Form, external_id: str | None) -> Form:
    """What a PATCH works on. Without `active`: it is not the client's to compute with, only to assert."""
    kept = {name: value for name, value in form.items() if name not in ("active", "meta")}
    return kept | ({"externalId": external_id} if external_id else {})


def _without_emptied(after: UserArguments, message: Any) -> UserArguments:
    """Without the entries whose value an operation on parts took away: the type that is left says nothing by itself."""
    paths = [operation.path.parts for operation in message.operations if operation.path is not None]
    in_parts = {parts[0].lower() for parts in paths if len(parts) > 1}
    told = {
        name: [row for row in rows if row["value"] or row["data"] or name.lower() not in in_parts]
        for name, rows in after.multi_values.items()
    }
    return replace(after, multi_values=told)


def _difference(before: UserArguments, after: UserArguments) -> Difference:
    gone = before.external_id is not None and after.external_id is None
    external_id = "" if gone else after.external_id
    return Difference(
        {name: value for name, value in after.changes.items() if value != before.changes.get(name)},
        {name: rows for name, rows in after.multi_values.items() if rows != before.multi_values.get(name)},
        after.active,
        None if external_id == before.external_id else external_id,
    )


def _speaks_of(user: User, name: str, value: Any, origin: str) -> bool:
    """Whether a PUT speaks of the value: it gives one, or leaves out one that the origin owns."""
    if not is_empty(value):
        return True
    column = {"manager": "manager_id"}.get(name, name)
    now = user.custom.get(name.partition(".")[2]) if name.startswith("custom.") else getattr(user, column)
    return owner_of(name, now, user.owners, user.default_origin) == origin
