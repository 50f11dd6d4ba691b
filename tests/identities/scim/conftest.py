"""API clients for the tests of the SCIM face."""

import pytest
from django.urls import resolve

from identities.vocabulary import ClientProfile
from tests.identities.scim.service import Service, new_service


@pytest.fixture(autouse=True, scope="session")
def every_address_is_loaded() -> None:
    """The first request of a process loads all views: that belongs to no test's time."""
    resolve("/scim/v2/Users")


@pytest.fixture
def hr(db: None) -> Service:
    """A client that keeps to the RFCs."""
    return new_service("hr")


@pytest.fixture
def other(db: None) -> Service:
    """A second client, with its own people."""
    return new_service("other")


@pytest.fixture
def entra(db: None) -> Service:
    """A client of the profile `entra`."""
    return new_service("entra", ClientProfile.ENTRA)


@pytest.fixture
def okta(db: None) -> Service:
    """A client of the profile `okta`."""
    return new_service("okta", ClientProfile.OKTA)
