"""What a client may make of a person: understood under its profile, below a manager it sees, within its bounds."""

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from scim2_models import Context, Resource

from identities.errors import NotPermitted, RuleViolation
from identities.models import User
from identities.scim.call import Call
from identities.scim.callers.visibility import own_users
from identities.scim.reading.asked import names_of_managers
from identities.scim.schemas.resources import user_model
from identities.scim.wire.messages import Form, read_resource


def read_user(call: Call, payload: Form, context: Context, model: type[Resource[Any]] | None = None) -> Form:
    """A whole person as a request sends it (raises as `read_resource`).

    Args:
        model: of several requests in one, so that it is looked up once.
    """
    return read_resource(model or user_model(), call.tolerance.resource(payload), context, call.profile, call.notes)


def check_manager(call: Call, manager: str | None) -> dict[UUID, str]:
    """How the manager is called, by its id; refuses one whom the client cannot see.

    Raises:
        RuleViolation: `unknown_manager`.
    """
    if not manager:
        return {}
    seen = seen_managers(call, [manager])
    if not is_seen(manager, seen):
        raise unknown_manager(manager)
    return seen


def seen_managers(call: Call, managers: Iterable[str | None]) -> dict[UUID, str]:
    """Those of the managers whom the client sees, with their names, in at most one statement."""
    ids = {pk for manager in managers if manager and (pk := _uuid(manager))}
    return names_of_managers(call.client, sorted(ids)) if ids else {}


def is_seen(manager: str, seen: Collection[UUID]) -> bool:
    """Whether a manager, as a request names it, is one of these."""
    return _uuid(manager) in seen


def unknown_manager(manager: str) -> RuleViolation:
    """The refusal of a manager whom the client cannot see."""
    return RuleViolation("unknown_manager", _("There is no user %(id)s.") % {"id": manager[:64]}, field="manager")


def check_bounds(call: Call, user: User) -> None:
    """Refuse to put a person where this client could not see it any more (raises NotPermitted `out_of_bounds`)."""
    if outside_bounds(call, [user.pk]):
        raise out_of_bounds()


def outside_bounds(call: Call, people: Collection[UUID]) -> set[UUID]:
    """Those of its people whom this client could not see any more."""
    if not call.client.bounds or not people:
        return set()
    return set(people) - set(own_users(call.client).filter(pk__in=people).order_by().values_list("pk", flat=True))


def out_of_bounds() -> NotPermitted:
    """The refusal of values with which a client would not see the person."""
    message = _("With these values the person would lie outside of what this client may see.")
    return NotPermitted("out_of_bounds", message)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
