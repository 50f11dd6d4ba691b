"""A connector as the engine calls it: within its lease and deadline, counted, every surprise turned into a defect."""

import time
import traceback
from collections.abc import Callable, Collection
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from connectors.engine import crash_points
from connectors.engine.failures import Defect, LeaseLost
from connectors.engine.masking import scrubbed
from connectors.spi import (
    AlreadyExists,
    Attributes,
    Capabilities,
    Connector,
    ConnectorError,
    Delta,
    Filter,
    Gone,
    ObjectClass,
    Page,
    Rejected,
    RemoteObject,
    Schema,
)

T = TypeVar("T")
_ANSWERS = (AlreadyExists, Gone, Rejected)
"""Errors that only a system that is there can give."""


MOST_CALLS: Final = 50
"""So many calls are written down; a large group takes more, which are all alike."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it is written down: its name, how long it took, and the class of the error it ended with."""

    name: str
    seconds: float
    error: str = ""


class GuardedConnector:
    """Offers the connector's calls; each raises the interface's errors, `Defect` or `LeaseLost`, and nothing else.

    Args:
        opened: gives the open connector and the secrets that must not show in a defect's trace; asked for each call, so
            that a system is not bothered before there is something to ask it.
        is_held: asked before every call; False stops it.

    Attributes:
        calls: how many were made. seconds: how long they took. answered: whether the system answered one of them.
        log: the first of them, one by one.
    """

    def __init__(
        self, opened: Callable[[], tuple[Connector[Any], Collection[str]]], is_held: Callable[[], bool] | None = None
    ) -> None:
        self._opened = opened
        self._is_held = is_held
        self.calls = 0
        self.seconds = 0.0
        self.answered = False
        self.log: list[Call] = []

    def capabilities(self) -> Capabilities:
        """What can be done with the system as it is configured; opens the connector, but is no call."""
        connector, secrets = self._opened()
        try:
            return connector.capabilities()
        except ConnectorError:
            raise
        except Exception as error:
            raise defect(error, secrets) from error

    def schema(self) -> Schema:
        """What the system can hold, read from the system."""
        return self._call("schema", lambda connector: connector.schema())

    def search(self, object_class: ObjectClass, filter: Filter | None = None, *, limit: int = 100) -> Page:  # noqa: A002  # as in the interface
        """The first page of what matches."""
        return self._call("search", lambda connector: connector.search(object_class, filter, limit=limit))

    def get(self, object_class: ObjectClass, remote_id: str) -> RemoteObject:
        """The object with this id, without members (raises Gone)."""
        return self._call("get", lambda connector: connector.get(object_class, remote_id))

    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None = None) -> RemoteObject:
        """Create an object (raises AlreadyExists, Ambiguous, Rejected)."""
        return self._call(
            "create", lambda connector: connector.create(object_class, attributes, enabled=enabled), writes=True
        )

    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """Apply the delta (raises Gone, AlreadyExists, Rejected)."""
        return self._call("update", lambda connector: connector.update(object_class, remote_id, delta), writes=True)

    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Remove the object (raises Gone)."""
        self._call("delete", lambda connector: connector.delete(object_class, remote_id), writes=True)

    def _call(self, name: str, action: Callable[[Connector[Any]], T], *, writes: bool = False) -> T:
        if self._is_held is not None and not self._is_held():
            raise LeaseLost
        connector, secrets = self._opened()
        connector.transport.remaining()
        self.calls += 1
        started, ended_with = time.monotonic(), ""
        try:
            with crash_points.around_call() if writes else nullcontext():
                result = action(connector)
        except ConnectorError as error:
            ended_with = type(error).__name__
            self.answered |= isinstance(error, _ANSWERS)
            raise
        except Exception as error:
            ended_with = type(error).__name__
            raise defect(error, secrets) from error
        finally:
            self._note(Call(name, time.monotonic() - started, ended_with))
        self.answered = True
        return result

    def _note(self, call: Call) -> None:
        self.seconds += call.seconds
        if len(self.log) < MOST_CALLS:
            self.log.append(call)


def defect(error: Exception, secrets: Collection[str]) -> Defect:
    """An unforeseen exception as a defect, its trace without the secrets."""
    trace = "".join(traceback.format_exception(error))
    return Defect(f"The connector failed unexpectedly ({type(error).__name__}).", scrubbed(trace, secrets))
