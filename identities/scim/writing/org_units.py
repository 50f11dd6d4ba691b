"""Requests that change org units, turned into actions."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from scim2_models import Context

from identities.actions.org_units import create_org_unit, delete_org_unit, move_org_unit, update_org_unit
from identities.errors import NotFound, RuleViolation
from identities.filters.entries import Visibility
from identities.scim.call import Call
from identities.scim.callers.visibility import eyes
from identities.scim.reading.org_units import org_unit_forms, org_unit_tag, seen_org_units
from identities.scim.reading.stored import Made
from identities.scim.schemas.org_unit import OrgUnit
from identities.scim.wire.messages import Form, as_form, as_model, read_patch, read_resource
from identities.scim.wire.profiles import policy


def create(call: Call, payload: Form) -> Made:
    """Create the org unit a POST describes.

    Raises:
        Conflict: the code is taken. RuleViolation, pydantic.ValidationError: a value is not allowed.
    """
    form = _read(call, payload, Context.RESOURCE_CREATION_REQUEST)
    with transaction.atomic():
        unit = create_org_unit(
            actor=call.actor,
            name=form["name"],
            code=form["code"],
            parent=_parent(form),
            manager=_manager(call, form),
        )
    return Made(unit.pk)


def replace(call: Call, pk: UUID, payload: Form) -> None:
    """Make the org unit what a PUT says.

    Raises:
        NotFound; ValueOwned; PreconditionFailedException; Conflict; RuleViolation; pydantic.ValidationError.
    """
    form = _read(call, payload, Context.RESOURCE_REPLACEMENT_REQUEST)
    with transaction.atomic():
        _apply(call, _locked(call, pk), form)


def patch(call: Call, pk: UUID, payload: Form) -> None:
    """Apply a PATCH to the org unit, whole or not at all.

    Raises:
        NotFound; ValueOwned; PreconditionFailedException; Conflict; RuleViolation; SCIMException;
        pydantic.ValidationError.
    """
    message = read_patch(OrgUnit, call.tolerance.patch(payload), call.profile)
    with transaction.atomic():
        unit = _locked(call, pk)
        [form] = org_unit_forms(seen_org_units().filter(pk=pk), Visibility())
        resource = as_model(OrgUnit, {name: value for name, value in form.items() if name != "meta"})
        message.patch(resource, scim_policy=policy(call.profile))
        _apply(call, unit, as_form(resource))


def delete(call: Call, pk: UUID) -> None:
    """Delete an org unit that is empty.

    Raises:
        NotFound; ValueOwned; PreconditionFailedException; RuleViolation: there are units or people in it.
    """
    with transaction.atomic():
        delete_org_unit(_locked(call, pk).pk, actor=call.actor)


def not_found(pk: object) -> NotFound:
    """There is no such org unit."""
    return NotFound("org_unit_not_found", _("There is no org unit %(id)s.") % {"id": pk})


def _read(call: Call, payload: Form, context: Context) -> Form:
    form = read_resource(OrgUnit, call.tolerance.resource(payload), context, call.profile, call.notes)
    if "externalId" in form:
        # No client has org units of its own; their key in the outside world is `code`.
        call.notes.add("ignored", "externalId")
    return form


def _locked(call: Call, pk: UUID) -> Any:
    unit = seen_org_units().select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if unit is None:
        raise not_found(pk)
    call.preconditions.check_write(org_unit_tag(unit.modified_at))
    return unit


def _apply(call: Call, unit: Any, form: Form) -> None:
    changes = {"name": form["name"], "code": form["code"]}
    named = (form.get("manager") or {}).get("value")
    # One whom the client does not see is not its to take away by leaving it out.
    if named != (str(unit.manager_id) if unit.manager_id else None) and (named or _sees(call, unit.manager_id)):
        changes["manager"] = _manager(call, form)
    update_org_unit(unit.pk, actor=call.actor, changes=changes)
    move_org_unit(unit.pk, actor=call.actor, parent=_parent(form))


def _parent(form: Form) -> UUID | None:
    """The org unit above (raises RuleViolation where there is none with that id)."""
    found = _identifier((form.get("parent") or {}).get("value"), "org unit")
    if found is not None and not seen_org_units().filter(pk=found).exists():
        raise _unknown("org unit", found)
    return found


def _manager(call: Call, form: Form) -> UUID | None:
    """The manager, if the client sees that person (raises RuleViolation)."""
    found = _identifier((form.get("manager") or {}).get("value"), "user")
    if found is not None and not _sees(call, found):
        raise _unknown("user", found)
    return found


def _sees(call: Call, person: UUID | None) -> bool:
    return person is not None and eyes(call.client).seen_users.filter(pk=person).exists()


def _identifier(text: str | None, what: str) -> UUID | None:
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise _unknown(what, text) from None


def _unknown(what: str, name: object) -> RuleViolation:
    message = _("There is no %(what)s %(id)s.") % {"what": what, "id": str(name)[:64]}
    return RuleViolation(f"unknown_{what.replace(' ', '_')}", message)
