"""What the contract suite has to know about a connector to try it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.spi import Configuration, Connector, ObjectClass, RemoteObject, Transport, Values

RawReader = Callable[[RemoteObject], Mapping[str, tuple[Any, ...]] | None]


@dataclass(frozen=True)
class ContractSubject:
    """One configured connector and the system behind it, empty but for what the system needs itself.

    Attributes:
        connector_class: the connector under contract.
        transport: makes the transport for one connection.
        configuration: a complete, valid configuration; secrets included.
        user, group, org_unit: attributes that suffice to create an object of this name.
        text: a single-valued, optional, updatable text attribute of users, able to hold any text.
        raw: reads an object around the connector, as the system itself holds it, members and placeholders included;
            None when it is not there. Keys are the remote attribute names.
        several: a multi-valued, optional text attribute of users, if there is one.
        invalid: field -> a value that validation must refuse, offline.
        broken: finding -> configuration changes under which `test()` must end with that finding as an ERROR.
        long_text: the number of characters the text attribute must take.
        unstorable: characters the system cannot hold; a value with one of them must be Rejected.
    """

    connector_class: type[Connector[Any]]
    transport: Callable[[], Transport]
    configuration: Mapping[str, Any]
    user: Callable[[str], dict[str, Values]]
    group: Callable[[str], dict[str, Values]]
    text: str
    raw: RawReader
    org_unit: Callable[[str], dict[str, Values]] | None = None
    several: str | None = None
    invalid: Mapping[str, Any] = field(default_factory=dict)
    broken: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    long_text: int = 2000
    unstorable: frozenset[str] = frozenset()

    def configured(self, **changes: Any) -> Configuration:
        """The valid configuration, with changes."""
        return self.connector_class.configuration_class(**{**self.configuration, **changes})

    def connect(self, **changes: Any) -> Connector[Any]:
        """A new connector, not yet opened, on the same system."""
        return self.connector_class(self.configured(**changes), self.transport())

    def attributes(self, object_class: ObjectClass, name: str) -> dict[str, Values]:
        """Attributes that suffice to create an object of this class and name."""
        if object_class is ObjectClass.ORG_UNIT and self.org_unit is not None:
            return self.org_unit(name)
        return self.user(name) if object_class is ObjectClass.USER else self.group(name)
