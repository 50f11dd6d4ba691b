"""The documented requests of Entra ID and Okta, replayed in their order; every answer is checked against the schema."""

import pytest

from identities.models import User
from identities.vocabulary import ClientProfile
from tests.identities.scim.exchanges import play
from tests.identities.scim.service import new_service
from tests.scim_samples import samples


@pytest.mark.django_db
@pytest.mark.parametrize("profile", [ClientProfile.ENTRA, ClientProfile.OKTA])
def test_the_documented_requests_work(profile: ClientProfile) -> None:
    service = new_service(profile.value, profile)
    remembered: dict[str, str] = {}
    for sample in samples(profile.value):
        play(service, sample, remembered)
    assert not any(user.has_usable_password() for user in User.objects.all())


@pytest.mark.parametrize("client", ["entra", "okta"])
def test_every_sample_names_its_source(client: str) -> None:
    for sample in samples(client):
        assert sample["source"].startswith("https://")
        assert len(sample["date"]) == len("2025-03-04")
