"""What the engine remembers. Rows are written by `connectors.actions` and `connectors.engine`."""

from connectors.models.link import Link, RemoteMembership
from connectors.models.operation import Operation
from connectors.models.run import AwaitedManager, Finding, ImportMapping, ImportProfile, Run, StagedRow
from connectors.models.system import ConnectedSystem, SystemMapping

__all__ = [
    "AwaitedManager",
    "ConnectedSystem",
    "Finding",
    "ImportMapping",
    "ImportProfile",
    "Link",
    "Operation",
    "RemoteMembership",
    "Run",
    "StagedRow",
    "SystemMapping",
]
