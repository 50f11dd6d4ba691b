"""The examples of RFC 7643 and RFC 7644, each in a file named by its section, sent to the service or compared with it.

Where the portal differs on purpose, the file says how and why (`differs`).
"""

from typing import Any

import pytest

from tests.identities.scim.service import Answer, Service, new_service
from tests.scim_samples import filled, path_of, samples

EXAMPLES = [(rfc, sample["name"], sample) for rfc in ("rfc7643", "rfc7644") for sample in samples(rfc)]
# What RFC 7643 section 7 says of each attribute.
TRAITS = ("type", "multiValued", "required", "mutability", "returned", "uniqueness")


@pytest.mark.django_db
@pytest.mark.parametrize(("rfc", "name", "sample"), EXAMPLES, ids=[f"{rfc}-{name}" for rfc, name, _ in EXAMPLES])
def test_an_example(rfc: str, name: str, sample: dict[str, Any]) -> None:
    service = new_service()
    remembered = prepared(service, sample.get("given", ()))
    request, expected = sample["request"], filled(sample["answer"], remembered)
    headers = filled(request.get("headers", {}), remembered)
    body = filled(request.get("body"), remembered)
    answer = service.request(request["method"], path_of(request, remembered), body, **headers)
    assert answer.status == expected["status"], answer.body
    compare(answer, expected)
    if "names" in sample:
        assert names_of(sample["names"]) - names_of(answer.body) == set(sample["without"])
    if "schema" in sample and answer.status == 200:
        assert differences(sample["schema"], answer.body) == set(sample.get("differs", {}))


def test_every_difference_has_a_reason() -> None:
    for _, name, sample in EXAMPLES:
        assert sample["source"].startswith("https://www.rfc-editor.org/rfc/rfc764"), name
        reasons = sample.get("differs", "-")
        assert all(reasons.values() if isinstance(reasons, dict) else [reasons]), name


def prepared(service: Service, given: Any) -> dict[str, str]:
    """Create what the example takes for granted; the ids by name."""
    remembered = {"base": "http://localhost:8000/scim/v2"}
    for each in given:
        created = service.post(each["path"], filled(each["body"], remembered))
        assert created.status == 201, created.body
        remembered[each["remember"]] = created.body["id"]
        remembered["version"] = created.headers["ETag"]
    return remembered


def compare(answer: Answer, expected: dict[str, Any]) -> None:
    """What the answer must hold and must not, whom it lists, and which headers it has."""
    for part, value in expected.get("holds", {}).items():
        assert answer.body[part] == value, part
    for part in expected.get("lacks", ()):
        assert part not in answer.body, part
    for header in expected.get("headers", ()):
        assert header in answer.headers
    if "users" in expected:
        assert [user["userName"] for user in answer.resources] == expected["users"]


def names_of(document: Any, path: str = "") -> set[str]:
    """The paths of all members."""
    if isinstance(document, list):
        return {name for each in document for name in names_of(each, path)}
    if not isinstance(document, dict):
        return set()
    own = {f"{path}{name}" for name in document}
    return own.union(*(names_of(value, f"{path}{name}.") for name, value in document.items()))


def differences(wanted: dict[str, Any], served: dict[str, Any], path: str = "") -> set[str]:
    """Where a schema differs from the RFC's in what clients go by."""
    ours = {each["name"]: each for each in served.get("attributes", served.get("subAttributes", ()))}
    found = set()
    for each in wanted.get("attributes", wanted.get("subAttributes", ())):
        name = f"{path}{each['name']}"
        own = ours.get(each["name"])
        if own is None:
            found.add(name)
            continue
        found |= {f"{name}: {trait}" for trait in TRAITS if trait in each and own.get(trait) != each[trait]}
        found |= differences(each, own, f"{name}.")
    return found
