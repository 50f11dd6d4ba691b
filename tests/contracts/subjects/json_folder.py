"""The worked example of the connector author's page under contract."""

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.spi import RemoteObject
from tests.contracts.subject import ContractSubject
from tests.contracts.transport import loopback_transport
from tests.documents.json_folder import JsonFolderConnector


def _subject(request: pytest.FixtureRequest) -> ContractSubject:
    local: Path = request.getfixturevalue("tmp_path")
    (local / "accounts").mkdir()
    return ContractSubject(
        connector_class=JsonFolderConnector,
        transport=partial(loopback_transport, sqlite_dir=local),
        configuration={"folder": "accounts"},
        user=lambda name: {"login": (name,), "full_name": ("Ada Example",)},
        group=lambda name: {"name": (name,)},
        text="note",
        several="mail",
        raw=partial(_raw, local / "accounts"),
        invalid={"folder": ""},
        broken={"folder": {"folder": "absent"}},
    )


def _raw(folder: Path, item: RemoteObject) -> Mapping[str, tuple[Any, ...]] | None:
    path = folder / f"{item.object_class}s" / f"{item.remote_id}.json"
    return {name: (value,) for name, value in json.loads(path.read_text()).items()} if path.exists() else None


SUBJECTS = {"json-folder": _subject}
LACKING = {"json-folder": frozenset({"nested_groups"})}
