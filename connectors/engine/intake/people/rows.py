"""One row of a file as a person: our attributes and their values, checked, without looking at the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.engine.intake.profiles.profile import ROOT, ROOTS, Profile
from connectors.engine.intake.reading import Problem, Record
from identities.errors import RuleViolation
from identities.mapping.apply import apply_rows
from identities.rules.attributes import VALUE_LENGTHS, custom_name
from identities.rules.naming import NAME_LENGTH, check_text
from identities.rules.rows import clean_rows
from identities.rules.values import clean_single

KEY_ATTRIBUTE = "employee_number"
WORK = "work"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """What a row says of a person. `changes` and `multi_values` are as `identities.actions.users` takes them."""

    row: int
    key: str
    changes: dict[str, Any]
    multi_values: dict[str, list[dict[str, Any]]]
    manager_key: str
    department_code: str
    department_name: str

    def as_json(self) -> dict[str, Any]:
        """The row for storage; undone by `from_json`."""
        return {
            "changes": {n: v.isoformat() if isinstance(v, date) else v for n, v in self.changes.items()},
            "multi_values": self.multi_values,
            "manager": self.manager_key,
            "department": [self.department_code, self.department_name],
        }

    @classmethod
    def from_json(cls, row: int, key: str, stored: dict[str, Any]) -> "PersonRow":
        """The row as it was stored."""
        changes = {name: clean_single(name, v) if not custom_name(name) else v for name, v in stored["changes"].items()}
        code, name = stored["department"]
        return cls(row, key, changes, stored["multi_values"], stored["manager"], code, name)


def read_person(record: Record, profile: Profile) -> tuple[PersonRow, list[Problem]]:
    """The person a record speaks of, and what is wrong with it by column."""
    mapped = apply_rows(profile.rows, {ROOT: record.values}, creating=False, subject=ROOT, roots=ROOTS)
    problems = [
        Problem("mapping", problem.message, record.row, profile.column_of(problem.attribute))
        for problem in mapped.problems
    ]
    changes: dict[str, Any] = {}
    multi_values: dict[str, list[dict[str, Any]]] = {}
    for attribute, values in mapped.values.items():
        try:
            _place(attribute, values, changes, multi_values)
        except RuleViolation as refusal:
            column = profile.column_of(attribute)
            value = record.values.get(column, "")
            problems.append(Problem(refusal.code, f"Row {record.row}: {refusal.message}", record.row, column, value))
    key = record.values.get(profile.key_column, "")
    code, name, unfit = named_department(record, profile)
    person = PersonRow(
        record.row,
        key,
        changes,
        _checked(multi_values, profile, record, problems),
        record.values.get(profile.options.manager_column, ""),
        code,
        name,
    )
    return person, [*problems, *unfit, *_missing(person, profile, problems)]


def named_department(record: Record, profile: Profile) -> tuple[str, str, list[Problem]]:
    """Code and name of the department that a row names (empty: it names none), and what is wrong with them."""
    options, problems, values = profile.options, [], []
    for column in (options.department_code_column, options.department_name_column):
        value = record.values.get(column, "")
        try:
            check_text(column, value, NAME_LENGTH)
        except RuleViolation as refusal:
            text = f"Row {record.row}: {refusal.message}"
            problems.append(Problem(refusal.code, text, record.row, column, value))
        values.append(value)
    return values[0], values[1], problems


def _place(attribute: str, values: tuple[Any, ...], changes: dict[str, Any], multi_values: dict[str, Any]) -> None:
    """Put one computed attribute where the action takes it (raises RuleViolation)."""
    name, _, part = attribute.partition(".")
    if name in VALUE_LENGTHS and part:
        entries = multi_values.setdefault(name, [{"type": WORK, "primary": True, "value": "", "data": {}}])
        entries[0]["data"][part] = values[0] if values else ""
    elif name in VALUE_LENGTHS:
        multi_values[name] = [
            {"value": str(value), "type": WORK, "primary": position == 0} for position, value in enumerate(values)
        ]
    elif custom_name(attribute):
        changes[attribute] = values[0] if len(values) == 1 else list(values)
    else:
        changes[attribute] = clean_single(attribute, values[0] if values else None)


def _checked(
    multi_values: dict[str, list[dict[str, Any]]], profile: Profile, record: Record, problems: list[Problem]
) -> dict[str, list[dict[str, Any]]]:
    """The multi-valued attributes that are in order; the others become problems."""
    sound = {}
    for attribute, entries in multi_values.items():
        try:
            clean_rows(attribute, entries)
        except RuleViolation as refusal:
            column = profile.column_of(attribute)
            value = record.values.get(column, "")
            problems.append(Problem(refusal.code, f"Row {record.row}: {refusal.message}", record.row, column, value))
        else:
            sound[attribute] = entries
    return sound


def _missing(person: PersonRow, profile: Profile, problems: list[Problem]) -> Iterator[Problem]:
    """What a person cannot do without, unless it is there and wrong, which is a problem already."""
    if not person.key:
        yield Problem(
            "required", f"Row {person.row} has no {profile.key_column}. Fill it in.", person.row, profile.key_column
        )
    column = profile.column_of("user_name")
    if not person.changes.get("user_name") and not any(problem.column == column for problem in problems):
        text = f"Row {person.row} has no {column}, so this person would have no user name. Fill it in."
        yield Problem("required", text, person.row, column)
