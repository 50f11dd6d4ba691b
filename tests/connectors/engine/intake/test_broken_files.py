"""A corpus of broken files: every problem is told by row, column and value, and nothing is changed.

`broken_files/expected.csv` has a row for every message: the file, the profile that imports it (one of `PROFILES`), and
what is told. Files that would be too large to keep are made by the functions in `GENERATED`.
"""

import csv
import io
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from connectors.actions.import_profiles import HR_PROFILE, profile_named
from connectors.actions.imports import start_import
from connectors.engine.intake import advance
from connectors.models import Finding, ImportProfile, Run
from connectors.vocabulary import ImportContent, RunState
from identities.actions.groups import create_group
from identities.actions.users import UserAttributes, create_user
from identities.actors import command_actor
from identities.models import ChangeEvent, Group, OrgUnit, User
from tests.connectors.engine.intake.hostile_files import GENERATED
from tests.connectors.engine.intake.importing import make_profile

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "broken_files"
TOLD = ("row", "column", "value", "code", "message")

# Each is the profile of the personnel file, or of another content, with these columns of its own; `options` are added
# to its.
PROFILES: dict[str, dict[str, Any]] = {
    HR_PROFILE: {},
    "hr-utf8": {"options": {"encoding": "utf-8"}},
    "hr-semicolon": {"options": {"delimiter": "semicolon"}},
    "hr-xlsx": {"options": {"format": "xlsx"}},
    "hr-sheet": {"options": {"sheet": "People"}},
    "hr-wrong-encoding": {"options": {"encoding": "utf-9"}},
    "hr-wrong-delimiter": {"options": {"delimiter": "::"}},
    "hr-complete": {"complete": True},
    "units": {"content": ImportContent.ORG_UNITS},
    "groups": {"content": ImportContent.GROUPS},
    "memberships": {"content": ImportContent.MEMBERSHIPS, "complete": True},
}


def expected() -> dict[tuple[str, str], list[tuple[str, ...]]]:
    """What is told of each file, by file and profile."""
    with (FOLDER / "expected.csv").open(encoding="utf-8", newline="") as table:
        rows = [(row["file"], row["profile"], *(row[name] for name in TOLD)) for row in csv.DictReader(table)]
    return {key: [row[2:] for row in some] for key, some in groupby(rows, key=lambda row: row[:2])}  # type: ignore[misc]


def profile_of_the_table(name: str) -> ImportProfile:
    if "content" in PROFILES[name]:
        return make_profile(name, **PROFILES[name])
    hr = profile_named(HR_PROFILE, actor=command_actor())
    if name == HR_PROFILE:
        return hr
    rows = list(hr.mappings.all())
    own = dict(PROFILES[name])
    hr.pk, hr.name, hr.options = None, name, {**hr.options, **own.pop("options", {})}
    for field, value in own.items():
        setattr(hr, field, value)
    hr.save(force_insert=True)
    for row in rows:
        row.pk, row.profile = None, hr
        row.save(force_insert=True)
    return hr


def imported(name: str, content: bytes, profile: str = HR_PROFILE) -> Run:
    """The run of one file, to be applied at once."""
    actor = command_actor()
    source = (name, io.BytesIO(content))
    run = start_import([source], profile_of_the_table(profile), actor=actor, apply=True, worker="test")
    advance(run)
    run.refresh_from_db()
    return run


def told(finding: Finding) -> tuple[str, ...]:
    return (str(finding.row or ""), finding.column, finding.value, finding.code, finding.message)


def everything() -> list[int]:
    return [model.objects.count() for model in (User, OrgUnit, Group, ChangeEvent)]


@pytest.mark.parametrize(("file", "profile"), expected(), ids=lambda value: value)
def test_a_broken_file_is_told_and_changes_nothing(file: str, profile: str) -> None:
    create_user(actor=command_actor(), attributes=UserAttributes({"user_name": "taken@example.com"}))
    create_group(display_name="Taken", actor=command_actor())
    before = everything()
    content = GENERATED[file]() if file in GENERATED else (FOLDER / file).read_bytes()

    run = imported(file, content, profile)

    assert [told(finding) for finding in run.findings.order_by("pk")] == expected()[file, profile]
    assert all(run.findings.values_list("blocking", flat=True))
    assert (run.state, run.error) == (RunState.PLANNED, "")
    assert everything() == before


def test_every_file_of_the_corpus_stands_in_the_table() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"expected.csv"}
    assert files | set(GENERATED) == {file for file, _profile in expected()}
    assert len(files) >= 60


def test_formulas_and_markup_are_values_like_others_in_csv() -> None:
    title, other = "=cmd|' /C calc'!A0", "<script>alert(1)</script>"
    names = "employee_number,first_name,last_name,email,phone,hire_date,job_title,department,city,state_province"
    row = "{0},-A,@B,{0}@example.com,+47 5,2020-01-01,{1},,,"
    run = imported("people.csv", "\n".join((names, row.format(1, title), row.format(2, other))).encode())
    assert (run.state, list(run.findings.all())) == (RunState.DONE, [])
    assert set(User.objects.persons().values_list("title", "given_name")) == {(title, "-A"), (other, "-A")}
