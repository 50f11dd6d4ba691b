"""Mapping expressions: Jinja's expression syntax, our own closed meaning (see docs/mappings.md)."""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from identities.mapping.errors import ExpressionError
from identities.mapping.evaluation import Step, Translator
from identities.mapping.limits import Account
from identities.mapping.syntax import parse
from identities.mapping.values import checked_result

ROOTS = frozenset({"user", "group", "org_unit"})
"""The documents an expression of a connected system may read."""


class Expression:
    """A compiled expression; safe to share between threads."""

    __slots__ = ("_step", "source")

    def __init__(self, source: str, step: Step) -> None:
        self.source = source
        self._step = step

    def evaluate(self, context: Mapping[str, object]) -> object:
        """The value for this context: None, a truth value, number, text, date, list or document.

        Args:
            context: plain documents by root name. What is missing in them reads as None.

        Raises:
            ExpressionError: an operation does not fit its values, or a bound is crossed.
        """
        value = self._step.run(Account(context))
        try:
            return checked_result(value)
        except (ValueError, RecursionError) as error:
            raise ExpressionError(f"The result cannot be used: {error}.") from error

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"


def compile_expression(source: str, roots: Iterable[str] = ROOTS) -> Expression:
    """Compile an expression; the last thousand are remembered.

    Args:
        source: one expression, no statements.
        roots: names of the documents it may read.

    Raises:
        ExpressionError: it is no expression, uses something that is not allowed, or can never work.
    """
    return _compiled(source, frozenset(roots))


@lru_cache(maxsize=1024)
def _compiled(source: str, roots: frozenset[str]) -> Expression:
    step = Translator(roots).translate(parse(source))
    expression = Expression(source, step)
    if step.constant:
        expression.evaluate({})
    return expression
