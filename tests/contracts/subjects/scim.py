"""The SCIM connector under contract, against a real third-party server, in each of its dialects."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.catalog.scim import ScimConnector
from connectors.catalog.scim.documents import flattened
from connectors.catalog.scim.shapes import Shapes
from connectors.spi import ObjectClass, RemoteObject, Transport
from connectors.spi.addresses import NetworkPolicy
from connectors.spi.guarded_transport import GuardedTransport
from tests.contracts.subject import ContractSubject
from tests.servers.scim import ScimServer


def _subject(request: pytest.FixtureRequest, **configuration: Any) -> ContractSubject:
    server: ScimServer = request.getfixturevalue("scim_server")
    return ContractSubject(
        connector_class=ScimConnector,
        transport=_transport,
        configuration={"base_url": server.url, "token": server.token, **configuration},
        user=lambda name: {"userName": (name,), "name.familyName": ("Example",)},
        group=lambda name: {"displayName": (name,)},
        text="title",
        several="emails",
        raw=partial(_raw, server),
        invalid={"base_url": "ftp://x", "page_size": 0, "update_with": "post"},
        broken={"authentication": {"token": "wrong"}, "address": {"base_url": "http://127.0.0.1:9/v2"}},
    )


def _transport() -> Transport:
    return GuardedTransport(NetworkPolicy(["127.0.0.0/8"], Path("/nonexistent")), 60)


def _raw(server: ScimServer, item: RemoteObject) -> Mapping[str, tuple[Any, ...]] | None:
    path = "Users" if item.object_class is ObjectClass.USER else "Groups"
    with server.client() as client:
        answer = client.get(f"/{path}/{item.remote_id}")
    return flattened(answer.json(), Shapes(item.object_class, lambda: None)) if answer.is_success else None


SUBJECTS = {
    "scim": _subject,
    "scim-whole-objects": partial(
        _subject, update_with="put", group_membership_with="put", filter_supported="no", page_size=20
    ),
    "scim-other-dialect": partial(
        _subject,
        patch_style="no_path",
        capitalised_operations=True,
        content_type="application/json",
        members_per_request=7,
        disable_by="removal",
        omit_external_id=True,
        nested_groups=True,
    ),
}
LACKING = {
    "scim": frozenset({"nested_groups"}),
    "scim-whole-objects": frozenset({"nested_groups"}),
    "scim-other-dialect": frozenset({"disabling"}),
}
