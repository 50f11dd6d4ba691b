"""The commands for scripts."""

import json
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.utils import timezone

from identities import audit
from identities.models import ApiClient, AuditEntry, User
from identities.queries.tokens import authenticate_token
from tests.factories import make_operator, make_people

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_client_is_created_and_its_token_printed_alone() -> None:
    printed = run("create_api_client", "entra", "--profile", "entra")
    assert printed.endswith("\n")
    token = authenticate_token(printed.strip())
    assert token is not None
    assert (token.client.name, token.client.profile) == ("entra", "entra")


def test_an_existing_name_fails_unless_rotated() -> None:
    first = run("create_api_client", "entra").strip()
    with pytest.raises(CommandError):
        run("create_api_client", "entra")
    assert authenticate_token(first) is not None
    second = json.loads(run("create_api_client", "entra", "--rotate", "--json"))
    assert authenticate_token(first) is None
    assert authenticate_token(second["token"]) is not None
    assert second == {
        "id": str(ApiClient.objects.get().pk),
        "name": "entra",
        "profile": "rfc",
        "token": second["token"],
    }
    with pytest.raises(CommandError, match="its token alone"):
        run("create_api_client", "entra", "--rotate", "--scopes", "read")
    assert authenticate_token(second["token"]) is not None
    assert authenticate_token(run("create_api_client", "okta", "--rotate", "--scopes", "read").strip()) is not None
    assert ApiClient.objects.get(name="okta").scopes == ["read"]


def test_a_client_is_bounded_from_its_first_request_on() -> None:
    limits = (
        ("--sees", "everybody"), ("--only", 'title eq "Guide"'), ("--may-not-write", "title", "active"),
        ("--rate", "50"), ("--networks", "10.0.0.0/8", "2001:db8::/32"), ("--keep", "never"), ("--own-adopted",),
        ("--adopt", "user_name"), ("--expires", "2030-05-13"),
    )  # fmt: skip
    run("create_api_client", "crm", *[part for option in limits for part in option])
    client = ApiClient.objects.get()
    assert (client.sight, client.bounds, client.read_only_attributes) == (
        "everybody",
        'title eq "Guide"',
        ["active", "title"],
    )
    assert (client.rate_limit, client.allowed_networks) == (50, ["10.0.0.0/8", "2001:db8::/32"])
    assert (client.adoption_rule, client.adoption_owns_lifecycle, client.kept_payloads) == ("user_name", True, "never")
    assert timezone.localtime(client.expires_at).isoformat().startswith("2030-05-13T00:00:00")


@pytest.mark.parametrize(
    "option",
    [
        ("--only", "title eq"),
        ("--may-not-write", "nonsense"),
        ("--rate", "0"),
        ("--rate", "many"),
        ("--networks", "10.0.0.1/8"),
        ("--sees", "nobody"),
        ("--expires", "tomorrow"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(option: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        run("create_api_client", "crm", *option)
    assert not ApiClient.objects.exists()


def test_the_audit_trail_is_verified() -> None:
    make_people(3)
    audit.seal_batch()
    assert json.loads(run("verify_audit", "--json"))["ok"] is True
    words = run("verify_audit")
    checkpoint = words.split()[-1]
    assert "sound: 3 entries" in words
    assert run("verify_audit", "--checkpoint", checkpoint) == words
    with pytest.raises(CommandError) as refused:
        run("verify_audit", "--checkpoint", "yesterday")
    assert refused.value.returncode == 2


def test_a_broken_trail_exits_with_1_and_names_the_entry(capsys: pytest.CaptureFixture[str]) -> None:
    make_people(3)
    audit.seal_batch()
    bad = AuditEntry.objects.order_by("pk")[1]
    AuditEntry.objects.filter(pk=bad.pk).update(object_repr="Mallory")
    with pytest.raises(SystemExit) as end:
        call_command("verify_audit", "--json")
    assert end.value.code == 1
    assert json.loads(capsys.readouterr().out)["first_bad"] == bad.pk
    with pytest.raises(SystemExit):
        call_command("verify_audit")
    assert f"broken at entry {bad.pk}" in capsys.readouterr().out


def test_a_lost_second_factor_is_removed_from_the_command_line() -> None:
    operator = make_operator("root")
    Authenticator.objects.create(user=operator, type=Authenticator.Type.TOTP, data={"secret": "s"})

    printed = json.loads(run("remove_second_factors", "ROOT", "--reason", "phone lost", "--json"))

    assert printed == {"id": str(operator.pk), "user_name": "root"}
    assert not Authenticator.objects.filter(user=operator).exists()
    assert User.objects.get(pk=operator.pk).session_epoch == operator.session_epoch + 1
    entry = AuditEntry.objects.get(verb="user.second_factor_removed")
    assert (entry.reason, entry.channel) == ("phone lost", "command")
    for user, status in (("root", 1), ("nobody", 2)):
        with pytest.raises(CommandError) as refused:
            run("remove_second_factors", user, "--reason", "again")
        assert refused.value.returncode == status
