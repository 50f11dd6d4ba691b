"""TLS for a connection that is made and checked before the LDAP library sees it.

libldap neither starts TLS by itself on a socket it is given (with an ldaps address it sends the bind password readable)
nor says what is wrong with a certificate. So TLS ends in Python's `ssl`, with the transport's verifying context, and
libldap speaks through a local socket pair.
"""

import selectors
import socket
import ssl
from threading import Thread

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error, SubstrateUnderrunError
from pyasn1_modules.rfc2251 import LDAPMessage

from connectors.spi import Misconfigured, Transient

_START_TLS = "1.3.6.1.4.1.1466.20037"
_LONGEST_ANSWER = 65536
_CHUNK = 65536
_SEND_SECONDS = 30.0


def request_start_tls(plain: socket.socket, host: str) -> None:
    """Ask the server to go on in TLS (RFC 4511 section 4.14).

    Raises:
        Misconfigured: it refuses, or sends something else; the connection must not be used any further.
        Transient: it closes the connection or does not answer in the socket's timeout.
    """
    request = LDAPMessage()
    request["messageID"] = 1
    request["protocolOp"]["extendedReq"]["requestName"] = _START_TLS
    try:
        plain.sendall(encoder.encode(request))
        answer = _read_message(plain, host)
    except OSError as error:
        raise Transient(f"{host} does not answer the request for StartTLS.") from error
    operation = answer["protocolOp"]
    if operation.getName() != "extendedResp" or int(operation["extendedResp"]["resultCode"]) != 0:
        raise Misconfigured(f"{host} refuses StartTLS: choose LDAPS, or let the directory offer it.")


def _read_message(plain: socket.socket, host: str) -> LDAPMessage:
    """One whole LDAP message; what follows it in the clear was not asked for and is never let through."""
    received = b""
    while len(received) < _LONGEST_ANSWER:
        chunk = plain.recv(4096)
        if not chunk:
            raise Transient(f"{host} closed the connection when asked for StartTLS.")
        received += chunk
        try:
            message, rest = decoder.decode(received, asn1Spec=LDAPMessage())
        except SubstrateUnderrunError:
            continue
        except PyAsn1Error as error:
            raise Misconfigured(f"{host} does not speak LDAP on this port.") from error
        if rest:
            raise Misconfigured(f"{host} sent more than an answer before encryption began.")
        return message
    raise Misconfigured(f"{host} does not speak LDAP on this port.")


def secured(plain: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """The socket in TLS, the certificate verified for `host`.

    Raises:
        Misconfigured: the certificate is not valid for the host, or no common TLS version is found.
        Transient: the connection broke during the handshake.
    """
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise Misconfigured(f"The certificate of {host} is not accepted: {error.verify_message}") from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise Transient(f"{host} closed the connection during the TLS handshake.") from error
    except ssl.SSLError as error:
        raise Misconfigured(f"No TLS connection with {host}: {error.reason or 'handshake failed'}") from error
    except OSError as error:
        raise Transient(f"{host} does not finish the TLS handshake.") from error


def relayed(remote: ssl.SSLSocket) -> socket.socket:
    """A local socket that speaks in the clear what `remote` speaks encrypted; closing either ends both."""
    ours, theirs = socket.socketpair()
    Thread(target=_relay, args=(theirs, remote), name="ldap-tls", daemon=True).start()
    return ours


def _relay(local: socket.socket, remote: ssl.SSLSocket) -> None:
    with local, remote, selectors.DefaultSelector() as waiting:
        waiting.register(local, selectors.EVENT_READ)
        waiting.register(remote, selectors.EVENT_READ)
        open_ends = True
        while open_ends:
            ready = {key.fileobj for key, _ in waiting.select()}
            try:
                open_ends = (local not in ready or _send(local, remote)) and (
                    remote not in ready or _receive(remote, local)
                )
            except OSError:
                open_ends = False  # closing both ends is how libldap learns of it


def _send(local: socket.socket, remote: ssl.SSLSocket) -> bool:
    data = local.recv(_CHUNK)
    if data:
        remote.settimeout(_SEND_SECONDS)
        remote.sendall(data)
    return bool(data)


def _receive(remote: ssl.SSLSocket, local: socket.socket) -> bool:
    """Pass on all that has arrived; without blocking, for a record need not hold any data (session tickets)."""
    remote.settimeout(0)
    while True:
        try:
            data = remote.recv(_CHUNK)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        if not data:
            return False
        local.sendall(data)
