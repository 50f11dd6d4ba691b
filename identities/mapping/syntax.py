"""From source text to Jinja's syntax tree. Jinja lexes and parses here and does nothing else: no code is generated."""

from collections.abc import Iterator

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.lexer import TOKEN_VARIABLE_END, TokenStream
from jinja2.parser import Parser

from identities.mapping.errors import ExpressionError
from identities.mapping.limits import DEPTH, SOURCE_CHARACTERS, TOKENS

_JINJA = Environment(autoescape=True, cache_size=0)
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


def parse(source: str) -> nodes.Expr:
    """The syntax tree of one expression; `lineno` of its nodes is the offset in the source.

    Raises:
        ExpressionError: it is empty, too long, too deep, or not one expression.
    """
    if len(source) > SOURCE_CHARACTERS:
        raise ExpressionError(f"An expression must not be longer than {SOURCE_CHARACTERS:,} characters.")
    if not source.strip():
        raise ExpressionError("The expression is empty.", 0)
    if source.lstrip().startswith(("{{", "{%")):
        raise ExpressionError("The expression must be written without {{ and }}; there are no statements.", 0)
    parser = Parser(_JINJA, "", state="variable")
    try:
        parser.stream = TokenStream(_JINJA.lexer.wrap(_tokens(source)), None, None)
        tree = parser.parse_expression()
    except TemplateSyntaxError as error:
        raise ExpressionError(f"This is not an expression: {error.message}.", error.lineno) from error
    except RecursionError as error:
        raise ExpressionError("The expression is nested too deeply.") from error
    if not parser.stream.eos:
        raise ExpressionError("The expression should end here.", parser.stream.current.lineno)
    return tree


def _tokens(source: str) -> Iterator[tuple[int, str, str]]:
    """Jinja's tokens with their offset where it puts the line number."""
    offset = depth = 0
    try:
        for count, (_, token, text) in enumerate(_JINJA.lexer.tokeniter(source, None, None, "variable")):
            depth += (text in _OPENING) - (text in _CLOSING)
            if count > TOKENS or depth > DEPTH:
                raise ExpressionError("The expression has too many parts or is nested too deeply.", offset)
            if token == TOKEN_VARIABLE_END:
                raise ExpressionError("The expression must be written without {{ and }}.", offset)
            yield offset, token, text
            offset += len(text)
    except TemplateSyntaxError as error:
        raise ExpressionError(f"This is not an expression: {error.message}.", offset) from error
