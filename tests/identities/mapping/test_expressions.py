"""The language: values, missing values, operators, and what a mistake says."""

from datetime import date
from typing import Any

import pytest

from identities.mapping import ExpressionError, compile_expression
from tests.identities.mapping.documents import CONTEXT

VALUES: list[tuple[str, Any]] = [
    ("user.userName", "Anna.Müller@example.test"),
    ("user.username", "Anna.Müller@example.test"),
    ("user['userName']", "Anna.Müller@example.test"),
    ("user['urn:example:extension:2.0:User'].badge", 42),
    ("user.active", True),
    ("user.custom.languages", ["de", "en"]),
    ("user.custom.languages[1]", "en"),
    ("user.custom.languages[7]", None),
    ("user.custom.languages[-1]", "en"),
    ("user.userName[:4]", "Anna"),
    ("user.nobody", None),
    ("user.nobody.knows.this", None),
    ("user.org_unit.name", None),
    ("user.nobody[3]['x']", None),
    ("group.displayName", None),
    ("user.name.givenName ~ ' ' ~ user.nobody ~ '!'", "Änna !"),
    ("user.name.givenName + ' ' + user.name.familyName", "Änna Müller"),
    ("user.name.givenName + user.nobody", None),
    ("user.nobody + 1", None),
    ("user.custom.floor * 2 + 1", 7),
    ("7 // 2", 3),
    ("7 % 4", 3),
    ("-user.custom.floor", -3),
    ("[1] + [2]", [1, 2]),
    ("(1, 'a')", [1, "a"]),
    ("{'a': 1}", {"a": 1}),
    ("'x' if user.active else 'y'", "x"),
    ("'x' if user.nobody", None),
    ("user.title or user.userName", "Anna.Müller@example.test"),
    ("user.active and user.custom.floor", 3),
    ("not user.nobody", True),
    ("user.custom.floor > 2", True),
    ("1 < user.custom.floor <= 3", True),
    ("user.nobody > 2", False),
    ("user.custom.floor == 3.0", True),
    ("user.active == 1", False),
    ("'de' in user.custom.languages", True),
    ("'x' in user.nobody", False),
    ("'Sales' not in user.groups | pluck('display')", False),
    ("'Anna' in user.userName", True),
    ("user.nobody is defined", False),
    ("user.title is empty", True),
    ("user.userName is starting_with('Anna')", True),
    ("user.nobody is starting_with('Anna')", False),
    ("user.userName is not ending_with('.org')", True),
    ("user.custom.floor is number", True),
    ("user.startDate | date", date(2024, 3, 9)),
]


@pytest.mark.parametrize(("source", "value"), VALUES)
def test_value(source: str, value: object) -> None:
    found = compile_expression(source).evaluate(CONTEXT)
    assert (type(found), found) == (type(value), value)


MISTAKES: list[tuple[str, int | None, str]] = [
    ("", 0, "empty"),
    ("user.name.", 9, "expected name"),
    ("user.userName user.userName", 14, "should end here"),
    ("usr.userName", 0, "starts from: group, org_unit, user"),
    ("user.userName | uper", 16, "no function 'uper'"),
    ("user.emails | first.value", 14, "brackets"),
    ("user.userName.lower()", 19, "value | lower"),
    ("user.userName | upper('x')", 16, "arguments of 'upper'"),
    ("user.userName | pad", 16, "arguments of 'pad'"),
    ("user.userName | pad(3, colour=1)", 16, "arguments of 'pad'"),
    ("pad(value=user.userName, width=3)", 3, "must come first"),
    ("user.emails | matching(**user)", 14, "one by one"),
    ("user.userName is lovely", 14, "no test 'lovely'"),
    ("user.name[1:2:3]", 9, "slice"),
    ("{{ user.userName }}", 0, "without {{ and }}"),
    ("user.userName }}", 14, "without {{ and }}"),
    ("'a' ~ 1 / 0", 6, "zero"),
]


@pytest.mark.parametrize(("source", "position", "message"), MISTAKES)
def test_mistake_is_named_with_its_place_when_it_is_compiled(source: str, position: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    assert message in caught.value.message
    assert caught.value.position == position


FAILURES: list[tuple[str, int, str]] = [
    ("'x' ~ user.emails.value", 17, "take one entry first"),
    ("user.userName.first", 13, "asked of a text"),
    ("user.userName * 2", 0, "between a text and a number"),
    ("user.userName < 2", 16, "no order"),
    ("user.custom.floor / 0", 0, "zero"),
    ("user.emails | upper", 14, "a list is not a text"),
    ("user.name ~ ''", 0, "a document is not a text"),
    ("user.userName | int", 16, "not a whole number"),
]


@pytest.mark.parametrize(("source", "position", "message"), FAILURES)
def test_failure_is_named_with_its_place_when_it_is_evaluated(source: str, position: int, message: str) -> None:
    expression = compile_expression(source)
    with pytest.raises(ExpressionError) as caught:
        expression.evaluate(CONTEXT)
    assert message in caught.value.message.lower()
    assert caught.value.position == position


def test_roots_are_chosen_by_the_caller() -> None:
    assert compile_expression("row.a", roots={"row"}).evaluate({"row": {"a": 1}}) == 1
    with pytest.raises(ExpressionError, match="starts from: row"):
        compile_expression("user.a", roots={"row"})


def test_the_same_source_is_compiled_once() -> None:
    assert compile_expression("user.userName") is compile_expression("user.userName")


def test_a_result_is_a_copy_of_the_context() -> None:
    document = {"list": [1]}
    result = compile_expression("user.list").evaluate({"user": document})
    assert isinstance(result, list)
    result.append(2)
    assert document == {"list": [1]}
