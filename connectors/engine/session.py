"""Opening connectors for connected systems, and keeping them open for as long as their thread has work for them."""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from pydantic import ValidationError

from connectors import registry, vault
from connectors.engine import schema_store
from connectors.engine.guarded_connector import GuardedConnector, defect
from connectors.models import ConnectedSystem
from connectors.spi import (
    AlreadyExists,
    Capabilities,
    Configuration,
    Connector,
    ConnectorError,
    Gone,
    Misconfigured,
    Rejected,
    Schema,
)
from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport

logger = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
"""A connection that was not used for so long is opened anew: servers and firewalls drop idle ones without a word."""

_HARMLESS = (AlreadyExists, Gone, Rejected)
"""Errors about one object, after which the connection is as good as before."""


@dataclass(slots=True)
class Session:
    """A connected system for one piece of work of one thread."""

    system: ConnectedSystem
    connector: GuardedConnector
    deadline: float

    def remaining(self) -> float:
        """Seconds left, none or less when the deadline has passed."""
        return self.deadline - time.monotonic()

    def schema(self) -> Schema:
        """The system's schema: the one kept with it, or else read now and kept."""
        schema = schema_store.kept(self.system)
        if schema is None:
            schema = self.connector.schema()
            keep_schema(self.system, schema)
        return schema


@dataclass(slots=True)
class _Open:
    connector: Connector[Any]
    transport: GuardedTransport
    secrets: tuple[str, ...]
    stamp: tuple[object, ...]
    used_at: float


class _PerThread(threading.local):
    """The open connectors of this thread. Connectors are used by one thread at a time, so they are not shared."""

    def __init__(self) -> None:
        self.open: dict[UUID, _Open] = {}


_of_this_thread = _PerThread()

_capabilities: dict[UUID, tuple[tuple[object, ...], Capabilities]] = {}
"""What systems can do, by what they were configured with when they were asked: it follows from nothing else."""


@contextmanager
def session(
    system: ConnectedSystem, *, is_held: Callable[[], bool] | None = None, seconds: float | None = None
) -> Iterator[Session]:
    """A session for one piece of work, within the deadline that starts now.

    The connector is opened by the first call, whose errors then include those of opening it. It stays open for the
    thread's next piece of work, unless this one ends with an error that may be the connection's.

    Args:
        is_held: whether the lease is still ours; asked before every call.
        seconds: until the deadline, where the usual time is too long.
    """
    deadline = time.monotonic() + min(settings.PORTAL_CALL_DEADLINE_SECONDS, seconds or math.inf)
    _forget_stale(system)
    try:
        yield Session(system, GuardedConnector(lambda: _opened(system, deadline), is_held), deadline)
    except _HARMLESS:
        raise
    except BaseException:
        _drop(system.id)
        raise


@contextmanager
def connection(configuration: Configuration, kind: str) -> Iterator[Connector[Any]]:
    """An open connector for a configuration that need not be stored: for tests and discovery on screens.

    Raises:
        Misconfigured: the connector is not available, or cannot be opened. Transient: the system does not answer.
    """
    with _connector(kind, configuration, _transport()) as connector:
        yield connector


def unopened(system: ConnectedSystem) -> Connector[Any]:
    """A connector for asking what it can do; it must not be used to call the system (raises Misconfigured)."""
    return _connector(system.connector, configuration_of(system), _transport())


def capabilities(system: ConnectedSystem) -> Capabilities:
    """What can be done with the system as it is configured (raises Misconfigured, Defect)."""
    known = _capabilities.get(system.id)
    if known is None or known[0] != _stamp(system):
        known = _capabilities[system.id] = (_stamp(system), _asked_capabilities(system))
    return known[1]


def _asked_capabilities(system: ConnectedSystem) -> Capabilities:
    try:
        return unopened(system).capabilities()
    except ConnectorError:
        raise
    except Exception as error:
        raise defect(error, _secrets(system).values()) from error


