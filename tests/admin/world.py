"""A filled installation for the pages: people, groups, systems, and thousands of operations and audit entries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from django.utils import timezone

from connectors import vault
from connectors.models import (
    ConnectedSystem,
    Finding,
    ImportProfile,
    Link,
    Operation,
    Run,
    StagedRow,
    SystemMapping,
)
from connectors.vocabulary import BreakerState, LinkState, OperationState, RunKind, RunState, SystemState
from identities import audit
from identities.actions import clients, lifecycle
from identities.actions.attribute_definitions import create_attribute_definition
from identities.actions.users import update_user
from identities.actors import file_actor
from identities.models import AuditEntry, ClientRequest, Group, Membership, MembershipOrigin, OrgUnit, SelfTest, User
from identities.vocabulary import AttributeKind, Channel, Role, SelfTestState, Verb
from tests.factories import acting, actor, make_client, make_operator, make_org_unit, make_people, make_person

GROUPS: Final = 200
SYSTEMS: Final = 20
OPERATIONS: Final = 5000
ENTRIES: Final = 5000
CANARY: Final = "CANARY-secret-of-a-system"
# What would run, ask or turn the page around if a page took it for more than a text.
HARM: Final = '<svg onload=alert(1)>"><img src=x onerror=alert(2)>{{7*7}}\u202ertl '
STATES: Final = (
    OperationState.DONE,
    OperationState.FAILED,
    OperationState.DISPUTED,
    OperationState.HELD,
    OperationState.SUPERSEDED,
    OperationState.SKIPPED,
)


@dataclass(frozen=True, slots=True)
class World:
    """What the pages are opened for."""

    superuser: User
    operator: User
    auditor: User
    person: User
    people: list[User] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    units: list[OrgUnit] = field(default_factory=list)
    systems: list[ConnectedSystem] = field(default_factory=list)


def fill(people: int, prefix: str = "") -> World:
    """Make everything; `prefix` stands before every name, for names that mean harm."""
    superuser = make_operator("root")
    units = _units(prefix)
    world = World(
        superuser=superuser,
        operator=make_operator("olga", Role.OPERATOR),
        auditor=make_operator("audrey", Role.AUDITOR),
        person=_paula(prefix),
        people=make_people(people - 1, family_name=f"{prefix}Miller", given_name="Ada", org_unit=units[1]),
        units=units,
        groups=_groups(prefix),
        systems=_systems(prefix),
    )
    create_attribute_definition(name="badge", label=f"{prefix}Badge", kind=AttributeKind.STRING, actor=actor())
    # Refused on every way in; here as if it had come before it was.
    User.objects.filter(pk=world.person.pk).update(profile_url="javascript:alert(4)")
    lifecycle.suspend_user(world.people[0], actor=acting(superuser), reason=f"{prefix}Lost laptop")
    _memberships(world)
    _links(world)
    _operations(world, prefix)
    _entries(world, prefix)
    _runs(world, prefix)
    _client(prefix)
    return world


def _paula(prefix: str) -> User:
    """Somebody of a file, with an address of the file's and one of ours."""
    theirs, ours = ({"value": f"paula@{place}.test", "type": place} for place in ("work", "home"))
    paula = make_person(
        "paula", display_name=f"{prefix}Paula", by=file_actor("hr"), title=f"{prefix}Clerk", emails=[theirs]
    )
    update_user(paula, actor=actor(), multi_values={"emails": [theirs, ours]})
    return paula


def _units(prefix: str) -> list[OrgUnit]:
    top = make_org_unit(f"{prefix}Works")
    middle = [make_org_unit(f"{prefix}{name}", top) for name in ("Sales", "Engineering")]
    return [top, *middle, make_org_unit(f"{prefix}Compilers", middle[1])]


def _groups(prefix: str) -> list[Group]:
    now = timezone.now()
    names = [f"{prefix}Group {number:03}" for number in range(GROUPS)]
    return Group.objects.bulk_create(
        Group(display_name=name, default_origin="admin", created_at=now, modified_at=now) for name in names
    )


def _memberships(world: World) -> None:
    now = timezone.now()
    group = world.groups[0]
    rows = [Membership(group=group, user=user, created_at=now) for user in world.people]
    rows += [Membership(group=each, user=world.person, created_at=now) for each in world.groups]
    rows.append(Membership(group=group, member_group=world.groups[1], created_at=now))
    made = Membership.objects.bulk_create(rows)
    MembershipOrigin.objects.bulk_create(MembershipOrigin(membership=each, origin="admin") for each in made)


def _systems(prefix: str) -> list[ConnectedSystem]:
    now = timezone.now()
    made = [
        ConnectedSystem(
            name=f"{prefix}System {number:02}",
            description=f"{prefix}Where people work",
            connector="sql" if number % 2 else "scim",
            configuration=_configuration(number),
            state=(SystemState.RUNNING, SystemState.PAUSED)[number % 2],
            created_at=now,
            modified_at=now,
        )
        for number in range(SYSTEMS)
    ]
    made[0].breaker, made[0].breaker_reason, made[0].breaker_opened_at = BreakerState.OPEN, f"{prefix}No answer.", now
    for system in made:
        secret = "password" if system.connector == "sql" else "token"
        system.sealed_secrets = vault.seal({secret: CANARY}, str(system.pk))
    ConnectedSystem.objects.bulk_create(made)
    SystemMapping.objects.bulk_create(
        SystemMapping(system=system, attribute=name, kind="direct", source=source, position=place)
        for system in made
        for place, (name, source) in enumerate((("userName", "userName"), ("displayName", "displayName")))
    )
    return made


