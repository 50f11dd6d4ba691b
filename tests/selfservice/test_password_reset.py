"""Forgotten passwords: one link, to a proved address, of the public URL, good once."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlencode

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from identities.actions import credentials, lifecycle
from identities.models import User
from selfservice import deferred
from tests.factories import PASSWORD, actor, make_operator, make_person
from tests.selfservice.people import (
    NEW_PASSWORD,
    is_in,
    person_with_password,
    proved,
    signed_in,
    trail,
    try_to_sign_in,
    without_tokens,
)

pytestmark = pytest.mark.django_db(transaction=True)
RESET = reverse("account_reset_password")
ADDRESS = "ada@example.org"
Sent = Callable[[], list[EmailMessage]]


@pytest.fixture
def ada() -> User:
    """Somebody who proved an address."""
    person = person_with_password("ada", emails=[{"value": "record@example.org"}])
    proved(person, ADDRESS)
    return person


def ask(email: str, client: Client | None = None, **extra: str) -> HttpResponse:
    return (client or Client()).post(RESET, {"email": email}, **extra)


def link(mail: EmailMessage) -> str:
    found = re.search(r"https?://\S+/accounts/password/reset/key/\S+", mail.body)
    assert found, mail.body
    return found[0]


def follow(url: str, client: Client | None = None, password: str = NEW_PASSWORD) -> HttpResponse:
    """Open a link as a browser does and choose a password there."""
    client = client or Client()
    page = client.get("/" + url.split("/", 3)[3], follow=True)
    if page.context.get("token_fail"):
        return page
    return client.post(page.context["action_url"], {"password1": password, "password2": password})


def test_a_proved_address_gets_a_link_that_works_once(ada: User, sent: Sent) -> None:
    session = signed_in(ada)
    assert ask(f"  {ADDRESS.upper()} ").headers["Location"] == reverse("account_reset_password_done")
    [mail] = sent()
    assert (mail.to, mail.subject) == ([ADDRESS], "[Provisioning portal] Choose a new password")
    assert follow(link(mail)).headers["Location"] == reverse("account_reset_password_from_key_done")
    assert not is_in(session)
    assert "This link does not work" in follow(link(mail)).content.decode()
    assert try_to_sign_in(Client(), "ada", PASSWORD).status_code == 200
    assert try_to_sign_in(Client(), "ada", NEW_PASSWORD).status_code == 302
    assert "user.password_changed" in trail(ada)
    assert [mail.to for mail in sent()] == [[ADDRESS], [ADDRESS]]


def test_a_link_signs_nobody_in(ada: User, sent: Sent) -> None:
    ask(ADDRESS)
    client = Client()
    follow(link(sent()[0]), client)
    assert not is_in(client)


def test_the_link_leaves_the_address_bar_at_once(ada: User, sent: Sent) -> None:
    ask(ADDRESS)
    url = link(sent()[0])
    answer = Client().get("/" + url.split("/", 3)[3])
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("-set-password/")


def _named_only(person: User) -> None:
    EmailAddress.objects.filter(user=person).update(verified=False)


def _of_the_record(person: User) -> None:
    EmailAddress.objects.filter(user=person).delete()


def _suspended(person: User) -> None:
    lifecycle.suspend_user(person, actor=actor())


def _deleted(person: User) -> None:
    lifecycle.delete_user(person, actor=actor())


def _without_password(person: User) -> None:
    User.objects.filter(pk=person.pk).update(password=make_person().password)


@pytest.mark.parametrize("change", [_named_only, _of_the_record, _suspended, _deleted, _without_password])
def test_nobody_else_gets_one_and_the_answer_is_the_same(ada: User, sent: Sent, change: Callable[[User], None]) -> None:
    known = ask(ADDRESS)
    assert len(sent()) == 1
    change(ada)
    for email in (ADDRESS, "record@example.org", "nobody@example.org"):
        answer = ask(email)
        assert _visible(answer) == _visible(known)
    assert len(sent()) == 1


def _visible(answer: HttpResponse) -> tuple[object, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "Expires"}
    return answer.status_code, headers, set(answer.cookies), without_tokens(answer.content)


@pytest.mark.parametrize("change", [_named_only, _suspended, _deleted, _without_password])
def test_what_ends_the_right_ends_the_link(ada: User, sent: Sent, change: Callable[[User], None]) -> None:
    ask(ADDRESS)
    [mail] = sent()
    change(ada)
    assert follow(link(mail)).context["token_fail"]


def test_a_suspension_that_was_lifted_ends_it_too(ada: User, sent: Sent) -> None:
    ask(ADDRESS)
    [mail] = sent()
    lifecycle.suspend_user(ada, actor=actor())
    lifecycle.lift_suspension(ada, actor=actor())
    assert follow(link(mail)).context["token_fail"]


def test_so_does_a_new_password_between_opening_and_sending(ada: User, sent: Sent) -> None:
    ask(ADDRESS)
    client = Client()
    url = link(sent()[0])
    page = client.get("/" + url.split("/", 3)[3], follow=True)
    credentials.set_password(ada, "another one of theirs", actor=actor())
    answer = client.post(page.context["action_url"], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    assert answer.context["token_fail"]


def test_a_link_lasts_an_hour(ada: User, sent: Sent) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        ask(ADDRESS)
        [mail] = sent()
        clock.shift(3601)
        assert follow(link(mail)).context["token_fail"]


@pytest.mark.parametrize("key", ["x-y", f"{'0' * 32}-set-password", "zz-zz-zz", f"{'f' * 32}-abc-{'1' * 32}"])
def test_made_up_links_do_not_work(key: str) -> None:
    page = Client().get(f"/accounts/password/reset/key/{key}/", follow=True)
    assert page.context["token_fail"]


@override_settings(PORTAL_PUBLIC_URL="https://portal.example.org", ALLOWED_HOSTS=["testserver", "localhost"])
@pytest.mark.parametrize(
    "extra",
    [
        {"HTTP_HOST": "localhost"},
        {"HTTP_HOST": "localhost:1234"},
        {"HTTP_X_FORWARDED_HOST": "evil.example"},
        {"HTTP_FORWARDED": "host=evil.example"},
        {"HTTP_X_ORIGINAL_HOST": "evil.example"},
        {"HTTP_X_FORWARDED_PROTO": "gopher", "HTTP_X_FORWARDED_PORT": "1"},
    ],
)
def test_the_link_is_of_the_public_address(ada: User, sent: Sent, extra: dict[str, str]) -> None:
    ask(ADDRESS, **extra)
    [mail] = sent()
    assert link(mail).startswith("https://portal.example.org/accounts/password/reset/key/")
    text = mail.message().as_string()
    assert "evil.example" not in text
    assert "localhost/" not in text
    assert "testserver" not in text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "testserver@evil.example", "evil.example#testserver"]
)
def test_another_host_is_refused(ada: User, sent: Sent, host: str) -> None:
    assert ask(ADDRESS, HTTP_HOST=host).status_code == 400
    assert sent() == []


ME = "mallory@example.org"
BODIES = {
    "array": f"email[]={ADDRESS}&email[]={ME}",
    "repeated": urlencode([("email", ADDRESS), ("email", ME)]),
    "repeated, other way": urlencode([("email", ME), ("email", ADDRESS)]),
    "comma": urlencode({"email": f"{ADDRESS},{ME}"}),
    "semicolon": urlencode({"email": f"{ADDRESS};{ME}"}),
    "space": urlencode({"email": f"{ADDRESS} {ME}"}),
    "line break": urlencode({"email": f"{ADDRESS}\r\nBcc: {ME}"}),
    "escaped line break": f"email={ADDRESS}%0d%0aBcc:%20{ME}",
    "name": urlencode({"email": f"Ada <{ADDRESS}>, {ME}"}),
    "null": f"email={ADDRESS}%00{ME}",
    "wide letters": urlencode({"email": "\N{FULLWIDTH LATIN SMALL LETTER A}da@example.org"}),
    "other domain letters": urlencode({"email": "ada@ex\N{CYRILLIC SMALL LETTER A}mple.org"}),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_one_mail_at_most_and_only_where_it_was_proved(ada: User, sent: Sent, body: str) -> None:
    answer = Client().post(RESET, body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code in (200, 302)
    assert [mail.recipients() for mail in sent()] in ([], [[ADDRESS]])


def test_json_asks_for_nothing(ada: User, sent: Sent) -> None:
    Client().post(RESET, {"email": [ADDRESS, ME]}, content_type="application/json")
    assert sent() == []


def test_the_mail_is_sent_after_the_answer(ada: User, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    send = EmailMessage.send

    def send_and_tell(mail: EmailMessage, fail_silently: bool = False) -> int:
        assert deferred._pending
        order.append("sent")
        return send(mail, fail_silently)

    monkeypatch.setattr(EmailMessage, "send", send_and_tell)
    for known in (ADDRESS, "nobody@example.org"):
        ask(known)
        order.append("answered")
    sent()
    assert order.count("sent") == 1


def test_asking_often_is_limited(ada: User, sent: Sent) -> None:
    assert [ask(ADDRESS).status_code for _attempt in range(7)] == [302] * 5 + [429] * 2
    assert len(sent()) == 5


def test_a_reset_does_not_go_round_the_second_factor(sent: Sent) -> None:
    operator = make_operator()
    proved(operator, ADDRESS)
    with override_settings(PORTAL_REQUIRE_TOTP=True):
        ask(ADDRESS)
        client = Client()
        follow(link(sent()[0]), client)
        assert not is_in(client)
        assert try_to_sign_in(client, operator.user_name, NEW_PASSWORD).status_code == 302
        assert client.get("/admin/").headers["Location"] == reverse("mfa_activate_totp")


def test_an_address_is_proved_by_its_link_and_audited(sent: Sent) -> None:
    person = person_with_password()
    client = signed_in(person)
    client.post(reverse("account_email"), {"action_add": "", "email": ADDRESS})
    [mail] = sent()
    url = re.search(r"http://localhost:\d+(/accounts/confirm-email/\S+)", mail.body)
    assert url, mail.body
    ask(ADDRESS)
    assert len(sent()) == 1
    assert client.get(url[1]).status_code == 200
    assert not EmailAddress.objects.get(user=person).verified
    client.post(url[1])
    assert EmailAddress.objects.get(user=person).verified
    ask(ADDRESS)
    assert len(sent()) == 2
    client.post(reverse("account_email"), {"action_remove": "", "email": ADDRESS})
    assert trail(person)[-2:] == ["user.address_proved", "user.address_removed"]


def test_a_suspended_person_proves_nothing(sent: Sent) -> None:
    person = person_with_password()
    client = signed_in(person)
    client.post(reverse("account_email"), {"action_add": "", "email": ADDRESS})
    lifecycle.suspend_user(person, actor=actor())
    url = re.search(r"http://localhost:\d+(/accounts/confirm-email/\S+)", sent()[0].body)
    assert url
    for somebody in (client, Client(), signed_in(person_with_password())):
        assert somebody.post(url[1]).status_code in (200, 302)
    assert not EmailAddress.objects.get(user=person).verified


def test_an_address_added_with_a_stolen_session_is_not_proved_without_the_password(sent: Sent) -> None:
    person = person_with_password()
    thief = signed_in(person)
    thief.post(reverse("account_email"), {"action_add": "", "email": ADDRESS})
    credentials.set_password(person, NEW_PASSWORD, actor=actor())
    url = re.search(r"http://localhost:\d+(/accounts/confirm-email/\S+)", sent()[0].body)
    assert url
    for answer in (thief.get(url[1]), thief.post(url[1])):
        assert answer.headers["Location"].startswith(reverse("account_login"))
    assert not EmailAddress.objects.get(user=person).verified
    owner = Client()
    sent_form = {"login": person.user_name, "password": NEW_PASSWORD}
    back = owner.post(f"{reverse('account_login')}?{urlencode({'next': url[1]})}", sent_form)
    assert back.headers["Location"] == url[1]
    owner.post(url[1])
    assert EmailAddress.objects.get(user=person).verified
