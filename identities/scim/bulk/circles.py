"""Operations that wait for each other (RFC 7644 section 3.7.1)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from identities.scim.bulk.job import Job, Outcome, UnresolvedError, carry_out
from identities.scim.bulk.operations import PATCH_OP, Method, resolved, without
from identities.scim.wire.errors import error_message
from identities.scim.wire.messages import Form


def untangle(job: Job, numbers: Sequence[int]) -> None:
    """Nothing can go on by itself: carry out what is left, after whatever it waits for, and each circle as one.

    What refers to something that is never made is refused.
    """
    for circle in _components(job, numbers):
        if job.is_over:
            return
        own = {job.operations[number].bulk_id for number in circle}
        if not all(job.operations[number].refers_to <= job.made.keys() | own for number in circle):
            for number in circle:
                job.note(number, Outcome(error=error_message(UnresolvedError())))
        elif len(circle) > 1:
            _carry_out_circle(job, circle)
        else:
            [number] = circle
            job.note(number, carry_out(job.call, resolved(job.operations[number], job.made)))


def _components(job: Job, numbers: Sequence[int]) -> Iterator[list[int]]:
    """The operations that wait for each other, together, and every other by itself; what is waited for comes first.

    Tarjan's algorithm without recursion, in time that grows with the references.
    """
    posts = {each: job.operations[each].bulk_id for each in numbers if job.operations[each].method == Method.post}
    makers = {bulk_id: number for number, bulk_id in posts.items()}
    found: dict[int, int] = {}
    lowest: dict[int, int] = {}
    standing: dict[int, None] = {}

    def enter(number: int) -> tuple[int, Iterator[int]]:
        found[number] = lowest[number] = len(found)
        standing[number] = None
        return number, (makers[name] for name in job.operations[number].refers_to if name in makers)

    for start in numbers:
        walk = [] if start in found else [enter(start)]
        while walk:
            number, ahead = walk[-1]
            if (following := next(ahead, None)) is None:
                walk.pop()
                if walk:
                    lowest[walk[-1][0]] = min(lowest[walk[-1][0]], lowest[number])
                if lowest[number] == found[number]:
                    yield _taken_down(standing, number)
            elif following not in found:
                walk.append(enter(following))
            elif following in standing:
                lowest[number] = min(lowest[number], found[following])


def _taken_down(standing: dict[int, None], last: int) -> list[int]:
    """Everything that came to stand since `last`, and `last`."""
    taken = [standing.popitem()[0]]
    while taken[-1] != last:
        taken.append(standing.popitem()[0])
    return sorted(taken)


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
            if outcomes[number].error is not None:
                break
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
        outcome = outcomes.get(number)
        if outcome is None or (failed and outcome.error is None):
            outcome = Outcome(error=error_message(UnresolvedError()))
        job.note(number, outcome)


def _failed(outcomes: Iterable[Outcome]) -> bool:
    return any(outcome.error is not None for outcome in outcomes)


def _patch(parts: Iterable[tuple[str, Any]]) -> Form:
    operations = [{"op": "add", "path": name, "value": value} for name, value in parts]
    return {"schemas": [PATCH_OP], "Operations": operations}
