"""Which addresses the portal may speak to: the network policy behind every outbound connection.

Sources: OWASP "Server-Side Request Forgery Prevention"; RFC 6890 (special-purpose addresses); the metadata addresses
the cloud
providers document (AWS, Google, Azure, Oracle, Alibaba).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

from connectors.spi.errors import Misconfigured

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NEVER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # "this host": reaches loopback on Linux
        "169.254.0.0/16",  # link-local; AWS, Google, Azure and Oracle metadata
        "100.100.100.200/32",  # Alibaba metadata
        "168.63.129.16/32",  # Azure's host agent
        "192.0.0.192/32",  # Oracle metadata
        "::/128",
        "::ffff:0:0/96",  # IPv4 in IPv6 clothes: the plain spelling is checked, this one has no honest use here
        "fe80::/10",
        "fd00:ec2::/32",  # AWS metadata
        "fd20:ce::254/128",  # Google metadata
    )
)
NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",
        "::/96",  # IPv4-compatible, and the following: addresses that carry an IPv4 address inside
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
    )
)
NAT64 = ip_network("64:ff9b::/96")
_NUMBER = r"(?:0[xX][0-9a-fA-F]*|[0-9]+)"
_NUMERIC_HOST = re.compile(rf"{_NUMBER}(?:\.{_NUMBER}){{0,3}}\.?")


@dataclass(frozen=True)
class NetworkPolicy:
    """What the operator of the portal allows its connectors to reach.

    Args:
        allowed_networks: networks (CIDR) that may be reached although they are not public: loopback, private, reserved
            or multicast
            ones. Link-local and metadata addresses stay refused whatever is listed.
        sqlite_dir: the folder under which SQLite databases must lie.

    Raises:
        ValueError: an entry of `allowed_networks` is not a network.
    """

    allowed_networks: Iterable[str]
    sqlite_dir: Path
    networks: tuple[Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Parse the networks once."""
        object.__setattr__(self, "networks", tuple(ip_network(text, strict=False) for text in self.allowed_networks))

    def permits(self, text: str) -> bool:
        """Whether a connection to this resolved address may be opened. What is not an address is not permitted."""
        try:
            address = ip_address(text)
        except ValueError:
            return False
        if _within(address, NEVER):
            return False
        if isinstance(address, IPv6Address) and address in NAT64:
            return self.permits(str(IPv4Address(int(address) & 0xFFFFFFFF)))
        public = address.is_global and not address.is_multicast and not _within(address, NOT_PUBLIC)
        return public or _within(address, self.networks)

    def database_path(self, path: str) -> Path:
        """The real path of a database file, links followed; a relative path starts at `sqlite_dir`.

        Raises:
            Misconfigured: it does not lie below `sqlite_dir`, or is something else than a file.
        """
        folder = self.sqlite_dir.resolve()
        try:
            real = (folder / path).resolve()
            usable = real != folder and real.is_relative_to(folder) and (real.is_file() or not real.exists())
        except (ValueError, OSError, RuntimeError):  # a NUL character, a name too long, links in a circle
            usable = False
        if not usable:
            raise Misconfigured("The database file must lie in the folder for SQLite systems (ALLOWED_SQLITE_DIR).")
        return real


def check_host(host: str) -> None:
    """Refuse host names that are written so as to be misread: 2130706433, 0x7f.1, 0177.0.0.1, or no name at all.

    Raises:
        Misconfigured: the spelling is refused.
    """
    if not host or not host.isprintable() or set(host) & set(" /\\@?#"):
        raise Misconfigured("The host name is not valid.")
    if _NUMERIC_HOST.fullmatch(host) and not _is_address(host):
        raise Misconfigured("An IP address must be written as four decimal numbers.")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
