"""Which connectors there are."""

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from connectors import registry
from connectors.catalog.memory import MemoryConnector

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    registry.connectors.cache_clear()
    yield
    registry.connectors.cache_clear()


class OtherConnector(MemoryConnector):
    """What a package may offer."""

    kind = "other"
    title = "Other"


class Impostor(MemoryConnector):
    """Offers itself as one of the built-in ones."""

    kind = "scim"


def offer(monkeypatch: pytest.MonkeyPatch, *values: str) -> None:
    points = [EntryPoint(f"offer{number}", value, registry.GROUP) for number, value in enumerate(values)]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)


def test_the_built_in_connectors_are_there() -> None:
    found = registry.connectors()
    assert {"ldap", "scim", "sql", "memory"} <= set(found)
    assert all(each.connector_class is not None for each in found.values())
    assert all(each.connector_class.kind == kind for kind, each in found.items() if each.connector_class)


def test_the_memory_connector_is_not_offered_in_forms() -> None:
    assert [kind for kind, each in registry.connectors().items() if not each.offered] == ["memory"]


def test_without_its_library_ldap_is_listed_with_the_line_that_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "ldap" or name.startswith("connectors.catalog.ldap")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "ldap", None)
    found = registry.connector("ldap")
    assert found.connector_class is None
    assert found.unavailable_reason.endswith(f": {registry.LDAP_ADVICE}")


def test_without_root_and_compiler_the_installation_prints_that_line_and_installs_nothing(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", "bin/install-ldap", ".venv"],
        cwd=ROOT,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1] == registry.LDAP_ADVICE


def test_a_package_can_offer_a_connector(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, f"{__name__}:OtherConnector")
    assert registry.connector("other").title == "Other"


def test_a_package_cannot_replace_a_built_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    offer(monkeypatch, f"{__name__}:Impostor")
    assert registry.connector("scim").connector_class is not Impostor


@pytest.mark.parametrize("value", ["no_such_package:Thing", f"{__name__}:Missing", f"{__name__}:offer"])
def test_a_package_that_offers_nonsense_is_listed_as_unavailable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    offer(monkeypatch, value)
    found = registry.connector("offer0")
    assert found.connector_class is None
    assert found.unavailable_reason


def test_a_kind_that_is_not_installed_any_more_is_unavailable() -> None:
    found = registry.connector("vanished")
    assert found.connector_class is None
    assert "vanished" in found.unavailable_reason
    assert not found.offered
