"""Self-tests of the SCIM service: asked for by an administrator, carried out by a worker."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from identities import audit
from identities.actors import Actor
from identities.errors import RuleViolation
from identities.models import SelfTest
from identities.vocabulary import SelfTestState, Verb

# Older ones are forgotten when a new one is started.
KEPT: Final = 20
_UNFINISHED: Final = (SelfTestState.WAITING, SelfTestState.RUNNING)


def start_self_test(*, actor: Actor) -> SelfTest:
    """Ask for a self-test. A worker takes it up within seconds.

    Raises:
        RuleViolation: `self_test_running`: one at a time.
    """
    with transaction.atomic():
        if SelfTest.objects.filter(state__in=_UNFINISHED).exists():
            raise RuleViolation("self_test_running", _("A self-test is running. Wait until it is finished."))
        started = SelfTest.objects.create(actor_name=actor.name[:255], created_at=timezone.now())
        audit.record(Verb.SELF_TEST_STARTED, started, actor=actor)
        newest = SelfTest.objects.order_by("-pk").values_list("pk", flat=True)
        SelfTest.objects.filter(pk__in=list(newest[KEPT : 2 * KEPT])).delete()
    return started


def finish_self_test(
    test: SelfTest,
    *,
    actor: Actor,
    results: Sequence[Mapping[str, Any]] = (),
    counts: Mapping[str, int] | None = None,
    problem: str = "",
) -> None:
    """Keep what came out. Nothing happens if another worker has taken the test over since it was claimed.

    Args:
        problem: why the test itself failed, if it did.
    """
    with transaction.atomic():
        told = {"counts": dict(counts or {}), "results": list(results), "problem": problem[:500]}
        state = SelfTestState.FAILED if problem else SelfTestState.DONE
        own = SelfTest.objects.filter(pk=test.pk, attempt=test.attempt, state=SelfTestState.RUNNING)
        if own.update(state=state, finished_at=timezone.now(), lease_until=None, **told):
            audit.record(Verb.SELF_TEST_FINISHED, test, actor=actor, **told["counts"])
