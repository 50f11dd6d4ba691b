"""Managers of org units whom a file named before they were known: remembered, and set once an import brings them."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from connectors.engine.intake.lease import renew
from connectors.engine.intake.staged import CHUNK
from connectors.models import AwaitedManager, Run
from identities.actions.org_units import OrgUnitUpdate, update_org_units_many
from identities.actors import Actor
from identities.canonical import fold
from identities.models import User


def awaited_managers() -> dict[UUID, tuple[str, str]]:
    """The folded key of the manager that each org unit waits for, and the origin that named it."""
    rows = AwaitedManager.objects.values_list("org_unit_id", "manager_key", "origin")
    return {unit: (key, origin) for unit, key, origin in rows}


def await_managers(named: Mapping[UUID, str], unknown: Mapping[UUID, str], origin: str) -> None:
    """Remember, for these org units, the managers who are not known yet, and forget whom a file named before.

    Args:
        named: keys of the managers a file names by org unit; `unknown` are those of them nobody has.
    """
    if not named:
        return
    AwaitedManager.objects.filter(org_unit__in=named).delete()
    AwaitedManager.objects.bulk_create(
        AwaitedManager(org_unit_id=unit, manager_key=fold(key), origin=origin) for unit, key in unknown.items()
    )


def heal_managers(run: Run, *, actor: Actor) -> None:
    """Set the managers who are known by now, each for the origin that named them; what others decided meanwhile
    stays. A constant number of statements for each chunk and origin.
    """
    person = User.objects.persons().filter(employee_number_key=OuterRef("manager_key"))
    healable = AwaitedManager.objects.filter(Exists(person)).order_by("pk")
    while found := list(healable[:CHUNK]):
        keys = {each.manager_key for each in found}
        known = User.objects.persons().filter(employee_number_key__in=keys)
        people = dict(known.values_list("employee_number_key", "pk"))
        with transaction.atomic():
            for origin in sorted({each.origin for each in found}):
                updates = [
                    OrgUnitUpdate(each.org_unit_id, {"manager": people[each.manager_key]})
                    for each in found
                    if each.origin == origin
                ]
                # A refusal says that the unit is gone or somebody else's by now: nobody waits any more.
                update_org_units_many(updates, actor=replace(actor, origin=origin))
            AwaitedManager.objects.filter(pk__in=[each.pk for each in found]).delete()
            renew(run, progress=True)
