"""Telling of members who came and went: one audit entry, and events of a bounded size."""

from identities import audit, outbox
from identities.actions.chunks import chunks
from identities.actions.membership_rows import Members
from identities.actions.telling import tell_all
from identities.actors import Actor
from identities.models import Group
from identities.outbox import Announcement
from identities.queries.statements import Written
from identities.vocabulary import EventKind, ObjectType, Verb


def tell_of_members(
    group: Group,
    verb: Verb,
    actor: Actor,
    *,
    added: Members = Members(),  # noqa: B008  frozen and empty
    removed: Members = Members(),  # noqa: B008  frozen and empty
    also_asserted: int = 0,
) -> None:
    """Count the change on the group, which is locked, and write its audit entry and its events."""
    counted = [group] if added or removed else []
    for each in counted:
        each.membership_version += 1
    numbers = {"added": len(added), "removed": len(removed), "other_assertions": also_asserted}
    # The numbers are complete, the names bounded: an entry is read by people.
    changes = {"members": (_shown(removed), _shown(added))}
    tell_all(
        [audit.AuditRow(verb, group, changes, {name: many for name, many in numbers.items() if many})],
        [
            Announcement(
                EventKind.MEMBERSHIP_CHANGED,
                ObjectType.GROUP,
                group.pk,
                ("members",),
                facts,
                urgent=any(name.startswith("removed") for name in facts),
            )
            for facts in _facts(added, removed)
        ],
        actor=actor,
        written=[Written(counted, ("membership_version",))],
    )


def _shown(members: Members) -> list[str]:
    return [str(member) for member in members.all_ids()[: outbox.MEMBERS_PER_EVENT]]


def _facts(added: Members, removed: Members) -> list[dict[str, list[str]]]:
    """Who came and went, in parts of at most `MEMBERS_PER_EVENT`."""
    touched = [
        *(("removed_users", user) for user in removed.users),
        *(("removed_groups", each) for each in removed.groups),
        *(("added_users", user) for user in added.users),
        *(("added_groups", each) for each in added.groups),
    ]
    parts: list[dict[str, list[str]]] = []
    for some in chunks(touched, outbox.MEMBERS_PER_EVENT):
        part: dict[str, list[str]] = {}
        for name, member in some:
            part.setdefault(name, []).append(str(member))
        parts.append(part)
    return parts