def configuration_of(system: ConnectedSystem) -> Configuration:
    """The system's configuration with its secrets, validated (raises Misconfigured)."""
    return validated(system.connector, {**system.configuration, **_secrets(system)})


def validated(kind: str, values: Mapping[str, object]) -> Configuration:
    """A connector's configuration from plain values, checked offline.

    Raises:
        Misconfigured: the connector is not available, or the values do not fit; every mistake is named.
    """
    registration = registry.connector(kind)
    if registration.connector_class is None:
        raise Misconfigured(registration.unavailable_reason)
    try:
        return registration.connector_class.configuration_class.model_validate(dict(values))
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, each['loc'])) or 'configuration'}: {each['msg']}" for each in error.errors()]
        raise Misconfigured("The configuration is not valid. " + "; ".join(mistakes)) from None


def keep_schema(system: ConnectedSystem, schema: Schema) -> None:
    """Store a schema that was read, unless the system's configuration has changed meanwhile."""
    system.remote_schema = schema_store.stored(schema)
    same = ConnectedSystem.objects.filter(pk=system.pk, connector=system.connector, version=system.version)
    same.update(remote_schema=system.remote_schema)


def close_all() -> None:
    """Close every connector this thread holds open."""
    for system_id in list(_of_this_thread.open):
        _drop(system_id)


def _stamp(system: ConnectedSystem) -> tuple[object, ...]:
    return (system.connector, repr(system.configuration), system.sealed_secrets, system.version)


def _forget_stale(system: ConnectedSystem) -> None:
    """Close what this thread has not used for long, and what was opened with another configuration."""
    now = time.monotonic()
    for system_id, each in list(_of_this_thread.open.items()):
        if now - each.used_at > IDLE_SECONDS or (system_id == system.id and each.stamp != _stamp(system)):
            _drop(system_id)


def _opened(system: ConnectedSystem, deadline: float) -> tuple[Connector[Any], tuple[str, ...]]:
    """The thread's open connector for the system and its secrets; it has until the deadline."""
    remaining = deadline - time.monotonic()
    kept = _of_this_thread.open.get(system.id) or _open(system, remaining)
    kept.transport.start_operation(remaining)
    kept.used_at = time.monotonic()
    return kept.connector, kept.secrets


def _open(system: ConnectedSystem, seconds: float) -> _Open:
    secrets = tuple(_secrets(system).values())
    transport = _transport()
    transport.start_operation(seconds)
    connector = _connector(system.connector, configuration_of(system), transport)
    try:
        connector.open()
    except ConnectorError:
        _close(connector)
        raise
    except Exception as error:
        _close(connector)
        raise defect(error, secrets) from error
    kept = _Open(connector, transport, secrets, _stamp(system), time.monotonic())
    _of_this_thread.open[system.id] = kept
    return kept


def _drop(system_id: UUID) -> None:
    opened = _of_this_thread.open.pop(system_id, None)
    if opened is not None:
        _close(opened.connector)


def _close(connector: Connector[Any]) -> None:
    try:
        connector.close()
    except Exception:  # closing must not hide why it is closed
        logger.warning("A %s connector could not be closed", connector.kind, exc_info=True)


def _connector(kind: str, configuration: Configuration, transport: GuardedTransport) -> Connector[Any]:
    registration = registry.connector(kind)
    if registration.connector_class is None:
        raise Misconfigured(registration.unavailable_reason)
    return registration.connector_class(configuration, transport)


def _transport() -> GuardedTransport:
    policy = NetworkPolicy(settings.PORTAL_ALLOWED_NETWORKS, settings.PORTAL_SQLITE_DIR)
    return GuardedTransport(policy, settings.PORTAL_CALL_DEADLINE_SECONDS)


def _secrets(system: ConnectedSystem) -> dict[str, str]:
    try:
        return vault.open_sealed(system.sealed_secrets, str(system.id))
    except vault.VaultError as error:
        raise Misconfigured(str(error)) from error
