"""The only errors a connector may raise: the class decides what the engine does next.

Each error carries two texts: `message` for the administrator (what happened, to whom, what to do) and `detail` for the
engineer. Neither may hold a secret. An exception of any other class is a defect: it is recorded with its trace and
waits for a person.
"""

from collections.abc import Mapping


class ConnectorError(Exception):
    """Base of everything a connector may raise.

    Args:
        message: one sentence an administrator can act on.
        detail: what the remote system said, for an engineer; secrets removed.
        facts: small values worth showing beside the message (status codes, attribute names).
    """

    def __init__(self, message: str, *, detail: str = "", facts: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.facts = dict(facts or {})


class Transient(ConnectorError):
    """The system did not answer or is busy, and nothing was changed: repeated later with a jittered back-off."""


class Throttled(ConnectorError):
    """The system asks to be left alone.

    Args:
        retry_after: no call before so many seconds have passed; None: it did not say.
        is_refused: the request was certainly refused before anything was done. Otherwise it may have been carried out,
            and whatever a create may have left behind is searched for.
    """

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        is_refused: bool = False,
        detail: str = "",
        facts: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, detail=detail, facts=facts)
        self.retry_after = retry_after
        self.is_refused = is_refused


class Misconfigured(ConnectorError):
    """Credentials, certificates, addresses or schema are wrong: nothing succeeds until an administrator mends it."""


class Rejected(ConnectorError):
    """The system refuses this one object as it is: waits for a person."""


class AlreadyExists(ConnectorError):
    """An object with this name is there already: the engine searches for it and adopts or disputes it.

    Args:
        remote_id: immutable id of the object that is there, when the system tells.
    """

    def __init__(
        self, message: str, *, remote_id: str | None = None, detail: str = "", facts: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message, detail=detail, facts=facts)
        self.remote_id = remote_id


class Gone(ConnectorError):
    """No object with this remote id exists any more."""


class Ambiguous(ConnectorError):
    """The request was sent and the answer lost: it may or may not have been carried out. Read before repeating."""
