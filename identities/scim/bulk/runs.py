"""Runs of operations that are cheaper together: people who are created, and members who are added."""

from collections.abc import Sequence
from dataclasses import replace

from django.db import OperationalError, transaction

from identities.scim.bulk.job import Job, Outcome, carry_out, check_scope
from identities.scim.bulk.operations import PATCH_OP, Method, Operation, resolved
from identities.scim.wire.errors import error_message
from identities.scim.wire.messages import Form
from identities.scim.writing import users

_PEOPLE = "people"
_MEMBERS = "members"


def carry_out_ready(job: Job, numbers: Sequence[int]) -> list[int]:
    """Carry out, in order, what waits for nothing; returns what is left."""
    left: list[int] = []
    run: list[int] = []
    kind = ""
    for number in numbers:
        if job.waits(number) and not job.would_be_ready(number, run):
            left.append(number)
            continue
        own = _kind(job, number)
        if own != kind or not own or job.waits(number):
            _carry_out_run(job, kind, run)
            run, kind = [], own
        if job.is_over:
            return []
        if job.waits(number):
            left.append(number)
        else:
            run.append(number)
    _carry_out_run(job, kind, run)
    return left


def _kind(job: Job, number: int) -> str:
    """What the operation may stand in a run of; empty if it stands alone."""
    operation = job.operations[number]
    if operation.refusal is not None:
        return ""
    if operation.method == Method.post and operation.endpoint == "Users":
        return _PEOPLE
    if not _adds_members(operation):
        return ""
    # The order between groups matters only to who counts errors.
    return _MEMBERS if job.accepted is None else f"{_MEMBERS} {operation.path}"


def _carry_out_run(job: Job, kind: str, run: Sequence[int]) -> None:
    if kind == _PEOPLE:
        _create_people(job, run)
    elif kind:
        _add_members(job, run)
    else:
        _one_by_one(job, run)


def _one_by_one(job: Job, run: Sequence[int]) -> None:
    for number in run:
        if job.is_over:
            return
        job.note(number, carry_out(job.call, resolved(job.operations[number], job.made)))


def _create_people(job: Job, run: Sequence[int]) -> None:
    """Create people in one batch; where it brings more errors than accepted, only as far as the last accepted one."""
    if not run:
        return
    payloads = [resolved(job.operations[number], job.made).data for number in run]
    try:
        with transaction.atomic():
            check_scope(job.call, "Users")
            outcomes = [
                Outcome(error=error_message(each)) if isinstance(each, Exception) else Outcome(str(each.id))
                for each in users.create_many(job.call, payloads)
            ]
            last = _last_accepted(job, outcomes)
            too_far = any(outcome.error is None for outcome in outcomes[last + 1 :])
            if too_far:
                transaction.set_rollback(True)
    except Exception as error:  # noqa: BLE001  a defect, or a database that is away: told and logged by the table
        if len(run) > 1 and not isinstance(error, OperationalError):
            # Whoever brings the defect about is refused, and nobody else.
            _one_by_one(job, run)
            return
        outcomes, too_far = [Outcome(error=error_message(error))] * len(run), False
        last = _last_accepted(job, outcomes)
    if too_far:
        _create_people(job, run[: last + 1])
        return
    for number, outcome in zip(run[: last + 1], outcomes, strict=False):
        job.note(number, outcome)


def _last_accepted(job: Job, outcomes: Sequence[Outcome]) -> int:
    """The place of the error with which the request ends, or of the last outcome."""
    errors = sum(outcome.error is not None for outcome in job.outcomes.values())
    for place, outcome in enumerate(outcomes):
        errors += outcome.error is not None
        if job.accepted is not None and errors >= job.accepted:
            return place
    return len(outcomes) - 1


def _adds_members(operation: Operation) -> bool:
    """Whether it is a PATCH of a group, for whatever version, that adds members and does nothing else."""
    if operation.method != Method.patch or operation.endpoint != "Groups" or operation.version is not None:
        return False
    steps = operation.data.get("Operations")
    return (
        operation.data.keys() == {"schemas", "Operations"}
        and operation.data["schemas"] == [PATCH_OP]
        and isinstance(steps, list)
        and bool(steps)
        and all(isinstance(step, dict) and _is_addition(step) for step in steps)
    )


def _is_addition(step: Form) -> bool:
    return step.keys() == {"op", "path", "value"} and (str(step["op"]).lower(), step["path"]) == ("add", "members")


def _add_members(job: Job, run: Sequence[int]) -> None:
    """Add the members of one group in one PATCH; if that is refused, each operation by itself hears why."""
    by_path: dict[str, list[int]] = {}
    for number in run:
        by_path.setdefault(resolved(job.operations[number], job.made).path, []).append(number)
    for numbers in by_path.values():
        together = [resolved(job.operations[number], job.made) for number in numbers]
        steps = [step for operation in together for step in operation.data["Operations"]]
        outcome = carry_out(job.call, replace(together[0], data={"schemas": [PATCH_OP], "Operations": steps}))
        if outcome.error is not None and len(numbers) > 1:
            _one_by_one(job, numbers)
            continue
        for number in numbers:
            job.note(number, outcome)
