"""What a change of the org structure would do to the connected systems, for the pages that ask before it is made."""

from collections.abc import Callable, Collection
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from connectors.engine.org_changes import SystemChange, watch
from connectors.vocabulary import OrgUnitProvisioning, SystemState
from identities.admin.org_unit_consequences import Consequence, consequences
from identities.admin.words import in_words


def _watch(units: Collection[UUID]) -> Callable[[], list[Consequence]]:
    outcome = watch(units)
    return lambda: [_consequence(change) for change in outcome()]


def _consequence(change: SystemChange) -> Consequence:
    system = change.system
    return Consequence(
        name=system.name,
        url=reverse("admin:connectors_connectedsystem_change", args=[system.pk]),
        accounts=change.accounts,
        rewritten=change.rewritten,
        entering=change.entering,
        leaving=change.leaving,
        note=" ".join(_remarks(change)),
    )


def _remarks(change: SystemChange) -> list[str]:
    found = []
    if change.units:
        told = {"number": change.units, "how": in_words(OrgUnitProvisioning(change.system.provisions_org_units))}
        found.append(_("Kept there %(how)s: %(number)d of the org units; they follow.") % told)
    if change.unreadable:
        found.append(_("Its scope cannot be read: who enters or leaves is not known."))
    if change.leaving:
        found.append(_("Whoever leaves: %(policy)s.") % {"policy": in_words(change.system.when_out_of_scope)})
    if change.system.state == SystemState.PAUSED:
        found.append(_("Paused: it happens once the system is resumed."))
    return found


consequences.register("connectors.view_connectedsystem", _watch)
