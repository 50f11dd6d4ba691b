"""Column mappings suggested from the names of columns."""

from pathlib import Path

import pytest

from connectors.actions.import_profiles import HR_PROFILE, profile_named
from connectors.engine.intake.profiles.suggestions import suggest_mapping
from connectors.vocabulary import ImportContent
from identities.actors import command_actor
from identities.mapping.rows import MappingRow, compile_row
from identities.vocabulary import MappingKind

DATA = Path(__file__).parents[5] / "provisioning_portal" / "demo_data"


def direct(content: ImportContent, *header: str) -> dict[str, str]:
    suggestion = suggest_mapping(content, header)
    return {row.attribute: row.source for row in suggestion.rows if row.kind == MappingKind.DIRECT}


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            ("Personalnummer", "Vorname", "Nachname", "E-Mail", "Eintrittsdatum", "Straße"),
            {
                "employee_number": "Personalnummer",
                "given_name": "Vorname",
                "family_name": "Nachname",
                "emails": "E-Mail",
                "user_name": "E-Mail",
                "start_date": "Eintrittsdatum",
                "addresses.streetAddress": "Straße",
            },
        ),
        (
            ("uid", "givenName", "sn", "mail", "telephoneNumber", "employeeNumber", "cn"),
            {
                "employee_number": "employeeNumber",
                "user_name": "uid",
                "given_name": "givenName",
                "family_name": "sn",
                "display_name": "cn",
                "emails": "mail",
                "phoneNumbers": "telephoneNumber",
            },
        ),
        (
            ("EMP ID", "First Name", "LAST_NAME", "Email Address", "Job Title", "Cost Centre", "Zip"),
            {
                "employee_number": "EMP ID",
                "user_name": "Email Address",
                "given_name": "First Name",
                "family_name": "LAST_NAME",
                "emails": "Email Address",
                "title": "Job Title",
                "cost_center": "Cost Centre",
                "addresses.postalCode": "Zip",
            },
        ),
    ],
)
def test_columns_of_people_are_known_by_the_names_of_the_field(
    header: tuple[str, ...], expected: dict[str, str]
) -> None:
    assert direct(ImportContent.PEOPLE, *header) == expected


@pytest.mark.django_db
def test_the_personnel_file_is_mapped_as_its_profile_maps_it() -> None:
    header = (DATA / "hr_employees.csv").read_text().splitlines()[0].split(",")
    suggestion = suggest_mapping(ImportContent.PEOPLE, header)

    found = {row.attribute: row.source for row in suggestion.rows if row.kind == MappingKind.DIRECT}
    profile = profile_named(HR_PROFILE, actor=command_actor())
    own = dict(profile.mappings.filter(kind=MappingKind.DIRECT).values_list("attribute", "source"))
    assert found == {**own, "addresses.country": "country"}
    assert suggestion.key_column == "employee_number"
    assert suggestion.options.items() <= profile.options.items()
    assert set(suggestion.options) == {"manager_column", "department_code_column", "department_name_column"}
    assert set(suggestion.unused) == set(header) - {*found.values(), *suggestion.options.values()}


def test_a_display_name_is_put_together_from_columns_of_any_name() -> None:
    suggestion = suggest_mapping(ImportContent.PEOPLE, ["Vor-Name", "Nach'Name", "dept code", "Note"])
    row = next(row for row in suggestion.rows if row.attribute == "display_name")
    compiled = compile_row(MappingRow(row.attribute, row.kind, row.source), subject="row", roots=frozenset({"row"}))
    assert compiled.compute({"row": {"Vor-Name": "Ann", "Nach'Name": "Ash"}}) == "Ann Ash"
    assert suggestion.options == {"department_code_column": "dept code"}
    assert suggestion.unused == ("Note",)


def test_org_units_groups_and_memberships_have_columns_of_their_own() -> None:
    org_tree = ("code", "name", "parent_code", "manager_employee_number")
    assert direct(ImportContent.ORG_UNITS, *org_tree) == dict(
        zip(("code", "name", "parent", "manager"), org_tree, strict=True)
    )
    assert direct(ImportContent.GROUPS, "Gruppe", "Beschreibung") == {
        "display_name": "Gruppe",
        "description": "Beschreibung",
    }
    members = suggest_mapping(ImportContent.MEMBERSHIPS, ["Group name", "Personalnummer"])
    assert {row.attribute: row.source for row in members.rows} == {"group": "Group name", "member": "Personalnummer"}
    assert members.key_column == "Personalnummer"
