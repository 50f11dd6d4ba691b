"""The worker's side of self-tests: claim one that is due, carry it out part by part, keep what came out."""

import logging
import time
from collections import Counter
from datetime import timedelta
from typing import Final

from django.db import DatabaseError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from identities.actions.self_tests import finish_self_test
from identities.actors import Actor, clock_actor
from identities.models import SelfTest
from identities.scim.console.conformance import PARTS, Checked, as_results, check_part
from identities.vocabulary import SelfTestState

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=120)
# A test that takes its workers down with it is given up.
ATTEMPTS: Final = 3
# Between two parts, so that whoever waits for the database (SQLite lets one write at a time) is served.
PAUSE_SECONDS: Final = 0.05


def work() -> int:
    """Carry out one self-test that waits, or whose worker has vanished; how many it was."""
    due = Q(state=SelfTestState.WAITING) | Q(state=SelfTestState.RUNNING, lease_until__lt=timezone.now())
    found = SelfTest.objects.filter(due).order_by("pk").first()
    if found is None or not _claim(found):
        return 0
    actor = clock_actor()
    if found.attempt > ATTEMPTS:
        finish_self_test(found, actor=actor, problem=_("Every worker that began it vanished."))
        return 1
    try:
        _carry_out(found, actor)
    except DatabaseError:
        # The lease runs out, and it is begun anew.
        raise
    except Exception as error:  # whatever the checker trips over ends this test, and not the worker
        logger.exception("A self-test failed.")
        finish_self_test(found, actor=actor, problem=f"{type(error).__name__}: {error}")
    return 1


def _claim(test: SelfTest) -> bool:
    """Take the test for as long as the lease lasts; False if another worker was faster."""
    own = SelfTest.objects.filter(pk=test.pk, state=test.state, attempt=test.attempt)
    test.attempt += 1
    return bool(
        own.update(
            state=SelfTestState.RUNNING,
            attempt=F("attempt") + 1,
            lease_until=timezone.now() + LEASE,
            done=0,
            total=len(PARTS),
        )
    )


def _carry_out(test: SelfTest, actor: Actor) -> None:
    checks: list[Checked] = []
    for number in range(len(PARTS)):
        checks += check_part(number, actor=actor)
        own = SelfTest.objects.filter(pk=test.pk, attempt=test.attempt, state=SelfTestState.RUNNING)
        if not own.update(done=number + 1, lease_until=timezone.now() + LEASE):
            return
        time.sleep(PAUSE_SECONDS)
    counts = Counter(each.outcome.value for each in checks)
    finish_self_test(test, actor=actor, results=as_results(checks), counts=counts)
