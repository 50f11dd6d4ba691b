"""Planning: what applying the staged rows would do, row by row. Writes the plan into the rows, nothing into the
identities.
"""

from collections.abc import Callable

from connectors.engine.intake.people.planning import Counts, plan_people
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import GROUPS, MEMBERSHIPS, ORG_UNITS, counted
from connectors.engine.intake.structure.groups import plan_groups
from connectors.engine.intake.structure.memberships import plan_memberships
from connectors.engine.intake.structure.org_units import plan_units
from connectors.models import Run
from connectors.vocabulary import ImportContent


def plan(run: Run, profile: Profile) -> dict[str, dict[str, int]]:
    """Decide what each staged row would do, and count: `{part: {create, update, unchanged, problem, ...}}`.

    References that lead nowhere, names that are taken and circles become findings.
    """
    counts = _PLANS[profile.content](run, profile)
    return {part: {state: number for state, number in found.items() if number} for part, found in counts.items()}


def _plan_org_units(run: Run, profile: Profile) -> Counts:
    plan_units(run, profile, ORG_UNITS)
    return {ORG_UNITS: counted(run, ORG_UNITS)}


def _plan_groups(run: Run, profile: Profile) -> Counts:
    plan_groups(run, profile)
    plan_memberships(run, profile)
    return {GROUPS: counted(run, GROUPS), MEMBERSHIPS: counted(run, MEMBERSHIPS)}


def _plan_memberships(run: Run, profile: Profile) -> Counts:
    plan_memberships(run, profile)
    return {MEMBERSHIPS: counted(run, MEMBERSHIPS)}


_PLANS: dict[ImportContent, Callable[[Run, Profile], Counts]] = {
    ImportContent.PEOPLE: plan_people,
    ImportContent.ORG_UNITS: _plan_org_units,
    ImportContent.GROUPS: _plan_groups,
    ImportContent.MEMBERSHIPS: _plan_memberships,
}
