"""Finding out whether a system that failed is back: exactly one read, while everything else waits."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connectors.engine import gates
from connectors.engine.claim import Ending, Outcome
from connectors.engine.failures import Defect, ending_of
from connectors.engine.session import Session, session
from connectors.models import ConnectedSystem
from connectors.spi import Capability, ConnectorError, ObjectClass, Throttled

PROBE_SECONDS = 10.0
"""How long a probe may take: a system that accepts connections and never answers must not hold a thread for long."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The one probe of a system; its mark tells it from an earlier one that was given up."""

    system_id: UUID
    mark: datetime


def take_due(limit: int) -> list[Probe]:
    """Take up to `limit` probes that are due; nobody else can take them meanwhile."""
    probes = []
    for system_id in gates.probes_due()[:limit]:
        mark = gates.start_probe(system_id)
        if mark is not None:
            probes.append(Probe(system_id, mark))
    return probes


def carry_out(probe: Probe) -> bool:
    """Make the probe's read and write what it says; False when the probe had been given up meanwhile."""
    system = ConnectedSystem.objects.filter(pk=probe.system_id).first()
    return system is not None and gates.finish_probe(probe.system_id, probe.mark, _outcome(system))


def _outcome(system: ConnectedSystem) -> Outcome:
    try:
        with session(system, seconds=PROBE_SECONDS) as opened:
            _read(opened)
    except (ConnectorError, Defect) as error:
        ending, error_class = ending_of(error)
        retry_in = error.retry_after if isinstance(error, Throttled) else None
        if ending is Ending.DEFECT:
            # A connector that breaks while it finds out whether its system is back has not found that it is.
            ending, error_class = Ending.RETRY, "transient"
        return Outcome(ending, error_class=error_class, message=error.message, detail=error.detail, retry_in=retry_in)
    return Outcome(Ending.DONE)


def _read(opened: Session) -> None:
    """The smallest read the system allows."""
    capabilities = opened.connector.capabilities()
    for object_class in ObjectClass:
        if capabilities.allows(object_class, Capability.SEARCH):
            opened.connector.search(object_class, limit=1)
            return
    opened.connector.schema()
