"""Expressions written to break out, to stop the portal, or to fill it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identities.mapping import FUNCTIONS, TESTS, ExpressionError, MappingRow, apply_rows, compile_expression
from identities.vocabulary import MappingKind
from tests.identities.mapping.documents import CONTEXT
from tests.timing import answered_within

REFUSED = [
    "{{7*7}}",
    "{% for x in user %}{% endfor %}",
    "{% import 'os' as os %}",
    "__class__",
    "user.__class__",
    "user['__class__']",
    "().__class__.__base__.__subclasses__()",
    "''.__class__.__mro__[1]",
    "user._private",
    "user | attr('__class__')",
    "user.userName.__init__.__globals__",
    "cycler.__init__.__globals__.os.popen('id').read()",
    "lipsum.__globals__",
    "namespace(a=1)",
    "joiner()",
    "self",
    "self._TemplateReference__context",
    "loop.index",
    "caller()",
    "super()",
    "request",
    "config",
    "settings.SECRET_KEY",
    "get_flashed_messages",
    "url_for",
    "open('/etc/passwd')",
    "eval('1')",
    "exec('1')",
    "__import__('os')",
    "range(10**9)",
    "range(1000000000)",
    "range(5)",
    "dict(a=1)",
    "10 ** 10",
    "2 ** 99999999",
    "'a' * 1000000000",
    "'a' * 10",
    "[0] * 1000000000",
    "'%s' % 'x'",
    "'%1000000000d' % 1",
    "'{0.__class__}'.format(user)",
    "user.userName.format(user)",
    "user.items()",
    "user | list",
    "user | map(attribute='__class__')",
    "user | tojson",
    "user | pprint",
    "user | xmlattr",
    "user | safe",
    "'(a+)+$' | regex_match(user.userName)",
    "user.userName | regex_replace('(a+)+$', '')",
    "'a' | center(1000000000)",
    "'a' | pad(1000000000)",
    "'a' | indent(1000000000)",
    "'2024-01-01' | date_format('%1000000000d')",
    "9" * 200,
    "1e999",
    "-1e999",
    "1e308 * 10",
    "9223372036854775807 + 1",
    "'\\ud800'",
    "'\\x00'",
    "lambda: 1",
    "[x for x in user]",
    "x := 1",
    "user; user",
    "user\n}}{{ user",
    "(" * 1000 + ")" * 1000,
    "[" * 900,
    "not " * 490 + "1",
    "-" * 1900 + "1",
    "1 if 1 else " * 150 + "1",
    "+".join(["1"] * 900),
    "a" * 2001,
    "user" + ".a" * 900,
    "user" + "|lower" * 300,
    "'" + "a" * 1500 + "'" + "|replace('a', '" + "b" * 400 + "')",
]


@pytest.mark.parametrize("source", REFUSED, ids=range(len(REFUSED)))
def test_refused_when_saved_and_at_once(source: str) -> None:
    with answered_within(0.1), pytest.raises(ExpressionError) as caught:
        compile_expression(source)
    assert "<" not in caught.value.message, "no Python object shows in what the person reads"


GROWING = [
    "user.long ~ user.long",
    "user.long | replace('a', 'aa')",
    "user.long | split('a') | join('bb')",
    "user.long + user.long",
    "user.many + user.many + user.many",
    "[" + ", ".join(["user.many"] * 20) + "]",
    "user.many",
    "user.number * user.number * user.number",
    "user.number + 9223372036854775807",
    " ~ ".join(["user.long[:500]"] * 60),
    "user.many | join(user.long)",
    "user.dashes | slug(user.long)",
    "[" + ", ".join(["user.long | upper | lower"] * 60) + "]",
]


@pytest.mark.parametrize("source", GROWING)
def test_growing_values_are_stopped_at_once(source: str) -> None:
    context = {"user": {"long": "a" * 10_000, "dashes": "a-" * 5_000, "many": list(range(5_000)), "number": 2**60}}
    expression = compile_expression(source)
    with answered_within(0.2), pytest.raises(ExpressionError):
        expression.evaluate(context)


def test_foreign_objects_in_the_context_do_not_come_out() -> None:
    with pytest.raises(ExpressionError, match="not a plain value"):
        compile_expression("user.secret").evaluate({"user": {"secret": object()}})
    with pytest.raises(ExpressionError, match="asked of a value that expressions cannot use"):
        compile_expression("user.secret.real").evaluate({"user": {"secret": object()}})


_ATOMS = st.sampled_from(
    [
        "user",
        "user.userName",
        "user.nobody",
        "user.emails",
        "user.custom",
        "user.groups",
        "user.startDate",
        "1",
        "-3",
        "0",
        "2.5",
        "'a'",
        "'2024-01-01'",
        "''",
        "true",
        "none",
        "[]",
        "{'a': 1}",
        "9223372036854775807",
    ]
)
_BINARY = st.sampled_from(["+", "-", "*", "/", "//", "%", "~", "==", "!=", "<", ">=", "in", "not in", "and", "or"])
_FUNCTION = st.sampled_from(sorted(FUNCTIONS))
_TEST = st.sampled_from(sorted(TESTS))


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    arguments = st.lists(inner, max_size=2).map(", ".join)
    return st.one_of(
        st.builds("({} {} {})".format, inner, _BINARY, inner),
        st.builds("({} | {}({}))".format, inner, _FUNCTION, arguments),
        st.builds("({} | matching(type={}))".format, inner, inner),
        st.builds("({} is {})".format, inner, _TEST),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[{}:{}]".format, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("{}.value".format, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
    )


def _tried(source: str, context: dict[str, Any]) -> None:
    try:
        compile_expression(source).evaluate(context)
    except ExpressionError as error:
        assert error.message


@given(source=st.recursive(_ATOMS, _grown, max_leaves=12))
@settings(max_examples=400, deadline=1000)
def test_well_formed_expressions_give_a_value_or_an_expression_error(source: str) -> None:
    _tried(source, CONTEXT)


_WORDS = ["user", "user.emails", "lower", "first", "__class__", "1", "9e9", "and", "or", "not", "in", "is", "if"]
_SIGNS = [*".|()[]{}'\",:+-*/%~<#=\\\n", "**", "==", "{{", "}}", "{%", "%}", "for", "import", "else"]
_PIECES = st.sampled_from(_WORDS) | st.sampled_from(_SIGNS)


@given(source=st.one_of(st.text(max_size=80), st.lists(_PIECES, max_size=25).map(" ".join)))
@settings(max_examples=400, deadline=1000)
def test_any_text_gives_a_value_or_an_expression_error(source: str) -> None:
    _tried(source, CONTEXT)


_PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "type", "a"]), inner),
    max_leaves=8,
)


@given(
    source=st.recursive(_ATOMS, _grown, max_leaves=6),
    custom=_PLAIN,
    name=_PLAIN,
    path=st.text(alphabet='abuserName.[]" eq:urn', max_size=30),
)
@settings(max_examples=300, deadline=1000)
def test_rows_never_raise_whatever_the_documents_hold(source: str, custom: object, name: object, path: str) -> None:
    context = {"user": {"userName": name, "custom": custom, "emails": custom, "groups": [custom]}}
    rows = [MappingRow("a", MappingKind.EXPRESSION, source), MappingRow("b", MappingKind.DIRECT, path)]
    mapped = apply_rows(rows, context, creating=True)
    assert len(mapped.explained) == 2
