"""The Explain page: what it says, who may do what on it, and the trace of an operation that was asked for there."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connectors.catalog.memory import MemoryStore
from connectors.engine.session import close_all
from connectors.engine.work import work
from connectors.models import ConnectedSystem, Link, Operation
from connectors.spi import Transient
from connectors.vocabulary import OperationState, SystemState
from identities.models import User
from identities.vocabulary import Role
from tests.admin.conftest import signed_in
from tests.connectors.engine.memory_systems import a_memory_system, account_names
from tests.connectors.engine.rows import a_link, an_org_unit, put
from tests.factories import make_group, make_operator, make_person

pytestmark = pytest.mark.django_db
HARM = "<b>bold</b>"


@pytest.fixture
def place() -> Any:
    yield a_memory_system(scope_filter='department eq "Sales"')
    close_all()


@pytest.fixture
def clerk() -> User:
    return make_person("clerk", department="Sales", title=HARM)


@pytest.fixture
def client() -> Client:
    return signed_in(make_operator("root"))


Place = tuple[ConnectedSystem, MemoryStore]


def address(system: ConnectedSystem, subject: Any, page: str = "", kind: str = "user") -> str:
    return f"/admin/connectors/connectedsystem/{system.pk}/explain/{kind}/{subject.pk}/{page}"


def text_of(answer: Any) -> str:
    """The words of a page, its tags left out."""
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_it_says_why_what_is_and_what_comes(client: Client, place: Place, clerk: User) -> None:
    system, store = place
    put(system, clerk)
    Operation.objects.update(cause="user.created by hr")
    store.script.fail("create", lambda: Transient("no answer"), times=9)
    work("one", 1)

    page = client.get(address(system, clerk))

    words = text_of(page)
    for said in (
        "What would happen now: create",
        "It is tried again.",
        "User created by hr",
        "true department eq &quot;Sales&quot;",
        "userName direct userName always value clerk",
        "User name clerk",
        "the system did not answer: no answer",
        "Nothing: it is tried again by itself.",
        "unknown until read Is there an account already?",
        "Breaker open intranet answers.",
    ):
        assert said in words
    assert HARM not in page.content.decode()
    header = page.content.decode().partition("<h1")[2].partition("</h1>")[0]
    assert re.findall(r"<a href[^>]*>\s*(.*?)\s*</a>", header) == ["Connected systems", "intranet", "clerk"]


def test_a_difference_is_marked_by_more_than_its_colour(client: Client, place: Place, clerk: User) -> None:
    system, _ = place
    put(system, clerk)
    work("one", 1)
    Link.objects.update(known={"userName": ["old"], "externalId": [str(clerk.pk)]})
    words = text_of(client.get(address(system, clerk)))
    assert "userName old clerk ≠ differs" in words
    assert "= same" in words


def test_provisioning_now_is_followed_to_its_end(client: Client, place: Place, clerk: User) -> None:
    system, store = place

    answer = client.post(address(system, clerk, "provision/"))

    operation = Operation.objects.get()
    assert answer.headers["Location"] == f"{address(system, clerk)}?operation={operation.pk}#trace"
    followed = client.get(address(system, clerk, "trace/"), {"operation": operation.pk}).content.decode()
    assert 'data-follow="' in followed
    assert "<html" not in followed
    work("one", 1)
    done = client.get(address(system, clerk, "trace/"), {"operation": operation.pk})
    words = text_of(done)
    assert "data-follow" not in done.content.decode()
    for said in ("Live trace done", "asked for by root", "What was done create", "Is it in scope?"):
        assert said in words
    assert re.search(r"create [\d.]+ answered", words)
    assert account_names(store) == ["clerk"]
    # Without the script the page itself has it, too.
    assert "Live trace done" in text_of(client.get(address(system, clerk), {"operation": operation.pk}))


def test_the_trace_goes_on_to_what_took_its_place(client: Client, place: Place, clerk: User) -> None:
    system, _ = place
    client.post(address(system, clerk, "provision/"))
    first = Operation.objects.get()
    Operation.objects.update(state=OperationState.SUPERSEDED)
    put(system, clerk)
    assert "Live trace waiting" in text_of(client.get(address(system, clerk, "trace/"), {"operation": first.pk}))


def test_a_paused_system_refuses_in_words(client: Client, place: Place, clerk: User) -> None:
    system, _ = place
    ConnectedSystem.objects.update(state=SystemState.PAUSED)
    assert "Provision now" not in text_of(client.get(address(system, clerk)))
    answer = client.post(address(system, clerk, "provision/"), follow=True)
    assert "only a running system can be written to" in text_of(answer)
    assert not Operation.objects.exists()


def test_auditors_see_it_and_provision_nothing(place: Place, clerk: User) -> None:
    system, _ = place
    auditor = signed_in(make_operator("audrey", Role.AUDITOR))
    assert "Provision now" not in text_of(auditor.get(address(system, clerk)))
    assert auditor.post(address(system, clerk, "provision/")).status_code == 403
    assert not Operation.objects.exists()


def test_it_is_linked_where_people_look(client: Client, place: Place, clerk: User) -> None:
    system, _ = place
    put(system, clerk)
    work("one", 1)
    here = address(system, clerk)
    for page in (
        f"/admin/identities/user/{clerk.pk}/section/accounts/",
        f"/admin/connectors/operation/{Operation.objects.get().pk}/change/",
        f"/admin/connectors/link/{Link.objects.get().pk}/change/",
    ):
        assert f'href="{here}"' in client.get(page).content.decode(), page


def test_addresses_that_make_no_sense(client: Client, place: Place, clerk: User) -> None:
    system, _ = place
    here = address(system, clerk)
    assert client.get(here.replace("/user/", "/robot/")).status_code == 404
    assert client.get(here.replace(str(clerk.pk), str(uuid4()))).status_code == 404
    assert client.get(here.replace(str(system.pk), str(uuid4()))).status_code == 404
    for number in ("", "x", "-1", "9" * 30, "²", "7"):
        assert client.get(f"{here}trace/", {"operation": number}).status_code == 404
        assert client.get(here, {"operation": number}).status_code == 200


def test_a_group_and_somebody_purged(client: Client, place: Place, clerk: User) -> None:
    system, _ = place
    staff = make_group("staff")
    assert "displayName" in text_of(client.get(address(system, staff, kind="group")))
    put(system, clerk)
    work("one", 1)
    User.objects.filter(pk=clerk.pk).delete()
    assert "There is nothing left of it but its link." in text_of(client.get(address(system, clerk)))


def test_it_costs_the_same_however_much_happened(client: Client, place: Place, clerk: User) -> None:
    system, _ = place

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(address(system, clerk))
        return len([query for query in queries if "django_session" not in query["sql"]])

    def happened(number: int) -> None:
        now = timezone.now()
        Operation.objects.bulk_create(
            Operation(system=system, object_type="user", object_id=clerk.pk, state="failed", due_at=now, created_at=now)
            for _ in range(number)
        )

    happened(10)
    asked()
    few = asked()
    happened(190)
    assert asked() == few


def test_org_units_are_explained_and_listed_too(place: Place, client: Client) -> None:
    system, _ = place
    unit = an_org_unit("Sales department")
    link = a_link(system, unit)
    put(system, unit)
    assert "Sales department" in text_of(client.get(address(system, unit, kind="org_unit")))
    for page in (f"link/{link.pk}", f"operation/{Operation.objects.get().pk}"):
        shown = client.get(f"/admin/connectors/{page}/change/").content.decode()
        assert f"/admin/identities/orgunit/{unit.pk}/" in shown
