"""What a person should do about an operation, by how it stands and by the class of its error; and how that class is
called.
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from connectors.vocabulary import OperationState

CAUSES: Final[dict[str, str | Promise]] = {
    "transient": gettext_lazy("the system did not answer"),
    "ambiguous": gettext_lazy("it is not known whether a call succeeded"),
    "throttled": gettext_lazy("the system asked for a pause"),
    "misconfigured": gettext_lazy("the connection is not configured well"),
    "unavailable": gettext_lazy("the connector cannot be used"),
    "rejected": gettext_lazy("the system refuses the values"),
    "already_exists": gettext_lazy("the name is taken"),
    "gone": gettext_lazy("the account is gone"),
    "defect": gettext_lazy("the connector failed unexpectedly"),
    "mapping_failed": gettext_lazy("a mapping fails"),
    "unknown_attribute": gettext_lazy("the system has no such attribute"),
    "bad_value": gettext_lazy("a value is of the wrong kind"),
    "missing_value": gettext_lazy("a value that the system needs is missing"),
    "no_key": gettext_lazy("no value to recognise the account by"),
}
_BY_CAUSE: Final[dict[str, Promise]] = {
    "misconfigured": gettext_lazy("Mend the system's connection, then test it; what waits goes out at once."),
    "unavailable": gettext_lazy("Install or mend the connector, then test the system."),
    "rejected": gettext_lazy("Read the message, mend the value or the mapping, then retry."),
    "already_exists": gettext_lazy("Match it by hand if it is the same person, or change the name."),
    "defect": gettext_lazy("Read the trace under Detail; retry once the connector or its system is mended."),
    "mapping_failed": gettext_lazy("Correct the expression under Mappings, then push or retry."),
    "unknown_attribute": gettext_lazy("Correct the mapping, or discover the system's attributes anew."),
    "bad_value": gettext_lazy("Mend the value at its source, or convert it in the mapping, then retry."),
    "missing_value": gettext_lazy("Give the value at its source, or a mapping for it, then retry."),
    "no_key": gettext_lazy("Map the attribute by which accounts are recognised, then push or retry."),
}


def cause_in_words(error_class: str) -> str:
    """How a class of errors is called; classes that are not known by themselves."""
    return str(CAUSES.get(error_class, error_class.replace("_", " ")))


def advice(state: str, error_class: str) -> str:
    """What to do; empty where nothing is to be done."""
    if state == OperationState.HELD:
        return _("Release them if they are meant, reject them if they are not.")
    if state == OperationState.DISPUTED:
        return str(_BY_CAUSE["already_exists"])
    if state == OperationState.FAILED:
        return str(_BY_CAUSE.get(error_class, _BY_CAUSE["rejected"]))
    if state == OperationState.WAITING and error_class:
        tried_again = _("Nothing: it is tried again by itself.")
        return str(_BY_CAUSE["misconfigured"]) if error_class in ("misconfigured", "unavailable") else tried_again
    return ""
