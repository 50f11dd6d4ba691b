"""A real OpenLDAP directory with password policies, memberOf, StartTLS and LDAPS."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import ldap
import ldap.modlist
from ldap.ldapobject import SimpleLDAPObject

from tests.servers.certificates import write_server_certificate
from tests.servers.processes import ServerProcess, free_port, installed, temporary_folder

Entry = dict[str, list[bytes]]
CONFIGURATION = Path(__file__).with_name("slapd.conf")
POLICY: dict[str, list[bytes]] = {
    "objectClass": [b"person", b"pwdPolicy"],
    "cn": [b"default"],
    "sn": [b"default"],
    "pwdAttribute": [b"userPassword"],
    "pwdLockout": [b"TRUE"],
    "pwdMaxFailure": [b"3"],
}


class Slapd:
    """A directory whose content outlives `stop` and `start`, and is made new by `reset`."""

    base_dn = "dc=example,dc=test"
    people_dn = f"ou=people,{base_dn}"
    groups_dn = f"ou=groups,{base_dn}"
    disabled_dn = f"ou=disabled,{base_dn}"
    policies_dn = f"ou=policies,{base_dn}"
    bind_dn = f"cn=admin,{base_dn}"
    bind_password = "secret"

    def __init__(self, folder: Path) -> None:
        """Write the configuration; nothing runs before `start`."""
        self.port, self.ldaps_port = free_port(), free_port()
        self.uri = f"ldap://127.0.0.1:{self.port}"
        self.ldaps_uri = f"ldaps://127.0.0.1:{self.ldaps_port}"
        self.ca_file, certificate, key = write_server_certificate(folder)
        (folder / "db").mkdir()
        configuration = folder / "slapd.conf"
        text = CONFIGURATION.read_text().format(
            folder=folder,
            authority=self.ca_file,
            certificate=certificate,
            key=key,
            base_dn=self.base_dn,
            bind_dn=self.bind_dn,
            bind_password=self.bind_password,
        )
        configuration.write_text(text)
        # Distributions confine /usr/sbin/slapd to its own folders; a copy may read ours.
        program = shutil.copy2(installed("slapd", "slapd"), folder / "slapd")
        listeners = f"ldap://127.0.0.1:{self.port}/ ldaps://127.0.0.1:{self.ldaps_port}/"
        self._process = ServerProcess(
            [program, "-f", configuration, "-h", listeners, "-d", "0"], folder / "log", cwd=folder
        )

    def start(self) -> None:
        """Start with the content of before; the first time with empty containers."""
        self._process.start(self._answers)
        with closing(self.connect()) as connection:
            if not self._exists(connection, self.base_dn):
                self._lay_out(connection)

    def stop(self) -> None:
        """Stop in good order; clients see refused connections."""
        self._process.stop(signal.SIGTERM)

    def suspend(self) -> None:
        """Stop answering while connections stay open."""
        self._process.send(signal.SIGSTOP)

    def proceed(self) -> None:
        """Answer again after `suspend`."""
        self._process.send(signal.SIGCONT)

    def ensure(self) -> None:
        """Start if a test left the server stopped."""
        if not self._process.running():
            self.start()

    def connect(self) -> SimpleLDAPObject:
        """A connection bound as the administrator; the caller closes it with `unbind_s`."""
        connection = ldap.initialize(self.uri, bytes_mode=False)
        connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
        connection.set_option(ldap.OPT_REFERRALS, 0)
        connection.simple_bind_s(self.bind_dn, self.bind_password)
        connection.close = connection.unbind_s
        return connection

    def entries(
        self, base: str, query: str = "(objectClass=*)", attributes: list[str] | None = None
    ) -> dict[str, Entry]:
        """The entries below `base` (not itself) by DN, operational attributes only when named."""
        with closing(self.connect()) as connection:
            found = connection.search_s(base, ldap.SCOPE_SUBTREE, query, attributes or ["*"])
        return {dn: entry for dn, entry in found if dn.lower() != base.lower()}

    def entry(self, dn: str) -> Entry | None:
        """One entry with its operational attributes, None when there is none."""
        with closing(self.connect()) as connection:
            try:
                return connection.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["*", "+"])[0][1]
            except ldap.NO_SUCH_OBJECT:
                return None

    def add(self, dn: str, entry: Entry) -> None:
        """Add an entry as a stranger would."""
        with closing(self.connect()) as connection:
            connection.add_s(dn, ldap.modlist.addModlist(entry))

    def stats(self) -> dict[str, int]:
        """Operations completed since the start, by kind (`Add`, `Modify`, `Search`, ...), from the server itself."""
        with closing(self.connect()) as connection:
            found = connection.search_s(
                "cn=Operations,cn=Monitor", ldap.SCOPE_ONELEVEL, "(objectClass=*)", ["cn", "monitorOpCompleted"]
            )
        return {entry["cn"][0].decode(): int(entry["monitorOpCompleted"][0]) for _, entry in found}

    def reset(self) -> None:
        """Empty the containers."""
        with closing(self.connect()) as connection:
            found = connection.search_s(self.base_dn, ldap.SCOPE_SUBTREE, "(objectClass=*)", ["1.1"])
            for dn in sorted((dn for dn, _ in found), key=len, reverse=True):
                connection.delete_s(dn)
            self._lay_out(connection)

    def _lay_out(self, connection: SimpleLDAPObject) -> None:
        root: Entry = {"objectClass": [b"dcObject", b"organization"], "dc": [b"example"], "o": [b"Example"]}
        connection.add_s(self.base_dn, ldap.modlist.addModlist(root))
        for dn in (self.people_dn, self.groups_dn, self.disabled_dn, self.policies_dn):
            name = dn.removeprefix("ou=").partition(",")[0].encode()
            connection.add_s(dn, ldap.modlist.addModlist({"objectClass": [b"organizationalUnit"], "ou": [name]}))
        connection.add_s(f"cn=default,{self.policies_dn}", ldap.modlist.addModlist(POLICY))

    def _exists(self, connection: SimpleLDAPObject, dn: str) -> bool:
        try:
            return bool(connection.search_s(dn, ldap.SCOPE_BASE, "(objectClass=*)", ["1.1"]))
        except ldap.NO_SUCH_OBJECT:
            return False

    def _answers(self) -> bool:
        try:
            self.connect().unbind_s()
        except (ldap.SERVER_DOWN, ldap.TIMEOUT, ldap.CONNECT_ERROR, ldap.BUSY, ldap.UNAVAILABLE):
            return False
        return True


@contextmanager
def running_slapd() -> Iterator[Slapd]:
    """A running directory, stopped and removed afterwards."""
    with temporary_folder("slapd") as folder:
        server = Slapd(folder)
        try:
            server.start()
            yield server
        finally:
            server.stop()
