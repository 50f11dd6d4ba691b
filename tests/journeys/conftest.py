"""One installation in front of a directory and an application, each behind a proxy, for the tests of single faults."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.journeys import systems
from tests.journeys.people import Personnel
from tests.servers.portal import Portal
from tests.servers.proxy import FlakyProxy, running_proxy
from tests.servers.scim import ScimServer
from tests.servers.slapd import Slapd

DIRECTORY_TITLE, APPLICATION_TITLE = "for directory", "for application"


PATIENT = {"LEASE_SECONDS": "5", "CALL_DEADLINE_SECONDS": "4"}
"""A busy machine would make the usual short deadline a fault of its own."""
Measured = Callable[[str, float], None]


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    """Notes a measured number in the test's report and in what `pytest -s` shows."""

    def note(name: str, number: float) -> None:
        record_property(name, round(number, 2))
        sys.stdout.write(f"{name}: {number:.2f}\n")

    return note


class Site:
    """An installation without a worker, its personnel system, and its two connected systems, whose pushes are over.

    Each system takes only people whose title starts with its own words, so that a test can aim at one of them.
    """

    def __init__(self, portal: Portal, slapd: Slapd, application: ScimServer, stack: ExitStack) -> None:
        """Connect both systems through proxies."""
        self.portal = portal
        self.proxies: dict[str, FlakyProxy] = {
            systems.DIRECTORY: stack.enter_context(running_proxy("127.0.0.1", slapd.port)),
            systems.APPLICATION: stack.enter_context(running_proxy("127.0.0.1", application.port)),
        }
        behind = {name: proxy.port for name, proxy in self.proxies.items()}
        scope = 'title sw "{}"'
        directory = systems.directory(slapd, port=behind[systems.DIRECTORY], scope=scope.format(DIRECTORY_TITLE))
        systems.connect(portal, directory)
        receiver = systems.application(
            application, port=behind[systems.APPLICATION], scope=scope.format(APPLICATION_TITLE)
        )
        systems.connect(portal, receiver)
        systems.queue_pushes(portal)
        self.personnel = Personnel(portal)
        self._workers: list[str] = []

    def start_worker(self, **environment: str) -> str:
        """Start one more worker, with variables of its own; its name."""
        name = f"worker-{len(self._workers)}"
        self._workers.append(name)
        usual = self.portal.environment
        self.portal.environment = {**usual, **environment}
        try:
            self.portal.start(name)
        finally:
            self.portal.environment = usual
        return name

    def rest(self) -> None:
        """End every worker, and let the proxies pass everything."""
        for name in self._workers:
            self.portal.kill(name)
        for proxy in self.proxies.values():
            proxy.mode, proxy.delay, proxy.trigger, proxy.cuts_left = "pass", 0.0, b"", 1_000_000


@pytest.fixture(scope="session")
def _site(tmp_path_factory: pytest.TempPathFactory, _slapd: Slapd, _scim_server: ScimServer) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("site")
    secrets = {"DIRECTORY_PASSWORD": _slapd.bind_password, "APPLICATION_TOKEN": _scim_server.token}
    portal = Portal(folder, {**PATIENT, **secrets})
    with ExitStack() as stack:
        stack.callback(portal.stop)
        _slapd.ensure()
        _scim_server.ensure()
        portal.prepare()
        portal.start("web")
        yield Site(portal, _slapd, _scim_server, stack)


@pytest.fixture
def site(_site: Site, slapd: Slapd, scim_server: ScimServer) -> Iterator[Site]:
    """The shared installation with empty systems and no worker; people of other tests have names of their own."""
    yield _site
    _site.rest()
