"""Broken files: each problem is named by row and column, and nothing is changed."""

import io

import pytest

from connectors.actions.import_profiles import HR_PROFILE, profile_named
from connectors.actions.imports import start_import
from connectors.engine.intake import advance
from connectors.models import Run
from connectors.vocabulary import RunState
from identities.actions.users import UserAttributes, create_user
from identities.actors import command_actor
from identities.models import ChangeEvent, OrgUnit, User

pytestmark = pytest.mark.django_db

HEADER = (
    "employee_number,first_name,last_name,email,phone,hire_date,job_title,manager_employee_number,"
    "department_code,department,city,state_province"
)
ANN = "1,Ann,Ash,ann@example.com,5,2020-01-01,Boss,,10,Board,Oslo,Oslo"
BEN = "2,Ben,Birk,ben@example.com,5,2020-01-01,Clerk,1,10,Board,Oslo,Oslo"


def imported(content: bytes | str) -> Run:
    """The run of one file, to be applied at once."""
    data = content.encode() if isinstance(content, str) else content
    profile = profile_named(HR_PROFILE, actor=command_actor())
    run = start_import([("people.csv", io.BytesIO(data))], profile, actor=command_actor(), apply=True, worker="test")
    advance(run)
    run.refresh_from_db()
    return run


def lines(*rows: str) -> str:
    return "\n".join((HEADER, *rows))


CASES = {
    "no header": ("", "empty_file", 1, ""),
    "no rows": (HEADER, "empty_file", 1, ""),
    "missing column": (HEADER.replace(",email", "") + "\n", "missing_column", 1, "email"),
    "no key column": ("a,b\n1,2", "missing_column", 1, "employee_number"),
    "column twice": (HEADER.replace("phone", "email") + "\n", "duplicate_column", 1, "email"),
    "not UTF-8": (lines(ANN).encode() + b"\n3,\xff", "not_utf8", 1, ""),
    "open quotation mark": (lines(ANN, BEN.replace("Ben", '"Ben')), "unreadable_row", 3, ""),
    "too few values": (lines(ANN, "2,Ben"), "wrong_number_of_values", 3, ""),
    "NUL": (lines(ANN, BEN.replace("Ben", "B\0n")), "nul_character", 3, "first_name"),
    "key twice": (lines(ANN, BEN.replace("2,", "1,", 1)), "duplicate", 3, "employee_number"),
    "user name twice": (lines(ANN, BEN.replace("ben@", "ANN@")), "duplicate", 3, "email"),
    "no key": (lines(ANN, BEN.replace("2,", ",", 1)), "required", 3, "employee_number"),
    "no user name": (lines(ANN, BEN.replace("ben@example.com", "")), "required", 3, "email"),
    "no date": (lines(ANN, BEN.replace("2020-01-01", "01.02.2020")), "invalid_value", 3, "hire_date"),
    "no e-mail address": (lines(ANN, BEN.replace("ben@example.com", "ben")), "invalid_value", 3, "email"),
    "unknown manager": (lines(ANN, BEN.replace(",1,10", ",9,10")), "unknown_manager", 3, "manager_employee_number"),
    "managers in a circle": (
        lines(ANN.replace("Boss,,", "Boss,2,"), BEN),
        "manager_circle",
        2,
        "manager_employee_number",
    ),
    "unknown department": (lines(ANN.replace("10,Board", "77,")), "unknown_department", 2, "department_code"),
    "too long": (lines(ANN.replace("Boss", "x" * 300)), "too_long", 2, "job_title"),
    "control character": (lines(ANN.replace("Boss", "Bo\x07ss")), "control_character", 2, "job_title"),
}


@pytest.mark.parametrize(("content", "code", "row", "column"), CASES.values(), ids=CASES)
def test_a_broken_file_is_told_and_changes_nothing(content: bytes | str, code: str, row: int, column: str) -> None:
    run = imported(content)

    found = run.findings.filter(code=code).first()
    assert found is not None, list(run.findings.values_list("code", "message"))
    assert (found.row, found.column) == (row, column)
    assert found.blocking
    assert run.state == RunState.PLANNED
    assert not User.objects.persons().exists()
    assert not OrgUnit.objects.exists()
    assert not ChangeEvent.objects.exists()


def test_a_user_name_that_belongs_to_somebody_else_is_told() -> None:
    create_user(actor=command_actor(), attributes=UserAttributes({"user_name": "Ann@example.com"}))
    run = imported(lines(ANN))
    assert [f.code for f in run.findings.all()] == ["user_name_taken"]
    assert User.objects.persons().count() == 1


def test_formulas_and_markup_are_values_like_others() -> None:
    run = imported(lines(ANN.replace("Boss", "=cmd|' /C calc'!A0"), BEN.replace("Clerk", "<script>alert(1)</script>")))
    assert run.state == RunState.DONE
    assert set(User.objects.values_list("title", flat=True)) == {"=cmd|' /C calc'!A0", "<script>alert(1)</script>"}
