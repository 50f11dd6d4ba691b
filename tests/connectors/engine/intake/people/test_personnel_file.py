"""The personnel file comes in: whatever the row order, once, and goes on where a killed apply stopped."""

import csv
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import OperationalError
from django.db.models import Count
from django.http import HttpRequest
from openpyxl import Workbook

from connectors.actions.import_profiles import HR_PROFILE, profile_named
from connectors.actions.imports import apply_import, cancel_import, start_import
from connectors.admin.imports import RunAdmin
from connectors.engine.intake import (
    applying,
    files,
    had_nothing_to_apply,
    staging,
    work,
)
from connectors.engine.intake.lease import LeaseLostError, claim_run
from connectors.engine.intake.people import applying as people_applying
from connectors.engine.intake.profiles.profile import Options, Profile
from connectors.engine.intake.structure import groups, org_units_applying
from connectors.engine.intake.work import DEATHS_ALLOWED, forget_files
from connectors.models import Run
from connectors.vocabulary import RowState, RunState
from identities.actions.lifecycle import delete_user
from identities.actions.memberships import remove_members
from identities.actions.users import override_value
from identities.actors import command_actor, file_actor
from identities.errors import RuleViolation
from identities.models import AuditEntry, ChangeEvent, Group, Membership, MultiValue, OrgUnit, User
from tests.connectors.engine.intake.importing import DATA, demo, run_import

pytestmark = [pytest.mark.django_db, pytest.mark.database]

PEOPLE, WITHOUT_MEMBERS = 107, 16
EMPLOYEES, SHUFFLED, DEPARTMENTS = (
    demo(name) for name in ("hr_employees.csv", "hr_employees_shuffled.csv", "hr_departments.csv")
)


@pytest.mark.parametrize("people", [EMPLOYEES, SHUFFLED], ids=["in order", "shuffled"])
def test_people_departments_groups_and_managers_come_in_whatever_the_row_order(people: tuple[str, str]) -> None:
    run = run_import(people, DEPARTMENTS)

    assert (run.state, run.error) == (RunState.DONE, "")
    assert User.objects.persons().count() == PEOPLE
    assert User.objects.persons().filter(manager=None).values_list("employee_number", flat=True).get() == "100"
    assert User.objects.persons().filter(org_unit=None).count() == 1
    assert OrgUnit.objects.count() == 27
    assert OrgUnit.objects.filter(manager=None).count() == WITHOUT_MEMBERS
    sizes = Group.objects.annotate(size=Count("memberships")).values_list("size", flat=True)
    assert (len(sizes), sum(size == 0 for size in sizes), sum(sizes)) == (27, WITHOUT_MEMBERS, PEOPLE - 1)
    king = User.objects.get(user_name_key="sking@example.com")
    assert (king.given_name, king.title, king.start_date.isoformat()) == ("Steven", "President", "2013-06-17")
    assert king.default_origin == "file:hr"
    assert MultiValue.objects.get(user=king, attribute="emails").value == "sking@example.com"


def in_utf16_with_tabs(rows: list[list[str]]) -> bytes:
    return "\r\n".join("\t".join(row) for row in rows).encode("utf-16")


def as_workbook(rows: list[list[str]]) -> bytes:
    book, packed = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append([int(value) if value.isdigit() else value for value in row])
    book.save(packed)
    return packed.getvalue()


def as_json_lines(rows: list[list[str]]) -> bytes:
    header, *others = rows
    return "\n".join(json.dumps(dict(zip(header, row, strict=True))) for row in others).encode()


