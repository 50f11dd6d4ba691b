"""The online test: what is looked at, in this order, and what to do about each finding. It changes nothing."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from uuid import uuid4

from scim2_models.path import AttrPath, CompareOperator

from connectors.catalog.scim.announcement import schemas, service_provider_config
from connectors.catalog.scim.client import ScimClient
from connectors.catalog.scim.configuration import FilterSupport, ScimConfiguration, WriteMethod
from connectors.catalog.scim.documents import Document
from connectors.catalog.scim.listing import Position, listed
from connectors.catalog.scim.names import RawComparison
from connectors.catalog.scim.shapes import NAME_ATTRIBUTES
from connectors.spi import ConnectorError, Finding, FindingLevel, Gone, Misconfigured, ObjectClass, Throttled

CREDENTIAL_STATUS = (401, 403)
BY_NAME = NAME_ATTRIBUTES[ObjectClass.USER]


def unreachable(error: ConnectorError) -> Finding:
    """The finding for a peer that cannot be spoken to at all."""
    advice = "Check base URL and CA certificate, that the system runs, and the portal's allowed networks."
    return Finding("address", FindingLevel.ERROR, error.message, advice)


@dataclass(frozen=True)
class OnlineTest:
    """One test of one peer.

    Attributes:
        harmless: the body of a PATCH that would change nothing of value.
    """

    client: ScimClient
    configuration: ScimConfiguration
    harmless: Document

    def findings(self) -> Iterator[Finding]:
        """The findings, ending with the first error that makes the rest meaningless."""
        reached = yield from self._reach()
        if not reached:
            return
        yield self._looked_at("announcement", self._announcement)
        yield self._looked_at("schemas", self._schemas)
        yield self._looked_at("filter", self._filter)
        if self.configuration.groups_path:
            yield self._looked_at("groups", self._groups)
        yield self._looked_at("writing", self._writing)

    def _reach(self) -> Generator[Finding, None, bool]:
        """Address, sign-in and the list of users; returns whether all three hold."""
        try:
            listed(self.client, self.configuration.users_path, Position(), count=1, query={})
        except ConnectorError as error:
            yield from _not_reached(error)
            return False
        yield Finding("address", FindingLevel.OK, "The system answers.")
        yield Finding("authentication", FindingLevel.OK, "The system accepts the credentials.")
        yield Finding("users", FindingLevel.OK, "Users can be read.")
        return True

    def _looked_at(self, name: str, look: Callable[[], Finding]) -> Finding:
        try:
            return look()
        except ConnectorError as error:
            advice = "Repeat the test; if it stays, look at this part of the system and at the switches of the dialect."
            return Finding(name, FindingLevel.WARNING, error.message, advice)

    def _announcement(self) -> Finding:
        config = service_provider_config(self.client)
        if config is None or config.patch is None or config.patch.supported is None:
            return _warning("announcement", "The system does not tell what it supports.", "Check the dialect by hand.")
        patching = WriteMethod.PATCH in (self.configuration.update_with, self.configuration.group_membership_with)
        if patching and not config.patch.supported:
            advice = "Set updates and members to put."
            return Finding("announcement", FindingLevel.ERROR, "The system says it does not support PATCH.", advice)
        return Finding("announcement", FindingLevel.OK, "The system tells what it supports, and the switches agree.")

    def _schemas(self) -> Finding:
        if schemas(self.client) is None:
            return _warning("schemas", "The system does not tell its schemas.", "The standard's schemas are offered.")
        return Finding("schemas", FindingLevel.OK, "The schemas can be read.")

    def _filter(self) -> Finding:
        if self.configuration.filter_supported is FilterSupport.NO:
            return _warning("filter", "Filters are not used.", "Every search reads the whole list.")
        nobody = str(RawComparison(AttrPath(BY_NAME), CompareOperator.eq, f"nobody-{uuid4()}"))
        page = listed(self.client, self.configuration.users_path, Position(), count=1, query={"filter": nobody})
        if page.documents:
            return _warning("filter", "The system ignores filters.", "Set filters to no; its answers are checked here.")
        return Finding("filter", FindingLevel.OK, "Filters work.")

    def _groups(self) -> Finding:
        query = {"excludedAttributes": "members"}
        try:
            listed(self.client, self.configuration.groups_path, Position(), count=1, query=query)
        except Misconfigured as error:
            advice = "Correct the path of groups, or leave it empty if the system has none."
            return Finding("groups", FindingLevel.ERROR, error.message, advice)
        return Finding("groups", FindingLevel.OK, "Groups can be read.")

    def _writing(self) -> Finding:
        """Ask to change an object that cannot exist: whoever may write is told that it is not there."""
        if self.configuration.update_with is WriteMethod.PUT:
            return _warning(
                "writing", "Whether the portal may write cannot be tested with PUT.", "Try with one person."
            )
        try:
            self.client.write("PATCH", ObjectClass.USER, str(uuid4()), self.harmless)
        except Gone:
            return Finding("writing", FindingLevel.OK, "The system takes changes.")
        except Misconfigured as error:
            return Finding("writing", FindingLevel.ERROR, error.message, "Give the credentials the right to write.")
        return _warning("writing", "The system did not notice that the object is not there.", "Try with one person.")


def _not_reached(error: ConnectorError) -> Iterator[Finding]:
    status = error.facts.get("status")
    if status is None and not isinstance(error, Throttled):
        yield unreachable(error)
        return
    yield Finding("address", FindingLevel.OK, "The system answers.")
    if status in CREDENTIAL_STATUS:
        advice = "Check token, or user name and password, and what they are allowed to do."
        yield Finding("authentication", FindingLevel.ERROR, error.message, advice)
        return
    advice = "Check base URL and path of users; if they are right, look at the system's own log."
    yield Finding("users", FindingLevel.ERROR, error.message, advice)


def _warning(name: str, message: str, advice: str) -> Finding:
    return Finding(name, FindingLevel.WARNING, message, advice)
