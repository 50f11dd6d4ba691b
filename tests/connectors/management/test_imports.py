"""`manage.py imports`: looking at imports, and applying, cancelling and undoing them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from connectors.engine.intake import work
from connectors.models import ImportProfile
from connectors.vocabulary import RunState
from identities.models import User

pytestmark = pytest.mark.django_db

HEADER = (
    "employee_number,first_name,last_name,email,phone,hire_date,job_title,manager_employee_number,"
    "department_code,department,city,state_province"
)
PEOPLE = [f"{n},Ann{n},Ash,ann{n}@example.com,5,2020-01-01,Clerk,,10,Board,Oslo,Oslo" for n in range(1, 5)]


@pytest.fixture
def people(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    file.write_text("\n".join([HEADER, *PEOPLE]))
    return file


def run(*arguments: object) -> dict[str, Any]:
    """What the command prints as JSON."""
    out = StringIO()
    call_command(*map(str, arguments), "--json", stdout=out)
    answer = json.loads(out.getvalue())
    assert isinstance(answer, dict)
    return answer


def test_an_import_is_applied_in_part_and_undone_once(people: Path) -> None:
    planned = run("import_people", people)
    shown = run("imports", "show", planned["run"], "--state", "create")
    chosen = [row["id"] for row in shown["rows"] if row["key"] in ("1", "2")]
    assert len(chosen) == 2

    assert run("imports", "apply", "latest", "--rows", *chosen)["state"] == "applying"
    assert work("worker") == 1
    assert User.objects.persons().filter(active=True).count() == 2

    undone = run("imports", "undo", planned["run"], "--apply")
    assert (undone["state"], undone["counts"]["people"], undone["undoes"]) == (
        "done",
        {"deprovision": 2},
        planned["run"],
    )
    assert not User.objects.persons().filter(active=True).exists()
    listed = run("imports")
    assert [each["undone_by"] for each in listed["imports"]] == [None, undone["run"]]
    with pytest.raises(CommandError, match="was undone"):
        run("imports", "undo", planned["run"])


def test_missing_people_are_confirmed_by_their_number(people: Path) -> None:
    run("import_people", people, "--apply")
    ImportProfile.objects.update(complete=True, missing_limit=1)
    people.write_text("\n".join([HEADER, *PEOPLE[:2]]))
    assert run("import_people", people, "--apply")["state"] == "planned"

    with pytest.raises(CommandError, match="2 people are missing"):
        run("imports", "apply", "latest")
    run("imports", "apply", "latest", "--confirm-missing", 2)
    assert work("worker") == 1

    assert User.objects.persons().filter(active=True).count() == 2


def test_what_is_cancelled_is_not_applied(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("import_people", people)
    assert run("imports", "cancel", "latest")["state"] == RunState.CANCELLED
    with pytest.raises(CommandError, match="no plan to apply"):
        run("imports", "apply", "latest")
    call_command("imports", "show", "latest")
    assert "people.csv: cancelled" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [("show",), ("show", str(uuid4()))])
def test_an_import_that_is_not_named_or_not_there_is_a_wrong_argument(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError) as refused:
        run("imports", *arguments)
    assert refused.value.returncode == 2
