"""A peer that keeps what is written to it, and the names these tests share."""

from collections.abc import Callable
from typing import Any

from connectors.spi import Delta, ObjectClass
from tests.connectors.catalog.scim.conftest import Peer, Script, listing
from tests.connectors.scripted_http import Answer, Request

USER, GROUP = ObjectClass.USER, ObjectClass.GROUP
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
WORK, HOME = 'emails[type eq "work"].value', 'emails[type eq "home"].value'
PRIMARY = "emails[primary eq true].value"
GROUP_DOCUMENT = {"id": "g", "displayName": "G"}
StartPeer = Callable[[Script], Peer]
Operations = list[dict[str, Any]]


class Store:
    """A peer that holds one object, keeps every write, and answers a PATCH with 204."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def __call__(self, request: Request) -> Answer:
        if request.method == "GET" and request.path.endswith(("Users", "Groups")):
            return listing()
        if request.method == "GET" and request.path.endswith(("Schemas", "ResourceTypes")):
            return Answer(404)
        return Answer(204) if request.method in ("PATCH", "PUT", "DELETE") else Answer(200, self.document)


def written_operations(peer: StartPeer, document: dict[str, Any], delta: Delta, **switches: Any) -> list[Operations]:
    """The operations of each PATCH that a delta leads to."""
    scripted = peer(Store(document))
    object_class = GROUP if "displayName" in document and "userName" not in document else USER
    scripted.connector(**switches).update(object_class, document["id"], delta)
    assert all("PatchOp" in request.document["schemas"][0] for request in scripted.server.seen("PATCH"))
    return [request.document["Operations"] for request in scripted.server.seen("PATCH")]
