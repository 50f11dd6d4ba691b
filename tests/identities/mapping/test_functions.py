"""Every function of the list, and that the documents list it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from identities.mapping import FUNCTIONS, TESTS, ExpressionError, MappingFunction, compile_expression
from tests.identities.mapping.documents import CONTEXT

DOCUMENT = Path(__file__).parents[3] / "docs" / "mappings.md"

VALUES: list[tuple[str, Any]] = [
    ("user.userName | lower", "anna.müller@example.test"),
    ("'straße' | upper", "STRASSE"),
    ("'ada lovelace' | title", "Ada Lovelace"),
    ("'  x ' | trim", "x"),
    ("'a-b-c' | replace('-', '')", "abc"),
    ("user.userName | before('@')", "Anna.Müller"),
    ("'plain' | before('@')", "plain"),
    ("user.userName | after('@')", "example.test"),
    ("'plain' | after('@')", None),
    ("'a,b' | split(',')", ["a", "b"]),
    ("'abcdef' | truncate(3)", "abc"),
    ("'abc' | truncate(-1)", ""),
    ("42 | pad(6)", "000042"),
    ("'ab' | pad(3, ' ')", " ab"),
    ("'abcd' | pad(2)", "abcd"),
    ("'José Müller' | ascii", "Jose Muller"),
    ("'José Müller' | ascii(german=true)", "Jose Mueller"),
    ("'Łukasz' | ascii", "Lukasz"),
    ("'  Änna  O\\'Neil ' | slug", "anna-o-neil"),
    ("'a b' | slug('.')", "a.b"),
    ("'a b' | slug('')", "ab"),
    ("'ou=' ~ dn_value('Research; \\'Basic\\' ')", "ou=Research\\; 'Basic'\\ "),
    ("'#1 C++ a=b\\n' | dn_value", "\\#1 C\\+\\+ a\\=b\\0a"),
    ("'Sales' | dn_value", "Sales"),
    ("user.active | text", "true"),
    ("user.emails | first", {"value": "anna@home.test", "type": "home"}),
    ("(user.emails | last).value", "anna@work.test"),
    ("[] | first", None),
    ("[] | last", None),
    ("user.emails | length", 2),
    ("user.nobody | length", 0),
    ("'abc' | length", 3),
    ("user.groups | pluck('display') | join(', ')", "Staff, Sales"),
    ("[1, none, 'a'] | join('-')", "1-a"),
    ("(user.emails | matching(type='WORK') | first).value", "anna@work.test"),
    ("(user.emails | matching(value='anna@home.test', type='home') | first).type", "home"),
    ("(user.emails | matching(primary=true) | first).value", "anna@work.test"),
    ("user.emails | matching(type='other')", []),
    ("['a', 'A', 'b', 1, true] | unique", ["a", "b", 1, True]),
    ("user.enterprise.department | one_of('hr', 'sales')", True),
    ("one_of('x')", False),
    ("user.enterprise.department | map_value({'sales': 10}, default=99)", 10),
    ("user.nobody | map_value({'sales': 10}, default=99)", 99),
    ("'x' | map_value({'sales': 10})", None),
    ("coalesce(user.nobody, user.title, [], user.custom.floor)", 3),
    ("coalesce(user.nobody)", None),
    ("user.title | default('none')", "none"),
    ("false | default(true)", False),
    ("user.enterprise.employeeNumber | int", 17),
    ("3.9 | int", 3),
    ("'Yes' | bool", True),
    ("0 | bool", False),
    ("user.nobody | bool", None),
    ("'2024-03-09T10:00:00+00:00' | date", date(2024, 3, 9)),
    ("user.startDate | date_format('%d.%m.%Y %H %j %y %%')", "09.03.2024 00 069 24 %"),
    ("'2024-03-09T10:11:12Z' | date_format('%Y%m%d%H%M%SZ')", "20240309101112Z"),
    ("user.startDate | add_days(-9)", date(2024, 2, 29)),
    ("'2024-03-09T10:00:00+00:00' | add_days(1)", datetime(2024, 3, 10, 10, tzinfo=UTC)),
]


@pytest.mark.parametrize(("source", "value"), VALUES)
def test_function(source: str, value: object) -> None:
    found = compile_expression(source).evaluate(CONTEXT)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_has_a_case_and_a_description(name: str) -> None:
    assert any(f"{name}(" in source or f"| {name}" in source for source, _ in VALUES)
    assert FUNCTIONS[name].description.endswith(".") or FUNCTIONS[name].description.endswith("`.")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_missing_stays_missing_unless_the_function_is_about_that(name: str) -> None:
    if FUNCTIONS[name].accepts_missing:
        return
    arguments = {"replace": "('a', 'b')", "pad": "(3)", "truncate": "(3)", "add_days": "(1)", "matching": "(a=1)"}
    needs_text = {"before", "after", "split", "pluck", "date_format"}
    call = arguments.get(name, "('x')" if name in needs_text else "")
    assert compile_expression(f"user.nobody | {name}{call}").evaluate(CONTEXT) is None


@pytest.mark.parametrize(
    "source",
    [
        "'x' | int",
        "'maybe' | bool",
        "'tomorrow' | date",
        "5 | date",
        "'2024-03-09' | date_format('%1000000d')",
        "'2024-03-09' | date_format('%')",
        "'9999-12-31' | add_days(1)",
        "'a' | replace('', 'b')",
        "'a' | split('')",
        "'a' | pad(3, 'xy')",
        "'a' | first",
        "'a' | map_value(3)",
        "[[1]] | unique",
        "[{'a': 1}] | unique",
    ],
)
def test_arguments_that_cannot_work_are_refused_when_the_expression_is_saved(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source)


def row(function: MappingFunction) -> str:
    """The function's row in the document's table, where a bar must be escaped."""
    description = function.description.replace("|", "\\|")
    return f"| `{function.usage}` | {description} |"


def test_the_document_lists_every_function_and_test() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    missing = [each.name for each in FUNCTIONS.values() if row(each) not in written]
    assert not missing
    assert not [name for name in TESTS if f"`{name}" not in written]
