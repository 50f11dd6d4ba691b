"""The org structure: creating, changing, moving and deleting org units."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit, outbox
from identities.actions.turns import Turn, take_turn
from identities.actions.users import UserUpdate, update_users_many
from identities.actors import Actor
from identities.canonical import fold
from identities.errors import Conflict, IdentityError, NotFound, RuleViolation, ValueOwned
from identities.models import OrgUnit, User
from identities.queries.recursion import parents_above
from identities.rules.chains import closes_loop
from identities.rules.naming import check_name
from identities.rules.ownership import may_write
from identities.vocabulary import EventKind, Verb

Differences = dict[str, tuple[Any, Any]]


def create_org_unit(
    *,
    actor: Actor,
    name: str,
    code: str = "",
    parent: OrgUnit | UUID | None = None,
    manager: User | UUID | None = None,
) -> OrgUnit:
    """Create an org unit. Without a code, its name is its key in the outside world.

    Raises:
        Conflict: `org_unit_code_taken`. NotFound: `org_unit_not_found` for the parent.
        RuleViolation: a text is not allowed, or `unknown_manager`.
    """
    now = timezone.now()
    unit = OrgUnit(
        name=check_name("name", name),
        code=check_name("code", code or name),
        origin=actor.origin,
        created_at=now,
        modified_at=now,
    )
    try:
        with transaction.atomic():
            unit.parent = _lock(parent) if parent is not None else None
            unit.manager = _manager(manager)
            unit.save(force_insert=True)
            written = {"name": unit.name, "code": unit.code, "parent": unit.parent_id, "manager": unit.manager_id}
            differences = {key: (None, audit.plain(value)) for key, value in written.items() if value}
            _tell(unit, Verb.ORG_UNIT_CREATED, differences, actor)
    except IntegrityError as error:
        raise _refused_code(unit.code, error) from error
    return unit


def update_org_unit(unit: OrgUnit | UUID, *, actor: Actor, changes: Mapping[str, Any]) -> OrgUnit:
    """Change `name`, `code` or `manager`. The writer owns the unit from then on. No difference writes nothing.

    Raises:
        NotFound; ValueOwned; Conflict `org_unit_code_taken`.
        RuleViolation: a text is not allowed, `unknown_manager`, or the attribute is unknown.
    """
    cleaned = {name: _clean(name, value) for name, value in changes.items()}
    try:
        with transaction.atomic():
            found = _lock(unit)
            differences = {
                name: (audit.plain(getattr(found, name)), audit.plain(value))
                for name, value in cleaned.items()
                if getattr(found, name) != value
            }
            if differences:
                _check_owner(found, actor)
                for name in differences:
                    setattr(found, name, cleaned[name])
                _write(found, set(differences), actor)
                _tell(found, Verb.ORG_UNIT_CHANGED, differences, actor)
    except IntegrityError as error:
        raise _refused_code(cleaned.get("code", ""), error) from error
    return found


def move_org_unit(unit: OrgUnit | UUID, *, actor: Actor, parent: OrgUnit | UUID | None) -> OrgUnit:
    """Put an org unit, with everything below it, below another one (None: at the top). Nothing happens if it is there.

    Raises:
        NotFound; ValueOwned; RuleViolation `org_unit_loop`: a unit cannot stand below itself.
    """
    with transaction.atomic():
        take_turn(Turn.ORG_UNITS)
        found = _lock(unit)
        above = _lock(parent) if parent is not None else None
        before = found.parent_id
        after = above.pk if above is not None else None
        if before == after:
            return found
        _check_owner(found, actor)
        if after is not None and closes_loop(found.pk, after, parents_above([after])):
            raise RuleViolation("org_unit_loop", _("An org unit cannot stand below itself."), field="parent")
        found.parent = above
        _write(found, {"parent"}, actor)
        differences = {"parent": (audit.plain(before), audit.plain(after))}
        _tell(found, Verb.ORG_UNIT_MOVED, differences, actor, parent=audit.plain(before))
    return found


def delete_org_unit(unit: OrgUnit | UUID, *, actor: Actor, move_up: bool = False) -> OrgUnit:
    """Delete an org unit.

    Args:
        move_up: its units and people go to the unit above it (each told of on its own); otherwise only an empty one
            can be deleted.

    Raises:
        NotFound; ValueOwned; RuleViolation `org_unit_not_empty`, or a person's org unit may not be written by the
        actor.
    """
    with transaction.atomic():
        take_turn(Turn.ORG_UNITS)
        found = _lock(unit)
        _check_owner(found, actor)
        units = list(OrgUnit.objects.filter(parent=found, deleted_at=None).order_by("pk"))
        people = list(User.objects.present().filter(org_unit=found).order_by("pk").values_list("pk", flat=True))
        if (units or people) and not move_up:
            message = _("%(name)s still has %(units)d units and %(people)d people.")
            facts = {"name": found.name, "units": len(units), "people": len(people)}
            raise RuleViolation("org_unit_not_empty", message % facts, units=len(units), people=len(people))
        for below in units:
            move_org_unit(below, actor=actor, parent=found.parent_id)
        _move_people(people, found, actor)
        found.deleted_at = timezone.now()
        _write(found, {"deleted_at"}, actor)
        differences = {"deleted_at": (None, audit.plain(found.deleted_at))}
        _tell(found, Verb.ORG_UNIT_DELETED, differences, actor, parent=audit.plain(found.parent_id), deleted=True)
    return found


def _move_people(people: list[UUID], unit: OrgUnit, actor: Actor) -> None:
    moves = [UserUpdate(person, {"org_unit": unit.parent_id}, mode="refuse") for person in people]
    for result in update_users_many(moves, actor=actor):
        if isinstance(result, IdentityError):
            raise result


def _lock(unit: OrgUnit | UUID) -> OrgUnit:
    pk = unit.pk if isinstance(unit, OrgUnit) else unit
    # Its own queryset class adds the tree's columns, which PostgreSQL cannot lock.
    found = OrgUnit.objects.without_tree_fields().select_for_update(no_key=True).filter(pk=pk, deleted_at=None).first()
    if found is None:
        raise NotFound("org_unit_not_found", f"There is no org unit {pk}.", field="parent", org_unit=str(pk))
    return found


def _write(unit: OrgUnit, columns: set[str], actor: Actor) -> None:
    unit.origin = actor.origin
    unit.modified_at = timezone.now()
    unit.save(update_fields=[*columns, "name_key", "code_key", "origin", "modified_at"])


def _tell(unit: OrgUnit, verb: Verb, differences: Differences, actor: Actor, **facts: Any) -> None:
    audit.record(verb, unit, actor=actor, changes=differences)
    outbox.announce(
        EventKind.ORG_UNIT_CHANGED,
        outbox.ORG_UNIT,
        unit.pk,
        actor=actor,
        attributes=tuple(differences),
        facts=facts,
    )


def _check_owner(unit: OrgUnit, actor: Actor) -> None:
    if not may_write(actor.origin, unit.origin):
        message = _("%(name)s belongs to %(owner)s.") % {"name": unit.name, "owner": unit.origin}
        raise ValueOwned("value_owned", message, owner=unit.origin)


def _clean(name: str, value: Any) -> Any:
    if name == "manager":
        return _manager(value)
    if name in ("name", "code"):
        return check_name(name, value if isinstance(value, str) else "")
    raise RuleViolation("unknown_attribute", f"Org units have no attribute {name}.", field=name)


def _manager(manager: User | UUID | None) -> User | None:
    if manager is None:
        return None
    pk = manager.pk if isinstance(manager, User) else manager
    found = User.objects.persons().filter(pk=pk).first()
    if found is None:
        raise RuleViolation("unknown_manager", f"There is no person {pk}.", field="manager")
    return found


def _refused_code(code: str, error: IntegrityError) -> IdentityError:
    if not OrgUnit.objects.filter(code_key=fold(code)).exists():
        raise error
    message = _("The code %(code)s is taken by another org unit.") % {"code": code}
    return Conflict("org_unit_code_taken", message, field="code", org_unit_code=code)
