"""TLS over the guarded transport: certificates are verified for the name in the URL."""

import socket
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from connectors.spi import Ambiguous, Misconfigured, Transient
from connectors.spi.guarded_http import MAX_BODY_BYTES
from tests.connectors.scripted_http import Answer, ScriptedServer, scripted_server
from tests.connectors.spi.certificates import self_signed
from tests.connectors.spi.conftest import HEAD, SECRET, Script, loopback_transport, sending


class TestTls:
    """Certificates are verified for the name in the URL; there is no way around it and no second try without."""

    def _get(self, server: ScriptedServer, host: str, ca: str, method: str = "GET") -> int:
        transport = loopback_transport(resolver=_everywhere_loopback)
        client = transport.http(f"https://{host}:{server.port}", headers={"Authorization": SECRET}, ca_certificate=ca)
        return client.request(method, "/", body=b"{}" if method == "POST" else None).status

    def test_a_trusted_certificate_for_this_name(self, tmp_path: Path) -> None:
        context, pem = self_signed(tmp_path, ["peer.test"])
        with scripted_server(lambda _: Answer(200, {}), tls=context) as server:
            assert self._get(server, "peer.test", pem) == 200
            assert self._get(server, "peer.test", pem, "POST") == 200

    def test_bounds_hold_over_tls_too(self, tmp_path: Path) -> None:
        context, pem = self_signed(tmp_path, ["peer.test"])
        slow = sending(HEAD + b"Content-Length: 60\r\n\r\n", *(b"x",) * 60, every=0.1)
        with scripted_server(lambda _: slow, tls=context) as server:
            transport = loopback_transport(0.6, resolver=_everywhere_loopback)
            client = transport.http(f"https://peer.test:{server.port}", headers={}, ca_certificate=pem)
            started = time.monotonic()
            with pytest.raises(Ambiguous):
                client.request("POST", "/")
            assert time.monotonic() - started < 1.5
            server.answer = lambda _: Answer(200, b"x" * (MAX_BODY_BYTES + 1))
            transport.start_operation(20)
            with pytest.raises(Transient, match="larger"):
                client.request("GET", "/")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        ("names", "days", "trusted"),
        [(["other.test"], 1, True), (["peer.test"], -1, True), (["peer.test"], 1, False)],
        ids=["wrong host", "expired", "self-signed"],
    )
    def test_certificates_that_are_refused(
        self, tmp_path: Path, names: list[str], days: int, trusted: bool, method: str
    ) -> None:
        context, pem = self_signed(tmp_path, names, days=days)
        with scripted_server(lambda _: Answer(200, {}), tls=context) as server:
            with pytest.raises(Misconfigured, match="certificate"):
                self._get(server, "peer.test", pem if trusted else "", method)
            assert server.requests == []

    def test_the_name_counts_and_not_the_address(self, tmp_path: Path) -> None:
        context, pem = self_signed(tmp_path, ["peer.test"])
        with scripted_server(lambda _: Answer(200, {}), tls=context) as server:
            with pytest.raises(Misconfigured, match="certificate"):
                self._get(server, "127.0.0.1", pem)
            with pytest.raises(Misconfigured, match="certificate"):
                self._get(server, "elsewhere.test", pem)

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
    def test_old_protocols_are_refused(self, tmp_path: Path) -> None:
        context, pem = self_signed(tmp_path, ["peer.test"])
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with scripted_server(lambda _: Answer(200, {}), tls=context) as server:
            with pytest.raises(Misconfigured, match="TLS"):
                self._get(server, "peer.test", pem)
            assert server.requests == []

    def test_a_server_without_tls(self, serve: Script) -> None:
        server = serve(lambda _: Answer(200, {}))
        with pytest.raises(Misconfigured, match="TLS"):
            self._get(server, "peer.test", "")
        assert server.requests == []

    def test_a_server_that_never_shakes_hands(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.spi.guarded_http.HANDSHAKE_SECONDS", 0.3)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            client = loopback_transport().http(f"https://127.0.0.1:{silent.getsockname()[1]}", headers={})
            started = time.monotonic()
            with pytest.raises(Transient):
                client.request("POST", "/")
            assert time.monotonic() - started < 1.5


def _everywhere_loopback(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
