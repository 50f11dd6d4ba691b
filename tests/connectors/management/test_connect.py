"""`manage.py connect`."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from connectors import vault
from connectors.catalog.memory.store import MemoryStore
from connectors.engine.work import work
from connectors.models import ConnectedSystem, Run
from connectors.vocabulary import SystemState
from identities.models import AuditEntry
from tests.connectors.engine.memory_systems import account_names
from tests.connectors.engine.rows import a_group, a_person, an_org_unit, people

pytestmark = pytest.mark.django_db

SECRET = "s3cret-from-the-environment"
PEER = """
name: peer
connector: scim
configuration: {base_url: https://scim.example.test/v2}
secrets:
  token: ${PEER_TOKEN}
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file and gives its path."""

    def written(text: str) -> Path:
        path = tmp_path / "system.yaml"
        path.write_text(text)
        return path

    return written


def memory(name: str, more: str = "") -> str:
    """A file for a system in memory."""
    return f"""
name: {name}
connector: memory
configuration: {{store: {name}}}
mappings:
  user: {{userName: user.userName}}
{more}
"""


def connect(path: Path, *arguments: str) -> dict[str, Any]:
    """What the command answers."""
    out = io.StringIO()
    call_command("connect", str(path), "--json", *arguments, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def refusal(path: Path, *arguments: str) -> CommandError:
    """How the command refuses."""
    with pytest.raises(CommandError) as refused:
        connect(path, *arguments)
    return refused.value


def test_an_unchanged_file_changes_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_TOKEN", SECRET)
    path = write(PEER + 'scope: {filter: "active eq true"}\nmappings: {user: {userName: user.userName}}\n')

    created = connect(path)
    entries = AuditEntry.objects.count()
    again = connect(path)

    assert (created["created"], created["state"]) == (True, "paused")
    assert (again["created"], again["changed"], again["needs_push"]) == (False, [], False)
    assert AuditEntry.objects.count() == entries


def test_secrets_come_from_the_environment_and_are_shown_nowhere(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PEER_TOKEN", SECRET)
    answer = connect(write(PEER))
    call_command("connect", str(write(PEER)))

    system = ConnectedSystem.objects.get()
    assert vault.open_sealed(system.sealed_secrets, str(system.pk)) == {"token": SECRET}
    shown = (
        json.dumps(answer) + str(capsys.readouterr()) + str(list(AuditEntry.objects.values_list("facts", "changes")))
    )
    assert SECRET not in shown


def test_a_new_secret_in_the_environment_is_a_change(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_TOKEN", SECRET)
    connect(write(PEER))
    monkeypatch.setenv("PEER_TOKEN", "another")

    answer = connect(write(PEER))

    assert (answer["changed"], answer["needs_push"]) == (["secrets"], False)


@pytest.mark.parametrize(
    ("text", "named", "status"),
    [
        (PEER, "PEER_TOKEN", 2),
        (PEER.replace("${PEER_TOKEN}", "in-the-open"), "secrets.token", 2),
        ("name: [", "YAML", 2),
        ("[]", "file", 2),
        ("connector: memory", "name", 2),
        (memory("m", "colour: red"), "colour", 2),
        (memory("m", "policies: {when_inactive: explode}"), "when_inactive", 2),
        (memory("m").replace("user.userName", "{direct: a, constant: b}"), "mappings.user.userName", 2),
        (memory("m").replace("user.userName", '"user.userName |"'), "userName", 1),
        (memory("m").replace("{store: m}", "{stored: m}"), "configuration.stored: Extra inputs", 1),
        (memory("m", 'scope: {filter: "nonsense"}'), "scope_filter: ", 1),
        (memory("m", "scope: {groups: [nobody]}"), "scope: There is no group 'nobody'", 2),
        (memory("m", "limits: {slots: 0}"), "slots: ", 1),
        (memory("m", "name: twice"), "name stands twice", 2),
        (memory("m").replace("user.userName", "{dirct: a}"), "mappings.user.userName.dirct: Extra inputs", 2),
        (memory("m").replace("connector: memory", "connector: pigeon"), "pigeon", 1),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name_and_changes_nothing(
    write: Write, text: str, named: str, status: int
) -> None:
    refused = refusal(write(text))

    assert named in str(refused)
    assert "in-the-open" not in str(refused)
    assert refused.returncode == status
    assert not ConnectedSystem.objects.exists()


def test_an_empty_variable_does_not_take_a_secret_away(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_TOKEN", SECRET)
    connect(write(PEER))
    monkeypatch.setenv("PEER_TOKEN", "")

    refused = refusal(write(PEER))

    assert (refused.returncode, "secrets.token" in str(refused)) == (2, True)
    system = ConnectedSystem.objects.get()
    assert vault.open_sealed(system.sealed_secrets, str(system.pk)) == {"token": SECRET}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.yaml").returncode == 2


def test_everything_in_the_file_arrives(write: Write) -> None:
    staff, sales = a_group("Staff"), an_org_unit("S1")
    more = """
description: All of it
scope: {filter: active eq true, groups: [staff], org_units: [s1]}
groups: {provision: false, filter: displayName pr}
adoption: {policy: never, correlation_attribute: userName, marker_attribute: externalId}
policies: {when_inactive: delete, when_out_of_scope: leave, when_deleted: disable, when_gone: accept}
limits: {slots: 8, removal_limit: 5, removal_limit_percent: 1}
"""
    connect(write(memory("all", more)))

    system = ConnectedSystem.objects.get()
    assert (list(system.scope_groups.all()), list(system.scope_org_units.all())) == ([staff], [sales])
    assert (system.scope_filter, system.provisions_groups, system.group_filter) == (
        "active eq true",
        False,
        "displayName pr",
    )
    assert (system.adoption_policy, system.correlation_attribute, system.marker_attribute) == (
        "never",
        "userName",
        "externalId",
    )
    assert (system.when_inactive, system.when_out_of_scope, system.when_deleted, system.when_gone) == (
        "delete",
        "leave",
        "disable",
        "accept",
    )
    assert (system.slots, system.removal_limit, system.removal_limit_percent) == (8, 5, 1)


def test_what_the_file_does_not_name_stays(write: Write) -> None:
    connect(write(memory("m", "limits: {slots: 8}")))

    answer = connect(write(memory("m", "description: more")))

    assert answer["changed"] == ["description"]
    assert ConnectedSystem.objects.get().slots == 8


def test_a_running_system_stays_running_and_says_that_accounts_have_to_follow(write: Write) -> None:
    connect(write(memory("m")), "--resume", "--yes")

    answer = connect(write(memory("m", 'scope: {filter: "active eq true"}')))

    assert (answer["state"], answer["needs_push"], answer["push"]) == ("running", True, None)
    assert Run.objects.count() == 1


def test_resume_shows_counts_and_pushes_once(write: Write) -> None:
    people(25)
    MemoryStore.forget("push")
    path = write(memory("push", "groups: {provision: false}"))

    answer = connect(path, "--resume", "--yes")
    work("one", 1)
    work("one", 1)
    again = connect(path, "--resume", "--yes")

    assert (answer["state"], answer["push"]["total"], answer["push"]["counts"]) == ("running", 25, {"create": 25})
    assert len(answer["push"]["samples"]) == 20
    assert len(account_names(MemoryStore.named("push"))) == 25
    assert (again["push"]["run"], again["push"]["counts"]) == (None, {"nothing": 25})


def test_resume_without_a_yes_pushes_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    a_person("anna")
    monkeypatch.setattr("sys.stdin", io.StringIO())

    refused = refusal(write(memory("m")), "--resume")

    assert refused.returncode == 1
    assert ConnectedSystem.objects.get().state == SystemState.PAUSED
    assert not Run.objects.exists()


@pytest.mark.parametrize(("answer", "state"), [("y\n", "running"), ("n\n", "paused"), ("\n", "paused")])
def test_resume_asks_at_a_terminal(write: Write, monkeypatch: pytest.MonkeyPatch, answer: str, state: str) -> None:
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    path = write(memory("m"))

    if state == "running":
        connect(path, "--resume")
    else:
        refusal(path, "--resume")

    assert ConnectedSystem.objects.get().state == state


def test_a_system_that_does_not_work_is_connected_but_not_resumed(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PEER_TOKEN", SECRET)
    unreachable = PEER.replace("https://scim.example.test/v2", "http://127.0.0.1:9/v2")

    refused = refusal(write(unreachable), "--resume", "--yes")

    assert "does not work yet" in str(refused)
    assert SECRET not in str(refused)
    assert ConnectedSystem.objects.get().state == SystemState.PAUSED


def test_a_system_keeps_its_connector(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PEER_TOKEN", SECRET)
    connect(write(memory("peer")))

    assert "another name" in str(refusal(write(PEER)))