def _configuration(number: int) -> dict[str, Any]:
    if number % 2:
        return {"database": "sqlite", "path": f"system{number}.sqlite3"}
    return {"base_url": f"https://system{number}.example.test/scim/v2"}


def _links(world: World) -> None:
    now = timezone.now()
    people = [world.person, *world.people[:100]]
    Link.objects.bulk_create(
        Link(
            system=system,
            object_type="user",
            object_class="user",
            object_id=user.pk,
            user=user,
            object_name=str(user),
            state=LinkState.LINKED if place else LinkState.DISPUTED,
            remote_id=f"{number}-{user.pk}",
            remote_name=user.user_name,
            enabled=True,
            known={"userName": [user.user_name]},
            linked_at=now,
            synchronised_at=now,
        )
        for number, user in enumerate(people)
        for place, system in enumerate(world.systems)
    )


def _operations(world: World, prefix: str) -> None:
    now = timezone.now()
    steps = [{"code": "scope", "title": "Scope", "outcome": "yes", "text": f"{prefix}In scope.", "facts": {"a": 1}}]
    people = [world.person, *world.people]
    done = [
        Operation(
            system=world.systems[number % SYSTEMS],
            object_type="user",
            object_id=(user := people[number // SYSTEMS % len(people)]).pk,
            object_name=str(user),
            state=STATES[number % len(STATES)],
            verdict="update",
            message=f"{prefix}The system refused the value.",
            detail=f"{prefix}400 Bad Request",
            steps=steps,
            difference={"title": f"{prefix}Clerk"},
            cause="user.changed",
            due_at=now,
            created_at=now,
            finished_at=now - timedelta(minutes=number),
        )
        for number in range(OPERATIONS)
    ]
    waiting = Operation(
        system=world.systems[0],
        object_type="user",
        object_id=world.person.pk,
        object_name=str(world.person),
        due_at=now + timedelta(days=1),
        created_at=now,
        attempt=2,
    )
    Operation.objects.bulk_create([*done, waiting], batch_size=500)


def _entries(world: World, prefix: str) -> None:
    audit.record(Verb.USER_CHANGED, world.person, actor=acting(world.superuser), changes={"title": (None, prefix)})
    template = AuditEntry.objects.order_by("-id")[0]
    shared = {name: getattr(template, name) for name in ("content_type_id", "object_pk", "action", "subject_type")}
    AuditEntry.objects.bulk_create(
        [
            AuditEntry(
                **shared,
                timestamp=timezone.now(),
                object_repr=f"{prefix}Paula",
                verb=Verb.USER_CHANGED,
                channel=Channel.ADMIN,
                origin="admin",
                actor_name=f"{prefix}root",
                subject_id=str(world.person.pk),
                reason=f"{prefix}Asked for it",
                changes={"title": [f"{prefix}old", f"{prefix}new"]},
                cid=str(uuid4()),
            )
            for _number in range(ENTRIES)
        ],
        batch_size=500,
    )


def _runs(world: World, prefix: str) -> None:
    now = timezone.now()
    profile = ImportProfile.objects.create(name="hr", key_column="employee_number", created_at=now, modified_at=now)
    run = Run.objects.create(
        kind=RunKind.IMPORT,
        state=RunState.PLANNED,
        profile=profile,
        file_name=f"{prefix}people.csv",
        counts={"people": {"create": 250, "problem": 1}},
        total=251,
        processed=251,
        actor_name=f"{prefix}root",
        created_at=now,
    )
    StagedRow.objects.bulk_create(
        StagedRow(run=run, part="people", number=n, key=f"{prefix}{n}", difference={"title": [None, prefix]})
        for n in range(250)
    )
    Finding.objects.create(run=run, row=7, column="email", message=f"{prefix}Not an address.", code="invalid")
    Run.objects.create(kind=RunKind.PUSH, system=world.systems[0], actor_name="root", created_at=now, total=10)


def _client(prefix: str) -> None:
    client = make_client(f"{prefix}Entra")
    clients.issue_token(client, actor=actor())
    ClientRequest.objects.bulk_create(
        ClientRequest(
            client=client,
            at=timezone.now(),
            method="PATCH",
            path=f"/scim/v2/Users/{prefix}",
            status=(200, 400)[number % 2],
            milliseconds=12,
            about=f"{prefix}ada",
            coerced=True,
            notes=[{"code": "kept", "subject": f"{prefix}title"}],
            scim_type="invalidValue",
            detail=f"{prefix}That is no title.",
            payload={"title": f"{prefix}Boss", "password": "***"},
            answer={"detail": f"{prefix}That is no title."},
        )
        for number in range(150)
    )
    sent = {"method": "PATCH", "path": f"/Users/{prefix}", "status": 200, "body": {"a": prefix}, "answer": prefix}
    shared = {"part": "patch:add", "check": "check_add_attribute", "resource": "User", "attribute": "title"}
    results = [
        {**shared, "outcome": outcome, "reason": f"{prefix}Not added.", "sent": [sent] if outcome != "passed" else []}
        for outcome in ("passed", "meant", "failed")
    ]
    SelfTest.objects.create(
        actor_name=f"{prefix}root",
        created_at=timezone.now(),
        finished_at=timezone.now(),
        state=SelfTestState.DONE,
        counts={"passed": 1, "meant": 1, "failed": 1},
        results=results,
        done=13,
        total=13,
    )
