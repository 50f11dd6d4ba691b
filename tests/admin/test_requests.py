"""The request log's pages: what is found, and what a request's page says."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from identities.actions.associations import associate
from identities.admin.client_requests import CountedInPart
from identities.admin.note_words import NOTE_WORDS, note_in_words
from identities.models import ClientRequest
from identities.scim.wire.profiles import DEVIATIONS
from tests.admin.conftest import signed_in
from tests.factories import actor, client_actor, make_client, make_group, make_operator, make_person

pytestmark = pytest.mark.django_db
LIST = reverse("admin:identities_clientrequest_changelist")


@pytest.fixture
def session() -> Client:
    """A superuser's session."""
    return signed_in(make_operator())


def _line(path: str = "/scim/v2/Users", **values: object) -> ClientRequest:
    given = {"method": "GET", "status": 200, "milliseconds": 1, "at": timezone.now(), **values}
    return ClientRequest.objects.create(path=path, **given)


def _found(session: Client, **query: str) -> set[int]:
    return {line.pk for line in session.get(LIST, query).context["cl"].result_list}


def test_requests_are_found_by_what_they_name_and_by_whom_they_are_about(session: Client) -> None:
    client, ada, group = make_client(), make_person("Ada@X.test"), make_group("Readers")
    associate(client, ada, actor=client_actor(client), external_id="e-17")
    by_id = _line(f"/scim/v2/Users/{ada.pk}", resource_id=ada.pk, client=client)
    created = _line(about="Ada@X.test e-17", client=client)
    asked = _line('/scim/v2/Users?filter=userName eq "ada@x.test"')
    of_group = _line(f"/scim/v2/Groups/{group.pk}", resource_id=group.pk, correlation_id="c0ffee")
    _line("/scim/v2/Schemas")
    assert _found(session, q="ada@x.test") == {by_id.pk, created.pk, asked.pk}
    assert _found(session, q="e-17") == {by_id.pk, created.pk}
    assert _found(session, q="readers") == {of_group.pk}
    assert _found(session, q=str(group.pk)) == {of_group.pk}
    assert _found(session, q="c0ffee") == {of_group.pk}
    assert _found(session, q="?filter") == {asked.pk}
    assert _found(session, q=str(uuid.uuid4())) == set()


def test_requests_are_sorted_out_by_client_answer_method_and_outcome(session: Client) -> None:
    client = make_client()
    plain = _line(client=client)
    refused = _line(method="POST", status=409)
    coerced = _line(method="PATCH", status=200, coerced=True)
    failed = _line(method="PATCH", status=503, coerced=True)
    assert _found(session, client__id__exact=str(client.pk)) == {plain.pk}
    assert _found(session, client__isnull="True") == {refused.pk, coerced.pk, failed.pk}
    assert _found(session, outcome="refused") == {refused.pk, failed.pk}
    assert _found(session, outcome="coerced") == {coerced.pk, failed.pk}
    assert _found(session, outcome="either") == {refused.pk, coerced.pk, failed.pk}
    assert _found(session, outcome="plain") == {plain.pk}
    assert _found(session, answered="4") == {refused.pk}
    assert _found(session, answered="2", method="PATCH") == {coerced.pk}
    for query in ({"outcome": "x"}, {"answered": "x"}, {"method": "x"}):
        assert len(_found(session, **query)) == 4


def test_a_requests_page_says_it_in_words(session: Client) -> None:
    line = _line(
        client=make_client("Cloud"),
        method="PATCH",
        status=400,
        scim_type="invalidValue",
        detail="userName: too long",
        coerced=True,
        notes=[{"code": "string_booleans", "subject": "active"}, {"code": "kept", "subject": ""}],
        payload={"userName": "ä"},
        correlation_id="c0ffee",
    )
    page = reverse("admin:identities_clientrequest_change", args=[line.pk])
    trail = f"{reverse('admin:identities_auditentry_changelist')}?q=c0ffee"
    assert trail not in session.get(page).content.decode()
    make_person(by=replace(actor(), correlation_id="c0ffee"))
    shown = session.get(page).content.decode()
    for words in (
        "invalidValue: userName: too long",
        "A text was read as true or false: active",
        "&quot;userName&quot;: &quot;ä&quot;",
    ):
        assert words in shown
    assert trail in shown
    assert "1 audit entry" in shown
    assert "not kept" in shown


def test_every_note_has_words() -> None:
    assert {deviation.name for deviation in DEVIATIONS} < set(NOTE_WORDS)
    assert note_in_words({"code": "of another version", "subject": "x"}) == "of another version: x"


def test_long_lists_are_counted_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identities.admin.client_requests.MOST_COUNTED", 3)
    for _number in range(5):
        _line()
    assert CountedInPart(ClientRequest.objects.all(), 2).count == 3


def test_a_self_test_is_started_by_its_button_and_followed(session: Client) -> None:
    add = reverse("admin:identities_selftest_add")
    page = session.post(add, follow=True)
    assert "follow.js" in page.content.decode()
    assert "waiting" in page.content.decode()
    assert "A self-test is running" in session.post(add).content.decode()


def test_the_setting_of_payloads_is_a_choice_on_the_client(session: Client) -> None:
    page = session.get(reverse("admin:identities_apiclient_change", args=[make_client().pk])).content.decode()
    assert "of refused requests" in page
