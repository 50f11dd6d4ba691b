"""The online test: one named finding after the other, changing nothing."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from uuid import uuid4

import ldap

from connectors.catalog.ldap.configuration import DisableBy, LdapConfiguration, Security
from connectors.catalog.ldap.enabling import LOCKED_TIME, enabling_of
from connectors.catalog.ldap.entries import Entries
from connectors.catalog.ldap.errors import translated
from connectors.catalog.ldap.filters import with_classes
from connectors.catalog.ldap.schema import directory_schema, missing_classes, subschema
from connectors.catalog.ldap.session import Entry, Query, Session
from connectors.spi import ConnectorError, Finding, FindingLevel, Misconfigured, ObjectClass, Transport

PASSWORD_POLICY = "1.3.6.1.4.1.42.2.27.8.5.1"  # noqa: S105 - the identifier of a control
PAGED_RESULTS = "1.2.840.113556.1.4.319"
_NEVER_A_TIME = b"19000101000000Z"

Outcome = str | tuple[FindingLevel, str]


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing to look at. `advice` is what to do when it fails; `essential`: the rest means nothing then."""

    name: str
    look: Callable[[], Outcome]
    advice: str
    essential: bool = True


def findings(configuration: LdapConfiguration, transport: Transport) -> Iterator[Finding]:
    """Look at everything in its order, over a connection of its own; never raises a connector's error."""
    with closing(Session(configuration, transport)) as session:
        for step in _Examination(configuration, transport, session).steps():
            finding = _tried(step)
            yield finding
            if finding.level is FindingLevel.ERROR and step.essential:
                return


def _tried(step: _Step) -> Finding:
    try:
        with translated():
            outcome = step.look()
    except ConnectorError as error:
        said = f"{error.message} ({error.detail})" if error.detail else error.message
        return Finding(step.name, FindingLevel.ERROR, said, step.advice)
    level, message = (FindingLevel.OK, outcome) if isinstance(outcome, str) else outcome
    return Finding(step.name, level, message, "" if level is FindingLevel.OK else step.advice)


