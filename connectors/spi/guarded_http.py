"""HTTP over the guarded transport: urllib3 with its own sockets, no redirects, no proxies, bounded answers.

Time and size are bounded where the bytes arrive, in the socket, so that slow headers, endless chunks and slow bodies
are
all covered by the operation's deadline and one cap.
"""

import http.client
import re
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from connectors.spi.addresses import check_host
from connectors.spi.errors import Ambiguous, Misconfigured, Transient
from connectors.spi.transport import HttpResponse

MAX_BODY_BYTES = 10 * 1024 * 1024
MAX_RECEIVED_BYTES = MAX_BODY_BYTES + 512 * 1024
"""The body on the wire with its headers and chunk marks."""
SILENCE_SECONDS = 10.0
"""The longest wait for the next bytes; the operation's deadline bounds the whole."""
HANDSHAKE_SECONDS = 5.0
CHUNK_BYTES = 64 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
OTHER_PROTOCOLS = frozenset(
    (
        21,
        22,
        23,
        25,
        53,
        110,
        111,
        135,
        139,
        143,
        389,
        445,
        465,
        587,
        636,
        993,
        995,
        2049,
        3306,
        5432,
        6379,
        11211,
        27017,
    )
)
"""Where something else listens that could take a request for its own commands (as the Fetch standard's bad ports)."""

SocketT = TypeVar("SocketT", bound=socket.socket)
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")
_TARGET = re.compile(r"[\x21-\x7e]*")


class SocketSource(Protocol):
    """What this module needs of the transport."""

    def remaining(self) -> float:
        """Seconds left of the operation's deadline (raises Transient)."""
        ...

    def connect_as(self, socket_class: type[SocketT], host: str, port: int) -> SocketT:
        """A socket of this class, connected to a checked address (raises Misconfigured, Transient)."""
        ...


class _Exchange:
    """The bounds of the request under way: how long to wait for bytes, and how many more to take."""

    def __init__(self, transport: SocketSource) -> None:
        self.transport = transport
        self._received = 0

    def start(self) -> None:
        self.transport.remaining()
        self._received = 0

    def patience(self) -> float:
        try:
            return min(SILENCE_SECONDS, self.transport.remaining())
        except Transient as error:
            raise TimeoutError("deadline") from error

    def count(self, received: int) -> int:
        self._received += received
        if self._received > MAX_RECEIVED_BYTES:
            raise _TooLargeError
        return received


class _TooLargeError(OSError):
    """The answer exceeds the cap."""


class _BoundedSocket(socket.socket):
    exchange: _Exchange | None = None

    def recv_into(self, *args: Any) -> int:
        if self.exchange is None:
            return super().recv_into(*args)
        self.settimeout(self.exchange.patience())
        return self.exchange.count(super().recv_into(*args))

    def sendall(self, *args: Any) -> None:
        if self.exchange is not None:
            self.settimeout(self.exchange.patience())
        super().sendall(*args)


class _BoundedTlsSocket(ssl.SSLSocket):
    exchange: _Exchange | None = None

    def recv_into(self, *args: Any) -> int:
        if self.exchange is None:
            return super().recv_into(*args)
        self.settimeout(self.exchange.patience())
        return self.exchange.count(super().recv_into(*args))

    def send(self, *args: Any) -> int:
        if self.exchange is not None:
            self.settimeout(self.exchange.patience())
        return super().send(*args)


def _open_socket(connection: HTTPConnection, exchange: _Exchange) -> _BoundedSocket:
    opened = exchange.transport.connect_as(_BoundedSocket, connection.host, connection.port)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.settimeout(min(HANDSHAKE_SECONDS, exchange.transport.remaining()))
    return opened


class _Connection(HTTPConnection):
    """An HTTP connection whose socket comes from the transport."""

    def __init__(self, *args: Any, exchange: _Exchange, **options: Any) -> None:
        super().__init__(*args, **options)
        self._exchange = exchange

    def _new_conn(self) -> socket.socket:
        opened = _open_socket(self, self._exchange)
        opened.exchange = self._exchange
        return opened


