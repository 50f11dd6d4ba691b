"""Systems whose accounts are referred to by name, and working off what refers."""

from typing import Any
from uuid import UUID

from connectors.engine.claim import claim_due
from connectors.engine.converge import converge
from connectors.engine.finish import finish
from connectors.models import ConnectedSystem, Operation, SystemMapping
from connectors.vocabulary import OperationState
from identities.vocabulary import MappingKind
from tests.connectors.engine.converging import Place
from tests.connectors.engine.memory_systems import a_memory_system
from tests.connectors.engine.rows import make_due


def by_name(**configuration: Any) -> Place:
    """A system where a rename changes the reference, as in a directory."""
    system, store = a_memory_system()
    system.configuration = {**system.configuration, "reference": "name", **configuration}
    system.save()
    SystemMapping.objects.create(
        system=system, attribute="manager", kind=MappingKind.EXPRESSION, source="user.manager.id"
    )
    return system, store


def work_off(system: ConnectedSystem) -> int:
    """Converge whatever is due until nothing is; return how many objects that took."""
    done = 0
    while True:
        make_due()
        claims = claim_due("one", 50)
        if not claims:
            return done
        for claim in claims:
            assert finish(claim, converge(claim))
            done += 1
        assert done < 200


def rung(system: ConnectedSystem) -> set[tuple[str, UUID]]:
    """What waits to be converged."""
    waiting = Operation.objects.filter(system=system, state=OperationState.WAITING)
    return set(waiting.values_list("object_type", "object_id"))
