"""Operations that wait for each other (RFC 7644 section 3.7.1)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from django.db import transaction

from identities.scim.bulk.job import Job, Outcome, UnresolvedError, carry_out
from identities.scim.bulk.operations import Method, resolved, without
from identities.scim.errors import error_message
from identities.scim.messages import Form

PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def untangle(job: Job, numbers: Sequence[int]) -> list[int]:
    """Nothing can go on: refuse what waits for something that will never be made, or else carry out a circle."""
    coming = {
        job.operations[number].bulk_id: number for number in numbers if job.operations[number].method == Method.post
    }
    in_vain = [number for number in numbers if not job.operations[number].refers_to <= job.made.keys() | coming.keys()]
    if in_vain:
        for number in in_vain:
            job.note(number, Outcome(error=error_message(UnresolvedError())))
            if job.is_over:
                return []
    else:
        _carry_out_circle(job, _circle(job, coming, numbers))
    return [number for number in numbers if number not in job.outcomes]


def _circle(job: Job, coming: Mapping[str | None, int], numbers: Sequence[int]) -> list[int]:
    """Operations that wait for each other: those that can be reached from one of them and from which it is reached."""

    def reached(start: int) -> set[int]:
        found: set[int] = set()
        edge = [start]
        while edge:
            waits_for = {coming[name] for name in job.operations[edge.pop()].refers_to - job.made.keys()} - found
            found |= waits_for
            edge += waits_for
        return found

    # Every walk ends in a circle: from anything that is reached last one comes back to it.
    here, seen = numbers[0], set[int]()
    while here not in seen:
        seen.add(here)
        here = min(coming[name] for name in job.operations[here].refers_to - job.made.keys())
    return sorted(number for number in reached(here) if here in reached(number))


def _carry_out_circle(job: Job, numbers: Sequence[int]) -> None:
    """First pass without the references that close the circle, second pass with them; all of it or nothing."""
    outcomes: dict[int, Outcome] = {}
    open_names = frozenset(job.operations[number].bulk_id or "" for number in numbers)
    made = dict(job.made)
    with transaction.atomic():
        rest: dict[int, list[tuple[str, Any]]] = {}
        for number in numbers:
            data, rest[number] = without(job.operations[number].data, open_names - made.keys())
            operation = resolved(replace(job.operations[number], data=data), made)
            outcomes[number] = carry_out(job.call, operation)
            made[operation.bulk_id or ""] = outcomes[number].pk
        for number in numbers:
            if rest[number] and not _failed(outcomes.values()):
                operation = replace(
                    job.operations[number],
                    method=Method.patch,
                    path=f"{job.operations[number].endpoint}/{outcomes[number].pk}",
                    version=None,
                    data=_patch(rest[number]),
                )
                outcomes[number] = carry_out(job.call, resolved(operation, made))
        failed = _failed(outcomes.values())
        if failed:
            transaction.set_rollback(True)
    for number in numbers:
        outcome = outcomes[number]
        if failed and outcome.error is None:
            outcome = Outcome(error=error_message(UnresolvedError()))
        job.note(number, outcome)


def _failed(outcomes: Iterable[Outcome]) -> bool:
    return any(outcome.error is not None for outcome in outcomes)


def _patch(parts: Iterable[tuple[str, Any]]) -> Form:
    operations = [{"op": "add", "path": name, "value": value} for name, value in parts]
    return {"schemas": [PATCH_OP], "Operations": operations}
