"""The interface a connector author implements. Plain Python: no Django, no Celery, nothing of the portal."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Generic, Self, TypeVar

from connectors.spi.capabilities import Capabilities
from connectors.spi.configuration import Configuration
from connectors.spi.filters import Filter
from connectors.spi.objects import Attributes, Change, Delta, ObjectClass, Page, RemoteObject
from connectors.spi.schema import Schema
from connectors.spi.transport import Transport

C = TypeVar("C", bound=Configuration)


class FindingLevel(StrEnum):
    """How a test's finding is to be read. ERROR: the connector cannot work as configured."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One named result of an online test: what was looked at, how it stands, what to do about it."""

    name: str
    level: FindingLevel
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a connector found out about its system.

    Attributes:
        proposals: configuration values it would choose, by field name.
        choices: possible values by field name, for drop-down lists.
        notes: findings in words.
        suggested_mappings: per object class, remote attribute -> mapping expression over `user` or `group`.
    """

    proposals: Mapping[str, object] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    suggested_mappings: Mapping[ObjectClass, Mapping[str, str]] = field(default_factory=dict)


class Connector(ABC, Generic[C]):
    """One connection to one configured system. Used by one thread at a time, opened around a batch of work.

    Every method either returns or raises one of `connectors.spi.errors`. Methods that write are idempotent as far as
    the system allows.

    Class attributes:
        kind: stable key stored with a connected system. title: its name for people. configuration_class: its typed
            configuration.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    configuration_class: ClassVar[type[Configuration]]

    def __init__(self, configuration: C, transport: Transport) -> None:
        self.configuration = configuration
        self.transport = transport

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def open(self) -> None:
        """Connect and authenticate (raises Transient, Throttled or Misconfigured)."""

    def close(self) -> None:
        """Release what `open` took; never raises."""

    @abstractmethod
    def capabilities(self) -> Capabilities:
        """What can be done with this configuration; answers without the network."""

    @abstractmethod
    def test(self) -> Iterator[Finding]:
        """Resolve, connect, authenticate, read and look whether writing is allowed, a finding each; changes nothing.

        Stops after the first ERROR that makes the rest meaningless, and never raises.
        """

    @abstractmethod
    def schema(self) -> Schema:
        """What the system can hold, read from the system."""

    def discover(self) -> Discovery:
        """Propose configuration from what the system tells of itself."""
        return Discovery()

    @abstractmethod
    def search(
        self, object_class: ObjectClass, filter: Filter | None = None, *, cursor: str | None = None, limit: int = 100
    ) -> Page:
        """Up to `limit` objects that match, in a stable order, without members of groups.

        A cursor of an earlier page continues after it.
        """

    @abstractmethod
    def get(self, object_class: ObjectClass, remote_id: str, *, members: bool = False) -> RemoteObject:
        """The object with this immutable id, with the members of a group only if asked (raises Gone)."""

    @abstractmethod
    def create(self, object_class: ObjectClass, attributes: Attributes, *, enabled: bool | None = None) -> RemoteObject:
        """Create and return the object as it now stands.

        Raises:
            AlreadyExists: the name is taken. Ambiguous: sent, but the answer was lost. Rejected: refused as it is.
        """

    @abstractmethod
    def update(self, object_class: ObjectClass, remote_id: str, delta: Delta) -> RemoteObject:
        """Apply the delta and return the object, members not read; a rename shows in its `reference`.

        Raises:
            Gone: no such object. Rejected: refused as it is. AlreadyExists: the new name is taken.
        """

    @abstractmethod
    def delete(self, object_class: ObjectClass, remote_id: str) -> None:
        """Remove the object (raises Gone when it is not there)."""

    def changes(self, token: str | None) -> Iterable[Change]:
        """Changes since `token`, each with its own resume token; only with Capability.CHANGES."""
        raise NotImplementedError(f"{self.kind} offers no change stream")
