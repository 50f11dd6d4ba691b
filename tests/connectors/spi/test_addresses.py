"""The network policy: what may be reached, and how it may be written."""

from pathlib import Path

import pytest

from connectors.spi import Misconfigured
from connectors.spi.addresses import NetworkPolicy, check_host

EVERYTHING = ("0.0.0.0/0", "::/0")
METADATA = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fe80::1",
    "fe80::1%eth0",
    "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind to
    "0.1.2.3",
    "::",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "64:ff9b::a9fe:a9fe",
)
NOT_PUBLIC = (
    "127.0.0.1",
    "127.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
)
PUBLIC = ("8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808")


def _policy(*networks: str, folder: Path = Path("/nonexistent")) -> NetworkPolicy:
    return NetworkPolicy(networks, folder)


@pytest.mark.parametrize("address", METADATA)
def test_link_local_and_metadata_are_refused_even_when_everything_is_allowed(address: str) -> None:
    assert not _policy(*EVERYTHING).permits(address)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_what_is_not_public_must_be_listed(address: str) -> None:
    assert not _policy().permits(address)
    assert _policy(*EVERYTHING).permits(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert _policy().permits(address)


def test_only_the_listed_network_is_opened() -> None:
    policy = _policy("10.1.0.0/16", "::1/128")
    assert policy.permits("10.1.2.3")
    assert policy.permits("::1")
    assert not policy.permits("10.2.0.1")
    assert not policy.permits("127.0.0.1")


def test_what_is_no_address_is_not_permitted() -> None:
    assert not _policy(*EVERYTHING).permits("localhost")


def test_a_network_that_is_none_is_refused_when_the_policy_is_made() -> None:
    with pytest.raises(ValueError, match="not-a-network"):
        _policy("not-a-network")


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "017700000001", "127.0.0.1."]
)
def test_misleading_spellings_of_addresses_are_refused(host: str) -> None:
    with pytest.raises(Misconfigured, match="four decimal numbers"):
        check_host(host)


@pytest.mark.parametrize("host", ["", "a b", "a\nb", "a/b", "user@host", "a?b", "a#b", "\0"])
def test_names_that_are_none_are_refused(host: str) -> None:
    with pytest.raises(Misconfigured):
        check_host(host)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost.", "127.0.0.1", "::1", "1and1.example", "3com.example", "xn--bcher-kva.example"]
)
def test_honest_hosts_pass(host: str) -> None:
    check_host(host)


class TestDatabasePath:
    """SQLite files lie below one folder, whatever the path looks like."""

    def test_files_below_the_folder(self, tmp_path: Path) -> None:
        policy = _policy(folder=tmp_path)
        (tmp_path / "sub").mkdir()
        (tmp_path / "there.sqlite3").touch()
        assert policy.database_path("new.sqlite3") == tmp_path / "new.sqlite3"
        assert policy.database_path("there.sqlite3") == tmp_path / "there.sqlite3"
        assert policy.database_path("sub/../sub/x.db") == tmp_path / "sub" / "x.db"
        assert policy.database_path(str(tmp_path / "sub" / "x.db")) == tmp_path / "sub" / "x.db"

    @pytest.mark.parametrize("path", ["", ".", "..", "../x.db", "sub/../../x.db", "/etc/passwd", "a\0b", "x" * 5000])
    def test_what_leads_elsewhere_is_refused(self, tmp_path: Path, path: str) -> None:
        folder = tmp_path / "allowed"
        folder.mkdir()
        with pytest.raises(Misconfigured, match="ALLOWED_SQLITE_DIR"):
            _policy(folder=folder).database_path(path)

    def test_a_neighbour_with_the_same_beginning_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "allowed").mkdir()
        (tmp_path / "allowed-not").mkdir()
        with pytest.raises(Misconfigured):
            _policy(folder=tmp_path / "allowed").database_path("../allowed-not/x.db")

    def test_links_are_followed_before_the_check(self, tmp_path: Path) -> None:
        folder, outside = tmp_path / "allowed", tmp_path / "outside"
        folder.mkdir()
        outside.mkdir()
        (outside / "secret.db").touch()
        (folder / "inner.db").touch()
        (folder / "file").symlink_to(outside / "secret.db")
        (folder / "folder").symlink_to(outside)
        (folder / "circle").symlink_to(folder / "circle")
        (folder / "honest").symlink_to(folder / "inner.db")
        for path in ("file", "folder/secret.db", "folder/new.db", "circle"):
            with pytest.raises(Misconfigured):
                _policy(folder=folder).database_path(path)
        assert _policy(folder=folder).database_path("honest") == folder / "inner.db"

    def test_only_files_are_databases(self, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        with pytest.raises(Misconfigured):
            _policy(folder=tmp_path).database_path("folder")
