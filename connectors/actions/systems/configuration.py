"""The configuration and the secrets of a system: checked offline, kept apart, and never carried to another host."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from connectors import registry, vault
from connectors.models import ConnectedSystem
from connectors.spi import Configuration
from identities.errors import RuleViolation


@dataclass(frozen=True, slots=True)
class Prepared:
    """A checked configuration, ready to be stored.

    Attributes:
        values: what was set, without secrets, in JSON form. secrets: every secret the system has from now on.
        secrets_changed: names of secrets that were set anew or dropped.
    """

    values: dict[str, Any]
    secrets: dict[str, str]
    secrets_changed: tuple[str, ...]


def prepare(
    system: ConnectedSystem, configuration: Mapping[str, Any] | None, secrets: Mapping[str, str | None] | None
) -> Prepared:
    """Check a new configuration and newly given secrets against the connector, without asking the system.

    Args:
        configuration: the whole new configuration without secrets; None keeps the one there is.
        secrets: those to set; None as a value drops one. What is not named stays, unless the host changes: then only
            what is given anew is kept, so that a secret never travels to a host it was not typed for.

    Raises:
        RuleViolation: the connector is not available, or a value does not fit; `field` names it
            (`configuration.<field>`).
    """
    configuration_class = _configuration_class(system.connector)
    given = dict(system.configuration if configuration is None else configuration)
    misplaced = sorted(set(given) & set(configuration_class.secret_fields()))
    if misplaced:
        raise RuleViolation("secret_in_configuration", "Give secrets apart.", field=f"configuration.{misplaced[0]}")
    named, stored = dict(secrets or {}), _stored_secrets(system)
    unknown = sorted(set(named) - set(configuration_class.secret_fields()))
    if unknown:
        raise RuleViolation("unknown_secret", f"There is no secret {unknown[0]}.", field=f"configuration.{unknown[0]}")
    # A host that changes is checked as if the secrets stayed; without them the system waits until they are typed again.
    checked = _checked(configuration_class, {**given, **_present({**stored, **named})})
    values = checked.model_dump(mode="json", exclude_unset=True, exclude=set(configuration_class.secret_fields()))
    together = _present(named if _host_changes(configuration_class, system, given) else {**stored, **named})
    changed = sorted(name for name in {*stored, *together} if stored.get(name) != together.get(name))
    return Prepared(values, together, tuple(changed))


def same_values(kind: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two stored configurations mean the same: what is left out is the default."""
    defaults = _defaults(_configuration_class(kind))
    return {**defaults, **one} == {**defaults, **other}


def check_complete(system: ConnectedSystem) -> None:
    """Refuse to write to a system whose configuration is enough to test and discover it, but not to use it.

    Raises:
        RuleViolation: a needed value is empty; `field` names it.
    """
    connector_class = registry.connector(system.connector).connector_class
    if connector_class is None:  # the engine says so, and waits
        return
    configuration_class = connector_class.configuration_class
    for name in configuration_class.needed_fields():
        if not system.configuration.get(name):
            title = configuration_class.described()[name].title
            text = f"{title} is empty. Take what Discover proposes or type it, then resume {system.name}."
            raise RuleViolation("incomplete_configuration", text, field=f"configuration.{name}")


def _present(secrets: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in secrets.items() if value}


def _configuration_class(kind: str) -> type[Configuration]:
    registration = registry.connector(kind)
    if registration.connector_class is None:
        raise RuleViolation("connector_unavailable", registration.unavailable_reason, field="connector")
    return registration.connector_class.configuration_class


def _checked(configuration_class: type[Configuration], values: Mapping[str, Any]) -> Configuration:
    try:
        return configuration_class.model_validate(dict(values))
    except ValidationError as error:
        mistakes = [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        text = "; ".join(f"{name}: {message}" if name else message for name, message in mistakes)
        first = f"configuration.{mistakes[0][0]}" if mistakes[0][0] else "configuration"
        raise RuleViolation("invalid_configuration", text, field=first) from None


def _host_changes(configuration_class: type[Configuration], system: ConnectedSystem, given: Mapping[str, Any]) -> bool:
    if not system.configuration:
        return False
    defaults = _defaults(configuration_class)
    new = {**defaults, **given}
    old = {**defaults, **system.configuration}
    return any(str(old.get(name)) != str(new.get(name)) for name in configuration_class.host_fields())


def _defaults(configuration_class: type[Configuration]) -> dict[str, Any]:
    fields = configuration_class.described().items()
    plain = {name: info.get_default(call_default_factory=True) for name, info in fields if not info.is_required()}
    return configuration_class.model_construct(**plain).model_dump(mode="json", include=set(plain))


def _stored_secrets(system: ConnectedSystem) -> dict[str, str]:
    try:
        return vault.open_sealed(system.sealed_secrets, str(system.pk))
    except vault.VaultError:
        return {}  # they cannot be used any more; what is typed now replaces them
