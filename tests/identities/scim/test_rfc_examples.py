"""The examples of RFC 7643, 7644 and 9865, each in a file named by its section, sent to the service or compared.

Where the portal differs on purpose, or an example cannot be sent as it is printed, the file says why (`differs`).
"""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from identities.actions.person_tokens import issue_person_token
from identities.actors import self_actor
from tests.factories import make_person
from tests.identities.scim.exchanges import play
from tests.identities.scim.service import Service, new_service
from tests.scim_samples import filled, samples

# How many examples each section has: exchanges, representations, filters (figure 2) and paths (figure 8) of RFC 7644.
# Not here: section 6 of RFC 7644, whose addresses are those of services with several tenants.
SECTIONS = {
    "rfc7643": {"3": 1, "8.1": 1, "8.2": 1, "8.3": 1, "8.4": 1, "8.5": 1, "8.6": 2, "8.7.1": 3, "8.7.2": 3},
    "rfc7644": {
        "3.3": 1,
        "3.4.1": 1,
        "3.4.2": 1,
        "3.4.2.1": 2,
        "3.4.2.2": 17,
        "3.4.2.3": 1,
        "3.4.2.4": 2,
        "3.4.3": 1,
        "3.5.1": 1,
        "3.5.2": 5,
        "3.5.2.1": 2,
        "3.5.2.2": 5,
        "3.5.2.3": 4,
        "3.6": 2,
        "3.7.1": 2,
        "3.7.2": 2,
        "3.7.3": 5,
        "3.7.4": 1,
        "3.8": 1,
        "3.9": 1,
        "3.10": 1,
        "3.11": 1,
        "3.12": 2,
        "3.13": 1,
        "3.14": 2,
        "4": 3,
    },
    "rfc9865": {"2": 2, "2.3": 1, "3": 1, "4": 1},
}
EXAMPLES = [(rfc, sample["name"], sample) for rfc in SECTIONS for sample in samples(rfc)]
# What RFC 7643 section 7 says of each attribute.
TRAITS = ("type", "multiValued", "required", "mutability", "returned", "uniqueness")


@pytest.mark.django_db
@pytest.mark.parametrize(("rfc", "name", "sample"), EXAMPLES, ids=[f"{rfc}-{name}" for rfc, name, _ in EXAMPLES])
def test_an_example(rfc: str, name: str, sample: dict[str, Any]) -> None:
    service = new_service()
    remembered = prepared(service, sample.get("given", ()))
    answer = play(of_person(service, sample["as"]) if "as" in sample else service, sample, remembered)
    if "names" in sample:
        assert names_of(sample["names"]) - names_of(answer.body) == set(sample["without"])
    if "schema" in sample and answer.status == 200:
        assert differences(sample["schema"], answer.body) == set(sample.get("differs", {}))


@pytest.mark.parametrize("rfc", SECTIONS)
def test_every_section_with_an_example_has_its_files(rfc: str) -> None:
    assert Counter(sample["name"].partition("-")[0] for sample in samples(rfc)) == SECTIONS[rfc]


def test_every_difference_has_a_reason() -> None:
    for rfc, name, sample in EXAMPLES:
        section = name.partition("-")[0]
        assert sample["source"] == f"https://www.rfc-editor.org/rfc/{rfc}#section-{section}", name
        reasons = sample.get("differs", "-")
        assert all(reasons.values() if isinstance(reasons, dict) else [reasons]), name


def prepared(service: Service, given: Any) -> dict[str, str]:
    """Create what the example takes for granted; ids and versions by name."""
    remembered = {"base": "http://localhost:8000/scim/v2"}
    for each in given:
        for number in range(1, each.get("many", 1) + 1):
            created = service.post(each["path"], filled(each["body"], {**remembered, "number": str(number)}))
            assert created.status == 201, created.body
            remembered[each["remember"]] = created.body["id"]
            remembered[f"{each['remember']}_version"] = created.headers["ETag"]
    return remembered


def of_person(service: Service, user_name: str) -> Service:
    """The same service, asked by a person with a token of their own."""
    person = make_person(user_name)
    token = issue_person_token(person, actor=self_actor(person.pk, user_name), name="phone")
    own = replace(service, token=token)
    own.published = service.published
    return own


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
