"""HTTP over the guarded transport, against servers that mean no good."""

import gzip
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest

from connectors.spi import Ambiguous, ConnectorError, HttpClient, Misconfigured, Transient
from connectors.spi.guarded_http import MAX_BODY_BYTES
from tests.connectors.scripted_http import Answer, RawAnswer, ScriptedServer
from tests.connectors.spi.conftest import HEAD, SECRET, Script, loopback_transport, sending

MEGABYTE = 1024 * 1024


def _client(server: ScriptedServer, path: str = "/base", *, seconds: float = 5) -> HttpClient:
    return loopback_transport(seconds).http(server.url + path, headers={"Authorization": SECRET})


@contextmanager
def _little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 5 * MAX_BODY_BYTES
    finally:
        tracemalloc.stop()


class TestRequests:
    """What is sent, and what comes back."""

    def test_a_request_and_its_answer(self, serve: Script) -> None:
        server = serve(lambda _: Answer(201, {"ok": True}, {"ETag": 'W/"1"'}))
        client = _client(server, "/scim/v2/")
        answer = client.request("POST", "/Users", query={"a": "b c&d=é"}, headers={"X-One": "1"}, body=b"{}")
        [request] = server.requests
        assert (request.method, request.path, request.query) == ("POST", "/scim/v2/Users", {"a": "b c&d=é"})
        assert (request.headers["x-one"], request.headers["authorization"], request.body) == ("1", SECRET, b"{}")
        assert (answer.status, answer.headers["etag"], answer.body) == (201, 'W/"1"', b'{"ok": true}')

    def test_connections_are_kept(self, serve: Script) -> None:
        server = serve(lambda _: Answer(200, {}))
        client = _client(server)
        for _ in range(5):
            client.request("GET", "/")
        assert (len(server.requests), server.connections) == (5, 1)
        client.close()
        client.request("GET", "/")
        assert server.connections == 2

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_redirects_are_handed_back(self, serve: Script, status: int) -> None:
        target = serve(lambda _: Answer(200, {"credentials": "of the machine"}))
        for location in (target.url, "http://169.254.169.254/latest/meta-data/", "//evil.test/", "file:///etc/passwd"):
            server = serve(lambda _, location=location: Answer(status, b"", {"Location": location}))
            answer = _client(server).request("GET", "/")
            assert (answer.status, len(server.requests)) == (status, 1)
        assert target.requests == []

    def test_proxies_of_the_environment_are_ignored(self, serve: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        proxy, server = serve(lambda _: Answer(200, b"proxy")), serve(lambda _: Answer(200, b"server"))
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert _client(server).request("GET", "/").body == b"server"
        assert proxy.requests == []

    def test_compressed_answers_are_read(self, serve: Script) -> None:
        server = serve(lambda _: Answer(200, gzip.compress(b"text" * 1000), {"Content-Encoding": "gzip"}))
        assert _client(server).request("GET", "/").body == b"text" * 1000

    @pytest.mark.parametrize(
        "path", ["/../admin", "/./x", "/a/../../b", "/a?b=c", "/a#b", "/a b", "/a\r\nX: y", "/ž", "/a\\b"]
    )
    def test_a_path_cannot_leave_the_base_url(self, serve: Script, path: str) -> None:
        server = serve(lambda _: Answer(200, {}))
        with pytest.raises(ValueError, match="path"):
            _client(server).request("GET", path)
        assert server.requests == []

    @pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X": "é"}, {"X\n": "a"}, {"": "a"}, {"X": f"{SECRET}\n"}])
    def test_headers_that_would_break_out_are_refused_without_being_repeated(
        self, serve: Script, headers: Mapping[str, str]
    ) -> None:
        server = serve(lambda _: Answer(200, {}))
        for refused in (
            lambda: loopback_transport().http(server.url, headers=headers),
            lambda: _client(server).request("GET", "/", headers=headers),
        ):
            with pytest.raises(Misconfigured) as error:
                refused()
            assert SECRET not in _everything_said(error.value)
        assert server.requests == []


class TestAddresses:
    """Base URLs that must not be spoken to."""

    @pytest.mark.parametrize(
        "url",
        [
            "file:///etc/passwd",
            "gopher://127.0.0.1:70/",
            "ldap://127.0.0.1/",
            "ftp://127.0.0.1/",
            "127.0.0.1",
            "",
            "http://",
            "http:///path",
            "http://user:pass@127.0.0.1/",
            "http://127.0.0.1@evil.test/",
            "http://127.0.0.1/?a=b",
            "http://127.0.0.1/#a",
            "http://127.0.0.1:99999/",
            "http://127.0.0.1:6379/",
            "http://127.0.0.1:5432/",
            "http://[::1",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://0/",
        ],
    )
    def test_urls_that_are_refused_before_anything_is_sent(self, url: str) -> None:
        with pytest.raises(Misconfigured):
            loopback_transport().http(url, headers={})

    @pytest.mark.parametrize(
        "host",
        [
            "169.254.169.254",
            "[fd00:ec2::254]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[fe80::1]",
            "100.100.100.200",
            "0.0.0.0",  # noqa: S104 - an address to refuse, not to bind to
            "[::]",
        ],
    )
    def test_addresses_that_are_never_connected_to(self, host: str) -> None:
        client = loopback_transport(networks=("0.0.0.0/0", "::/0")).http(f"http://{host}:8080/", headers={})
        with pytest.raises(Misconfigured):
            client.request("GET", "/")

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost."])
    def test_loopback_only_where_it_is_allowed(self, serve: Script, host: str) -> None:
        server = serve(lambda _: Answer(200, {}))
        for method in ("GET", "POST"):
            with pytest.raises(Misconfigured, match="ALLOWED_NETWORKS"):
                loopback_transport(networks=()).http(f"http://{host}:{server.port}", headers={}).request(method, "/")
        assert server.connections == 0
        assert loopback_transport().http(f"http://{host}:{server.port}", headers={}).request("GET", "/").status == 200


class TestLostAnswers:
    """Nothing sent: repeat. Sent, and no whole answer: only a safe method may simply be repeated."""

    BROKEN: Mapping[str, RawAnswer] = {
        "closed": sending(b""),
        "half a status line": sending(b"HTTP/1.1 20"),
        "half the headers": sending(HEAD + b"Content-Le"),
        "headers without an end": sending(HEAD + b"Content-Type: application/json\r\n"),
        "half the body": sending(HEAD + b'Content-Length: 100\r\n\r\n{"id": "1"'),
        "half a chunk": sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n50\r\n{"),
        "no HTTP": sending(b"SSH-2.0-OpenSSH_9.2\r\n"),
        "endless header line": sending(HEAD + b"X: " + b"x" * MEGABYTE),
        "too many headers": sending(HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(1000)) + b"\r\n"),
        "broken gzip": sending(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"),
        "reset": lambda connection: connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00"
        ),
    }

    @pytest.mark.parametrize("fault", list(BROKEN))
    def test_sent_and_no_whole_answer(self, serve: Script, fault: str) -> None:
        server = serve(lambda _: self.BROKEN[fault])
        client = _client(server)
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            with pytest.raises(Ambiguous):
                client.request(method, "/", body=b"{}")
        for method in ("GET", "OPTIONS"):
            with pytest.raises(Transient):
                client.request(method, "/")
        assert len(server.requests) == 6

    def test_a_client_works_again_after_a_fault(self, serve: Script) -> None:
        server = serve(lambda _: self.BROKEN["half the body"])
        client = _client(server)
        with pytest.raises(Transient):
            client.request("GET", "/")
        server.answer = lambda _: Answer(200, b"well")
        assert client.request("GET", "/").body == b"well"

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_nothing_sent(self, method: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as unused:
            port = unused.getsockname()[1]
        with pytest.raises(Transient):
            loopback_transport().http(f"http://127.0.0.1:{port}", headers={}).request(method, "/")

    def test_texts_hold_neither_body_nor_secret(self, serve: Script) -> None:
        server = serve(lambda _: sending(HEAD + b"Content-Length: 999\r\n\r\ninternal " + SECRET.encode()))
        with pytest.raises(Ambiguous) as error:
            _client(server).request("POST", "/", body=b"{}")
        said = _everything_said(error.value)
        assert SECRET not in said
        assert "internal" not in said


class TestTime:
    """The deadline covers the whole, however the peer spends it."""

    SLOW: Mapping[str, tuple[bytes, ...]] = {
        "says nothing": (),
        "trickles its headers": (b"HTTP/1.1 200 OK\r\n", *(b"X-%d: y\r\n" % n for n in range(60))),
        "trickles one header": (b"HTTP/1.1 200 OK\r\nX: ", *(b"x",) * 60),
        "trickles its body": (HEAD + b"Content-Length: 60\r\n\r\n", *(b"x",) * 60),
        "trickles chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *(b"1\r\nx\r\n",) * 60),
        "sends 100 Continue for ever": (b"HTTP/1.1 100 Continue\r\n\r\n",) * 60,
    }

    @pytest.mark.parametrize("habit", list(SLOW))
    @pytest.mark.parametrize(("method", "error"), [("GET", Transient), ("POST", Ambiguous)])
    def test_a_peer_that(self, serve: Script, habit: str, method: str, error: type[ConnectorError]) -> None:
        parts = self.SLOW[habit]
        server = serve(lambda _: sending(*parts, every=0.1) if parts else lambda _: time.sleep(6))
        started = time.monotonic()
        with pytest.raises(error):
            _client(server, seconds=0.5).request(method, "/")
        assert 0.4 < time.monotonic() - started < 1.5

    def test_silence_ends_a_request_before_the_deadline(self, serve: Script, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.spi.guarded_http.SILENCE_SECONDS", 0.3)
        server = serve(lambda _: lambda _: time.sleep(3))
        started = time.monotonic()
        with pytest.raises(Ambiguous):
            _client(server, seconds=30).request("POST", "/")
        assert time.monotonic() - started < 1.5

    def test_a_deadline_that_has_passed_sends_nothing(self, serve: Script) -> None:
        server = serve(lambda _: Answer(200, {}))
        with pytest.raises(Transient):
            _client(server, seconds=0).request("POST", "/")
        assert server.connections == 0


class TestSize:
    """Ten megabytes, on the wire and unpacked, and the memory of the worker stays flat."""

    def test_an_endless_body(self, serve: Script) -> None:
        sent = []

        def endless(connection: socket.socket) -> None:
            connection.sendall(HEAD + b"Content-Length: 1073741824\r\n\r\n")
            for _ in range(1024):
                connection.sendall(b"x" * MEGABYTE)
                sent.append(1)

        client = _client(serve(lambda _: endless), seconds=20)
        with _little_memory(), pytest.raises(Transient, match="larger"):
            client.request("GET", "/")
        assert len(sent) < 40

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_endless_chunks(self, serve: Script, method: str) -> None:
        chunk = b"%x\r\n%s\r\n" % (MEGABYTE, b"x" * MEGABYTE)
        server = serve(lambda _: sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *(chunk,) * 30))
        with pytest.raises(Transient if method == "GET" else Ambiguous, match="larger"):
            _client(server, seconds=20).request(method, "/")

    def test_an_endless_chunk_size(self, serve: Script) -> None:
        server = serve(lambda _: sending(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *(b"1" * MEGABYTE,) * 30))
        with _little_memory(), pytest.raises(Transient):
            _client(server, seconds=20).request("GET", "/")

    @pytest.mark.parametrize("packing", ["gzip", "deflate", "gzip, gzip", "gzip, gzip, gzip"])
    def test_decompression_bombs(self, serve: Script, packing: str) -> None:
        packed = (
            zlib.compress(b"\0" * 100 * MEGABYTE) if packing == "deflate" else gzip.compress(b"\0" * 100 * MEGABYTE)
        )
        for _ in range(packing.count(",")):
            packed = gzip.compress(packed)
        server = serve(lambda _: Answer(200, packed, {"Content-Encoding": packing}))
        with _little_memory(), pytest.raises(Transient, match="larger"):
            _client(server, seconds=30).request("GET", "/")

    def test_a_body_just_within_the_cap(self, serve: Script) -> None:
        server = serve(lambda _: Answer(200, b"x" * MAX_BODY_BYTES))
        assert len(_client(server, seconds=20).request("GET", "/").body) == MAX_BODY_BYTES

    def test_a_client_works_again_after_too_much(self, serve: Script) -> None:
        server = serve(lambda _: Answer(200, b"x" * (MAX_BODY_BYTES + 1)))
        client = _client(server, seconds=20)
        for _ in range(2):
            with pytest.raises(Transient):
                client.request("GET", "/")
        server.answer = lambda _: Answer(200, b"well")
        assert client.request("GET", "/").body == b"well"


def _everything_said(error: ConnectorError) -> str:
    return f"{error} {error!r} {error.detail} {error.facts}"
