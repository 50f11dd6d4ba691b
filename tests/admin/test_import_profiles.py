"""Import profiles in the browser: made from a sample, suggested, tried, saved; and the page of an import."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from connectors.actions.import_profiles import create_profile, update_profile
from connectors.actions.imports import apply_import, start_import
from connectors.engine.intake import advance, work
from connectors.models import ImportProfile, Run, StagedRow
from identities.actors import command_actor
from identities.mapping import MappingRow
from identities.models import AuditEntry, User
from identities.vocabulary import Role
from tests.admin.conftest import signed_in
from tests.factories import make_operator

pytestmark = pytest.mark.django_db

FILE = b"Employee Number,User Name,Title,Colour\n1,ada,<b>Boss</b>,red\n2,bob,Clerk,blue\n"
WITH_MANAGER = b"Employee Number,Manager,User Name,Title,Colour\n1,,ada,<b>Boss</b>,red\n"
ROW = {"attribute": "", "kind": "direct", "source": "", "apply": "always"}


@pytest.fixture
def administrator() -> Client:
    return signed_in(make_operator(role=Role.OPERATOR))


def sample(content: bytes = FILE) -> io.BytesIO:
    file = io.BytesIO(content)
    file.name = "people.csv"
    return file


def record(**more: Any) -> dict[str, Any]:
    """The form of a new profile as a browser sends it."""
    given = {"name": "plant", "content": "people", "missing_limit": "20", "missing_limit_percent": "10"}
    return {**given, **more}


def mapping(*rows: dict[str, str], **more: Any) -> dict[str, Any]:
    """The form of a mapping as a browser sends it, with an empty row behind."""
    sent = [{**ROW, **row} for row in (*rows, {})]
    fields = {f"form-{place}-{name}": value for place, row in enumerate(sent) for name, value in row.items()}
    return {**fields, "form-TOTAL_FORMS": str(len(sent)), "form-INITIAL_FORMS": "0", **more}


def page_of(profile: ImportProfile) -> str:
    return reverse("admin:connectors_importprofile_section", args=[profile.pk, "mapping"])


def made() -> ImportProfile:
    names = {"employee_number": "Employee Number", "user_name": "User Name", "title": "Title"}
    rows = [MappingRow(attribute, source=column) for attribute, column in names.items()]
    return create_profile("plant", rows, actor=command_actor(), key_column="Employee Number")


KEY = {"attribute": "employee_number", "source": "Employee Number"}
NAME = {"attribute": "user_name", "source": "User Name"}


def test_a_profile_is_made_from_a_sample_which_its_mapping_shows(administrator: Client) -> None:
    form = record(sample_file=sample(WITH_MANAGER), option_apply_dropped="on")
    answer = administrator.post(reverse("admin:connectors_importprofile_add"), form)
    profile = ImportProfile.objects.get(name="plant")
    assert answer["Location"] == page_of(profile)
    assert profile.key_column == "Employee Number"
    assert profile.options == {"apply_dropped": True, "manager_column": "Manager"}
    shown = administrator.get(page_of(profile)).content.decode()
    assert "&lt;b&gt;Boss&lt;/b&gt;" in shown
    assert "Columns that become nothing: Colour</p>" in " ".join(shown.split())
    assert "ada" not in administrator.get(page_of(profile)).content.decode()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "no good", "key_column": "No"}, "letters, digits"),
        ({}, "Name the column by which"),
        ({"key_column": "No", "missing_limit_percent": "200"}, "100"),
        ({"sample_file": b"a,a\n"}, "twice"),
    ],
)
def test_what_is_refused_stands_on_the_form(administrator: Client, given: dict[str, Any], words: str) -> None:
    files = {name: sample(value) for name, value in given.items() if isinstance(value, bytes)}
    answer = administrator.post(reverse("admin:connectors_importprofile_add"), record(**{**given, **files}))
    assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert not ImportProfile.objects.exists()


def test_a_mapping_is_suggested_tried_and_saved(administrator: Client) -> None:
    profile = create_profile(
        "plant", [MappingRow("employee_number", source="Employee Number")], actor=command_actor(),
        key_column="Employee Number",
    )  # fmt: skip
    page = page_of(profile)
    answer = administrator.post(page, mapping(KEY, suggest="yes", sample_file=sample(), key_column="Employee Number"))
    suggested = answer.content.decode()
    assert re.search(r'value="user_name" selected', suggested)
    kept = answer.context["form"]["sample"].value()
    assert profile.mappings.count() == 1

    title = {"attribute": "title", "kind": "expression", "source": "row.Title | upper"}
    tried = administrator.post(
        page, mapping(KEY, NAME, title, key_column="Employee Number", sample=kept)
    ).content.decode()
    assert "&lt;B&gt;BOSS" in tried
    saved = mapping(KEY, NAME, title, key_column="Employee Number", sample=kept, save="yes")
    assert "The mapping is saved" in administrator.post(page, saved).content.decode()
    assert list(profile.mappings.values_list("attribute", flat=True)) == ["employee_number", "user_name", "title"]
    assert AuditEntry.objects.filter(verb="profile.changed").count() == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"attribute": "title", "kind": "expression", "source": "row.("}, "at character 5"),
        ({"attribute": "start_date", "source": "Colour"}, "a date (YYYY-MM-DD)"),
        ({"attribute": "title", "source": " "}, "names no column"),
        ({"attribute": "title", "kind": "expression", "source": "row.Title + 1"}, "+"),
    ],
)
def test_problems_stand_at_their_row_and_nothing_is_saved(
    administrator: Client, row: dict[str, str], words: str
) -> None:
    profile = made()
    kept = '[["Employee Number"], [{"Employee Number": "1", "Colour": "red", "Title": "x"}]]'
    answer = administrator.post(page_of(profile), mapping(KEY, row, key_column="Employee Number", sample=kept))
    problems = [problem for _form, problem in answer.context["lines"]]
    assert problems[0] == ""
    assert words in problems[1]
    assert profile.mappings.count() == 3


@pytest.mark.parametrize("kept", ["[", "[1, 2]", '[["a"], [3]]', "null", "[" * 5000, '{"a": 1}'])
def test_a_sample_of_nobody_s_making_is_none(administrator: Client, kept: str) -> None:
    answer = administrator.post(page_of(made()), mapping(KEY, NAME, key_column="x", sample=kept, more="yes"))
    assert (answer.status_code, len(answer.context["lines"])) == (200, 6)


def test_an_auditor_changes_nothing() -> None:
    profile, auditor = made(), signed_in(make_operator(role=Role.AUDITOR))
    auditor.post(page_of(profile), mapping(KEY, key_column="Employee Number", save="yes"))
    assert profile.mappings.count() == 3
    assert auditor.post(reverse("admin:connectors_importprofile_add"), record(key_column="x")).status_code == 403


def test_a_profile_is_changed_and_deleted(administrator: Client) -> None:
    profile = made()
    record_page = reverse("admin:connectors_importprofile_change", args=[profile.pk])
    administrator.post(record_page, record(complete="on", option_manager_column="Boss"))
    profile.refresh_from_db()
    assert (profile.complete, profile.options) == (True, {"manager_column": "Boss"})
    administrator.post(reverse("admin:connectors_importprofile_delete", args=[profile.pk]), {"reason": "Not used"})
    assert AuditEntry.objects.get(verb="profile.deleted").reason == "Not used"


def imported(content: bytes = FILE) -> Run:
    run = start_import([("people.csv", io.BytesIO(content))], made(), actor=command_actor(), worker="test")
    advance(run)
    run.refresh_from_db()
    return run


def test_rows_are_filtered_and_searched_and_show_their_difference(administrator: Client) -> None:
    run = imported(FILE + b"3,,x,y\n")
    page = reverse("admin:connectors_run_section", args=[run.pk, "rows"])
    every = administrator.get(page)
    assert [row["row"].key for row in every.context["rows"]] == ["1", "2", "3"]
    assert "<ins>&lt;b&gt;Boss&lt;/b&gt;</ins>" in every.content.decode()
    bad = administrator.get(f"{page}?state=problem")
    assert [(row["row"].key, "no User Name" in row["problems"][0]) for row in bad.context["rows"]] == [("3", True)]
    assert [row["row"].key for row in administrator.get(f"{page}?key=2&state=create").context["rows"]] == ["2"]
    assert administrator.get(f"{page}?key=%00&state=nonsense&page=x").status_code == 200
    run_page = administrator.get(reverse("admin:connectors_run_change", args=[run.pk])).content.decode()
    assert "CSV, utf-8, comma" in run_page


def test_the_result_is_a_file(administrator: Client) -> None:
    run = imported(b"Employee Number,User Name,Title\n1,ada,x\n@2,bob,y\n")
    apply_import(run, actor=command_actor())
    assert work("test") == 1
    answer = administrator.get(reverse("admin:connectors_run_result", args=[run.pk]))
    assert answer["Content-Disposition"].startswith('attachment; filename="people-')
    lines = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[arg-type]
    assert [line[1:5] for line in lines[1:]] == [["2", "1", "create", "applied"], ["3", "'@2", "create", "applied"]]


def test_chosen_rows_alone_are_applied(administrator: Client) -> None:
    run = imported()
    page = reverse("admin:connectors_run_section", args=[run.pk, "rows"])
    assert "None of these rows" in administrator.post(page, {"row": ["x", "9" * 30]}).content.decode()
    bob = run.rows.get(key="2")
    answer = administrator.post(page, {"row": [str(bob.pk)]}).content.decode()
    assert "The chosen rows are being applied" in answer
    assert work("test") == 1
    assert list(User.objects.persons().values_list("user_name", flat=True)) == ["bob"]
    states = administrator.get(page).context["rows"]
    assert [(row["row"].key, row["planned"], row["row"].state) for row in states] == [
        ("1", "create", "skipped"), ("2", "create", "applied"),
    ]  # fmt: skip


def test_all_rows_that_match_are_applied(administrator: Client) -> None:
    run = imported(FILE + b"30,cyd,Clerk,red\n31,dan,Clerk,red\n")
    page = reverse("admin:connectors_run_section", args=[run.pk, "rows"])
    assert 'name="matching"' not in administrator.get(page).content.decode()
    assert "Apply all 2 rows that match" in administrator.get(f"{page}?key=3&state=create").content.decode()
    assert 'name="matching"' not in administrator.get(f"{page}?key=3&state=update").content.decode()
    assert "None of these rows" in administrator.post(f"{page}?key=99", {"matching": "yes"}).content.decode()
    assert "are being applied" in administrator.post(f"{page}?key=3&page=7", {"matching": "yes"}).content.decode()
    assert work("test") == 1
    assert set(User.objects.persons().values_list("user_name", flat=True)) == {"cyd", "dan"}


def test_a_page_of_rows_costs_the_same_however_many_there_are(
    administrator: Client, django_assert_num_queries: Any
) -> None:
    run = imported()
    page = f"{reverse('admin:connectors_run_section', args=[run.pk, 'rows'])}?state=create"
    administrator.get(page)
    with CaptureQueriesContext(connection) as few:
        administrator.get(page)
    StagedRow.objects.bulk_create(
        StagedRow(run=run, part="people", number=number, key=f"k{number}", state="create") for number in range(10, 510)
    )
    with django_assert_num_queries(len(few)):
        last = administrator.get(f"{page}&page=6")
    assert [row["row"].key for row in last.context["rows"]] == ["k508", "k509"]


def test_the_number_of_missing_people_is_typed_and_an_import_is_undone(administrator: Client) -> None:
    run = imported()
    update_profile(run.profile, actor=command_actor(), complete=True, missing_limit=0, missing_limit_percent=0)
    do = "admin:connectors_run_do"
    administrator.post(reverse(do, args=[run.pk, "apply"]))
    work("test")
    smaller = start_import([("b.csv", io.BytesIO(FILE.partition(b"2,")[0]))], run.profile, actor=command_actor())
    work("test")
    asked = administrator.post(reverse(do, args=[smaller.pk, "apply"]), {"confirm_missing": "7"})
    assert "Confirm this number" in asked.content.decode()
    assert administrator.post(reverse(do, args=[smaller.pk, "apply"]), {"confirm_missing": "1"}).status_code == 302
    work("test")
    assert User.objects.get(user_name="bob").suspensions.count() == 1

    undo = administrator.post(reverse(do, args=[smaller.pk, "undo"]))
    assert "undo" in administrator.get(undo["Location"]).content.decode()
    work("test")
    administrator.post(reverse(do, args=[undo["Location"].split("/")[-3], "apply"]))
    work("test")
    assert User.objects.get(user_name="bob").suspensions.count() == 0
