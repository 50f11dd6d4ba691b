"""Import profiles: what is refused and where, what is written, and what the audit trail says of it."""

import io
from collections.abc import Sequence
from typing import Any

import pytest

from connectors.actions.import_profiles import HR_PROFILE, create_profile, delete_profile, profile_named, update_profile
from connectors.actions.imports import cancel_import, start_import
from connectors.engine.intake import advance
from connectors.models import ImportProfile
from connectors.vocabulary import ImportContent
from identities.actors import command_actor
from identities.errors import Conflict, IdentityError, NotFound, RuleViolation
from identities.mapping import MappingRow
from identities.models import AuditEntry, User
from identities.vocabulary import MappingKind

pytestmark = pytest.mark.django_db

ACTOR = command_actor()
KEY, NAME = MappingRow("employee_number", source="No."), MappingRow("user_name", source="User name")


def made(rows: Sequence[MappingRow] = (KEY, NAME), name: str = "plant", **values: Any) -> ImportProfile:
    return create_profile(name, rows, actor=ACTOR, **{"key_column": "No.", **values})


def refused(*rows: MappingRow, **values: Any) -> IdentityError:
    with pytest.raises(IdentityError) as caught:
        made([KEY, NAME, *rows], **values)
    assert not ImportProfile.objects.filter(name="plant").exists()
    return caught.value


def test_columns_are_named_as_the_header_names_them() -> None:
    profile = made([KEY, NAME, MappingRow("title", MappingKind.EXPRESSION, "row['Job (de)'] | upper")])
    file = io.BytesIO(b"No.,User name,Job (de)\n7,grace,boss\n")
    run = start_import([("plant.csv", file)], profile, actor=ACTOR, apply=True, worker="test")
    advance(run)
    assert User.objects.values_list("employee_number", "user_name", "title").get(user_name_key="grace") == (
        "7", "grace", "BOSS",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "part", "position", "words"),
    [
        (MappingRow("salary", source="Pay"), "attribute", None, "no attribute salary"),
        (MappingRow("manager", source="Boss"), "attribute", None, "no attribute manager"),
        (MappingRow("custom.badge", source="Badge"), "attribute", None, "no attribute custom.badge"),
        (MappingRow("user_name", source="Mail"), "attribute", None, "mapped twice"),
        (MappingRow("title", source=" "), "source", None, "names no column"),
        (MappingRow("title", MappingKind.EXPRESSION, "row.a ~ "), "source", 6, "character 7"),
        (MappingRow("title", MappingKind.EXPRESSION, "user.title"), "source", 0, "character 1"),
    ],
)
def test_a_mapping_is_refused_by_row_and_place(row: MappingRow, part: str, position: int | None, words: str) -> None:
    refusal = refused(row)
    assert (refusal.field, refusal.facts["row"], refusal.facts["part"]) == ("mappings", 2, part)
    assert refusal.message.startswith("Mapping 3: ")
    assert words in refusal.message
    assert refusal.facts["position"] == position


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"key_column": ""}, "key_column"),
        ({"key_column": "User name"}, "key_column"),
        ({"content": "cats"}, "content"),
        ({"content": ImportContent.GROUPS}, "mappings"),
        ({"missing_limit_percent": 101}, "missing_limit_percent"),
        ({"options": {"colour": "red"}}, "options.colour"),
        ({"options": {"apply_dropped": "yes"}}, "options.apply_dropped"),
        ({"name": "../plant"}, "name"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_value_is_refused_by_its_name(values: dict[str, Any], field: str) -> None:
    assert refused(**values).field == field


def test_names_differ_by_more_than_case() -> None:
    made()
    with pytest.raises(Conflict):
        made(name="PLANT")


def test_changes_are_told_once() -> None:
    profile = made()
    assert not update_profile(profile, actor=ACTOR, rows=[KEY, NAME], complete=False)
    assert update_profile(profile, actor=ACTOR, rows=[NAME, KEY], complete=True, options={"apply_dropped": True})
    entry = AuditEntry.objects.get(verb="profile.changed")
    assert set(entry.changes) == {"complete", "mappings", "options"}
    assert [row.attribute for row in profile.mappings.all()] == ["user_name", "employee_number"]
    with pytest.raises(RuleViolation):
        update_profile(profile, actor=ACTOR, rows=[NAME])
    assert profile.mappings.count() == 2


def test_a_profile_goes_when_its_imports_are_over() -> None:
    profile = profile_named(HR_PROFILE, actor=ACTOR)
    run = start_import([("hr.csv", io.BytesIO(b"x"))], profile, actor=ACTOR)
    with pytest.raises(RuleViolation, match="not over"):
        delete_profile(profile, actor=ACTOR)
    cancel_import(run, actor=ACTOR)
    delete_profile(profile, actor=ACTOR)
    assert AuditEntry.objects.filter(verb="profile.deleted", object_repr="hr").exists()
    run.refresh_from_db()
    assert run.profile is None
    with pytest.raises(NotFound):
        update_profile(profile, actor=ACTOR, complete=True)
    assert profile_named(HR_PROFILE, actor=ACTOR).pk != profile.pk
