"""The engine's words as people say them, for every page of this app."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from connectors.engine.advice import cause_in_words
from connectors.engine.intake.words import ROW_WORDS
from connectors.engine.situation import Verdict
from connectors.models import ConnectedSystem
from connectors.vocabulary import (
    AdoptionPolicy,
    BreakerState,
    GonePolicy,
    LinkState,
    OperationState,
    OrgUnitProvisioning,
    RemovalPolicy,
    RunState,
    SystemState,
)
from identities.admin.words import in_words, name_in_words, say
from identities.vocabulary import EventKind

OPERATION_LEVELS: Final = {
    OperationState.FAILED: "bad",
    OperationState.DISPUTED: "bad",
    OperationState.HELD: "wait",
    OperationState.DONE: "good",
}
LINK_LEVELS: Final = {
    LinkState.LINKED: "good",
    LinkState.PENDING: "wait",
    LinkState.DISPUTED: "bad",
    LinkState.REMOVED: "",
}
RUN_LEVELS: Final = {RunState.DONE: "good", RunState.FAILED: "bad", RunState.PLANNED: "wait"}
VERDICTS: Final[dict[str, str | Promise]] = {
    Verdict.CREATE: _("create"),
    Verdict.ADOPT: _("adopt what is there"),
    Verdict.UPDATE: _("update"),
    Verdict.ENABLE: _("enable"),
    Verdict.DISABLE: _("disable"),
    Verdict.DELETE: _("delete"),
    Verdict.UNLINK: _("cut the link and leave it"),
    Verdict.NOTHING: _("nothing to do"),
    Verdict.LEAVE: _("leave it as it is"),
    Verdict.WAIT: _("wait for something else"),
    Verdict.DISPUTE: _("the name is taken"),
    Verdict.HOLD: _("hold the removal for a person"),
    Verdict.RECREATE: _("create again"),
    Verdict.ACCEPT_GONE: _("accept that it is gone"),
}
_POLICIES: Final[dict[str, str | Promise]] = {
    RemovalPolicy.DISABLE: _("disable the account"),
    RemovalPolicy.DELETE: _("delete the account"),
    RemovalPolicy.LEAVE: _("leave the account as it is"),
    AdoptionPolicy.NEVER: _("leave them alone"),
    AdoptionPolicy.EXACT_KEY: _("adopt one with the same key"),
    AdoptionPolicy.ASK: _("ask a person"),
    OrgUnitProvisioning.NONE: _("no"),
    OrgUnitProvisioning.UNITS: _("as org units"),
    OrgUnitProvisioning.GROUPS: _("as groups of their people"),
    GonePolicy.RECREATE: _("create it again"),
    GonePolicy.ACCEPT: _("accept that it is gone"),
}
_STATES: Final[dict[str, str | Promise]] = {
    SystemState.DELETING: _("being removed"),
    OperationState.IN_FLIGHT: _("under way"),
    RunState.STAGING: _("being read"),
    RunState.PLANNED: _("waits to be applied"),
    RunState.APPLYING: _("being applied"),
}
say({**_POLICIES, **_STATES, **ROW_WORDS})


def verdict_in_words(verdict: str) -> str:
    """What was or would be done, in words."""
    return str(VERDICTS.get(verdict, verdict))


def health_in_words(system: ConnectedSystem) -> tuple[str, str]:
    """How a system fares: the level of the mark, and the word in it."""
    if system.state != SystemState.RUNNING:
        return "wait", in_words(system.state)
    if system.breaker != BreakerState.CLOSED:
        return "bad", gettext("not reachable")
    return "good", in_words(system.state)


def error_in_words(error_class: str) -> str:
    """The class of an error in words; empty without one."""
    return cause_in_words(error_class) if error_class else ""


def because_in_words(cause: str) -> str:
    """Why an operation was asked for; a change event (`user.created by hr`) as people say it."""
    kind, _space, rest = cause.partition(" ")
    return f"{name_in_words(kind)} {rest}" if kind in set(EventKind) else cause
