"""The worker's loop: claim, converge, finish, on a bounded number of threads.

Everything that asks for work in a process (the poller, every doorbell) shares one crew of threads. While one caller
hands out the work, the others only tell it to look again, so that a thousand doorbells are one look.
"""

import logging
import os
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections

from connectors.engine import fanout, probe, push, removal
from connectors.engine.claim import Claim, Ending, Outcome, claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
"""How long one call hands out work; what is under way then goes on without it."""

FINISH_ATTEMPTS = 3
LINGER_SECONDS = 0.2
"""How long a thread keeps its database connection when there is nothing for it to do."""
Job = Callable[[], object]


def worker_name() -> str:
    """How this process signs the work it claims."""
    return f"{socket.gethostname()}:{os.getpid()}"


def attend() -> int:
    """Answer a doorbell: turn change events into operations and work on what is due; return how much was done."""
    worker = worker_name()
    return fanout.drain() + queue_runs(worker) + work(worker, settings.PORTAL_WORKER_SLOTS)


def queue_runs(worker: str) -> int:
    """Queue one more chunk of every push and removal, drop systems whose removal is done; return how much that was."""
    return push.work(worker) + removal.finish_removals()


def work(worker: str, slots: int) -> int:
    """Converge what is due, as `worker`, and return how many operations were finished.

    Args:
        slots: how many threads. One system gets at most all but one of them, so that a slow one never stands in the
            way of the others. With a single slot everything happens in the calling thread, until nothing is due.

    At most `PATIENCE_SECONDS` pass; slow calls that are under way then are finished by their threads. A call while
    another one of the same worker hands out work returns at once and makes that one look again.
    """
    if slots <= 1:
        return sum(1 for job in _jobs_one_by_one(worker) if job())
    return _crew(worker, slots).work(PATIENCE_SECONDS)


def carry_out(claim: Claim) -> bool:
    """Converge what was claimed and write down how it ended; False when the lease was lost meanwhile."""
    return _finish(claim, _converge(claim))


def _converge(claim: Claim) -> Outcome:
    try:
        return converge(claim)
    except (OperationalError, InterfaceError) as error:
        logger.warning("Operation %s is repeated: our database did not do its part (%s)", claim.operation_id, error)
        message = "The portal's own database did not do its part."
        return Outcome(Ending.RETRY, message=message, retry_in=settings.PORTAL_BACKOFF_BASE_SECONDS, answered=False)
    except Exception as error:  # whatever it is, it must wait for a person instead of coming back for ever
        logger.exception("Operation %s met a defect", claim.operation_id)
        return _defect(error)


def _defect(error: Exception) -> Outcome:
    where = "".join(traceback.format_tb(error.__traceback__))
    return Outcome(Ending.DEFECT, error_class="defect", message=type(error).__name__, detail=where, answered=False)


def _finish(claim: Claim, outcome: Outcome) -> bool:
    """Finish, again when the database chose this transaction as the victim of a deadlock or was locked for too long.

    An outcome that cannot be stored (a system can say what no database takes) is a defect, and is stored as that.
    """
    for _ in range(FINISH_ATTEMPTS - 1):
        try:
            return finish(claim, outcome)
        except (OperationalError, InterfaceError):
            logger.warning("Finishing operation %s is repeated", claim.operation_id, exc_info=True)
        except Exception as error:
            logger.exception("The outcome of operation %s cannot be stored", claim.operation_id)
            outcome = _defect(error)
    return finish(claim, outcome)


def _jobs_one_by_one(worker: str) -> Iterator[Job]:
    while queue_runs(worker):
        continue
    while jobs := list(_due_jobs(worker, 1, share=None)):
        yield from jobs


def _due_jobs(worker: str, limit: int, share: int | None, *, anew: bool = True) -> Iterator[Job]:
    """Up to `limit` things to do that call systems: probes first, because much may wait for their answer.

    Args:
        anew: whether to look for systems to be probed and for leases that ran out, too.
    """
    probes = probe.take_due(limit) if anew else []
    for taken in probes:
        yield partial(probe.carry_out, taken)
    if limit > len(probes):
        for claim in claim_due(worker, limit - len(probes), share=share, takes_over=anew):
            yield partial(carry_out, claim)


class _Crew:
    """The threads of one worker process."""

    def __init__(self, worker: str, slots: int) -> None:
        self._worker = worker
        self._slots = slots
        self._threads = ThreadPoolExecutor(slots, thread_name_prefix="converge")
        self._handing_out = threading.Lock()
        self._news = threading.Condition()
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._rung = False
        self._serving = 0
        self._busy = 0
        self._done = 0

    def work(self, patience: float) -> int:
        """See `work`."""
        before = self._done
        until = time.monotonic() + patience
        self._ring()
        # Whoever rings after the last look, but before the lock is free, is heard here.
        while self._rung and self._handing_out.acquire(blocking=False):
            try:
                self._hand_out(until)
            finally:
                self._handing_out.release()
        return self._done - before

    def _ring(self) -> None:
        with self._news:
            self._rung = True
            self._news.notify_all()

    def _hand_out(self, until: float) -> None:
        """Keep the threads busy until nothing is due, nothing is under way, or the time is up.

        What no operation's end brings about (a system to be probed, a lease that ran out) is looked for as often as
        workers poll, and not whenever a thread is free.
        """
        look_anew_at = 0.0
        while True:
            with self._news:
                self._rung = False
                free = self._slots - self._busy
            if free:
                anew = time.monotonic() >= look_anew_at
                for job in _due_jobs(self._worker, free, share=self._slots - 1, anew=anew):
                    self._start(job)
                if anew:
                    look_anew_at = time.monotonic() + settings.PORTAL_POLL_SECONDS
            if not self._wait(until) or time.monotonic() >= until:
                return

    def _wait(self, until: float) -> bool:
        """Wait for a free thread or a ring, at most a poll's time; False when nothing is under way."""
        with self._news:
            busy = self._busy
            if not busy:
                return False
            seconds = min(settings.PORTAL_POLL_SECONDS, until - time.monotonic())
            self._news.wait_for(lambda: self._rung or self._busy < busy, timeout=max(0.0, seconds))
            return True

    def _start(self, job: Job) -> None:
        with self._news:
            self._busy += 1
            self._jobs.put(job)
            if self._serving < self._busy:
                self._serving += 1
                self._threads.submit(self._serve)

    def _serve(self) -> None:
        """Do one job after the other over the same database connection, until there is none for a moment."""
        while job := self._next():
            self._run(job)
        connections.close_all()

    def _next(self) -> Job | None:
        with suppress(Empty):
            return self._jobs.get(timeout=LINGER_SECONDS)
        with self._news:
            with suppress(Empty):
                return self._jobs.get_nowait()
            self._serving -= 1
            return None

    def _run(self, job: Job) -> None:
        try:
            job()
        except Exception:  # its lease runs out, and somebody takes over
            logger.exception("A piece of work could not be finished")
        finally:
            if any(each.errors_occurred for each in connections.all(initialized_only=True)):
                connections.close_all()
            with self._news:
                self._busy -= 1
                self._done += 1
                self._news.notify_all()


_crews: dict[tuple[str, int], _Crew] = {}
_crews_lock = threading.Lock()


def _crew(worker: str, slots: int) -> _Crew:
    with _crews_lock:
        if (worker, slots) not in _crews:
            _crews[worker, slots] = _Crew(worker, slots)
        return _crews[worker, slots]
