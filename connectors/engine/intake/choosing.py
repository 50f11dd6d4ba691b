"""Choosing rows of a plan: what is applied with them, and what is left."""

from collections.abc import Collection

from connectors.engine.intake.staged import DEPARTMENTS, GROUPS, PEOPLE, skip_rows
from connectors.models import Run
from connectors.vocabulary import PLANNED_CHANGES, RowState
from identities.canonical import fold
from identities.errors import RuleViolation


def choose_rows(run: Run, rows: Collection[int]) -> None:
    """Leave only these rows of a plan to be applied, with the new departments and groups that chosen people come into.

    Raises:
        RuleViolation: none of them is part of the plan (`nothing_chosen`).
    """
    planned = dict(run.rows.filter(state__in=PLANNED_CHANGES).order_by().values_list("pk", "part"))
    chosen = set(rows) & set(planned)
    if not chosen:
        raise RuleViolation("nothing_chosen", "None of these rows is part of what the plan changes.", field="rows")
    if any(planned[pk] == PEOPLE for pk in chosen):
        chosen |= _needed(run, chosen)
    skip_rows(run, set(planned) - chosen)


def _needed(run: Run, chosen: Collection[int]) -> set[int]:
    """New departments that chosen people name, and new groups of these departments' names."""
    codes: set[str] = set()
    names: set[str] = set()
    people = run.rows.filter(part=PEOPLE, state__in=(RowState.CREATE, RowState.UPDATE))
    for pk, department in people.values_list("pk", "values__department").iterator():
        if pk in chosen:
            codes.add(fold(department[0]))
            names.add(fold(department[1]))
    found = set()
    for row in run.rows.filter(part=DEPARTMENTS, state=RowState.CREATE).iterator():
        if fold(row.key) in codes:
            found.add(row.pk)
            names.add(fold(row.values["name"]))
    groups = run.rows.filter(part=GROUPS, state=RowState.CREATE).values_list("pk", "key")
    return found | {pk for pk, key in groups if fold(key) in names}
