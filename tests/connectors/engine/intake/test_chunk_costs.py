"""What a chunk costs does not depend on how many rows it has (as many as SQLite takes in one statement)."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.actions.import_profiles import profile_named
from connectors.models import ImportProfile
from connectors.vocabulary import ImportContent
from identities.actors import command_actor
from identities.models import OrgUnit, User
from tests.connectors.engine.intake.importing import File, make_profile, run_import, undo

pytestmark = pytest.mark.django_db

HEADER = (
    "employee_number,first_name,last_name,email,phone,hire_date,job_title,manager_employee_number,"
    "department_code,department,city,state_province"
)


def people(numbers: range, title: str = "Clerk") -> File:
    rows = (f"{n},Ann{n},Ash,ann{n}@example.com,5,2020-01-01,{title},,10,Board,Oslo,Oslo" for n in numbers)
    return "people.csv", "\n".join([HEADER, *rows])


def statements(file: File, profile: str) -> Iterator[int]:
    """Of an import from reading to the end, and of its undo."""
    with CaptureQueriesContext(connection) as captured:
        run = run_import(file, profile=profile)
    yield len(captured)
    with CaptureQueriesContext(connection) as captured:
        undo(run)
    yield len(captured)


def test_people_created_changed_missing_and_undone() -> None:
    profile_named("hr", actor=command_actor())
    run_import(people(range(1)))
    few, many = [], []
    for count, found in ((4, few), (12, many)):
        numbers = range(count * 100, count * 101)
        ImportProfile.objects.update(complete=False)
        run_import(people(numbers))
        found += statements(people(range(count * 1000, count * 1001)), "hr")
        found += statements(people(numbers, "Boss"), "hr")
        ImportProfile.objects.update(complete=True, missing_limit=1000)
        found += statements(people(range(count * 100, count * 100 + 1), "Boss"), "hr")
        ImportProfile.objects.update(complete=False)
        User.objects.update(state="deprovisioned")
    assert few == many
    assert User.objects.persons().count() == 33


def test_org_units_created_moved_and_undone() -> None:
    profile = make_profile("units", ImportContent.ORG_UNITS).name
    head = "code,name,parent,manager\n"
    few, many = [], []
    for count, found in ((4, few), (12, many)):
        codes = [f"U{count}-{number}" for number in range(count)]
        run_import(("top.csv", head + f"T{count},Top{count},,\nB{count},Below{count},,"), profile=profile)
        below = [f"{code},{code},T{count},{number}" for number, code in enumerate(codes)]
        run_import(("units.csv", head + "\n".join(below)), profile=profile)
        found += statements(
            ("units.csv", head + "\n".join(f"{code},{code}!,B{count},x{code}" for code in codes)), profile
        )
    assert few == many
    assert OrgUnit.objects.count() == 20
