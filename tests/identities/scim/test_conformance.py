"""The self-test: scim2-tester, a conformance checker by others, against the whole service, without a trace."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.utils import timezone

from identities.actions.self_tests import KEPT, start_self_test
from identities.errors import RuleViolation
from identities.models import ApiClient, AuditEntry, SelfTest
from identities.scim.console import conformance, self_test
from identities.scim.console.conformance import DISCOVERY, Outcome, check_part
from identities.vocabulary import SelfTestState
from provisioning_portal.due_work import due_work
from tests.factories import actor

ITS_OWN = ("SelfTest", "AuditEntry")


def _stored() -> dict[str, list[tuple[Any, ...]]]:
    own = [model for label in ("identities", "connectors") for model in apps.get_app_config(label).get_models()]
    return {m.__name__: list(m._default_manager.order_by("pk").values_list()) for m in own if m.__name__ not in ITS_OWN}


@pytest.fixture
def one_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shortest part alone."""
    monkeypatch.setattr(conformance, "PARTS", ((frozenset({"misc"}), "User"),))
    monkeypatch.setattr(self_test, "PARTS", conformance.PARTS)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_it_finds_nothing_but_what_is_meant_and_leaves_nothing_behind() -> None:
    started = start_self_test(actor=actor())
    before = _stored()
    [work] = [each for each in due_work() if each.name == "self-test"]
    assert work.run() == 1
    assert _stored() == before
    started.refresh_from_db()
    assert started.problem == ""
    assert (started.state, started.done) == (SelfTestState.DONE, started.total)
    failed = [each for each in started.results if each["outcome"] == Outcome.FAILED]
    assert [f"{each['check']}: {each['reason']}" for each in failed] == []
    assert started.counts["passed"] > 100
    meant = [each for each in started.results if each["outcome"] == Outcome.MEANT]
    assert {each["attribute"] for each in meant} == {"", "active", "externalId", "members", "parent"}
    assert all(each["sent"] for each in meant)
    verbs = AuditEntry.objects.filter(subject_type="selftest").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["self_test.started", "self_test.finished"]
    assert work.run() == 0


@pytest.mark.django_db
def test_what_fails_is_shown_with_what_was_sent_and_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = conformance.answer

    def broken(environ: dict[str, Any]) -> Any:
        response = answer(environ)
        if environ["REQUEST_METHOD"] == "POST" and response.status_code == 405:
            response.status_code = 200
        return response

    monkeypatch.setattr(conformance, "answer", broken)
    number = next(number for number, (tags, _type) in enumerate(conformance.PARTS) if tags == DISCOVERY)
    failed = [each for each in check_part(number, actor=actor()) if each.outcome == Outcome.FAILED]
    assert {each.check for each in failed} == {
        "service_provider_config_endpoint_methods",
        "resource_types_endpoint_methods",
        "schemas_endpoint_methods",
    }
    assert all(("POST", 200) in [(sent["method"], sent["status"]) for sent in each.sent] for each in failed)
    assert not ApiClient.objects.exists()


@pytest.mark.django_db
def test_there_is_one_at_a_time_and_the_oldest_go(one_part: None) -> None:
    first = start_self_test(actor=actor())
    with pytest.raises(RuleViolation):
        start_self_test(actor=actor())
    self_test.work()
    for _number in range(KEPT):
        SelfTest.objects.filter(pk=start_self_test(actor=actor()).pk).update(state=SelfTestState.DONE)
    assert SelfTest.objects.count() == KEPT
    assert not SelfTest.objects.filter(pk=first.pk).exists()


@pytest.mark.django_db
def test_a_vanished_workers_test_is_begun_anew_and_given_up_in_the_end(one_part: None) -> None:
    test = start_self_test(actor=actor())
    running = {"state": SelfTestState.RUNNING, "attempt": 1}
    SelfTest.objects.filter(pk=test.pk).update(**running, lease_until=timezone.now() + timedelta(seconds=60))
    assert self_test.work() == 0
    gone = timezone.now() - timedelta(seconds=1)
    SelfTest.objects.filter(pk=test.pk).update(lease_until=gone)
    assert self_test.work() == 1
    test.refresh_from_db()
    assert (test.state, test.attempt) == (SelfTestState.DONE, 2)

    SelfTest.objects.filter(pk=test.pk).update(**running | {"attempt": self_test.ATTEMPTS}, lease_until=gone)
    assert self_test.work() == 1
    test.refresh_from_db()
    assert test.state == SelfTestState.FAILED


@pytest.mark.django_db
def test_a_test_that_was_taken_over_is_not_written_by_the_first_worker(
    one_part: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = start_self_test(actor=actor())

    def taken_over(number: int, **kwargs: Any) -> list[Any]:
        SelfTest.objects.filter(pk=test.pk).update(attempt=7)
        return []

    monkeypatch.setattr(self_test, "check_part", taken_over)
    self_test.work()
    test.refresh_from_db()
    assert (test.state, test.results, test.done) == (SelfTestState.RUNNING, [], 0)


@pytest.mark.django_db
def test_a_defect_of_the_checker_ends_the_test(one_part: None, monkeypatch: pytest.MonkeyPatch) -> None:
    test = start_self_test(actor=actor())
    monkeypatch.setattr(self_test, "check_part", lambda number, **kwargs: 1 / 0)
    self_test.work()
    test.refresh_from_db()
    assert test.state == SelfTestState.FAILED
    assert "ZeroDivisionError" in test.problem
