"""Dynamic groups over SCIM: seen like others, their members read-only."""

from typing import Any
from uuid import UUID

import pytest

from identities.actions.groups import set_rule
from identities.consumers import dynamic_groups
from identities.models import Membership
from tests.factories import actor
from tests.identities.scim.service import Service


def ruled(service: Service) -> tuple[str, str, str]:
    """A dynamic group with one member, that member, and somebody else."""
    guide, other = service.create_user("guide", title="Guide")["id"], service.create_user("other")["id"]
    group = service.create_group("Guides")["id"]
    set_rule(UUID(group), 'title eq "Guide"', actor=actor())
    dynamic_groups.work()
    return group, guide, other


def members(service: Service, group: str) -> list[str]:
    return [each["value"] for each in service.get(f"/Groups/{group}").body.get("members", [])]


def writes(guide: str, other: str) -> list[dict[str, Any]]:
    return [
        {"op": "add", "path": "members", "value": [{"value": other}]},
        {"op": "add", "value": {"members": [{"value": other}]}},
        {"op": "replace", "path": "members", "value": [{"value": other}]},
        {"op": "remove", "path": f'members[value eq "{guide}"]'},
        {"op": "remove", "path": "members"},
    ]


def test_members_that_a_rule_asserts_are_refused_to_a_strict_client(hr: Service) -> None:
    group, guide, other = ruled(hr)
    for operation in writes(guide, other):
        answer = hr.patch(f"/Groups/{group}", operation)
        assert (answer.status, answer.body["scimType"]) == (400, "mutability")
    assert members(hr, group) == [guide]
    assert hr.patch(f"/Groups/{group}", {"op": "replace", "path": "displayName", "value": "New"}).status in (200, 204)
    assert hr.find(f'groups.value eq "{group}"').body["totalResults"] == 1


@pytest.mark.parametrize("name", ["entra", "okta"])
def test_they_stay_as_they_are_for_a_client_that_expects_success(name: str, request: pytest.FixtureRequest) -> None:
    service: Service = request.getfixturevalue(name)
    group, guide, other = ruled(service)
    for operation in writes(guide, other):
        assert service.patch(f"/Groups/{group}", operation).status in (200, 204)
        assert {"code": "kept", "subject": "members"} in service.notes
    assert members(service, group) == [guide]


def test_a_put_passes_over_them(hr: Service) -> None:
    group, guide, other = ruled(hr)
    body = hr.get(f"/Groups/{group}").body | {"displayName": "Renamed", "members": [{"value": other}]}
    answer = hr.put(f"/Groups/{group}", body)
    assert (answer.status, answer.body["displayName"]) == (200, "Renamed")
    assert members(hr, group) == [guide]
    assert Membership.objects.count() == 1
