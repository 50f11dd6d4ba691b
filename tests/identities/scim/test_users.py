"""Users over SCIM: create, read, replace, patch, delete."""

import pytest

from tests.identities.scim.service import ENTERPRISE, PORTAL, Service, new_service

pytestmark = pytest.mark.django_db


@pytest.fixture
def hr() -> Service:
    """An RFC client."""
    return new_service()


FULL = {
    "externalId": "E1",
    "name": {"givenName": "Barbara", "familyName": "Jensen", "formatted": "Ms. Barbara J Jensen, III"},
    "displayName": "Babs",
    "title": "Guide",
    "preferredLanguage": "en-US",
    "emails": [{"value": "bjensen@example.com", "type": "work", "primary": True}, {"value": "babs@example.org"}],
    "addresses": [{"type": "work", "locality": "Hollywood", "country": "USA"}],
    ENTERPRISE: {"employeeNumber": "701984", "department": "Tours"},
    PORTAL: {"startDate": "2020-01-01"},
}


def test_a_created_user_comes_back_as_it_was_sent(hr: Service) -> None:
    created = hr.create_user("bjensen", **FULL)
    for name, value in FULL.items():
        if name != PORTAL:
            assert created[name] == value
    assert created[PORTAL] == {"startDate": "2020-01-01", "state": "active"}
    assert created["active"] is True
    assert created["meta"]["location"].endswith(f"/scim/v2/Users/{created['id']}")
    read = hr.get(f"/Users/{created['id']}")
    assert read.body == created
    assert read.headers["ETag"] == created["meta"]["version"]
