"""How an import looks to programs."""

from collections.abc import Sequence
from typing import Any, Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers

from connectors.engine.intake.progress import progress_of
from connectors.engine.intake.result import outcome_of, plan_of, problems_of
from connectors.models import Finding, Run, StagedRow
from connectors.vocabulary import RowState, RunState

SHOWN_PROBLEMS: Final = 100


class ProblemSerializer(serializers.ModelSerializer[Finding]):
    """Something wrong, by row and column; what blocks must be mended in the file."""

    class Meta:
        model = Finding
        fields = ("part", "row", "column", "value", "code", "message", "blocking")


class ProgressSerializer(serializers.Serializer[Any]):
    """How far the work is."""

    processed = serializers.IntegerField()
    total = serializers.IntegerField()
    per_second = serializers.FloatField(allow_null=True)
    expected_end = serializers.DateTimeField(allow_null=True)


class ImportSerializer(serializers.Serializer[Any]):
    """One import: where it stands, what it would change or has changed, and what is wrong."""

    id = serializers.UUIDField()
    url = serializers.URLField()
    state = serializers.ChoiceField([state.value for state in RunState])
    profile = serializers.CharField(allow_null=True)
    file_name = serializers.CharField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(help_text="By part; under `applied` what became of it.")
    progress = ProgressSerializer()
    problem_count = serializers.IntegerField()
    problems = ProblemSerializer(many=True, help_text=f"The first {SHOWN_PROBLEMS}.")
    error = serializers.CharField()


class RowSerializer(serializers.Serializer[Any]):
    """One row of the file: what the plan makes of it (`difference`: old and new value by attribute), and the result."""

    id = serializers.IntegerField()
    part = serializers.CharField()
    row = serializers.IntegerField()
    key = serializers.CharField()
    planned = serializers.ChoiceField([state.value for state in RowState])
    result = serializers.CharField()
    difference = serializers.DictField()
    problems = serializers.ListField(child=serializers.CharField())


class RowsSerializer(serializers.Serializer[Any]):
    """A page of rows."""

    page = serializers.IntegerField()
    size = serializers.IntegerField()
    total = serializers.IntegerField()
    rows = RowSerializer(many=True)


class ApplySerializer(serializers.Serializer[Any]):
    """What of a plan is applied; everything, if nothing is said."""

    rows = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        max_length=100_000,
        help_text="Ids of the rows to apply; the others are skipped.",
    )
    confirm_missing = serializers.IntegerField(
        required=False, min_value=0, help_text="How many missing people are disabled, where that must be confirmed."
    )


def address_of(run: Run) -> str:
    """Where an import is read."""
    return f"{settings.PORTAL_PUBLIC_URL}{reverse('imports:import', args=[run.pk])}"


def import_content(run: Run) -> dict[str, Any]:
    """The content of `ImportSerializer`."""
    return {
        "id": run.pk,
        "url": address_of(run),
        "state": run.state,
        "profile": run.profile.name if run.profile else None,
        "file_name": run.file_name,
        "created_at": run.created_at,
        "finished_at": run.finished_at,
        "counts": run.counts,
        "progress": progress_of(run, timezone.now()),
        "problem_count": run.findings.count(),
        "problems": run.findings.all()[:SHOWN_PROBLEMS],
        "error": run.error,
    }


def row_contents(run: Run, rows: Sequence[StagedRow]) -> list[dict[str, Any]]:
    """The contents of `RowSerializer`."""
    problems = problems_of(run, rows)
    return [
        {
            "id": row.pk,
            "part": row.part,
            "row": row.number,
            "key": row.key,
            "planned": plan_of(row),
            "result": outcome_of(row, run),
            "difference": row.difference,
            "problems": problems.get((row.part, row.number), []),
        }
        for row in rows
    ]
