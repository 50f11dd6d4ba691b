"""Bulk requests (RFC 7644 section 3.7): operations in their order, each whole or not at all.

An operation that refers to what a later one makes waits for it. Where operations wait for each other in a circle, they
are carried out without the references that close it, which follow in a second pass; both passes are one transaction.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from identities.models import ApiClient
from identities.scim.bulk.circles import untangle
from identities.scim.bulk.job import HANDLERS, Job, Outcome
from identities.scim.bulk.operations import MARK, Method, Operation, read_operations
from identities.scim.bulk.runs import carry_out_ready
from identities.scim.call import Call
from identities.scim.callers.visibility import own_groups, reachable_users
from identities.scim.reading.renderings import location
from identities.scim.wire.messages import Form
from identities.scim.wire.versions import group_tag, user_tag

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
        if all(job.waits(number) for number in left):
            untangle(job, left)
            break
        left = carry_out_ready(job, left)
    versions = _versions(call.client, job)
    answered = [_answer(operations[number], job.outcomes[number], versions) for number in sorted(job.outcomes)]
    return {"schemas": [BULK_RESPONSE], "Operations": answered}


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
    people, groups = written["Users"], written["Groups"]
    found: dict[str, str] = {}
    if people:
        rows = reachable_users(client).filter(pk__in=people).order_by().values_list("pk", "version", "external_id")
        found |= {str(pk): user_tag(*tag) for pk, *tag in rows}
    if groups:
        columns = ("pk", "version", "membership_version", "external_id")
        rows = own_groups(client).filter(pk__in=groups).order_by().values_list(*columns)
        found |= {str(pk): group_tag(*tag) for pk, *tag in rows}
    return found


def _answer(operation: Operation, outcome: Outcome, versions: Mapping[str, str]) -> Form:
    answer: Form = {"method": operation.method} if operation.method else {}
    if operation.bulk_id:
        answer["bulkId"] = operation.bulk_id
    pk = outcome.pk or (operation.target if operation.refusal is None and MARK not in operation.path else "")
    if pk:
        answer["location"] = location(operation.endpoint, pk)
    if outcome.error is not None:
        return answer | {"status": str(outcome.error.status), "response": outcome.error.model_dump()}
    if outcome.pk in versions:
        answer["version"] = versions[outcome.pk]
    return answer | {"status": str(int(_STATUS.get(operation.method, HTTPStatus.OK)))}
