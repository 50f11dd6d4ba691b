"""The page for tokens of one's own."""

import pytest
from django.test import Client
from django.urls import reverse

from identities.models import PersonToken
from tests.factories import make_operator
from tests.selfservice.people import person_with_password, signed_in

pytestmark = pytest.mark.django_db


def test_a_token_is_made_shown_once_and_revoked() -> None:
    ada = person_with_password("ada")
    browser = signed_in(ada)
    page = browser.post(reverse("own_tokens"), {"name": "my <b>watch"})
    secret = page.context["secret"]
    assert secret in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    read = Client().get("/scim/v2/Me", headers={"Authorization": f"Bearer {secret}"})
    assert (read.status_code, read.json()["userName"]) == (200, "ada")
    text = browser.get(reverse("own_tokens")).content.decode()
    assert "my &lt;b&gt;watch" in text
    assert secret not in text
    token = PersonToken.objects.get()
    assert browser.post(reverse("own_token_revoke", args=[token.pk])).status_code == 302
    assert Client().get("/scim/v2/Me", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_nobody_revokes_a_token_of_somebody_else() -> None:
    browser = signed_in(person_with_password("ada"))
    browser.post(reverse("own_tokens"), {"name": "mine"})
    token = PersonToken.objects.get()
    other = signed_in(person_with_password("eve"))
    assert other.post(reverse("own_token_revoke", args=[token.pk])).status_code == 404
    assert Client().post(reverse("own_token_revoke", args=[token.pk])).status_code == 302
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_refusal_is_shown_with_the_form() -> None:
    browser = signed_in(person_with_password("ada"))
    for number in range(5):
        browser.post(reverse("own_tokens"), {"name": f"number {number}"})
    page = browser.post(reverse("own_tokens"), {"name": "one more"})
    assert "Revoke one first" in page.content.decode()
    assert PersonToken.objects.count() == 5


def test_operators_have_no_such_page(client: Client) -> None:
    client.force_login(make_operator())
    assert client.get(reverse("own_tokens")).status_code == 404
    client.logout()
    assert client.get(reverse("own_tokens")).status_code == 302
