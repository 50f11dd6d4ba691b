"""Rows for the tests of the queue, written directly: systems, people, groups, operations."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from connectors.engine.claim import Claim, claim_due
from connectors.engine.queue import enqueue
from connectors.models import ConnectedSystem, Link, Operation
from connectors.vocabulary import Lane, LinkState, OperationState, SystemState
from identities.models import Group, Membership, OrgUnit, User
from identities.vocabulary import ObjectType

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
LONG_AGO = timedelta(hours=1)
TYPES: dict[type[Any], ObjectType] = {User: ObjectType.USER, Group: ObjectType.GROUP, OrgUnit: ObjectType.ORG_UNIT}


def a_system(name: str = "intranet", **columns: Any) -> ConnectedSystem:
    """A running system that has been spoken to before."""
    given = {"connector": "memory", "state": SystemState.RUNNING, "created_at": NOW, "modified_at": NOW, **columns}
    return ConnectedSystem.objects.create(name=name, **given)


def a_person(name: str, **columns: Any) -> User:
    """A person."""
    given = {"default_origin": "admin", "created_at": NOW, "modified_at": NOW, **columns}
    return User.objects.create(user_name=name, **given)


def people(count: int) -> list[User]:
    """So many persons."""
    return [a_person(f"person{number:03}") for number in range(count)]


def a_group(name: str, *members: User | Group, **columns: Any) -> Group:
    """A group with these direct members."""
    given = {"default_origin": "admin", "created_at": NOW, "modified_at": NOW, **columns}
    group = Group.objects.create(display_name=name, **given)
    for member in members:
        join(group, member)
    return group


def join(group: Group, member: User | Group) -> None:
    """Make a user or a group a member."""
    who = {"user": member} if isinstance(member, User) else {"member_group": member}
    Membership.objects.create(group=group, created_at=NOW, **who)


def an_org_unit(code: str, parent: OrgUnit | None = None) -> OrgUnit:
    """A unit below `parent`."""
    return OrgUnit.objects.create(name=code, code=code, parent=parent, origin="admin", created_at=NOW, modified_at=NOW)


def a_link(
    system: ConnectedSystem, subject: User | Group | OrgUnit, state: LinkState = LinkState.LINKED, **columns: Any
) -> Link:
    """A tie between a person, group or org unit and an account."""
    kind = TYPES[type(subject)]
    given = {"remote_id": str(subject.pk) if state == LinkState.LINKED else None, kind.value: subject, **columns}
    return Link.objects.create(
        system=system,
        object_type=kind,
        object_class=system.object_class_of(kind),
        object_id=subject.pk,
        object_name=str(subject),
        state=state,
        **given,
    )


def put(system: ConnectedSystem, *subjects: User | Group | OrgUnit, lane: Lane = Lane.INTERACTIVE, **more: Any) -> int:
    """Enqueue people, groups and org units."""
    return sum(
        enqueue(
            system.pk, kind, [each.pk for each in subjects if isinstance(each, model)], lane=lane, cause="test", **more
        )
        for model, kind in TYPES.items()
    )


def claim_one(worker: str = "one") -> Claim:
    """The only claim there is to make."""
    (claim,) = claim_due(worker, 10)
    return claim


def let_lease_run_out(operation_id: int) -> None:
    """Move the end of the lease into the past."""
    operation = Operation.objects.get(pk=operation_id)
    assert operation.lease_until is not None
    operation.lease_until -= LONG_AGO
    operation.save(update_fields=["lease_until"])


def make_due(**which: Any) -> None:
    """Move the next attempt of waiting operations into the past."""
    Operation.objects.filter(state=OperationState.WAITING, **which).update(due_at=NOW)


def states(subject_id: UUID) -> list[str]:
    """The states of the operations of an object, oldest first."""
    return list(Operation.objects.filter(object_id=subject_id).order_by("pk").values_list("state", flat=True))
