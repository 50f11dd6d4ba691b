"""Bulk requests (RFC 7644 section 3.7): operations in their order, each whole or not at all.

An operation that refers to what a later one makes waits for it. Where operations wait for each other in a circle, they
are carried out without the references that close it, which follow in a second pass; both passes are one transaction.
People who are created one after the other are created in one batch.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from django.db import transaction

from identities.models import ApiClient
from identities.scim import users
from identities.scim.bulk.circles import untangle
from identities.scim.bulk.job import HANDLERS, Job, Outcome, carry_out, check_scope
from identities.scim.bulk.operations import Method, Operation, read_operations, resolved
from identities.scim.call import Call
from identities.scim.errors import error_message
from identities.scim.messages import Form
from identities.scim.reading import location
from identities.scim.versions import tag_of
from identities.scim.visibility import own_groups, reachable_users

BULK_RESPONSE: Final = "urn:ietf:params:scim:api:messages:2.0:BulkResponse"

_STATUS: Final = {Method.post: HTTPStatus.CREATED, Method.delete: HTTPStatus.NO_CONTENT}


def answer_bulk(call: Call, payload: Form) -> Form:
    """Carry out a BulkRequest; the BulkResponse says what became of each operation that was tried.

    Raises:
        InvalidSyntaxException, InvalidValueException, TooLarge: the message as a whole is refused.
    """
    operations, accepted = read_operations(payload)
    job = Job(call, dict(enumerate(operations)), accepted)
    left = list(job.operations)
    while left and not job.is_over:
        left = _pass(job, left) if any(not job.waits(number) for number in left) else untangle(job, left)
    versions = _versions(call.client, job)
    answered = [_answer(operations[number], job.outcomes[number], versions) for number in sorted(job.outcomes)]
    return {"schemas": [BULK_RESPONSE], "Operations": answered}


def _pass(job: Job, numbers: Sequence[int]) -> list[int]:
    """Carry out, in order, what waits for nothing; returns what is left."""
    left: list[int] = []
    batch: list[int] = []
    for number in numbers:
        if _is_new_person(job.operations[number]) and not job.waits(number):
            batch.append(number)
            continue
        _create_people(job, batch)
        batch = []
        if job.is_over:
            return []
        if job.waits(number):
            left.append(number)
        else:
            job.note(number, carry_out(job.call, resolved(job.operations[number], job.made)))
    _create_people(job, batch)
    return left


def _is_new_person(operation: Operation) -> bool:
    return operation.refusal is None and operation.method == Method.post and operation.endpoint == "Users"


def _create_people(job: Job, numbers: Sequence[int]) -> None:
    """Create people in one batch; where it brings more errors than accepted, only as far as the last accepted one."""
    if not numbers:
        return
    payloads = [resolved(job.operations[number], job.made).data for number in numbers]
    try:
        with transaction.atomic():
            check_scope(job.call, "Users")
            outcomes = [
                Outcome(error=error_message(each)) if isinstance(each, Exception) else Outcome(str(each))
                for each in users.create_many(job.call, payloads)
            ]
            last = _last_accepted(job, outcomes)
            too_far = any(outcome.error is None for outcome in outcomes[last + 1 :])
            if too_far:
                transaction.set_rollback(True)
    except Exception as error:  # noqa: BLE001  a defect, or a database that is away: told and logged by the table
        outcomes, too_far = [Outcome(error=error_message(error))] * len(numbers), False
        last = _last_accepted(job, outcomes)
    if too_far:
        _create_people(job, numbers[: last + 1])
        return
    for number, outcome in zip(numbers[: last + 1], outcomes, strict=False):
        job.note(number, outcome)


def _last_accepted(job: Job, outcomes: Sequence[Outcome]) -> int:
    """The place of the error with which the request ends, or of the last outcome."""
    errors = sum(outcome.error is not None for outcome in job.outcomes.values())
    for place, outcome in enumerate(outcomes):
        errors += outcome.error is not None
        if job.accepted is not None and errors >= job.accepted:
            return place
    return len(outcomes) - 1


def _versions(client: ApiClient, job: Job) -> dict[str, str]:
    """The versions of the resources that were written, by id, in a constant number of statements."""
    written = {
        endpoint: [
            outcome.pk
            for number, outcome in job.outcomes.items()
            if outcome.error is None and job.operations[number].endpoint == endpoint
        ]
        for endpoint in HANDLERS
    }
    found = [
        *(reachable_users(client).filter(pk__in=written["Users"]).defer("scim_text") if written["Users"] else ()),
        *(own_groups(client).filter(pk__in=written["Groups"]).defer("scim_text") if written["Groups"] else ()),
    ]
    return {str(each.pk): tag_of(each, each.external_id) for each in found}


def _answer(operation: Operation, outcome: Outcome, versions: Mapping[str, str]) -> Form:
    answer: Form = {"method": operation.method} if operation.method else {}
    if operation.bulk_id:
        answer["bulkId"] = operation.bulk_id
    pk = outcome.pk or (operation.target if operation.refusal is None else "")
    if pk:
        answer["location"] = location(operation.endpoint, pk)
    if outcome.error is not None:
        return answer | {"status": str(outcome.error.status), "response": outcome.error.model_dump()}
    if outcome.pk in versions:
        answer["version"] = versions[outcome.pk]
    return answer | {"status": str(int(_STATUS.get(operation.method, HTTPStatus.OK)))}
