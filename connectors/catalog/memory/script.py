"""Faults, delays and observers for a store: how a test makes the in-memory system misbehave on cue."""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from connectors.spi import ConnectorError, ObjectClass


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a connector: the journal's entry, and what observers are told."""

    operation: str
    object_class: ObjectClass | None = None
    remote_id: str | None = None
    arguments: object = None


T = TypeVar("T")
Observer = Callable[[Call], None]


@dataclass(frozen=True, slots=True)
class _Fault:
    error: Callable[[], ConnectorError]
    after_commit: bool


@dataclass
class Script:
    """What happens around the coming calls; empty, it lets everything pass.

    Operations go by the names of the connector's methods: open, search, get, create, update, delete.

    Attributes:
        before, after: called with every call before and after it is carried out; what they raise, the call raises.
    """

    before: list[Observer] = field(default_factory=list)
    after: list[Observer] = field(default_factory=list)
    _faults: dict[str, list[_Fault]] = field(default_factory=lambda: defaultdict(list))
    _delays: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def fail(
        self, operation: str, error: Callable[[], ConnectorError], *, times: int = 1, after_commit: bool = False
    ) -> None:
        """Let the next `times` calls of `operation` raise `error()`.

        Args:
            error: makes a fresh error for each call, as `lambda: Transient("busy")`.
            after_commit: the call is carried out first, so that only its answer is lost.
        """
        with self._lock:
            self._faults[operation].extend([_Fault(error, after_commit)] * times)

    def delay(self, operation: str, seconds: float) -> None:
        """Let every call of `operation` take this much longer from now on."""
        self._delays[operation] = seconds

    def clear(self) -> None:
        """Let everything pass again."""
        with self._lock:
            self._faults.clear()
        self._delays.clear()
        self.before.clear()
        self.after.clear()

    def play(self, call: Call, action: Callable[[], T]) -> T:
        """Carry out `action` as the script wants it (raises what was scripted)."""
        for observer in tuple(self.before):
            observer(call)
        time.sleep(self._delays.get(call.operation, 0))
        fault = self._next_fault(call.operation)
        if fault and not fault.after_commit:
            raise fault.error()
        result = action()
        for observer in tuple(self.after):
            observer(call)
        if fault:
            raise fault.error()
        return result

    def _next_fault(self, operation: str) -> _Fault | None:
        with self._lock:
            waiting = self._faults[operation]
            return waiting.pop(0) if waiting else None
