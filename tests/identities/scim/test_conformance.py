"""scim2-tester, a conformance checker by others, against the whole service."""

import pytest
from django.core.wsgi import get_wsgi_application
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server

from tests.identities.scim.service import BASE, new_service

# Where the portal differs on purpose, and why.
ON_PURPOSE = {
    # It is derived: a client asserts or lifts its own suspension, and a person is always active or not.
    "did not remove attribute 'active'",
    # A member's name is looked up when it is read, so it comes back although it was not sent.
    "Attribute 'members' was not added or has unexpected value",
    "Attribute 'members' was not replaced or has unexpected value",
}


@pytest.mark.database
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_scim2_tester_finds_nothing_but_what_is_meant() -> None:
    service = new_service()
    client = WSGISCIMClient(
        app=get_wsgi_application(),
        base_url=f"http://localhost:8000{BASE}",
        headers={"Authorization": f"Bearer {service.token}"},
    )
    client.discover()
    results = check_server(client, raise_exceptions=False)
    failed = [f"{each.title}: {each.reason}" for each in results if each.status in (Status.ERROR, Status.CRITICAL)]
    unexpected = [reason for reason in failed if not any(meant in reason for meant in ON_PURPOSE)]
    assert unexpected == []
    assert sum(each.status == Status.SUCCESS for each in results) > 100