class _TlsConnection(HTTPSConnection):
    """As `_Connection`; the certificate is verified for the name in the URL, not for the address connected to."""

    def __init__(self, *args: Any, exchange: _Exchange, **options: Any) -> None:
        super().__init__(*args, **options)
        self._exchange = exchange

    def _new_conn(self) -> socket.socket:
        return _open_socket(self, self._exchange)

    def connect(self) -> None:
        """Connect and shake hands (raises Misconfigured, Transient: nothing of a request has been sent yet)."""
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            message = f"The certificate of {self.host} is not trusted."
            raise Misconfigured(message, detail=error.verify_message) from error
        except ssl.SSLEOFError as error:
            raise Transient(f"{self.host}:{self.port} could not be reached.") from error
        except ssl.SSLError as error:
            raise Misconfigured(f"{self.host} offers no TLS the portal accepts (1.2 or newer).") from error
        except (HTTPError, OSError) as error:
            raise Transient(f"{self.host}:{self.port} could not be reached.") from error
        if isinstance(self.sock, _BoundedTlsSocket):
            self.sock.exchange = self._exchange


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class GuardedHttpClient:
    """Keep-alive HTTP below one base URL, for one thread at a time (implements `connectors.spi.HttpClient`).

    Raises:
        Misconfigured: the base URL is not a plain http(s) URL, or a header cannot be sent.
    """

    def __init__(
        self,
        transport: SocketSource,
        base_url: str,
        *,
        headers: Mapping[str, str],
        tls_context: Callable[[], ssl.SSLContext],
    ) -> None:
        url = _checked_url(base_url)
        self._host = url.hostname or ""
        self._base_path = quote(url.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        self._headers = {"User-Agent": "provisioning-portal", "Accept-Encoding": "gzip", **_checked_headers(headers)}
        self._exchange = _Exchange(transport)
        context = tls_context() if url.scheme == "https" else None  # to make one takes a while
        self._new_pool = partial(_pool, url, self._exchange, context)
        self._pool = self._new_pool()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpResponse:
        """Send one request and return the whole answer, whatever its status; redirects are not followed.

        `path` goes below the base URL and is percent-encoded by the caller, each segment by itself.

        Raises:
            Transient: nothing was sent, or a safe method got no whole answer.
            Ambiguous: an unsafe method was sent and no whole answer came back.
            Misconfigured: the address is refused, or the certificate is not valid.
            ValueError: `path` is not a path below the base URL (a defect of the caller).
        """
        target = self._target(path, query)
        sent = self._headers | _checked_headers(headers or {})
        self._exchange.start()
        try:
            answer = self._pool.urlopen(
                method, target, body, sent, retries=False, redirect=False, timeout=None, preload_content=False
            )
            body_read = _whole_body(answer)
            _check_complete(method, answer, body_read)
            return HttpResponse(answer.status, {k.lower(): v for k, v in answer.headers.items()}, body_read)
        except (HTTPError, OSError, http.client.HTTPException) as error:
            self._lost(method, error)

    def close(self) -> None:
        """Drop the connections; the next request makes a new one."""
        self._pool.close()
        self._pool = self._new_pool()

    def _target(self, path: str, query: Mapping[str, str] | None) -> str:
        segments = path.lstrip("/").split("/")
        if not _TARGET.fullmatch(path) or set(path) & set("?#\\") or {".", ".."} & set(segments):
            raise ValueError("the path must be percent-encoded and stay below the base URL")
        target = f"{self._base_path}/{'/'.join(segments)}"
        return f"{target}?{urlencode(query, quote_via=quote)}" if query else target

    def _lost(self, method: str, error: Exception) -> NoReturn:
        self.close()  # a connection that misbehaved once is not used again
        reason = "is larger than the portal accepts" if _is_too_large(error) else "was lost or incomplete"
        if method in SAFE_METHODS:
            raise Transient(f"The answer of {self._host} {reason}.", detail=type(error).__name__) from error
        raise Ambiguous(
            f"The answer of {self._host} {reason}; it may have carried out the request.", detail=type(error).__name__
        ) from error


def _whole_body(answer: BaseHTTPResponse) -> bytes:
    """The decoded body, at most `MAX_BODY_BYTES`; decompression stops at the cap too."""
    body = bytearray()
    while chunk := answer.read(CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            answer.close()
            raise _TooLargeError
    answer.release_conn()
    return bytes(body)


def _check_complete(method: str, answer: BaseHTTPResponse, body: bytes) -> None:
    """Refuse a success that ended within its headers: no length, no body, and the connection closed.

    The HTTP library takes the end of the stream for the end of the headers.
    """
    delimited = {"content-length", "transfer-encoding"} & {name.lower() for name in answer.headers}
    if (
        method != "HEAD"
        and 200 <= answer.status < 300
        and answer.status not in (204, 205)
        and not body
        and not delimited
    ):
        raise http.client.IncompleteRead(body)


def _is_too_large(error: BaseException | None) -> bool:
    """urllib3 wraps what a socket raises; the cause is in the chain."""
    while error is not None:
        if isinstance(error, _TooLargeError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _pool(url: SplitResult, exchange: _Exchange, context: ssl.SSLContext | None) -> HTTPConnectionPool:
    host = url.hostname or ""
    if context is None:
        return _Pool(host, url.port or 80, maxsize=1, exchange=exchange)
    context.sslsocket_class = _BoundedTlsSocket
    return _TlsPool(host, url.port or 443, maxsize=1, exchange=exchange, ssl_context=context)


def _checked_url(base_url: str) -> SplitResult:
    try:
        url = urlsplit(base_url)
        port = url.port
    except ValueError as error:
        raise Misconfigured("The address is not a valid URL.") from error
    if url.scheme not in ("http", "https") or not url.hostname:
        raise Misconfigured("The address must start with https:// (or http://) and name a host.")
    if url.username is not None or url.password is not None or url.query or url.fragment:
        raise Misconfigured("The address must not hold credentials, a query or a fragment.")
    if port in OTHER_PROTOCOLS:
        raise Misconfigured(f"Port {port} belongs to another protocol than HTTP.")
    check_host(url.hostname)
    return url


def _checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Refused here, by name only: the errors of the HTTP libraries would quote the value, which may be a secret."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise Misconfigured(f"The header {name!r} holds characters that HTTP does not allow.")
    return dict(headers)
