"""Requests kept as files, sent to the service; the answers compared with what the files say of them."""

from typing import Any

from tests.identities.scim.service import Answer, Service
from tests.scim_samples import filled, path_of


def play(service: Service, sample: dict[str, Any], remembered: dict[str, str]) -> Answer:
    """Send the request of a sample and those that follow it (`then`); the answer to the first.

    Args:
        remembered: what stands for `{name}`; what the sample says to remember is added.
    """
    first = exchange(service, sample, remembered)
    for following in sample.get("then", ()):
        exchange(service, following, remembered)
    return first


def exchange(service: Service, sample: dict[str, Any], remembered: dict[str, str]) -> Answer:
    """Send one request and check the answer."""
    request, expected = sample["request"], filled(sample["answer"], remembered)
    body, headers = filled(request.get("body"), remembered), filled(request.get("headers", {}), remembered)
    if "size" in request:
        body = b"{%*s}" % (request["size"] - 2, b"")
    answer = service.request(request["method"], path_of(request, remembered), body, **headers)
    name = sample.get("name", request["path"])
    assert answer.status == expected["status"], (name, answer.body)
    _compare(name, answer, expected)
    remembered |= {word: answer.body[part] for word, part in sample.get("remember", {}).items()}
    return answer


def _compare(name: str, answer: Answer, expected: dict[str, Any]) -> None:
    """What the answer must hold and must not, whom it lists, and which headers it has."""
    for part, value in expected.get("holds", {}).items():
        assert answer.body[part] == value, (name, part)
    for part in expected.get("lacks", ()):
        assert part not in answer.body, (name, part)
    for header in expected.get("headers", ()):
        assert header in answer.headers, (name, header)
    if "users" in expected:
        assert [user["userName"] for user in answer.resources] == expected["users"], name
    if "contains" in expected:
        assert _within(expected["contains"], answer.body), (name, answer.body)
    if expected.get("version"):
        assert answer.headers["ETag"] == answer.body["meta"]["version"], name


def _within(wanted: Any, found: Any) -> bool:
    """Whether everything wanted is in what was found; a list has as many entries, in this order."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and _within(value, found[name]) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(map(_within, wanted, found))
    return bool(wanted == found)
