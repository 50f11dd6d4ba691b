"""One conformance pass of scim2-tester over the service, part by part, each in a transaction that is undone."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

import orjson
from django.conf import settings
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import CheckResult, Status, check_server

from identities.actions.clients import create_client, issue_token
from identities.actors import Actor
from identities.representation.rendering import SCIM_BASE_PATH
from identities.scim.in_process import answer, undone
from identities.scim.log.masking import Masker
from identities.scim.schemas.resources import user_model
from identities.vocabulary import ClientScope

# What scim2-tester looks at, in shares that hold a database's write lock for no longer than a slow request.
DISCOVERY: Final = frozenset({"discovery", "misc"})
WRITING: Final = (
    {"crud:create", "crud:delete"},
    {"crud:read", "crud:read:attributes"},
    {"crud:update"},
    {"patch:add"},
    {"patch:remove"},
    {"patch:replace"},
)
PARTS: Final = (
    (DISCOVERY, "User"),
    *((frozenset(tags), resource) for resource in ("User", "Group", "OrgUnit") for tags in WRITING),
)
CLIENT_NAME: Final = "self-test"
# Requests shown of one check, the last ones, and characters of each body.
SHOWN: Final = 3
_LONGEST: Final = 2000
_CHECKS: Final = "scim2_tester.checkers"
# What the first part found the service to publish, by the class of users it was published from: making classes of it
# takes longer than any other part.
_described: Final[dict[Any, Any]] = {}


class Outcome(StrEnum):
    """How a check ended. `meant`: the portal differs from what the check expects, on purpose."""

    PASSED = "passed"
    MEANT = "meant"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Sent:
    """One request of the pass, and its answer."""

    method: str
    path: str
    status: int
    body: Any = None
    answer: Any = None
    checks: frozenset[str] = frozenset()


@dataclass(slots=True)
class Checked:
    """One check, as a self-test keeps it."""

    part: str
    check: str
    resource: str
    attribute: str
    outcome: Outcome
    reason: str
    sent: list[dict[str, Any]] = field(default_factory=list)


def check_part(number: int, *, actor: Actor) -> list[Checked]:
    """Carry out one of PARTS with a client that exists for as long as that takes, and undo all of it.

    What it creates is in no committed state at any time: no connected system, no other client and no log sees it.
    """
    tags, resource = PARTS[number]
    log: list[Sent] = []
    with undone():
        # Long enough that it is nobody's name.
        client = create_client(f"{CLIENT_NAME} {actor.correlation_id}", actor=actor, scopes=tuple(ClientScope))
        token = issue_token(client, actor=actor)
        tester = WSGISCIMClient(
            app=_recording(log),
            base_url=f"{settings.PORTAL_PUBLIC_URL.rstrip('/')}{SCIM_BASE_PATH}",
            headers={"Authorization": f"Bearer {token}"},
        )
        model = user_model()
        if tags != DISCOVERY and model in _described:
            tester.provider = _described[model]
        results = check_server(tester, include_tags=set(tags), resource_types=[resource])
        if tester.provider.models:
            _described.clear()
            _described[model] = tester.provider
    # What the other parts are about is skipped, and some of the discovery done again, in each of them.
    about = "" if tags == DISCOVERY else resource
    return [_checked(min(tags), about, each, log) for each in results if each.tags & tags]


def _recording(log: list[Sent]) -> Callable[..., list[bytes]]:
    """The service as a WSGI application that writes down what it was asked."""

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].getvalue()
        response = answer(environ)
        start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        path = environ["PATH_INFO"].removeprefix(SCIM_BASE_PATH) + query
        asked = Sent(environ["REQUEST_METHOD"], path, response.status_code, body, response.content)
        asked.checks = frozenset(_checks_on_the_stack())
        log.append(asked)
        return [response.content]

    return application


def _checks_on_the_stack() -> Iterator[str]:
    """The functions of scim2-tester that are asking: it does not say which request belongs to which check."""
    frame = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith(_CHECKS):
            yield frame.f_code.co_name
        frame = frame.f_back  # type: ignore[assignment]


def _checked(part: str, resource: str, result: CheckResult, log: list[Sent]) -> Checked:
    attribute = str(result.data.get("urn", "")) if isinstance(result.data, dict) else ""
    outcome = _outcome(result)
    reason = (result.reason or "").strip()[:_LONGEST]
    checked = Checked(part, result.title or "", resource, attribute, outcome, reason)
    if outcome in (Outcome.FAILED, Outcome.MEANT):
        checked.sent = [_shown(each) for each in _of_check(checked, log)]
    return checked


def _outcome(result: CheckResult) -> Outcome:
    if result.status == Status.SKIPPED:
        return Outcome.SKIPPED
    if result.status not in (Status.ERROR, Status.CRITICAL):
        return Outcome.PASSED
    return Outcome.MEANT if is_meant(result) else Outcome.FAILED


def is_meant(result: CheckResult) -> bool:
    """Whether the portal differs from what the check expects in one of the ways it differs on purpose."""
    if result.resource_type == "OrgUnit" and "externalId" in (result.reason or ""):
        # No client has org units of its own, nor ids of its own for them.
        return True
    match result.data:
        case {"urn": "active"}:
            # It is derived: a client asserts or lifts its own suspension, and a person is always active or not.
            return result.title == "check_remove_attribute"
        case {"urn": "members", "expected": expected, "actual": actual}:
            # A member's name is looked up when it is read: it comes back although it was not sent, and nothing else.
            return _nameless(expected) == _nameless(actual)
        case {"urn": "parent", "expected": expected, "modify_actual": actual}:
            # So is the name of the org unit above.
            return _nameless([expected]) == _nameless([actual])
    return False


def _nameless(members: Any) -> list[dict[str, Any]]:
    return [{name: part for name, part in each.model_dump().items() if name != "display"} for each in members]


def _of_check(checked: Checked, log: list[Sent]) -> list[Sent]:
    """The last requests of a check; if there are any, those that name its attribute or that its reason names."""
    own = [each for each in log if checked.check in each.checks]
    named = [each for each in own if _is_named(each, checked)]
    return (named or own)[-SHOWN:]


def _is_named(sent: Sent, checked: Checked) -> bool:
    if f"{sent.method} {sent.path}" in checked.reason:
        return True
    return bool(checked.attribute) and checked.attribute.encode() in sent.body


def _shown(sent: Sent) -> dict[str, Any]:
    return {
        "method": sent.method,
        "path": sent.path[:_LONGEST],
        "status": sent.status,
        "body": _readable(sent.body),
        "answer": _readable(sent.answer),
    }


def _readable(body: bytes) -> Any:
    try:
        return Masker().payload(orjson.loads(body)) if body else None
    except orjson.JSONDecodeError:
        return body[:_LONGEST].decode(errors="replace")


def as_results(checks: list[Checked]) -> list[dict[str, Any]]:
    """The checks as JSON values."""
    return [asdict(each) for each in checks]
