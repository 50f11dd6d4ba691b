"""One row of a file as an org unit, a group or a membership: checked, without looking at the database."""

from collections.abc import Iterator
from typing import Any

from connectors.engine.intake.profiles.profile import ROOT, ROOTS, Profile
from connectors.engine.intake.reading import Problem, Record
from connectors.engine.intake.staged import GROUPS, MEMBERSHIPS, ORG_UNITS
from identities.canonical import fold
from identities.errors import RuleViolation
from identities.mapping.apply import apply_rows
from identities.rules.naming import NAME_LENGTH, check_name, check_text

KEYS = {ORG_UNITS: "code", GROUPS: "display_name", MEMBERSHIPS: "member"}
_REQUIRED = {ORG_UNITS: ("code", "name"), GROUPS: ("display_name",), MEMBERSHIPS: ("group", "member")}
_LISTS = ("parents",)
_DESCRIPTION = "description"
_DESCRIPTION_LENGTH = 1024

Values = dict[str, Any]


def read_structure(record: Record, profile: Profile, part: str) -> tuple[str, Values, list[Problem]]:
    """The key and the values of a row, and what is wrong with it by column.

    Values that the row does not have are absent; `parents` of a group is a list of names, each other value a text.
    """
    mapped = apply_rows(profile.rows, {ROOT: record.values}, creating=False, subject=ROOT, roots=ROOTS)
    problems = [
        Problem("mapping", problem.message, record.row, profile.column_of(problem.attribute))
        for problem in mapped.problems
    ]
    texts: Values = {name: [str(value) for value in values] for name, values in mapped.values.items() if values}
    texts.setdefault(KEYS[part], [value] if (value := record.values.get(profile.key_column, "")) else [])
    values: Values = {}
    for name, found in texts.items():
        try:
            checked = [_checked(name, text) for text in found]
        except RuleViolation as refusal:
            column = profile.column_of(name)
            text = f"Row {record.row}: {refusal.message}"
            problems.append(Problem(refusal.code, text, record.row, column, record.values.get(column, "")))
        else:
            if checked:
                values[name] = checked if name in _LISTS else checked[0]
    problems += _missing(record, profile, part, texts)
    return values.get(KEYS[part], ""), values, problems


def unique_of(part: str, key: str, values: Values) -> tuple[str, str, str]:
    """What may stand in a file once: the attribute it is told by, the value, and its folded form."""
    if part == MEMBERSHIPS:
        return "member", key, f"{fold(values.get('group', ''))}\n{fold(key)}"
    return KEYS[part], key, fold(key)


def _checked(name: str, text: str) -> str:
    if name == _DESCRIPTION:
        return check_text(name, text, _DESCRIPTION_LENGTH, several_lines=True)
    return check_name(name, text) if name in ("code", "name", "display_name") else check_text(name, text, NAME_LENGTH)


def _missing(record: Record, profile: Profile, part: str, texts: Values) -> Iterator[Problem]:
    for name in _REQUIRED[part]:
        if not texts.get(name):
            column = profile.column_of(name)
            yield Problem("required", f"Row {record.row} has no {column}. Fill it in.", record.row, column)
