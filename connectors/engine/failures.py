"""What goes wrong while an object is converged, beside the errors of the interface."""

from connectors.engine.claim import Ending
from connectors.spi import (
    AlreadyExists,
    Ambiguous,
    ConnectorError,
    Gone,
    Misconfigured,
    Rejected,
    RemoteObject,
    Throttled,
    Transient,
)


class Defect(Exception):  # noqa: N818  # the engine's word, beside Rejected and Gone
    """A connector raised something that is no error of the interface.

    Args:
        message: what happened, for an administrator. detail: the trace, secrets removed.
    """

    def __init__(self, message: str, detail: str) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class LeaseLost(Exception):  # noqa: N818  # the engine's word
    """Another worker has the object now: nothing more may be written for it."""


class BrakeEngaged(Exception):  # noqa: N818  # the engine's word
    """The hour's allowance of removals was used up by others since it was decided."""


class AccountTaken(Exception):  # noqa: N818  # the engine's word
    """The account was linked to another object of ours since it was decided."""

    def __init__(self, remote: RemoteObject) -> None:
        super().__init__(f"{remote.name} is linked to another object.")
        self.message = f"{remote.name} is linked to another object."


class LinkChanged(Exception):  # noqa: N818  # the engine's word
    """A person cut or made the tie since it was decided, or an account that stood in the way went."""


class KeptChanging(Exception):  # noqa: N818  # the engine's word
    """Something changed between every decision and its execution: tried again later, and no fault of the system."""

    message = "The account kept changing while it was being brought up to date."
    detail = ""


class SystemChanged(Exception):  # noqa: N818  # the engine's word
    """The system was paused, or its deletion began, since it was decided: nothing new is made there."""


ENDINGS: dict[type[ConnectorError], tuple[Ending, str]] = {
    Transient: (Ending.RETRY, "transient"),
    Ambiguous: (Ending.RETRY, "ambiguous"),
    Throttled: (Ending.THROTTLED, "throttled"),
    Misconfigured: (Ending.MISCONFIGURED, "misconfigured"),
    Rejected: (Ending.FAILED, "rejected"),
    AlreadyExists: (Ending.DISPUTED, "already_exists"),
    Gone: (Ending.RETRY, "gone"),
}


def ending_of(error: ConnectorError | Defect | KeptChanging) -> tuple[Ending, str]:
    """How an operation ends with this error, and the error's class as it is stored."""
    if isinstance(error, KeptChanging):
        return Ending.RETRY, ""
    for error_class, ending in ENDINGS.items():
        if isinstance(error, error_class):
            return ending
    return Ending.DEFECT, "defect"
