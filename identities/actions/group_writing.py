"""What every action on groups shares: locking, stored text, telling."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit, outbox
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict, IdentityError, NotFound
from identities.models import Group, Membership
from identities.representation import RENDERING_VERSION, group_stored_text
from identities.vocabulary import EventKind, ObjectType, Verb

Differences = dict[str, tuple[Any, Any]]
_ALWAYS = ("version", "modified_at", "scim_text", "rendering_version")


def lock_group(group: Group | UUID, *, deleted: bool = False) -> Group:
    """The group's row, locked. Raises NotFound, code `group_not_found`, also for a deleted one unless asked for."""
    pk = group.pk if isinstance(group, Group) else group
    found = Group.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if found is None or (found.deleted_at is not None and not deleted):
        raise _not_found(pk)
    return found


def render_group(group: Group) -> None:
    """Give the group its time of change and its stored text."""
    group.modified_at = timezone.now()
    group.scim_text = group_stored_text(group)
    group.rendering_version = RENDERING_VERSION


def write_group(group: Group, columns: set[str]) -> None:
    """Write these columns with stored text and version in one UPDATE."""
    group.version += 1
    render_group(group)
    group.save(update_fields=[*columns, "display_name_key", *_ALWAYS])


def tell_of_group(
    group: Group,
    verb: Verb,
    event: EventKind,
    differences: Differences,
    *,
    actor: Actor,
    parents: Sequence[UUID] = (),
    urgent: bool = False,
) -> None:
    """The audit entry and the change event of a group's change."""
    audit.record(verb, group, actor=actor, changes=differences)
    outbox.announce(
        event,
        ObjectType.GROUP,
        group.pk,
        actor=actor,
        attributes=tuple(differences),
        facts={"parents": [str(parent) for parent in parents]} if parents else {},
        urgent=urgent,
    )


def lock_with_parents(group: Group | UUID) -> Group:
    """The group's row, deleted or not, locked together with the groups that hold it, all in the order of their ids:
    a group and the one it is in, deleted at the same moment, must not wait for each other.

    Raises NotFound, code `group_not_found`.
    """
    pk = group.pk if isinstance(group, Group) else group
    parents = Membership.objects.filter(member_group=pk).values("group_id")
    locked = Group.objects.select_for_update(no_key=True).filter(Q(pk=pk) | Q(pk__in=parents)).order_by("pk")
    found = next((each for each in locked if each.pk == pk), None)
    if found is None:
        raise _not_found(pk)
    return found


def touch_parents(group: Group) -> list[UUID]:
    """Count a membership change on every group that holds this one, and say which."""
    parents = list(
        Membership.objects.filter(member_group=group).order_by("group_id").values_list("group_id", flat=True)
    )
    if parents:
        Group.objects.filter(pk__in=parents).update(membership_version=F("membership_version") + 1)
    return parents


def _not_found(pk: UUID) -> NotFound:
    return NotFound("group_not_found", f"There is no group {pk}.", group=str(pk))


def group_name_taken(name: str) -> Conflict:
    """The refusal of a group name that another group has."""
    message = _("The group name %(name)s is taken.") % {"name": name}
    return Conflict("group_name_taken", message, field="display_name", display_name=name)


def refused_name(name: str, error: IntegrityError) -> IdentityError:
    """What a failed write of a group with this name means; raises the error again if it was not about the name."""
    if not Group.objects.filter(display_name_key=fold(name)).exists():
        raise error
    return group_name_taken(name)
