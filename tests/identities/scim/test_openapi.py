"""The OpenAPI document is valid, and the service keeps to it, whatever schemathesis sends.

Every check of schemathesis is on, but:

- that bad data is refused, for `/Bulk`: an operation that makes no sense is refused in its place in the answer, which
  is 200 (RFC 7644 section 3.7.3);
- that a method which is not in the document gives 405, and no status above 499, for POST and DELETE of `/Me`: they give
  501 (RFC 7644 section 3.11).

What a JSON schema cannot say is told here and in `store`: `attributes` and `excludedAttributes` exclude each other
(RFC 7644 section 3.9), a version that is not the resource's gives 412, nobody is their own manager or member or ends
before they start, and an attribute has 200 values with those it had before.

Each run of the suite sends a few requests per operation. `make soak` sends 200 and those of schemathesis' coverage
phase; SCHEMATHESIS_SEED chooses others than the usual ones.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.specs.openapi.checks import ignored_auth, negative_data_rejection, unsupported_method

from identities.actions.person_tokens import issue_person_token
from identities.actors import self_actor
from identities.models import ApiClient
from tests.factories import make_person
from tests.identities.scim.service import Service
from tests.identities.scim.store import fill, register_formats

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
SEED = int(os.environ.get("SCHEMATHESIS_SEED", "1"))
MODES = list(HypothesisTestMode) if EXAMPLES >= 200 else [HypothesisTestMode.FUZZING]

register_formats()


def document() -> dict[str, Any]:
    """The document as the command prints it; a warning is a failure."""
    printed = StringIO()
    call_command("spectacular", format="openapi-json", fail_on_warn=True, stdout=printed)
    return dict(json.loads(printed.getvalue()))


@pytest.fixture
def filled(hr: Service) -> Iterator[Service]:
    """A client with every scope and a store of 200 people and 20 groups, for requests in this process."""
    fill(hr)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    logging.disable(logging.ERROR)
    yield hr
    logging.disable(logging.NOTSET)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
def test_the_document_is_valid() -> None:
    found = document()
    validate(found)
    assert {path.removeprefix("/scim/v2/").partition("/")[0] for path in found["paths"]} == {
        "Users", "Groups", "OrgUnits", ".search", "Bulk", "Me", "Schemas", "ResourceTypes", "ServiceProviderConfig",
    }  # fmt: skip


@pytest.mark.timeout(6000)
def test_the_service_keeps_to_the_document(filled: Service) -> None:
    load_all_checks()
    sys.stdout.write(f"schemathesis: seed {SEED}, {EXAMPLES} examples per operation\n")
    schema = schemathesis.openapi.from_dict(document())
    schema.app = get_wsgi_application()
    for checks in (schema.config.checks.positive_data_acceptance, schema.config.checks.negative_data_rejection):
        checks.expected_statuses += ["412"]
    me = make_person("me")
    own = issue_person_token(me, actor=self_actor(me.pk, me.user_name), name="schemathesis")
    headers: dict[str, str] = {}
    seen: set[str] = set()

    def check(case: Any) -> None:
        _take_one_of_two_away(case)
        excluded = [negative_data_rejection] if case.path.endswith("/Bulk") else []
        if case.path.endswith("/Me") and case.method in ("POST", "DELETE"):
            excluded += [not_a_server_error, unsupported_method]
        # It sends each request twice more: once per operation is enough.
        excluded += [ignored_auth] if case.operation.label in seen else []
        seen.add(case.operation.label)
        with transaction.atomic():
            case.validate_response(case.call(headers=headers), headers=headers, excluded_checks=excluded)
            transaction.set_rollback(True)

    config = HypothesisTestConfig(
        project=schema.config,
        modes=MODES,
        settings=settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=False,
            suppress_health_check=list(HealthCheck),
        ),
        seed=SEED,
    )
    failures: list[BaseException] = []
    for operation in (found.ok() for found in schema.get_all_operations()):
        headers["Authorization"] = f"Bearer {own if operation.path.endswith('/Me') else filled.token}"
        schema.config.update(headers=headers)
        try:
            create_test(operation=operation, test_func=check, config=config)()
        except (FailureGroup, AssertionError, BaseExceptionGroup) as failure:
            failures.append(failure)
    if failures:
        raise BaseExceptionGroup(f"seed {SEED}", failures)
    assert ApiClient.objects.get().requests.exists()


def _take_one_of_two_away(case: Any) -> None:
    """`attributes` and `excludedAttributes` in one request are refused."""
    if case.meta.generation.mode.is_positive:
        for given in (case.query, case.body):
            if isinstance(given, dict) and given.get("attributes"):
                given.pop("excludedAttributes", None)
