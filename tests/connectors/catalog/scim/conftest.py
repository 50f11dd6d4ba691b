"""Scripted peers, and connectors that speak to them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.catalog.scim import ScimConfiguration, ScimConnector
from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport
from tests.connectors.scripted_http import Answer, RawAnswer, Request, ScriptedServer, scripted_server

TOKEN = "token-that-nobody-may-see"
Script = Callable[[Request], Answer | RawAnswer]


@dataclass(frozen=True)
class Peer:
    """A scripted peer."""

    server: ScriptedServer

    def connector(self, *, seconds: float = 5, **configuration: Any) -> ScimConnector:
        """A connector for this peer."""
        return connector(f"{self.server.url}/scim", TOKEN, seconds=seconds, **configuration)


def connector(base_url: str, token: str, *, seconds: float = 5, **configuration: Any) -> ScimConnector:
    """A connector whose transport may reach loopback."""
    transport = GuardedTransport(NetworkPolicy(["127.0.0.0/8"], Path("/nonexistent")), seconds)
    return ScimConnector(ScimConfiguration(base_url=base_url, token=token, **configuration), transport)


@pytest.fixture
def peer() -> Iterator[Callable[[Script], Peer]]:
    """Starts peers: `peer(answer)`."""
    with ExitStack() as stack:
        yield lambda answer: Peer(stack.enter_context(scripted_server(answer)))


def user(number: int = 1, **attributes: Any) -> dict[str, Any]:
    """A user as a peer would send it."""
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": f"id-{number}",
        "userName": f"user{number}",
        "active": True,
        **attributes,
    }


def listing(*resources: dict[str, Any], **more: Any) -> Answer:
    """A list of resources."""
    schemas = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
    return Answer(200, {"schemas": schemas, "totalResults": len(resources), "Resources": list(resources), **more})


def failure(status: int, scim_type: str = "", detail: str = "", **headers: str) -> Answer:
    """A SCIM error."""
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status)}
    return Answer(status, {**body, "scimType": scim_type, "detail": detail}, headers)
