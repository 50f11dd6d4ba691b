"""Imports and undos that are cancelled, at every stage: nothing more is written, and nothing is told in half."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from connectors.actions.import_profiles import create_profile
from connectors.actions.imports import can_be_undone, cancel_import, start_import, start_undo, undo_of
from connectors.engine.intake import files, staging, work
from connectors.engine.intake.people import planning as people_planning
from connectors.engine.intake.result import result_lines
from connectors.engine.intake.undo import applying as undo_applying
from connectors.engine.intake.undo import planning as undo_planning
from connectors.models import ImportProfile, Run
from connectors.vocabulary import RowState, RunState
from identities.actors import command_actor
from identities.mapping import MappingRow
from identities.models import AuditEntry, User

pytestmark = pytest.mark.django_db

ACTOR = command_actor()
FIRST = b"no,login,title\n1,ada,Boss\n2,bob,Clerk\n3,cyd,Clerk\n"
SECOND = b"no,login,title\n1,ada,Chair\n2,bob,Smith\n4,dan,Clerk\n"
WRONG = FIRST + b"4,,Clerk\n"


@pytest.fixture
def plant() -> ImportProfile:
    names = {"employee_number": "no", "user_name": "login", "title": "title"}
    rows = [MappingRow(attribute, source=column) for attribute, column in names.items()]
    return create_profile("plant", rows, actor=ACTOR, key_column="no", complete=True, missing_limit=10)


def started(profile: ImportProfile, content: bytes, *, apply: bool = False) -> Run:
    return start_import([("people.csv", io.BytesIO(content))], profile, actor=ACTOR, apply=apply)


def worked_off(run: Run) -> Run:
    assert work("test") == 1
    run.refresh_from_db()
    return run


def people() -> set[tuple[str, str, str, bool]]:
    return set(User.objects.persons().values_list("user_name", "title", "state", "active"))


def cancelling(run: Run, then: Callable[..., Any], *, call: int = 1) -> Callable[..., Any]:
    """The function, before whose so many-th call somebody cancels the run."""
    calls = []

    def cancelled_first(*args: Any, **kwargs: Any) -> Any:
        calls.append(args)
        if len(calls) == call:
            cancel_import(run, actor=ACTOR)
        return then(*args, **kwargs)

    return cancelled_first


def is_over_and_says_nothing(run: Run) -> bool:
    """Whether no part of a file or plan is left that was not read or made to its end."""
    run.refresh_from_db()
    assert (run.state, run.error, run.counts) == (RunState.CANCELLED, "", {})
    assert (run.processed, run.total, run.lease_until) == (0, 0, None)
    assert len(list(result_lines(run))) == 1
    return not run.rows.exists() and not run.findings.exists() and not files.folder_of(run.pk).exists()


@pytest.mark.parametrize("content", [FIRST, WRONG], ids=["sound", "wrong"])
@pytest.mark.parametrize(
    ("module", "name", "call"),
    [
        (None, "", 0),
        (staging, "_staged", 1),
        (staging, "_staged", 3),
        (people_planning, "plan_units", 1),
        (people_planning, "difference_of", 2),
        (people_planning, "plan_missing", 1),
    ],
)
def test_what_is_not_read_and_planned_to_the_end_says_nothing(
    plant: ImportProfile, monkeypatch: pytest.MonkeyPatch, content: bytes, module: Any, name: str, call: int
) -> None:
    run = started(plant, content, apply=True)
    if module is None:
        cancel_import(run, actor=ACTOR)
        assert work("test") == 0
    else:
        with monkeypatch.context() as patched:
            patched.setattr(module, name, cancelling(run, getattr(module, name), call=call))
            assert work("test") == 1
    assert is_over_and_says_nothing(run)
    assert not people()
    assert AuditEntry.objects.filter(verb="import.cancelled").count() == 1
    assert worked_off(started(plant, FIRST, apply=True)).state == RunState.DONE


def test_a_plan_that_is_cancelled_says_that_nothing_of_it_was_applied(plant: ImportProfile) -> None:
    run = worked_off(started(plant, FIRST))
    cancel_import(run, actor=ACTOR)
    run.refresh_from_db()
    assert (run.state, run.counts["people"]) == (RunState.CANCELLED, {"create": 3})
    assert [line.split(",")[4] for line in result_lines(run)] == ["result", *["not applied"] * 3]
    assert not can_be_undone(run)
    assert not people()


def test_an_undo_can_be_cancelled_while_it_is_planned_and_begun_anew(
    plant: ImportProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = worked_off(started(plant, FIRST, apply=True))
    before = people()
    undo = start_undo(run, actor=ACTOR, apply=True)
    with monkeypatch.context() as patched:
        patched.setattr(undo_planning, "shown_snapshots", cancelling(undo, undo_planning.shown_snapshots))
        assert work("test") == 1
    assert is_over_and_says_nothing(undo)

    planned = worked_off(start_undo(run, actor=ACTOR))
    assert (planned.state, can_be_undone(run)) == (RunState.PLANNED, False)
    cancel_import(planned, actor=ACTOR)
    assert (people(), undo_of(run), can_be_undone(run)) == (before, None, True)


def test_an_undo_that_is_cancelled_on_the_way_says_what_it_did_and_another_does_the_rest(
    plant: ImportProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked_off(started(plant, FIRST, apply=True))
    before = people()
    run = worked_off(started(plant, SECOND, apply=True))
    assert run.counts["people"] == {"create": 1, "update": 2, "disable": 1}
    undo = start_undo(run, actor=ACTOR, apply=True)
    with monkeypatch.context() as patched:
        patched.setattr(undo_applying, "waiting_rows", one_by_one(undo_applying.waiting_rows))
        patched.setattr(undo_applying, "_chunk", cancelling(undo, undo_applying._chunk, call=2))
        assert work("test") == 1
    undo.refresh_from_db()
    assert (undo.state, undo.counts["applied"]) == (RunState.CANCELLED, {"updated": 1, "skipped": 3})
    assert undo.rows.filter(state=RowState.SKIPPED).count() == 3
    assert (undo_of(run), can_be_undone(run)) == (undo, True)

    rest = worked_off(start_undo(run, actor=ACTOR, apply=True))
    assert (rest.counts["people"], rest.findings.count()) == (
        {"update": 1, "unchanged": 1, "deprovision": 1, "lift": 1}, 0,
    )  # fmt: skip
    assert people() - {("dan", "Clerk", "deprovisioned", False)} == before
    assert not can_be_undone(run)


def one_by_one(waiting_rows: Any) -> Any:
    """As many chunks as there are rows."""

    def single(run: Run, part: str, state: RowState) -> Any:
        while rows := next(waiting_rows(run, part, state), None):
            yield rows[:1]

    return single
