"""The documented requests of Entra ID and Okta, replayed in their order; every answer is checked against the schema."""

import pytest

from identities.models import User
from identities.vocabulary import ClientProfile
from tests.identities.scim.service import new_service
from tests.scim_samples import filled, path_of, samples


@pytest.mark.django_db
@pytest.mark.parametrize("profile", [ClientProfile.ENTRA, ClientProfile.OKTA])
def test_the_documented_requests_work(profile: ClientProfile) -> None:
    service = new_service(profile.value, profile)
    remembered: dict[str, str] = {}
    for sample in samples(profile.value):
        request, expected = sample["request"], filled(sample["answer"], remembered)
        body = filled(request.get("body"), remembered)
        answer = service.request(request["method"], path_of(request, remembered), body)
        assert answer.status == expected["status"], (sample["name"], answer.body)
        for name, value in expected.get("holds", {}).items():
            assert answer.body[name] == value, (sample["name"], name)
        for name in expected.get("lacks", ()):
            assert name not in answer.body, (sample["name"], name)
        remembered |= {name: answer.body[part] for name, part in sample.get("remember", {}).items()}
    assert not any(user.has_usable_password() for user in User.objects.all())


@pytest.mark.parametrize("client", ["entra", "okta"])
def test_every_sample_names_its_source(client: str) -> None:
    for sample in samples(client):
        assert sample["source"].startswith("https://")
        assert len(sample["date"]) == len("2025-03-04")