class _Examination:
    """The steps of one test, each building on the one before."""

    def __init__(self, configuration: LdapConfiguration, transport: Transport, session: Session) -> None:
        self._configuration = configuration
        self._transport = transport
        self._session = session
        self._sample: Entry | None = None

    def steps(self) -> Iterator[_Step]:
        """Everything there is to look at with this configuration."""
        configuration = self._configuration
        yield _Step("address", self._address, "Check the host name, and the portal's allowed networks.")
        yield _Step("connection", self._connection, "Check host, port and firewall, and that the server runs.")
        yield _Step("encryption", self._encryption, "Check the kind of encryption, host name and CA certificate.")
        yield _Step("bind", self._bind, "Check the bind DN and its password.")
        yield _Step("base", self._base, "Choose a base DN the directory has; Discover proposes one.")
        yield self._container("user_container", configuration.users_dn)
        if configuration.has_groups:
            yield self._container("group_container", configuration.groups_dn)
        if configuration.has_org_units:
            yield self._container("org_unit_container", configuration.org_units_dn)
        if configuration.disable_by is DisableBy.CONTAINER:
            yield self._container("disabled_container", configuration.disabled_dn)
        yield _Step("schema", self._schema, "Name object classes the directory has, and attributes they allow.")
        yield _Step(
            "paging", self._paging, "Ask the directory's administrator to allow paged results.", essential=False
        )
        yield _Step("reading", self._reading, "Give the portal's account the right to read the containers.")
        yield _Step("writing", self._writing, "Give the portal's account the right to write.", essential=False)
        yield _Step(
            "disabling", self._disabling, "Choose a way to disable that fits, or run Discover.", essential=False
        )

    def _address(self) -> Outcome:
        host = self._configuration.host
        return f"{host} is {self._transport.resolve(host, self._configuration.port)}."

    def _connection(self) -> Outcome:
        self._session.connect().close()
        return f"Port {self._configuration.port} accepts connections."

    def _encryption(self) -> Outcome:
        self._session.encrypt(self._session.connect())
        if self._configuration.security is Security.PLAIN:
            return FindingLevel.WARNING, "The connection is not encrypted: the password can be read on the way."
        return "The connection is encrypted, and the certificate is valid for the host."

    def _bind(self) -> Outcome:
        self._session.bind()
        return f"Signed in as {self._configuration.bind_dn}."

    def _base(self) -> Outcome:
        if self._configuration.base_dn:
            return self._there(self._configuration.base_dn)
        announced = ", ".join(value.decode() for value in self._session.root().values.get("namingcontexts", []))
        raise Misconfigured(f"No base DN is chosen yet. The directory has {announced or 'announced none'}.")

    def _there(self, dn: str) -> Outcome:
        try:
            found = self._session.search(Query(dn, "(objectClass=*)", ("1.1",), ldap.SCOPE_BASE))
        except ldap.NO_SUCH_OBJECT:
            found = []
        if not found:
            raise Misconfigured(f"{dn} does not exist, or this account may not see it.")
        return f"{dn} is there."

    def _container(self, name: str, dn: str) -> _Step:
        return _Step(name, lambda: self._there(dn), f"Create {dn}, name another, or let the account read it.")

    def _schema(self) -> Outcome:
        parsed = subschema(self._session, self._configuration)
        missing = missing_classes(parsed, self._configuration)
        if missing:
            raise Misconfigured(f"The directory knows no object class {', '.join(missing)}.")
        self._entries = Entries(
            self._configuration,
            directory_schema(parsed, self._configuration),
            enabling_of(self._configuration),
        )
        return f"{len(self._entries.schema.part(ObjectClass.USER).attributes)} attributes of users are known."

    def _paging(self) -> Outcome:
        if self._session.supports(PAGED_RESULTS):
            return "Long lists are read page by page."
        return FindingLevel.WARNING, "The directory does not list paged results: long lists may be refused."

    def _reading(self) -> Outcome:
        text = with_classes(self._entries.classes(ObjectClass.USER))
        wanted = self._entries.wanted(ObjectClass.USER)
        query = Query(self._configuration.users_dn, text, wanted)
        try:
            found = self._session.search(query, size_limit=1)
        except ldap.SIZELIMIT_EXCEEDED:
            found, _ = self._session.search_page(query, 1, b"")
        if not found:
            return "The container can be read; it holds no user yet."
        self._sample = found[0]
        return f"Users can be read, for instance {self._entries.remote_object(ObjectClass.USER, found[0]).name}."

    def _writing(self) -> Outcome:
        """Ask to remove a value nobody has: the directory checks the right first, and then has nothing to change."""
        target = self._sample.dn if self._sample else self._configuration.users_dn
        if self._may_write(target, "description", uuid4().hex.encode()):
            return f"{target} may be changed. Creating and deleting were not tried, for that would change something."
        if self._sample:
            raise Misconfigured(f"The portal's account may not change {target}.")
        return FindingLevel.WARNING, f"Not checked: there is no user to try on, and {target} itself is not writable."

    def _disabling(self) -> Outcome:
        match self._configuration.disable_by:
            case DisableBy.PPOLICY:
                return self._lock()
            case DisableBy.ATTRIBUTE:
                return self._marking()
            case DisableBy.CONTAINER:
                return f"Disabled accounts are moved to {self._configuration.disabled_dn}."
            case DisableBy.REMOVAL:
                return "Accounts are removed instead of disabled."

    def _lock(self) -> Outcome:
        if not self._entries.schema.has_lock or not self._session.supports(PASSWORD_POLICY):
            raise Misconfigured("The directory has no password policy overlay.")
        if self._sample and not self._may_write(self._sample.dn, LOCKED_TIME, _NEVER_A_TIME):
            raise Misconfigured(f"The portal's account may not write {LOCKED_TIME}.")
        query = Query(self._configuration.base_dn, "(objectClass=pwdPolicy)", ("pwdLockout",))
        try:
            policies = self._session.search(query, size_limit=100)
        except ldap.SIZELIMIT_EXCEEDED:
            policies = []
        locking = [each for each in policies if each.values.get("pwdlockout") == [b"TRUE"]]
        if policies and not locking:
            raise Misconfigured("No password policy has pwdLockout TRUE: the directory would ignore a lock.")
        if not locking:
            return FindingLevel.WARNING, "No password policy can be seen: whether a lock is heeded was not checked."
        return f"Accounts are locked; {locking[0].dn} heeds the lock."

    def _marking(self) -> Outcome:
        attribute = self._configuration.disable_attribute
        parsed = subschema(self._session, self._configuration)
        must, may = parsed.attribute_types(list(self._configuration.user_object_classes), raise_keyerror=0)
        known = {alias.lower() for each in (*must.values(), *may.values()) for alias in each.names}
        if attribute.lower() not in known:
            raise Misconfigured(f"The configured object classes allow no attribute {attribute}.")
        return f"A disabled account has {attribute}: {self._configuration.disabled_value}."

    def _may_write(self, dn: str, attribute: str, value: bytes) -> bool:
        try:
            self._session.modify(dn, [(ldap.MOD_DELETE, attribute, [value])], ())
        except ldap.INSUFFICIENT_ACCESS:
            return False
        except ldap.NO_SUCH_ATTRIBUTE:
            return True
        return True
