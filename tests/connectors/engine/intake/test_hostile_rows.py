"""Rows that are made to break what keeps them, or to reach what no file may touch: told by row, and nothing happens."""

import io
from collections.abc import Sequence
from itertools import product

import pytest

from connectors.actions.import_profiles import create_profile, profile_named
from connectors.actions.imports import start_import
from connectors.engine.intake import advance, files
from connectors.models import ImportProfile, Run
from connectors.vocabulary import ImportContent, RunState
from identities.actors import command_actor
from identities.errors import RuleViolation
from identities.mapping import MappingRow
from identities.models import Group, OrgUnit, User
from tests.connectors.engine.intake.hostile_files import COLUMNS, shared_texts
from tests.connectors.engine.intake.importing import make_profile
from tests.factories import make_operator

pytestmark = pytest.mark.django_db

# What no text column of a database takes, or not so much of.
SPOILED = (b"1\0", b"1\xff", b"9" * 2_000)


def imported(content: bytes, profile: ImportProfile, name: str = "people.csv") -> Run:
    run = start_import([(name, io.BytesIO(content))], profile, actor=command_actor(), apply=True, worker="test")
    advance(run)
    run.refresh_from_db()
    return run


def file_of(columns: Sequence[str], spoiled: Sequence[str], **sound: str) -> tuple[bytes, list[tuple[int, str]]]:
    """A file with a row for each way of spoiling each of these columns, and where each of them must be told."""
    rows, places = [",".join(columns).encode()], []
    for number, (column, how) in enumerate(product(spoiled, SPOILED), start=2):
        given = {name: f"{value}{number}".encode() for name, value in sound.items()} | {column: how}
        rows.append(b",".join(given.get(name, b"") for name in columns))
        places.append((number, column))
    return b"\n".join(rows), places


@pytest.mark.database
@pytest.mark.parametrize(
    ("content", "columns", "spoiled", "sound"),
    [
        (ImportContent.ORG_UNITS, ("code", "name", "parent", "manager"), ("code", "name", "parent", "manager"),
         {"code": "é", "name": "é"}),
        (ImportContent.GROUPS, ("name", "description", "in"), ("name", "description", "in"), {"name": "é"}),
        (ImportContent.MEMBERSHIPS, ("group", "member"), ("group", "member"), {"group": "é", "member": "é"}),
        (ImportContent.PEOPLE, COLUMNS,
         ("employee_number", "email", "manager_employee_number", "department_code", "department"),
         {"employee_number": "é", "first_name": "é", "email": "p@example.c", "department_code": "1"}),
    ],
)  # fmt: skip
def test_a_value_that_no_database_takes_is_told(
    content: ImportContent, columns: tuple[str, ...], spoiled: tuple[str, ...], sound: dict[str, str]
) -> None:
    of_people = content == ImportContent.PEOPLE
    profile = profile_named("hr", actor=command_actor()) if of_people else make_profile("x", content)
    file, places = file_of(columns, spoiled, **sound)
    run = imported(file, profile)
    assert (run.state, run.error) == (RunState.PLANNED, "")
    assert set(places) <= {(found.row, found.column) for found in run.findings.all()}
    assert not (User.objects.persons() or OrgUnit.objects.all() or Group.objects.all())


def test_two_rows_without_what_makes_them_different_are_told() -> None:
    run = imported(b"group,member\n,ada\n,ada\n", make_profile("x", ImportContent.MEMBERSHIPS))
    assert (run.state, {found.code for found in run.findings.all()}) == (RunState.PLANNED, {"required", "duplicate"})


@pytest.mark.parametrize(
    "attribute",
    ["password", "state", "active", "kind", "is_superuser", "is_staff", "groups", "owners", "default_origin", "id",
     "deleted_at", "session_epoch", "user_name_key", "custom", "custom.__class__", "emails.primary", "manager"],
)  # fmt: skip
def test_no_column_becomes_a_state_a_right_or_a_password(attribute: str) -> None:
    rows = [MappingRow("employee_number", source="no"), MappingRow(attribute, source="x")]
    with pytest.raises(RuleViolation, match="no attribute"):
        create_profile("plant", rows, actor=command_actor(), key_column="no")


def test_administrators_are_nobody_a_file_can_name() -> None:
    """Neither by the key, nor by the user name, nor as a manager or a member; they are as they were."""
    operator = make_operator("root")
    User.objects.filter(pk=operator.pk).update(employee_number="1", employee_number_key="1")
    before = User.objects.filter(pk=operator.pk).values().get()
    rows = [MappingRow("employee_number", source="no"), MappingRow("user_name", source="login")]
    plant = create_profile("plant", rows, actor=command_actor(), key_column="no", options={"manager_column": "boss"})

    run = imported(b"no,login,boss\n1,other,\n2,ROOT,\n3,third,1\n", plant)
    assert [(found.row, found.code) for found in run.findings.all()] == [(3, "user_name_taken")]
    run = imported(b"group,member\nTaken,root\nTaken,1\n", make_profile("members", ImportContent.MEMBERSHIPS))
    assert {found.code for found in run.findings.all()} == {"unknown_group", "unknown_member"}
    assert User.objects.filter(pk=operator.pk).values().get() == before


def test_the_name_of_a_file_is_shown_and_leads_nowhere() -> None:
    run = imported(b"code,name\n1,One\n", make_profile("x", ImportContent.ORG_UNITS), "../../etc/\0\udcffpa\u202esswd")
    assert run.file_name == "passwd"


def test_a_kept_file_has_no_name_but_its_number() -> None:
    profile, book = make_profile("x", ImportContent.ORG_UNITS), shared_texts(["code", "name"], ["1", "One"])
    sources = [("../units.xlsx", io.BytesIO(book)), ("more.jsonl", io.BytesIO(b"{}"))]
    run = start_import(sources, profile, actor=command_actor())
    assert [path.name for path in files.kept(run.pk)] == ["0", "1"]
    files.keep(run.pk, 10, io.BytesIO(b"x")).rename(files.folder_of(run.pk) / "2.csv")  # as they were called before
    assert [path.name for path in files.kept(run.pk)] == ["0", "1", "2.csv"]
    files.forget([run.pk])
