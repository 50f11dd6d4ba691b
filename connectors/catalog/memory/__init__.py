"""A connector that keeps its objects in this process: the smallest complete example, and the engine's test target."""

from connectors.catalog.memory.configuration import MemoryConfiguration
from connectors.catalog.memory.connector import MemoryConnector
from connectors.catalog.memory.script import Call, Script
from connectors.catalog.memory.store import MemoryStore

__all__ = ["Call", "MemoryConfiguration", "MemoryConnector", "MemoryStore", "Script"]
