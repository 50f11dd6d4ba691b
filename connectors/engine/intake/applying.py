"""Applying a plan: org units, then people, then what refers to them.

Every chunk is one transaction that also marks its rows, so a run that is killed goes on where it stopped and does
nothing twice.
"""

from collections import Counter

from connectors.engine.intake.people.applying import apply_people
from connectors.engine.intake.profiles.profile import Profile
from connectors.engine.intake.staged import DEPARTMENTS, MAIN_PARTS, ORG_UNITS, applied_counts
from connectors.engine.intake.structure.awaited import heal_managers
from connectors.engine.intake.structure.departments import apply_memberships
from connectors.engine.intake.structure.groups import apply_groups
from connectors.engine.intake.structure.memberships import apply_membership_rows
from connectors.engine.intake.structure.org_units_applying import apply_units
from connectors.models import Run
from connectors.vocabulary import ImportContent
from identities.actors import Actor


def apply(run: Run, profile: Profile, *, actor: Actor) -> dict[str, int]:
    """Carry out the plan of a run this worker holds the lease of, and count what became of it.

    Returns:
        Counts of created, updated, unchanged and refused rows, of memberships added and removed, ...

    Raises:
        LeaseLostError: another worker has the run, or somebody cancelled it; nothing of the chunk at hand was written.
    """
    counts: Counter[str] = Counter()
    if profile.content == ImportContent.ORG_UNITS:
        apply_units(run, profile, ORG_UNITS, actor=actor)
    elif profile.content == ImportContent.GROUPS:
        apply_groups(run, profile, actor=actor)
        apply_membership_rows(run, profile, actor=actor)
    elif profile.content == ImportContent.MEMBERSHIPS:
        apply_membership_rows(run, profile, actor=actor)
    else:
        apply_units(run, profile, DEPARTMENTS, actor=actor)
        apply_groups(run, profile, actor=actor)
        apply_people(run, profile, actor=actor)
        if profile.options.groups_from_departments:
            counts.update(apply_memberships(run, actor=actor))
    heal_managers(run, actor=actor)
    return {**applied_counts(run, MAIN_PARTS[profile.content]), **counts}
