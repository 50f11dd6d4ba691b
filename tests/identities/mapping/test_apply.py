"""Rows become values to write."""

from typing import Any

import pytest

from identities.mapping import ExpressionError, MappingRow, RowOutcome, apply_rows, compile_row
from identities.vocabulary import MappingApply, MappingKind
from tests.identities.mapping.documents import CONTEXT


def expression(source: str, **facts: Any) -> MappingRow:
    return MappingRow("a", MappingKind.EXPRESSION, source, **facts)


def direct(source: str, **facts: Any) -> MappingRow:
    return MappingRow("a", MappingKind.DIRECT, source, **facts)


@pytest.mark.parametrize(
    ("row", "values"),
    [
        (direct("userName"), ("Anna.Müller@example.test",)),
        (direct("emails.value"), ("anna@home.test", "anna@work.test")),
        (direct("manager.id"), ("11111111-2222-4333-8444-555555555555",)),
        (MappingRow("a", MappingKind.CONSTANT, "staff"), ("staff",)),
        (MappingRow("a", MappingKind.CONSTANT, ""), ("",)),
        (expression("user.custom.floor + 1"), (4,)),
        (expression("user.active"), (True,)),
        (expression("['a', none, '', 'b', 'a']"), ("a", "b")),
        (expression("[1, true, 1]"), (1, True)),
        (expression("user.startDate | date"), ("2024-03-09",)),
    ],
)
@pytest.mark.parametrize("creating", [True, False])
def test_written(row: MappingRow, values: tuple[Any, ...], creating: bool) -> None:
    mapped = apply_rows([row], CONTEXT, creating=creating)
    assert [(type(each), each) for each in mapped.values["a"]] == [(type(each), each) for each in values]
    assert mapped.explained[0].outcome is RowOutcome.WRITTEN
    assert not mapped.problems


@pytest.mark.parametrize("row", [direct("nobody"), direct("title"), expression("user.nobody"), expression("''")])
def test_nothing_writes_nothing(row: MappingRow) -> None:
    mapped = apply_rows([row], CONTEXT, creating=False)
    assert mapped.values == {}
    assert mapped.explained[0].outcome is RowOutcome.NULL


def test_nothing_clears_when_the_row_says_so_and_the_object_is_there() -> None:
    row = direct("nobody", clear_when_null=True)
    assert apply_rows([row], CONTEXT, creating=False).values == {"a": ()}
    assert apply_rows([row], CONTEXT, creating=True).values == {}


def test_rows_for_creating_are_left_out_later() -> None:
    row = direct("userName", apply=MappingApply.ON_CREATE, clear_when_null=True)
    assert apply_rows([row], CONTEXT, creating=True).values
    later = apply_rows([row], CONTEXT, creating=False)
    assert later.values == {}
    assert later.explained[0].outcome is RowOutcome.ON_CREATE_ONLY


def test_a_problem_is_named_and_stops_nothing() -> None:
    rows = [
        MappingRow("broken", MappingKind.EXPRESSION, "user.userName | int"),
        MappingRow("invalid", MappingKind.EXPRESSION, "user."),
        MappingRow("document", MappingKind.EXPRESSION, "user.name"),
        MappingRow("several", MappingKind.DIRECT, "emails.value", multi_valued=False),
        MappingRow("good", MappingKind.DIRECT, "userName"),
    ]
    mapped = apply_rows(rows, CONTEXT, creating=False)
    assert set(mapped.values) == {"good"}
    assert [problem.attribute for problem in mapped.problems] == ["broken", "invalid", "document", "several"]
    assert all(problem.message for problem in mapped.problems)
    assert "takes one value, and there are 2" in mapped.problems[3].message


def test_a_later_row_for_the_same_attribute_counts_if_it_gives_something() -> None:
    rows = [direct("userName"), expression("user.nobody", clear_when_null=True), expression("user.custom.floor")]
    assert apply_rows(rows, CONTEXT, creating=False).values == {"a": (3,)}
    assert apply_rows(rows[:2], CONTEXT, creating=False).values == {"a": ("Anna.Müller@example.test",)}
    assert apply_rows(rows[1:2], CONTEXT, creating=False).values == {"a": ()}


def test_groups_are_mapped_the_same_way() -> None:
    context = {"group": {"displayName": "Staff"}}
    rows = [direct("displayName"), MappingRow("b", MappingKind.EXPRESSION, "group.displayName | lower")]
    assert apply_rows(rows, context, creating=True, subject="group").values == {"a": ("Staff",), "b": ("staff",)}


def test_a_context_without_the_subject_is_a_problem() -> None:
    assert apply_rows([direct("displayName")], {}, creating=True).problems


@pytest.mark.parametrize("row", [direct("a["), expression("a["), expression("row.a")])
def test_compiling_a_row_refuses_what_is_not_valid(row: MappingRow) -> None:
    with pytest.raises(ExpressionError):
        compile_row(row)
