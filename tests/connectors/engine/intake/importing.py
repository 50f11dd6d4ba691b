"""Importing texts in tests: profiles of every content, and runs brought to their stop in this process."""

import io
from pathlib import Path
from typing import Any

from django.utils import timezone

from connectors.actions.import_profiles import profile_named
from connectors.actions.imports import apply_import, start_import, start_undo
from connectors.engine.intake import advance
from connectors.engine.intake.lease import claim_run
from connectors.models import ImportMapping, ImportProfile, Run
from connectors.vocabulary import ImportContent
from identities.actors import command_actor
from identities.models import AuditEntry, ChangeEvent
from identities.vocabulary import MappingKind

DATA = Path(__file__).parents[4] / "provisioning_portal" / "demo_data"
File = tuple[str, str]
COLUMNS = {
    ImportContent.ORG_UNITS: {"code": "code", "name": "name", "parent": "parent", "manager": "manager"},
    ImportContent.GROUPS: {"display_name": "name", "description": "description", "parents": "in"},
    ImportContent.MEMBERSHIPS: {"group": "group", "member": "member"},
}


def demo(name: str) -> File:
    """A file of the demo data."""
    return name, (DATA / name).read_text()


def make_profile(name: str, content: ImportContent, **columns: Any) -> ImportProfile:
    """A profile whose columns are called as `COLUMNS` says."""
    now = timezone.now()
    mapped = COLUMNS[content]
    profile = ImportProfile.objects.create(
        name=name, content=content, key_column=next(iter(mapped.values())), created_at=now, modified_at=now, **columns
    )
    if content == ImportContent.MEMBERSHIPS:
        ImportProfile.objects.filter(pk=profile.pk).update(key_column="member")
    ImportMapping.objects.bulk_create(
        ImportMapping(profile=profile, attribute=attribute, kind=MappingKind.DIRECT, source=column, position=position)
        for position, (attribute, column) in enumerate(mapped.items())
    )
    profile.refresh_from_db()
    return profile


def run_import(*files: File, profile: str = "hr", apply: bool = True) -> Run:
    """Import files and bring the run to its stop."""
    sources = [(name, io.BytesIO(text.encode())) for name, text in files]
    actor = command_actor()
    run = start_import(sources, profile_named(profile, actor=actor), actor=actor, apply=apply, worker="test")
    return _advanced(run)


def carry_out(run: Run, **choice: Any) -> Run:
    """Apply a plan in this process."""
    apply_import(run, actor=command_actor(), **choice)
    claimed = claim_run(run.pk, "test")
    assert claimed is not None
    return _advanced(claimed)


def undo(run: Run, *, apply: bool = True) -> Run:
    """Undo a run."""
    started = _advanced(start_undo(run, actor=command_actor(), worker="test"))
    return carry_out(started) if apply else started


def changes_nothing(run: Run) -> bool:
    """Whether the plan found everything as the file says."""
    return all(set(counted) <= {"unchanged"} for part, counted in run.counts.items() if part != "applied")


def told() -> tuple[int, int]:
    """How many change events and audit entries of identities there are."""
    return ChangeEvent.objects.count(), AuditEntry.objects.exclude(verb__startswith="import.").count()


def problems(run: Run) -> list[tuple[str, int | None, str, str]]:
    """Code, row, column and value of what was found."""
    return [(each.code, each.row, each.column, each.value) for each in run.findings.order_by("row", "pk")]


def _advanced(run: Run) -> Run:
    advance(run)
    run.refresh_from_db()
    return run
