"""One bound connection to the directory: made through the transport, made again once when it has gone stale."""

import select
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import ldap
from ldap.controls import RequestControl, SimplePagedResultsControl
from ldap.ldapobject import SimpleLDAPObject

from connectors.catalog.ldap.configuration import LdapConfiguration, Security
from connectors.catalog.ldap.errors import CONNECTION_LOST, lost, translated
from connectors.catalog.ldap.tls import relayed, request_start_tls, secured
from connectors.spi import Transient, Transport

T = TypeVar("T")
Values = dict[str, list[bytes]]
Modification = tuple[int, str, list[bytes] | None]

# libldap connects by itself when the connection it was given breaks; this name leads nowhere (RFC 6761 section 6.4).
_NOWHERE = "ldap://connected-by-the-transport.invalid"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as the directory gives it, attribute names in lower case."""

    dn: str
    values: Values


@dataclass(frozen=True, slots=True)
class Query:
    """One search: where, how deep, what, and which attributes."""

    base: str
    text: str
    attributes: tuple[str, ...]
    scope: int = ldap.SCOPE_SUBTREE


def entry_of(dn: str, values: Values) -> Entry:
    """An entry with its attribute names folded, for servers spell them as they like."""
    return Entry(dn, {name.lower(): list(each) for name, each in values.items()})


class Session:
    """The connection of one connector.

    Reads are repeated once over a new connection when the old one turns out to be dead. Writes are not: a connection
    is looked at before it is used, and one that breaks afterwards leaves the outcome open.

    Attributes:
        generation: counts the connections made, for whoever keeps something that ends with one (paging cookies).
    """

    def __init__(self, configuration: LdapConfiguration, transport: Transport) -> None:
        self._configuration = configuration
        self._transport = transport
        self._connection: SimpleLDAPObject | None = None
        self._controls: frozenset[str] | None = None
        self.generation = 0

    def open(self) -> None:
        """Connect, encrypt and bind (raises Transient, Misconfigured)."""
        self.encrypt(self.connect())
        self.bind()

    def connect(self) -> socket.socket:
        """A connection to the server, nothing said yet (raises Transient, Misconfigured)."""
        return self._transport.connect(self._configuration.host, self._configuration.port)

    def encrypt(self, remote: socket.socket) -> None:
        """Go on over this connection, encrypted as configured; no secret is sent (raises Transient, Misconfigured)."""
        host, security = self._configuration.host, self._configuration.security
        try:
            remote.settimeout(self._transport.remaining())
            if security is Security.STARTTLS:
                request_start_tls(remote, host)
            if security is not Security.PLAIN:
                context = self._transport.tls_context(self._configuration.ca_certificate)
                remote = relayed(secured(remote, context, host))
        except BaseException:
            remote.close()
            raise
        remote.settimeout(None)
        self.close()
        connection = ldap.initialize(_NOWHERE, fileno=remote.detach())
        connection.set_option(ldap.OPT_PROTOCOL_VERSION, ldap.VERSION3)
        connection.set_option(ldap.OPT_REFERRALS, 0)
        connection.set_option(ldap.OPT_DEREF, ldap.DEREF_NEVER)
        connection.set_option(ldap.OPT_SIZELIMIT, 0)
        self._connection = connection
        self.generation += 1

    def bind(self) -> None:
        """Sign in with the configured account (raises Misconfigured, Transient)."""
        with translated():
            self._over(
                self._limited(),
                lambda connection: connection.simple_bind_s(
                    self._configuration.bind_dn, self._configuration.bind_password
                ),
            )

    def close(self) -> None:
        """Drop the connection; never raises."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(ldap.LDAPError):
                connection.unbind_ext_s()

    def supports(self, control: str) -> bool:
        """Whether the server lists this control in its root entry."""
        if self._controls is None:
            self.root()
        return control in (self._controls or ())

    def root(self) -> Entry:
        """The server's own description (RFC 4512 section 5.1)."""
        names = ("supportedControl", "namingContexts", "subschemaSubentry", "vendorName", "vendorVersion")
        found = self.search(Query("", "(objectClass=*)", names, ldap.SCOPE_BASE))
        root = found[0] if found else Entry("", {})
        self._controls = frozenset(value.decode() for value in root.values.get("supportedcontrol", []))
        return root

    def search(self, query: Query, *, size_limit: int = 0) -> list[Entry]:
        """All matching entries.

        Raises:
            ldap.SIZELIMIT_EXCEEDED: there are more than `size_limit`, or more than the server gives.
            ldap.LDAPError: another result of the server. Transient: no connection.
        """

        def ask(connection: SimpleLDAPObject) -> list[Entry]:
            found = connection.search_ext_s(
                query.base,
                query.scope,
                query.text,
                list(query.attributes),
                timeout=connection.timeout,
                sizelimit=size_limit,
            )
            return _entries(found)

        return self._read(ask)

    def search_page(self, query: Query, size: int, cookie: bytes) -> tuple[list[Entry], bytes]:
        """One page of matching entries and the cookie of the next, empty at the end (RFC 2696; raises as `search`)."""
        control = SimplePagedResultsControl(criticality=True, size=size, cookie=cookie)

        def ask(connection: SimpleLDAPObject) -> tuple[list[Entry], bytes]:
            message = connection.search_ext(
                query.base, query.scope, query.text, list(query.attributes), serverctrls=[control]
            )
            _, found, _, answers = connection.result3(message, timeout=connection.timeout)
            cookies = [each.cookie for each in answers if each.controlType == control.controlType]
            return _entries(found), bytes(cookies[0]) if cookies else b""

        if not cookie:
            return self._read(ask)
        generation, connection = self.generation, self._usable()
        if generation != self.generation:
            raise Transient("The directory closed the connection in the middle of a listing, which has to start anew.")
        return self._over(connection, ask)

    def add(self, dn: str, values: Values) -> None:
        """Add an entry."""
        self._write(lambda connection: connection.add_ext_s(dn, list(values.items())))

    def modify(self, dn: str, changes: Sequence[Modification], controls: Sequence[RequestControl]) -> None:
        """Change values of an entry, all or none."""
        self._write(lambda connection: connection.modify_ext_s(dn, list(changes), serverctrls=list(controls)))

    def rename(self, dn: str, rdn: str, container: str | None, controls: Sequence[RequestControl]) -> None:
        """Rename an entry, dropping the old name's values, and move it if another container is given."""
        self._write(lambda connection: connection.rename_s(dn, rdn, container, delold=1, serverctrls=list(controls)))

    def delete(self, dn: str, controls: Sequence[RequestControl]) -> None:
        """Remove an entry."""
        self._write(lambda connection: connection.delete_ext_s(dn, serverctrls=list(controls)))

    def _write(self, call: Callable[[SimpleLDAPObject], object]) -> None:
        self._over(self._usable(), call, written=True)

    def _read(self, call: Callable[[SimpleLDAPObject], T]) -> T:
        reused = self._connection is not None
        try:
            return self._over(self._usable(), call)
        except Transient:
            if not reused:
                raise
        return self._over(self._usable(), call)

    def _over(self, connection: SimpleLDAPObject, call: Callable[[SimpleLDAPObject], T], *, written: bool = False) -> T:
        try:
            return call(connection)
        except CONNECTION_LOST as error:
            self.close()
            raise lost(error, written=written) from error

    def _usable(self) -> SimpleLDAPObject:
        """A bound connection the server has not closed, with the time that is left set on it."""
        if self._connection is None or self._ended(self._connection):
            self.open()
        return self._limited()

    def _limited(self) -> SimpleLDAPObject:
        if self._connection is None:
            raise Transient("There is no connection to the directory.")
        seconds = self._transport.remaining()
        self._connection.timeout = seconds
        self._connection.set_option(ldap.OPT_NETWORK_TIMEOUT, seconds)
        return self._connection

    def _ended(self, connection: SimpleLDAPObject) -> bool:
        """Whether the server has closed the connection or is about to: between calls it has nothing else to say."""
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN)
        return bool(poll.poll(0))


def _entries(found: list[tuple[str | None, Values]]) -> list[Entry]:
    """The entries of an answer, without references to other servers."""
    return [entry_of(dn, values) for dn, values in found if dn is not None]
