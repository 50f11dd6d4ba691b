"""JSON lines: one object on each line, its members the columns."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, BinaryIO, NoReturn

from connectors.engine.intake.reading.encodings import LongLineError, detect_encoding, text_lines
from connectors.engine.intake.reading.records import (
    MAX_COLUMNS,
    MAX_ROW_CHARACTERS,
    Layout,
    Problem,
    Record,
    Table,
    UnreadableFileError,
    checked_header,
    shown,
    unreadable,
    value_problem,
)
from connectors.engine.intake.reading.settings import Format, ReadingSettings

_HEADER_OBJECTS = 100
_HEADER_CHARACTERS = 2_000_000
"""A member that is missing in some objects is a column all the same; so many are looked at for that, of long ones
fewer.
"""


class _Members(list[tuple[str, Any]]):
    """The members of an object, in their order, with those that stand twice."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One object: its members as texts, so that nothing of what is nested in it is held."""

    row: int
    members: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def characters(self) -> int:
        return sum(len(name) + len(text) for name, text in self.members)


def read_json_lines(file: BinaryIO, settings: ReadingSettings) -> Table:
    """The table in an open file of JSON lines (raises UnreadableFileError, as reading its records does)."""
    encoding = settings.encoding or detect_encoding(file)
    lines = _lines(file, encoding)
    first = _first(lines)
    names = dict.fromkeys(name for line in first for name, _text in line.members)
    if not names and first and first[0].problems:
        raise UnreadableFileError(first[0].problems[0])
    header = checked_header(names)
    records = (_record(line, header) for line in chain(first, lines))
    return Table(Layout(Format.JSON_LINES, encoding), header, records)


def _first(lines: Iterator[_Line]) -> list[_Line]:
    """Those that the columns are taken from."""
    first: list[_Line] = []
    characters = 0
    for line in islice(lines, _HEADER_OBJECTS):
        first.append(line)
        characters += line.characters
        if characters > _HEADER_CHARACTERS:
            break
    return first


def _lines(file: BinaryIO, encoding: str) -> Iterator[_Line]:
    row = 0
    try:
        for row, text in enumerate(text_lines(file, encoding, MAX_ROW_CHARACTERS), start=1):
            if text.strip():
                yield _parsed(row, text)
    except LongLineError as long:
        text = f"Row {row + 1} is longer than {MAX_ROW_CHARACTERS:,} characters. Write one object on each line."
        raise unreadable("row_too_long", text, row + 1, value=long.start) from long


def _parsed(row: int, text: str) -> _Line:
    try:
        found = json.loads(
            text.strip(), object_pairs_hook=_Members, parse_int=str, parse_float=str, parse_constant=_refuse_constant
        )
    except RecursionError:
        return _Line(row, problems=(Problem("not_json", f"Row {row} is nested too deep.", row),))
    except json.JSONDecodeError as error:
        return _not_json(row, text, f"{error.msg.removesuffix(' starting at')} (character {error.pos + 1})")
    except ValueError as error:
        return _not_json(row, text, str(error))
    if isinstance(found, _Members):
        return _of_members(row, found)
    message = f"Row {row} is not an object. Write one object on each line, with a member for each column."
    return _Line(row, problems=(Problem("not_an_object", message, row, value=shown(text.strip())),))


def _of_members(row: int, members: _Members) -> _Line:
    if len(members) > MAX_COLUMNS:
        message = f"Row {row} has {len(members):,} members; at most {MAX_COLUMNS:,} are read. Delete those not needed."
        return _Line(row, problems=(Problem("too_many_columns", message, row),))
    texts: dict[str, str] = {}
    problems = []
    for member, value in members:
        name = member.strip()
        text, problem = _text(row, name, value)
        if name in texts:
            message = f"Row {row} has two members {shown(name)}. Delete one of them."
            problem = Problem("duplicate_column", message, row, name, shown(text))
        texts[name] = text
        problem = problem or value_problem(row, name, text)
        if problem:
            texts[name] = shown(text)
            problems.append(problem)
    return _Line(row, tuple(texts.items()), tuple(problems))


def _not_json(row: int, text: str, reason: str) -> _Line:
    message = f"Row {row} is not JSON: {reason}. Write one complete object on each line."
    return _Line(row, problems=(Problem("not_json", message, row, value=shown(text.strip())),))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON value")


def _record(line: _Line, header: list[str]) -> Record:
    return Record(line.row, {**dict.fromkeys(header, ""), **dict(line.members)}, line.problems)


def _text(row: int, name: str, value: Any) -> tuple[str, Problem | None]:
    """A value as text; numbers are as they are written."""
    if isinstance(value, list):
        message = f"Row {row}: {shown(name)} is an object or a list. Write a text, a number, true, false or null."
        return "", Problem("nested_value", message, row, name, shown(_first_level(value)))
    if value is None:
        return "", None
    return (str(value).lower() if isinstance(value, bool) else value.strip()), None


def _first_level(value: list[Any]) -> str:
    if isinstance(value, _Members):
        return json.dumps({name: _leaf(each) for name, each in value}, ensure_ascii=False)
    return json.dumps([_leaf(each) for each in value], ensure_ascii=False)


def _leaf(value: Any) -> Any:
    return "…" if isinstance(value, list) else value
