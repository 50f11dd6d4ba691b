"""What a write of a person answers is what a read answers then, although it is not read: nothing more, nothing less."""

from typing import Any

import pytest

from identities.actions.users import update_user
from identities.actors import command_actor
from identities.models import User
from identities.vocabulary import AdoptionRule, ClientSight
from tests.identities.scim.service import ENTERPRISE, PATCH_OP, USER, Answer, Service, new_service

pytestmark = [pytest.mark.database, pytest.mark.django_db]


def _replace(**values: Any) -> dict[str, Any]:
    return {"op": "replace", "value": values}


def _managed(by: str) -> dict[str, Any]:
    return {ENTERPRISE: {"manager": {"value": by}}}


def _same_as_read(service: Service, answer: Answer, query: str = "") -> dict[str, Any]:
    """The answer, which a read confirms."""
    assert answer.status in (200, 201), answer.body
    read = service.get(f"/Users/{answer.body['id']}{query}")
    assert answer.body == read.body
    assert answer.headers["ETag"] == read.headers["ETag"]
    assert answer.headers["Content-Location"] == read.headers["Content-Location"]
    return dict(answer.body)


def test_every_kind_of_write(hr: Service) -> None:
    boss, chief = (hr.create_user(name, displayName=f"The {name}")["id"] for name in ("boss", "chief"))
    made = _same_as_read(
        hr, hr.post("/Users", {"schemas": [USER], "userName": "ann", "externalId": "7", **_managed(boss)})
    )
    assert made[ENTERPRISE]["manager"]["displayName"] == "The boss"
    place = f"/Users/{made['id']}"
    hr.create_group("Guides", made["id"])
    for operation in (
        _replace(title="Guide"),
        _replace(title="Guide"),
        _replace(externalId="8", nickName="A"),
        _replace(active=False, emails=[{"value": "ann@example.com", "type": "work"}]),
        _replace(active=True, phoneNumbers=[{"value": "1", "type": "work"}], userName="anna"),
        _replace(**_managed(chief)),
        {"op": "remove", "path": f"{ENTERPRISE}:manager"},
        _replace(**_managed(boss)),
    ):
        told = _same_as_read(hr, hr.patch(place, operation))
        assert [each["display"] for each in told["groups"]] == ["Guides"]
        # What is written together is told together.
        assert set(operation.get("value", ())) <= set(told)
    assert told["externalId"] == "8"
    assert told[ENTERPRISE]["manager"]["displayName"] == "The boss"
    put = {"schemas": [USER], "userName": "anna", "nickName": "A", "active": False}
    assert ENTERPRISE not in _same_as_read(hr, hr.put(place, put))
    for query in ("?attributes=groups,title", "?excludedAttributes=groups"):
        _same_as_read(hr, hr.request("PATCH", f"{place}{query}", _message(_replace(title=query))), query)


def _message(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def test_what_the_client_does_not_see_is_not_told(hr: Service) -> None:
    other = new_service("other")
    ann, stranger = hr.create_user("ann")["id"], other.create_user("stranger")["id"]
    other.create_group("Theirs", stranger)
    manager = User.objects.get(pk=stranger)
    update_user(User.objects.get(pk=ann), actor=command_actor(), changes={"manager": manager})
    told = _same_as_read(hr, hr.patch(f"/Users/{ann}", _replace(title="Guide")))
    assert ENTERPRISE not in told
    assert stranger not in str(told)


def test_adopted_people_and_texts_of_an_older_rendering(hr: Service) -> None:
    other = new_service("other", sight=ClientSight.EVERYBODY, adoption_rule=AdoptionRule.USER_NAME)
    boss = hr.create_user("boss", displayName="The Boss")["id"]
    ann = hr.create_user("ann", externalId="hr-1", **_managed(boss))["id"]
    hr.create_group("Guides", ann)
    told = _same_as_read(other, other.patch(f"/Users/{ann}", _replace(externalId="other-1")))
    assert told["externalId"] == "other-1"
    User.objects.filter(pk=ann).update(rendering_version=0, scim_text="{}")
    told = _same_as_read(hr, hr.patch(f"/Users/{ann}", _replace(externalId="hr-1")))
    assert (told["externalId"], told["userName"]) == ("hr-1", "ann")
