"""Requests of people about their own record, turned into actions of theirs.

The way is that of `users`; what differs is who acts, and that only what is personal may change.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final
from uuid import UUID

from django.db.models import CharField, QuerySet, Value
from django.utils.translation import gettext as _
from scim2_models import Context

from identities.actions.attempts import attempt
from identities.actions.user_changes import Held, hold_users
from identities.actions.users import update_user
from identities.actors import Actor
from identities.errors import NotFound, ValueOwned
from identities.models import User
from identities.rules.personal import PERSONAL
from identities.scim.schemas.resources import user_model
from identities.scim.wire.messages import Form, read_patch, read_resource
from identities.scim.wire.notes import Notes
from identities.scim.wire.tolerance import Tolerance
from identities.scim.wire.versions import NO_PRECONDITIONS, Preconditions, user_tag
from identities.scim.writing.differences import Difference, patch_difference, put_difference
from identities.vocabulary import ClientProfile, UserKind

_PROFILE: Final = ClientProfile.RFC


@dataclass(frozen=True, slots=True)
class OwnCall:
    """One request of a person about the own record.

    Attributes:
        preconditions: which version of the record it is meant for.
    """

    person: UUID
    actor: Actor
    preconditions: Preconditions = NO_PRECONDITIONS
    notes: Notes = field(default_factory=Notes)

    @property
    def tolerance(self) -> Tolerance:
        """Nothing but what everybody may deviate in."""
        return Tolerance(_PROFILE, self.notes)


def own_record(person: UUID) -> "QuerySet[User]":
    """The person's record. Its `external_id` is empty: only API clients have such a thing."""
    return User.objects.persons().filter(pk=person).annotate(external_id=Value(None, output_field=CharField()))


def replace_own(call: OwnCall, payload: Form) -> None:
    """Make the record what a PUT says, as far as it is the person's to say; the rest is as if it were readOnly.

    Raises:
        NotFound; PreconditionFailedException; RuleViolation; pydantic.ValidationError.
    """
    cleaned = call.tolerance.resource(payload)
    form = read_resource(user_model(), cleaned, Context.RESOURCE_REPLACEMENT_REQUEST, _PROFILE, call.notes)

    def write() -> None:
        user, held = _locked(call)
        wanted = put_difference(user, held.rows[user.pk], form, call.actor.origin)
        told = replace(wanted, changes=_personal(wanted.changes), multi_values=_personal(wanted.multi_values))
        _write(call, user, told, held, refuse=False)

    attempt(write)


def patch_own(call: OwnCall, payload: Form) -> None:
    """Apply a PATCH to the record, whole or not at all.

    Raises:
        ValueOwned: it names what is not the person's to change.
        NotFound; PreconditionFailedException; RuleViolation; SCIMException; pydantic.ValidationError.
    """
    message = read_patch(user_model(), call.tolerance.patch(payload), _PROFILE)

    def write() -> None:
        user, held = _locked(call)
        wanted = patch_difference(user, held.rows[user.pk], None, message, _PROFILE)
        _check_personal(wanted)
        _write(call, user, wanted, held, refuse=True)

    attempt(write)


def _locked(call: OwnCall) -> tuple[User, Held]:
    held = hold_users([call.person])
    user = held.users.get(call.person)
    if user is None or user.deleted_at is not None or user.kind != UserKind.PERSON:
        raise NotFound("user_not_found", _("This record does not exist any more."))
    call.preconditions.check_write(user_tag(user.version, None))
    return user, held


def _personal(values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in PERSONAL}


def _check_personal(wanted: Difference) -> None:
    named = [*wanted.changes, *wanted.multi_values]
    named += ["active"] if wanted.active is False else []
    named += ["external_id"] if wanted.external_id else []
    foreign = next((name for name in named if name not in PERSONAL), None)
    if foreign is not None:
        raise ValueOwned("not_personal", _("%(name)s is not yours to change.") % {"name": foreign}, field=foreign)


def _write(call: OwnCall, user: User, wanted: Difference, held: Held, *, refuse: bool) -> None:
    update_user(
        user,
        actor=call.actor,
        changes=wanted.changes,
        multi_values=wanted.multi_values,
        mode="refuse" if refuse else "skip",
        held=held,
    )
