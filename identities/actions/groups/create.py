"""Creating groups."""

from collections.abc import Sequence
from functools import partial

from django.utils import timezone

from identities.actions.batches import each, in_chunks, one
from identities.actions.groups.arguments import NewGroup
from identities.actions.groups.rules import Neighbours, take_rule
from identities.actions.groups.values import clean
from identities.actions.groups.writing import GroupChange, Names, render_group, tell_of_groups
from identities.actors import Actor
from identities.errors import IdentityError
from identities.models import Group
from identities.vocabulary import EventKind, Verb


def create_group(
    *,
    actor: Actor,
    display_name: str,
    description: str = "",
    default_origin: str | None = None,
    filter_text: str = "",
) -> Group:
    """Create an empty group; with a filter a dynamic one, which a worker fills.

    Raises:
        Conflict: `group_name_taken`, also when two create the same name at the same moment.
        NotPermitted: `administrators_only`, for a dynamic group.
        RuleViolation: a text is not allowed, or as `set_rule`.
    """
    return one(create_groups_many([NewGroup(display_name, description, default_origin, filter_text)], actor=actor))


def create_groups_many(rows: Sequence[NewGroup], *, actor: Actor) -> list[Group | IdentityError]:
    """Create many empty groups, in transactions of at most `CHUNK`; what `create_group` would raise stands in the
    place of the group.
    """
    return in_chunks(partial(_create, actor), rows)


def _create(actor: Actor, rows: Sequence[NewGroup]) -> list[Group | IdentityError]:
    names = Names.holding(row.display_name for row in rows)
    neighbours = Neighbours.of(row.filter_text for row in rows if row.filter_text)
    changes: list[GroupChange] = []

    def step(row: NewGroup) -> Group:
        group = Group(
            display_name=clean("display_name", row.display_name),
            description=clean("description", row.description),
            default_origin=row.default_origin or actor.origin,
            created_at=timezone.now(),
        )
        if row.filter_text:
            take_rule(group, row.filter_text, neighbours, actor)
        names.take(group)
        render_group(group)
        written = {"display_name": group.display_name, "description": group.description}
        if row.filter_text:
            written |= {"kind": group.kind, "filter_text": group.filter_text}
        differences = {name: (None, value) for name, value in written.items() if value}
        changes.append(GroupChange(group, Verb.GROUP_CREATED, EventKind.GROUP_CREATED, differences))
        return group

    results = each(step, rows)
    Group.objects.bulk_create([change.group for change in changes])
    tell_of_groups(changes, actor=actor)
    return results
