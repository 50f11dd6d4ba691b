"""Staging and planning take as long as a file is long: the lease is kept, and nothing of a lost one is written."""

import io
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.actions.imports import start_import
from connectors.engine.intake import advance, files, staging
from connectors.engine.intake.lease import LeaseLostError
from connectors.engine.intake.profiles.profile import load_profile
from connectors.engine.intake.progress import progress_of
from connectors.engine.intake.reading import Record
from connectors.engine.intake.staging import stage
from connectors.models import Run
from connectors.vocabulary import ImportContent, RunState
from identities.actors import command_actor
from tests.connectors.engine.intake.importing import changes_nothing, make_profile, run_import

pytestmark = pytest.mark.django_db

UNITS = "code,name,parent,manager\n"
PEOPLE = (
    "employee_number,first_name,last_name,email,phone,hire_date,job_title,manager_employee_number,"
    "department_code,department,city,state_province\n"
    "A1,Ann,Ash,ann@example.com,5,2020-01-01,Boss,,B1,Board,Oslo,Oslo\n"
    "A2,Bob,Bay,bob@example.com,5,2020-01-01,Clerk,a1,b1,Board,Oslo,Oslo\n"
)


def test_the_lease_is_renewed_with_every_chunk_and_hints_hide_no_problem() -> None:
    make_profile("units", ImportContent.ORG_UNITS)
    rows = [f"{number},Unit {number},,nobody" for number in range(1001)]
    with CaptureQueriesContext(connection) as captured:
        run = run_import(("units.csv", UNITS + "\n".join([*rows, "last,Last,nowhere,"])), profile="units")
    assert (run.state, run.findings.filter(blocking=True).get().code) == (RunState.PLANNED, "unknown_parent")
    written = [re.search(r'^UPDATE "connectors_run" .*"processed" = (\d+)', each["sql"]) for each in captured]
    in_three_chunks = ["0", "500", "1000", "1002"]
    assert [found[1] for found in written if found] == [*in_three_chunks, *in_three_chunks, "0"]


def started() -> Run:
    profile = make_profile("units", ImportContent.ORG_UNITS)
    source = ("units.csv", io.BytesIO((UNITS + "A,Alpha,,\n").encode()))
    return start_import([source], profile, actor=command_actor(), worker="test")


@pytest.mark.parametrize(("number", "characters", "sizes"), [(7, 900_000, [3, 3, 1]), (1100, 10, [500, 500, 100])])
def test_long_rows_are_staged_a_few_at_a_time(number: int, characters: int, sizes: list[int]) -> None:
    records = (Record(row, {"a": "x" * characters}) for row in range(number))
    assert [len(chunk) for chunk in staging._chunks(records)] == sizes


def test_who_lost_the_lease_stages_nothing() -> None:
    run = started()
    Run.objects.filter(pk=run.pk).update(fence=run.fence + 1)
    assert run.profile is not None
    with pytest.raises(LeaseLostError):
        stage(run, load_profile(run.profile), files.kept(run.pk))
    assert not run.rows.exists()


def test_a_file_that_is_not_there_is_no_file_without_changes() -> None:
    run = started()
    files.forget([run.pk])
    advance(run)
    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert "The file is not here." in run.error


def test_speed_and_end_are_told_while_staging() -> None:
    run = started()
    assert run.profile is not None
    before = timezone.now() - timedelta(seconds=1)
    run.state, run.started_at = RunState.STAGING, before
    stage(run, load_profile(run.profile), files.kept(run.pk))
    found = progress_of(run, before + timedelta(seconds=2))
    assert (found.processed, found.total, found.per_second) == (1, 1, 0.5)
    assert run.read_as == "CSV, utf-8, comma"


def test_references_in_other_case_are_no_change() -> None:
    assert run_import(("people.csv", PEOPLE)).state == RunState.DONE
    assert changes_nothing(run_import(("people.csv", PEOPLE), apply=False))
