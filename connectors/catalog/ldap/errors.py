"""What an LDAP result code means to the engine (RFC 4511 section 4.1.9 and appendix A)."""

from collections.abc import Iterator
from contextlib import contextmanager

import ldap

from connectors.spi import AlreadyExists, Ambiguous, ConnectorError, Gone, Misconfigured, Rejected, Transient

CONNECTION_LOST = (ldap.SERVER_DOWN, ldap.CONNECT_ERROR, ldap.TIMEOUT)
"""Nothing more can be said over this connection."""

_TRANSIENT = (
    ldap.BUSY,
    ldap.UNAVAILABLE,
    ldap.TIMELIMIT_EXCEEDED,
    ldap.OTHER,
    ldap.OPERATIONS_ERROR,
)
_MISCONFIGURED = {
    ldap.INVALID_CREDENTIALS: "The directory refuses the bind DN or its password.",
    ldap.INAPPROPRIATE_AUTH: "The directory refuses to let this account sign in with a password.",
    ldap.STRONG_AUTH_REQUIRED: "The directory asks for an encrypted connection: choose LDAPS or StartTLS.",
    ldap.CONFIDENTIALITY_REQUIRED: "The directory asks for an encrypted connection: choose LDAPS or StartTLS.",
    ldap.AUTH_UNKNOWN: "The directory does not offer sign-in with a password.",
    ldap.SIZELIMIT_EXCEEDED: "The directory gives this account too few entries: raise its size limit.",
    ldap.ADMINLIMIT_EXCEEDED: "The directory finds a search too costly: index the attribute, or raise its limit.",
    ldap.REFERRAL: "The directory refers to another server, which is not followed: connect to that one.",
    ldap.UNAVAILABLE_CRITICAL_EXTENSION: "The directory lacks a control this connector needs.",
    ldap.PROTOCOL_ERROR: "The server does not understand this connector's requests.",
}
_REJECTED = {
    ldap.CONSTRAINT_VIOLATION: "A value breaks a rule of the directory.",
    ldap.TYPE_OR_VALUE_EXISTS: "A value is there already.",
    ldap.INVALID_SYNTAX: "A value does not have the form its attribute asks for.",
    ldap.UNDEFINED_TYPE: "The directory does not know one of the attributes.",
    ldap.INVALID_DN_SYNTAX: "A distinguished name is not valid.",
    ldap.NAMING_VIOLATION: "The directory does not allow this name here.",
    ldap.OBJECT_CLASS_VIOLATION: "The entry would break the rules of its object classes.",
    ldap.NOT_ALLOWED_ON_NONLEAF: "The entry has entries below it.",
    ldap.NOT_ALLOWED_ON_RDN: "The value is part of the entry's name.",
    ldap.NO_OBJECT_CLASS_MODS: "The object class of the entry cannot be changed.",
    ldap.AFFECTS_MULTIPLE_DSAS: "The entry cannot be moved to a container on another server.",
    ldap.UNWILLING_TO_PERFORM: "The directory is unwilling to do this.",
    ldap.INSUFFICIENT_ACCESS: "The portal's account may not do this to this entry.",
}


def detail_of(error: ldap.LDAPError) -> str:
    """What the server or the library said, for an engineer; LDAP results repeat no values of the request."""
    said = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    parts = (said.get("desc", type(error).__name__), said.get("info", ""))
    return ": ".join(str(part) for part in parts if part)


def converted(error: ldap.LDAPError) -> ConnectorError:
    """The SPI's error for a result of the server; connections lost are the session's to judge."""
    said = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
    facts = {"result": said["result"]} if "result" in said else {}
    detail = detail_of(error)
    if isinstance(error, _TRANSIENT):
        return Transient("The directory cannot answer now.", detail=detail, facts=facts)
    if isinstance(error, ldap.ALREADY_EXISTS):
        return AlreadyExists("An entry with this name is there already.", detail=detail, facts=facts)
    if isinstance(error, ldap.NO_SUCH_OBJECT):
        return Gone("The entry is not there any more.", detail=detail, facts=facts)
    if type(error) in _MISCONFIGURED:
        return Misconfigured(_MISCONFIGURED[type(error)], detail=detail, facts=facts)
    return Rejected(_REJECTED.get(type(error), "The directory refuses this."), detail=detail, facts=facts)


def lost(error: ldap.LDAPError, *, written: bool) -> ConnectorError:
    """The SPI's error for a connection that broke or fell silent during a call.

    Args:
        written: the call would have changed something, so that it is unknown whether it did.
    """
    if written:
        return Ambiguous("The connection broke before the directory's answer came.", detail=detail_of(error))
    return Transient("The directory does not answer.", detail=detail_of(error))


@contextmanager
def translated() -> Iterator[None]:
    """Raise the SPI's errors in place of the library's."""
    try:
        yield
    except ldap.LDAPError as error:
        raise converted(error) from error
