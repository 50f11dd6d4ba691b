"""The one place where reading JSON columns differs between SQLite and PostgreSQL."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, TextField
from django.db.models.sql.compiler import SQLCompiler
from scim2_models.path import CompareOperator

Compiled = tuple[str, list[Any]]

_SYMBOLS: Final = {
    CompareOperator.eq: "=",
    CompareOperator.gt: ">",
    CompareOperator.ge: ">=",
    CompareOperator.lt: "<",
    CompareOperator.le: "<=",
}


class ByCodePoint(Func):
    """A text in the order of its code points, which is Python's order, whatever the database's collation."""

    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Any:
        """SQLite's BINARY collation is it already."""
        return self.as_sql(compiler, connection, template="%(expressions)s")

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Any:
        """The C collation."""
        return self.as_sql(compiler, connection, template='(%(expressions)s COLLATE "C")')


@dataclass(frozen=True, slots=True)
class Condition:
    """What an element must be: of the value's JSON type, and comparing as told. `value` None asks for presence."""

    operator: CompareOperator
    value: str | float | bool | None


class AnyElement(Expression):
    """Whether any element at `name` in a JSON column passes a condition. A single value counts as a list of one.

    Elements of another JSON type do not pass; `name` absent, null or an empty text has no elements.
    """

    conditional = True
    output_field = BooleanField()

    def __init__(self, column: str, name: str, condition: Condition) -> None:
        super().__init__()
        self._column: Any = F(column)
        self._name = name
        self._condition = condition

    def get_source_expressions(self) -> list[Any]:
        """The column."""
        return [self._column]

    def set_source_expressions(self, exprs: Any) -> None:
        """The column, resolved."""
        (self._column,) = exprs

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        """By json_each."""
        column, params = compiler.compile(self._column)
        test, values = _sqlite_test(self._condition)
        sql = f"EXISTS (SELECT 1 FROM json_each({column}, %s) AS element WHERE {test})"  # noqa: S608  # names are ours
        return sql, [*params, f'$."{self._name}"', *values]

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_: Any) -> Compiled:
        """By jsonb_array_elements."""
        column, params = compiler.compile(self._column)
        test, values = _postgresql_test(self._condition)
        place = f"({column} -> %s)"
        sql = (
            f"EXISTS (SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof({place}) WHEN 'array' THEN {place}"  # noqa: S608  # names are ours
            f" ELSE jsonb_build_array({place}) END) AS element(value) WHERE {test})"
        )
        return sql, [*[*params, self._name] * 3, *values]


def _sqlite_test(condition: Condition) -> Compiled:
    value = condition.value
    if value is None:
        return "element.type <> 'null' AND NOT (element.type = 'text' AND element.value = '')", []
    if isinstance(value, bool):
        return "element.type = %s", [str(value).lower()]
    if isinstance(value, int | float):
        return f"element.type IN ('integer', 'real') AND element.value {_SYMBOLS[condition.operator]} %s", [value]
    test, values = _text_test(condition.operator, "element.value", value, position="instr")
    return f"element.type = 'text' AND element.value <> '' AND {test}", values


def _postgresql_test(condition: Condition) -> Compiled:
    value, text = condition.value, "(element.value #>> '{}')"
    if value is None:
        return "element.value NOT IN ('null'::jsonb, '\"\"'::jsonb)", []
    if isinstance(value, bool):
        return "element.value = to_jsonb(%s::boolean)", [value]
    if isinstance(value, int | float):
        # Inside CASE, because the cast of another type would fail and conditions have no order.
        number = f"CASE jsonb_typeof(element.value) WHEN 'number' THEN {text}::float8 END"
        return f"{number} {_SYMBOLS[condition.operator]} %s::float8", [value]
    test, values = _text_test(condition.operator, f'{text} COLLATE "C"', value, position="strpos")
    return f"jsonb_typeof(element.value) = 'string' AND {text} <> '' AND {test}", values


def _text_test(operator: CompareOperator, element: str, value: str, *, position: str) -> Compiled:
    match operator:
        case CompareOperator.co:
            return f"{position}({element}, %s) > 0", [value]
        case CompareOperator.sw:
            return f"substr({element}, 1, {len(value)}) = %s", [value]
        case CompareOperator.ew:
            return (
                f"substr({element}, length({element}) - {len(value) - 1}) = %s AND length({element}) >= {len(value)}",
                [value],
            )
        case _:
            return f"{element} {_SYMBOLS[operator]} %s", [value]
