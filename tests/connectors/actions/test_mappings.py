"""Setting the mappings of a system."""

import pytest

from connectors.actions.mappings import set_mappings
from identities.actors import command_actor
from identities.errors import RuleViolation
from identities.mapping import MappingRow
from identities.models import AuditEntry
from identities.vocabulary import MappingApply, MappingKind, ObjectType
from tests.connectors.engine.rows import a_system

pytestmark = pytest.mark.django_db

ACTOR = command_actor()
ROWS = (
    MappingRow("userName", MappingKind.DIRECT, "userName"),
    MappingRow("department", MappingKind.CONSTANT, "Sales", MappingApply.ON_CREATE),
    MappingRow("displayName", MappingKind.EXPRESSION, "user.displayName or user.userName", clear_when_null=True),
)


def test_rows_are_replaced_in_their_order() -> None:
    system = a_system()
    assert set_mappings(system, ObjectType.USER, ROWS, actor=ACTOR)
    assert set_mappings(system, ObjectType.GROUP, [MappingRow("displayName", source="displayName")], actor=ACTOR)

    assert set_mappings(system, ObjectType.USER, ROWS[:2][::-1], actor=ACTOR)

    of_users = system.mappings.filter(object_type=ObjectType.USER)
    assert list(of_users.values_list("attribute", flat=True)) == ["department", "userName"]
    assert system.mappings.filter(object_type=ObjectType.GROUP).count() == 1
    system.refresh_from_db()
    assert system.version == 4
    assert AuditEntry.objects.filter(verb="mappings.changed").count() == 3


def test_equal_rows_write_nothing() -> None:
    system = a_system()
    set_mappings(system, ObjectType.USER, ROWS, actor=ACTOR)

    assert not set_mappings(system, ObjectType.USER, ROWS, actor=ACTOR)
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "named"),
    [
        (MappingRow("title", MappingKind.EXPRESSION, "user.title |"), "title"),
        (MappingRow("title", MappingKind.EXPRESSION, "user.__class__"), "title"),
        (MappingRow("title", MappingKind.EXPRESSION, "secrets.token"), "title"),
        (MappingRow("title", MappingKind.DIRECT, ""), "title"),
        (MappingRow("userName", MappingKind.CONSTANT, "twice"), "userName"),
    ],
)
def test_a_bad_row_is_refused_by_name_and_nothing_is_saved(row: MappingRow, named: str) -> None:
    system = a_system()

    with pytest.raises(RuleViolation) as refusal:
        set_mappings(system, ObjectType.USER, [*ROWS, row], actor=ACTOR)

    assert refusal.value.field == named
    assert named in refusal.value.message
    assert not system.mappings.exists()