@pytest.mark.parametrize("written", [in_utf16_with_tabs, as_workbook, as_json_lines])
def test_the_command_takes_the_file_in_every_format(
    written: Callable[[list[list[str]]], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "people"
    path.write_bytes(written(list(csv.reader(EMPLOYEES[1].splitlines()))))
    call_command("import_people", str(path))

    run = Run.objects.get()
    assert (run.state, run.findings.count(), run.counts["people"]) == (RunState.PLANNED, 0, {"create": PEOPLE})
    king = run.rows.get(part="people", key="100").values["changes"]
    assert (king["start_date"], king["employee_number"]) == ("2013-06-17", "100")


def test_a_second_run_plans_nothing_and_writes_nothing() -> None:
    run_import(EMPLOYEES, DEPARTMENTS)
    events, versions = ChangeEvent.objects.count(), set(User.objects.values_list("pk", "version"))

    run = run_import(SHUFFLED, DEPARTMENTS)

    assert run.counts["people"] == {"unchanged": PEOPLE}
    assert ChangeEvent.objects.count() == events
    assert set(User.objects.values_list("pk", "version")) == versions
    assert set(AuditEntry.objects.filter(cid=run.correlation_id).values_list("verb", flat=True)) == {"import.started"}


def test_a_plan_that_would_change_nothing_is_done_at_once_and_tells_so(capsys: pytest.CaptureFixture[str]) -> None:
    run_import(EMPLOYEES, DEPARTMENTS)

    call_command("import_people", str(DATA / EMPLOYEES[0]))

    run = Run.objects.order_by("created_at").last()
    assert (run.state, run.counts["people"]) == (RunState.DONE, {"unchanged": PEOPLE})
    assert run.finished_at and had_nothing_to_apply(run)
    assert "there is nothing to apply" in capsys.readouterr().out
    facts = RunAdmin(Run, admin.site).object_facts(HttpRequest(), run)
    assert any("there is nothing to apply" in str(fact.text) for fact in facts)


def test_a_plan_that_changes_a_manager_or_a_membership_alone_is_no_empty_plan() -> None:
    run_import(EMPLOYEES, DEPARTMENTS)
    name, text = DEPARTMENTS
    assert "\n60,IT,103" in text
    managed = run_import(EMPLOYEES, (name, text.replace("\n60,IT,103", "\n60,IT,104")), apply=False)
    assert (managed.state, managed.counts["departments"]["update"]) == (RunState.PLANNED, 1)
    assert managed.rows.get(key="60").difference == {"manager": ["103", "104"]}

    group = Group.objects.get(display_name="IT")
    remove_members(group, [User.objects.get(employee_number="104")], actor=file_actor("hr", "hr"))
    left = run_import(EMPLOYEES, DEPARTMENTS, apply=False)
    assert (left.state, left.counts["groups"]) == (RunState.PLANNED, {"update": 1})


def test_a_person_who_moves_changes_org_unit_manager_and_group() -> None:
    run_import(EMPLOYEES, DEPARTMENTS)
    name, text = EMPLOYEES
    header, *rows = text.splitlines()
    moved = [row.replace(",60,IT,", ",80,Sales,") if row.startswith("105,") else row for row in rows]

    run = run_import((name, "\n".join([header, *moved])), DEPARTMENTS)

    person = User.objects.get(employee_number="105")
    assert run.counts["people"] == {"unchanged": PEOPLE - 1, "update": 1}
    assert (person.org_unit.name, person.department) == ("Sales", "Sales")
    assert list(Membership.objects.filter(user=person).values_list("group__display_name", flat=True)) == ["Sales"]


def test_a_plan_changes_nothing_until_it_is_applied() -> None:
    run = run_import(EMPLOYEES, apply=False)
    assert (run.state, run.counts["people"]) == (RunState.PLANNED, {"create": PEOPLE})
    assert not User.objects.persons().exists()

    apply_import(run, actor=command_actor())
    assert work("worker") == 1
    run.refresh_from_db()

    assert (run.state, User.objects.persons().count()) == (RunState.DONE, PEOPLE)
    with pytest.raises(RuleViolation):
        apply_import(run, actor=command_actor())


def test_an_apply_that_dies_is_gone_on_with_by_the_next_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_applying, "APPLY_CHUNK", 20)
    run = run_import(EMPLOYEES, DEPARTMENTS, apply=False)
    apply_import(run, actor=command_actor())
    apply_chunk, calls = people_applying._apply_chunk, []

    def dying(*args: object) -> None:
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        apply_chunk(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(people_applying, "_apply_chunk", dying)
    with pytest.raises(KeyboardInterrupt):
        work("killed")
    monkeypatch.setattr(people_applying, "_apply_chunk", apply_chunk)
    done = run.rows.filter(state=RowState.APPLIED).count()
    assert 0 < done < PEOPLE
    assert work("impatient") == 0, "its lease still runs"

    Run.objects.filter(pk=run.pk).update(lease_until="2000-01-01T00:00:00Z")
    assert work("next") == 1
    run.refresh_from_db()

    assert (run.state, run.counts["applied"]["created"]) == (RunState.DONE, PEOPLE)
    assert User.objects.persons().count() == PEOPLE
    assert AuditEntry.objects.filter(verb="user.created").count() == PEOPLE
    assert Membership.objects.count() == PEOPLE - 1


def test_a_worker_that_lost_its_lease_writes_nothing_more() -> None:
    run = run_import(EMPLOYEES, apply=False)
    apply_import(run, actor=command_actor())
    late = claim_run(run.pk, "late")
    Run.objects.filter(pk=run.pk).update(lease_until="2000-01-01T00:00:00Z")
    assert claim_run(run.pk, "next") is not None
    profile = Profile("hr", "employee_number", (), Options())

    with pytest.raises(LeaseLostError):
        applying.apply(late, profile, actor=command_actor())

    assert not User.objects.persons().exists()


def test_values_of_administrators_stay_theirs() -> None:
    run_import(EMPLOYEES)
    king = User.objects.get(employee_number="100")
    override_value(king, actor=command_actor(), attribute="title", value="Chairman", reason="board")

    run = run_import(EMPLOYEES)

    king.refresh_from_db()
    assert (king.title, run.counts["people"]) == ("Chairman", {"unchanged": PEOPLE})


def test_a_cancelled_import_is_over() -> None:
    run = run_import(EMPLOYEES, apply=False)
    cancel_import(run, actor=command_actor())
    with pytest.raises(RuleViolation):
        apply_import(run, actor=command_actor())
    assert work("worker") == 0


def test_a_newer_import_of_the_same_file_takes_the_place_of_an_older_plan() -> None:
    older, other = run_import(EMPLOYEES, DEPARTMENTS, apply=False), run_import(SHUFFLED, DEPARTMENTS, apply=False)
    newer = run_import(EMPLOYEES, DEPARTMENTS, apply=False)

    states = {run.pk: run.state for run in Run.objects.all()}
    assert states == {older.pk: RunState.CANCELLED, other.pk: RunState.PLANNED, newer.pk: RunState.PLANNED}
    older.refresh_from_db()
    with pytest.raises(RuleViolation):
        apply_import(older, actor=command_actor())
    assert AuditEntry.objects.get(verb="import.cancelled").facts == {"replaced_by": str(newer.pk)}


def test_two_imports_of_one_file_that_are_applied_at_once_create_everybody_once() -> None:
    for _ in range(2):
        two = run_import(EMPLOYEES, DEPARTMENTS, apply=False)
        apply_import(two, actor=command_actor())
    assert work("worker", limit=2) == 2
    two.refresh_from_db()

    assert (two.state, two.findings.count()) == (RunState.DONE, 0)
    assert (User.objects.persons().count(), OrgUnit.objects.count(), Group.objects.count()) == (PEOPLE, 27, 27)
    assert AuditEntry.objects.filter(verb="user.created").count() == PEOPLE
    assert not AuditEntry.objects.filter(verb="user.changed", cid=two.correlation_id).exists()


def test_departments_another_import_makes_at_the_same_moment_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_import(EMPLOYEES, DEPARTMENTS, apply=False)
    run_import(SHUFFLED, DEPARTMENTS)
    # This one looked before the other wrote.
    monkeypatch.setattr(org_units_applying, "units_by_code", lambda codes: {})
    monkeypatch.setattr(groups, "groups_named", lambda names: {})

    apply_import(run, actor=command_actor())
    work("late")
    run.refresh_from_db()

    assert (run.state, run.findings.count()) == (RunState.DONE, 0)
    assert (OrgUnit.objects.count(), Group.objects.count()) == (27, 27)


def test_a_person_who_was_deleted_since_the_plan_is_told_and_stops_nobody() -> None:
    run_import(EMPLOYEES, DEPARTMENTS)
    name, text = EMPLOYEES
    run = run_import((name, text.replace(",Programmer,", ",Developer,")), DEPARTMENTS, apply=False)
    gone = User.objects.get(employee_number="103")  # the manager of the other programmers
    delete_user(gone, actor=command_actor())

    apply_import(run, actor=command_actor())
    work("worker")
    run.refresh_from_db()

    finding = run.findings.get(code="refused")
    assert (run.state, finding.column) == (RunState.DONE, "employee_number")
    assert finding.message.startswith("Row 5: 103 was deleted")
    assert User.objects.persons().filter(title="Developer").count() == 4


def test_a_department_with_a_new_name_takes_its_people_along() -> None:
    run_import(EMPLOYEES, DEPARTMENTS)
    renamed = [
        (name, text.replace(",60,IT,", ",60,Informatics,").replace("\n60,IT,", "\n60,Informatics,"))
        for name, text in (EMPLOYEES, DEPARTMENTS)
    ]

    run_import(*renamed)

    sizes = dict(Group.objects.annotate(size=Count("memberships")).values_list("display_name", "size"))
    assert (sizes["Informatics"], sizes["IT"]) == (5, 0)


def test_files_go_when_their_import_ended_however_it_did(monkeypatch: pytest.MonkeyPatch) -> None:
    failed = run_import(EMPLOYEES, apply=False)
    assert not files.folder_of(failed.pk).exists()

    def broken(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(staging, "opened_table", broken)
        failed = run_import(EMPLOYEES)
    assert (failed.state, files.folder_of(failed.pk).exists()) == (RunState.FAILED, False)

    profile, actor = profile_named(HR_PROFILE, actor=command_actor()), command_actor()
    waiting = start_import([("a.csv", io.BytesIO(b"x"))], profile, actor=actor)
    cancelled = start_import([("b.csv", io.BytesIO(b"x"))], profile, actor=actor)
    coming_in, left_behind = uuid4(), uuid4()  # a web process was killed before the run was made
    for each in (coming_in, left_behind):
        files.keep(each, 0, io.BytesIO(b"x"))
    Run.objects.filter(pk=cancelled.pk).update(state=RunState.CANCELLED)  # and another before it deleted the files
    os.utime(files.folder_of(left_behind), (0, 0))
    forget_files()

    kept = {each for each in (waiting.pk, cancelled.pk, coming_in, left_behind) if files.folder_of(each).exists()}
    assert kept == {waiting.pk, coming_in}
    files.forget(kept)


def test_our_database_failing_does_not_end_an_import(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_import(EMPLOYEES, apply=False)
    apply_import(run, actor=command_actor())

    def fails(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(people_applying, "create_users_many", fails)
        work("unlucky")
    Run.objects.update(lease_until="2000-01-01T00:00:00Z")
    work("next")

    run.refresh_from_db()
    assert (run.state, User.objects.persons().count()) == (RunState.DONE, PEOPLE)


def test_an_import_that_ends_every_worker_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_import(EMPLOYEES, apply=False)
    apply_import(run, actor=command_actor())

    def killed(*_: object, **__: object) -> None:
        raise SystemExit(137)

    monkeypatch.setattr(people_applying, "create_users_many", killed)
    for _ in range(DEATHS_ALLOWED):
        with pytest.raises(SystemExit):
            work("doomed")
        Run.objects.update(lease_until="2000-01-01T00:00:00Z")
    assert work("last") == 1

    run.refresh_from_db()
    assert run.state == RunState.FAILED
    assert f"{DEATHS_ALLOWED} workers in a row" in run.error
    assert work("another") == 0


def test_an_import_that_gets_further_outlives_any_number_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_import(EMPLOYEES, apply=False)
    apply_import(run, actor=command_actor())

    apply_chunk = people_applying._apply_chunk

    def killed(*args: Any) -> None:
        apply_chunk(*args)
        raise SystemExit(137)

    with monkeypatch.context() as patched:
        patched.setattr(people_applying, "APPLY_CHUNK", 5)
        patched.setattr(people_applying, "_apply_chunk", killed)  # right after a chunk is committed
        for _ in range(DEATHS_ALLOWED + 1):
            with pytest.raises(SystemExit):
                work("doomed")
            Run.objects.update(lease_until="2000-01-01T00:00:00Z")
    assert work("last") == 1

    run.refresh_from_db()
    assert (run.state, run.error, User.objects.persons().count()) == (RunState.DONE, "", PEOPLE)
