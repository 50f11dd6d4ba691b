"""`manage.py system`, `operations`, `holds`, `explain` and `status`."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from connectors.engine.work import work
from connectors.models import ConnectedSystem, Operation
from connectors.vocabulary import LinkState, OperationState
from tests.connectors.engine.memory_systems import a_memory_system, enabled_accounts
from tests.connectors.engine.rows import NOW, a_group, a_link, a_person, a_system, people, put
from tests.factories import make_org_unit

pytestmark = pytest.mark.django_db


def answer(name: str, *arguments: object) -> dict[str, Any]:
    """The JSON a command prints."""
    out = io.StringIO()
    call_command(name, *map(str, arguments), "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def printed(name: str, *arguments: object) -> str:
    """What a command prints for people."""
    out = io.StringIO()
    call_command(name, *map(str, arguments), stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    "arguments",
    [
        ("system", "nope", "test"),
        ("explain", "nobody", "intranet"),
        ("explain", uuid4(), "intranet"),
        ("explain", "anna", "nope"),
        ("operations", "--system", "nope"),
        ("operations", "--user", "nobody"),
        ("operations", "retry"),
        ("operations", "retry", "1", "--all"),
        ("operations", "retry", "99999999"),
        ("operations", "retry", "9" * 30),
        ("operations", "list", "1"),
        ("operations", "--limit", "0"),
        ("operations", "--limit", "-1"),
        ("holds", "release"),
        ("holds", "--all"),
        ("import_people", "nowhere.csv"),
        ("import_people", "nowhere.csv", "--profile", "nope"),
    ],
)
def test_wrong_arguments_are_status_2(arguments: tuple[object, ...]) -> None:
    a_system()
    a_person("anna")

    with pytest.raises(CommandError) as refused:
        answer(*map(str, arguments))
    # What argparse itself refuses ends a process with status 2.
    assert refused.value.returncode == 2 or str(refused.value).startswith("Error: argument")


def test_a_refused_action_is_status_1_and_a_system_is_found_in_any_case() -> None:
    a_system("Intranet")

    with pytest.raises(CommandError) as refused:
        answer("system", "intranet", "resume")
    assert refused.value.returncode == 1


def test_a_test_that_finds_an_error_is_status_1() -> None:
    a_system(configuration={"misspelt": 1})

    with pytest.raises(SystemExit) as ended:
        answer("system", "intranet", "test")
    assert ended.value.code == 1


@pytest.mark.parametrize("answered", ["n\n", "\n", ""])
def test_a_terminal_is_asked_before_a_system_is_deleted(monkeypatch: pytest.MonkeyPatch, answered: str) -> None:
    a_system()
    terminal = io.StringIO(answered)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)

    with pytest.raises(CommandError, match="Not confirmed"):
        answer("system", "intranet", "delete")
    assert ConnectedSystem.objects.exists()


def test_operations_are_listed_narrowed_down_and_counted() -> None:
    system, other, (anna, berta) = a_system(), a_system("other"), people(2)
    put(system, anna, berta)
    put(other, anna)
    Operation.objects.filter(system=other).update(state=OperationState.FAILED, message="No.", error_class="rejected")

    everything = answer("operations", "--limit", 2)
    failed = answer("operations", "--state", "failed")["operations"]

    assert (everything["total"], len(everything["operations"])) == (3, 2)
    assert [(each["system"], each["name"], each["message"]) for each in failed] == [("other", "person000", "No.")]
    assert answer("operations", "--user", anna.pk)["total"] == 2
    assert answer("operations", "--system", "other", "--user", "PERSON000")["total"] == 1
    assert "failed" in printed("operations", "--state", "failed")


def test_operations_are_retried_by_id_and_by_filter() -> None:
    system, crowd = a_system(), people(3)
    put(system, *crowd)
    Operation.objects.update(state=OperationState.FAILED)
    first = Operation.objects.earliest("pk")

    assert answer("operations", "retry", first.pk) == {"retried": 1, "refused": []}
    assert answer("operations", "skip", "--all", "--state", "failed") == {"skipped": 2, "refused": []}
    assert answer("operations", "cancel", "--all", "--system", "intranet") == {"cancelled": 1, "refused": []}
    with pytest.raises(SystemExit) as ended:
        printed("operations", "retry", first.pk)
    assert ended.value.code == 1


def test_holds_are_released_and_rejected() -> None:
    system, store = a_memory_system(removal_limit=0, removal_limit_percent=0)
    crowd = people(2)
    put(system, *crowd)
    work("one", 1)
    for person in crowd:
        person.active = False
        person.save()
    put(system, *crowd)
    work("one", 1)

    held = answer("holds")["holds"]
    assert {each["removal"] for each in held} == {"disable"}
    assert answer("holds", "release", held[0]["id"]) == {"released": 1, "refused": []}
    assert answer("holds", "reject", "--all") == {"rejected": 1, "refused": []}
    work("one", 1)

    assert enabled_accounts(store) == 1
    assert answer("holds")["total"] == 0


def test_explain_says_why_in_steps() -> None:
    system, _ = a_memory_system(scope_filter='userName eq "anna"')
    anna, berta = a_person("anna"), a_person("berta")
    put(system, anna)
    work("one", 1)

    of_anna, of_berta = answer("explain", "Anna", "intranet"), answer("explain", berta.pk, "intranet")

    assert (of_anna["link"]["state"], of_anna["last_operation"]["verdict"]) == ("linked", "create")
    assert of_berta["link"] is None
    assert any(step["outcome"] == "no" for step in of_berta["steps"])
    assert "berta on intranet" in printed("explain", "berta", "intranet")
    staff = a_group("staff")
    assert answer("explain", "staff", "intranet", "--group")["id"] == str(staff.pk)
    labs = make_org_unit("Labs")
    of_labs = answer("explain", "labs", "intranet", "--org-unit")
    assert (of_labs["object"], of_labs["id"], len(of_labs["values"])) == ("org_unit", str(labs.pk), 2)


def test_status_counts_everything() -> None:
    system = a_system(breaker="open", breaker_reason="down")
    anna, berta = people(2)
    a_person("cora", active=False)
    a_person("dora", state="staged", active=False)
    a_person("emma", deleted_at=NOW, user_name_key=None)
    a_person("robot", kind="service")
    a_link(system, anna)
    a_link(system, berta, LinkState.DISPUTED)
    put(system, anna, berta)
    Operation.objects.filter(object_id=berta.pk).update(attempt=3, created_at=NOW)

    found = answer("status")

    expected = {"staged": 1, "active": 2, "deprovisioned": 0, "purged": 0, "suspended": 1, "deleted": 1}
    assert found["people"] == expected
    assert found["links"] == {"intranet": {"linked": 1, "disputed": 1}}
    assert found["systems"] == [{"name": "intranet", "state": "running", "breaker": "open", "reason": "down"}]
    assert (found["operations"]["waiting"], found["operations"]["retrying"]) == (1, 1)
    assert found["oldest_seconds"] > 0
    assert found["events"] == 0
    assert "breaker open down" in printed("status")


def test_status_of_an_empty_portal() -> None:
    found = answer("status")

    assert (found["links"], found["systems"], found["oldest_seconds"]) == ({}, [], None)
