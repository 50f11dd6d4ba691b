"""The overview on a connected system's page: its health in words, counts, errors by cause, throughput, what is next."""

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from connectors.admin.charts import hour_in_words, operations_url, over_time
from connectors.admin.words import OPERATION_LEVELS, error_in_words
from connectors.engine.advice import advice
from connectors.engine.system_overview import Cause, Overview, overview
from connectors.models import ConnectedSystem
from connectors.vocabulary import BreakerState, LinkState, OperationState, SystemState
from identities.admin.words import in_words


def system_overview(system: ConnectedSystem) -> SafeString:
    """The overview as it stands above the system's settings."""
    found = overview(system)
    context = {
        "system": system,
        "health": _health(system),
        "gates": [gate for gate in found.gates if gate.applies],
        "found": found,
        "counts": _counts(system, found),
        "causes": [_cause(system, cause) for cause in found.causes],
        "throughput": _throughput(system, found),
        "run_url": reverse("admin:connectors_run_change", args=[found.run.pk]) if found.run else "",
    }
    return render_to_string("admin/connectors/overview.html", context)


def _health(system: ConnectedSystem) -> tuple[str, str, str]:
    """Level, what is the case, and what to do."""
    if system.state == SystemState.PAUSED:
        return "wait", _("It is paused: nothing is written to it, and changes wait."), _("Preview it, then resume it.")
    if system.breaker != BreakerState.CLOSED:
        failing = _("It keeps failing and is not called: %(reason)s") % {"reason": system.breaker_reason}
        return "bad", failing, _todo(system)
    if system.state == SystemState.DELETING:
        return "wait", _("It is being removed: its accounts are dealt with first."), ""
    if system.consecutive_failures:
        failed = _("The last %(number)d calls failed.") % {"number": system.consecutive_failures}
        return "wait", failed, _("Nothing is to be done yet: they are tried again by themselves.")
    if system.last_success_at is None:
        return "wait", _("It runs and was not called yet."), _("Test it, or push everybody.")
    return "good", _("It runs and answers."), ""


def _todo(system: ConnectedSystem) -> str:
    if system.breaker_error == "misconfigured":
        return advice(OperationState.FAILED, "misconfigured")
    return _("Changes wait and go out by themselves once the system answers. Test the system to see more.")


def _counts(system: ConnectedSystem, found: Overview) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Numbers with the lists behind them, under what they count."""
    links_url = f"{reverse('admin:connectors_link_changelist')}?system__id__exact={system.pk}"
    links = [(in_words(state), found.links[state], f"{links_url}&state__exact={state}") for state in LinkState]
    waiting = OperationState.WAITING
    states = (waiting, OperationState.IN_FLIGHT, OperationState.FAILED, OperationState.DISPUTED, OperationState.HELD)
    operations = [
        (in_words(state), found.operations[state], operations_url(system__id__exact=system.pk, state__exact=state))
        for state in states
    ]
    retried = operations_url(system__id__exact=system.pk, state__exact=waiting, attempt__gt=0)
    operations.insert(1, (_("of these tried again"), found.retried, retried))
    return [(_("Accounts and groups"), links), (_("Operations"), operations)]


def _cause(system: ConnectedSystem, cause: Cause) -> dict[str, Any]:
    filters = {"system__id__exact": system.pk, "state__exact": cause.state, "error_class__exact": cause.error_class}
    return {
        "level": OPERATION_LEVELS.get(OperationState(cause.state), "wait"),
        "state": in_words(cause.state),
        "cause": error_in_words(cause.error_class)
        or (_("the removal limit") if cause.state == OperationState.HELD else ""),
        "number": cause.number,
        "url": operations_url(**{name: value for name, value in filters.items() if value}),
        "last": cause.last,
        "advice": advice(cause.state, cause.error_class),
    }


def _throughput(system: ConnectedSystem, found: Overview) -> Any:
    about = _("Operations that ended in each minute: %(number)d done within the hour.")
    done = sum(minute.done for minute in found.minutes)
    title = _("Throughput of the last hour")
    told = about % {"number": done}
    return over_time("throughput", title, told, found.minutes, hour_in_words, system__id__exact=system.pk)
