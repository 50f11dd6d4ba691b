"""From a syntax tree to a chain of closures. A node without a translation here does not exist in the language."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from inspect import signature
from typing import Any

from jinja2 import nodes

from identities.mapping import operators
from identities.mapping.errors import ExpressionError
from identities.mapping.functions import FUNCTIONS, TESTS
from identities.mapping.limits import DEPTH, Account
from identities.mapping.values import entry_of, part_of, text_of

Run = Callable[[Account], object]


@dataclass(frozen=True, slots=True)
class Step:
    """One translated node. `constant` steps read nothing from the context."""

    run: Run
    constant: bool = False


class Translator:
    """Translates one tree.

    Args:
        roots: the names an expression may start from.
    """

    def __init__(self, roots: frozenset[str]) -> None:
        self.roots = roots
        self._depth = 0

    def translate(self, node: nodes.Node) -> Step:
        """The step that computes `node` (raises ExpressionError: something in it is not allowed)."""
        translation = _TRANSLATIONS.get(type(node))
        if translation is None:
            raise ExpressionError(f"{type(node).__name__} is not allowed in an expression.", node.lineno)
        self._depth += 1
        if self._depth > DEPTH:
            raise ExpressionError("The expression is nested too deeply.", node.lineno)
        step = translation(self, node)
        self._depth -= 1
        return step

    def operation(self, node: nodes.Node, operate: Callable[..., object], parts: Iterable[nodes.Node]) -> Step:
        """A step that computes all `parts` and then operates on them."""
        steps = [self.translate(part) for part in parts]
        return folded(applied(node, operate, steps), constant=all(step.constant for step in steps))


def applied(node: nodes.Node, operate: Callable[..., object], steps: list[Step]) -> Run:
    """Compute the steps and operate on their values; what goes wrong is said with its position."""

    def run(account: Account) -> object:
        values = [step.run(account) for step in steps]
        try:
            value = operate(*values)
            account.charge(value)
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            raise ExpressionError(_sentence(str(error)), node.lineno) from error
        return value

    return run


def folded(run: Run, *, constant: bool) -> Step:
    """A constant step is computed now, so that its errors show when the expression is saved."""
    if not constant:
        return Step(run)
    value = run(Account({}))
    return Step(lambda account: value, constant=True)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _constant(translator: Translator, node: nodes.Const) -> Step:
    return translator.operation(node, lambda: node.value, ())


def _name(translator: Translator, node: nodes.Name) -> Step:
    name = node.name
    if name not in translator.roots:
        known = ", ".join(sorted(translator.roots))
        raise ExpressionError(f"There is no {name!r} here; an expression starts from: {known}.", node.lineno)
    return Step(lambda account: account.context.get(name))


def _attribute(translator: Translator, node: nodes.Getattr) -> Step:
    name = node.attr
    _check_name(name, node)
    return translator.operation(node, lambda value: part_of(value, name), (node.node,))


def _item(translator: Translator, node: nodes.Getitem) -> Step:
    key = node.arg
    if isinstance(key, nodes.Slice):
        return _slice(translator, node, key)
    if isinstance(key, nodes.Const) and isinstance(key.value, str):
        _check_name(key.value, node)
    return translator.operation(node, entry_of, (node.node, key))


def _slice(translator: Translator, node: nodes.Getitem, key: nodes.Slice) -> Step:
    if key.step is not None:
        raise ExpressionError("A slice takes a start and an end only.", node.lineno)
    nothing = nodes.Const(None, lineno=node.lineno)
    return translator.operation(node, operators.slice_of, (node.node, key.start or nothing, key.stop or nothing))


def _check_name(name: str, node: nodes.Node) -> None:
    if name.startswith("_"):
        raise ExpressionError("Names that start with '_' are not allowed.", node.lineno)


def _list(translator: Translator, node: nodes.List | nodes.Tuple) -> Step:
    return translator.operation(node, lambda *values: list(values), node.items)


def _document(translator: Translator, node: nodes.Dict) -> Step:
    parts = [part for pair in node.items for part in (pair.key, pair.value)]
    return translator.operation(node, _paired, parts)


def _paired(*values: object) -> dict[str, object]:
    return {text_of(key): value for key, value in zip(values[::2], values[1::2], strict=True)}


def _condition(translator: Translator, node: nodes.CondExpr) -> Step:
    otherwise = node.expr2 or nodes.Const(None, lineno=node.lineno)
    test, first, second = (translator.translate(part) for part in (node.test, node.expr1, otherwise))
    return Step(lambda account: first.run(account) if test.run(account) else second.run(account))


def _and(translator: Translator, node: nodes.And) -> Step:
    left, right = translator.translate(node.left), translator.translate(node.right)
    return Step(lambda account: left.run(account) and right.run(account))


def _or(translator: Translator, node: nodes.Or) -> Step:
    left, right = translator.translate(node.left), translator.translate(node.right)
    return Step(lambda account: left.run(account) or right.run(account))


def _not(translator: Translator, node: nodes.Not) -> Step:
    return translator.operation(node, lambda value: not value, (node.node,))


def _binary(operate: operators.Operation) -> Callable[[Translator, Any], Step]:
    return lambda translator, node: translator.operation(node, operate, (node.left, node.right))


def _unary(operate: Callable[[object], object]) -> Callable[[Translator, Any], Step]:
    return lambda translator, node: translator.operation(node, operate, (node.node,))


def _concatenation(translator: Translator, node: nodes.Concat) -> Step:
    return translator.operation(node, operators.concatenate, node.nodes)


def _comparison(translator: Translator, node: nodes.Compare) -> Step:
    compare = [operators.COMPARISONS[operand.op] for operand in node.ops]

    def hold(*values: object) -> bool:
        return all(each(values[index], values[index + 1]) for index, each in enumerate(compare))

    return translator.operation(node, hold, (node.expr, *(operand.expr for operand in node.ops)))


def _filter(translator: Translator, node: nodes.Filter) -> Step:
    if node.node is None:
        raise ExpressionError("A function must be given a value.", node.lineno)
    return _function(translator, node, node.name, (node.node, *node.args))


def _call(translator: Translator, node: nodes.Call) -> Step:
    if isinstance(node.node, nodes.Getattr) and node.node.attr in FUNCTIONS:
        raise ExpressionError(f"Write value | {node.node.attr} instead of value.{node.node.attr}().", node.lineno)
    if not isinstance(node.node, nodes.Name):
        raise ExpressionError("Only the functions of the list can be called.", node.lineno)
    return _function(translator, node, node.node.name, tuple(node.args))


def _function(
    translator: Translator, node: nodes.Filter | nodes.Call, name: str, arguments: tuple[nodes.Node, ...]
) -> Step:
    function = FUNCTIONS.get(name)
    if function is None:
        hint = "; put brackets around what stands before the dot" if "." in name else ""
        raise ExpressionError(f"There is no function {name!r}{hint}.", node.lineno)
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        raise ExpressionError("Arguments must be written one by one.", node.lineno)
    names = [str(keyword.key) for keyword in node.kwargs]
    _check_arguments(node, name, function.call, len(arguments), names)

    def call(*values: object) -> object:
        positional, named = values[: len(arguments)], values[len(arguments) :]
        if positional and positional[0] is None and not function.accepts_missing:
            return None
        return function.call(*positional, **dict(zip(names, named, strict=True)))

    return translator.operation(node, call, (*arguments, *(keyword.value for keyword in node.kwargs)))


def _test(translator: Translator, node: nodes.Test) -> Step:
    test = TESTS.get(node.name)
    if test is None:
        raise ExpressionError(f"There is no test {node.name!r}.", node.lineno)
    if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
        raise ExpressionError("A test takes plain arguments only.", node.lineno)
    _check_arguments(node, node.name, test, 1 + len(node.args), [])
    return translator.operation(node, test, (node.node, *node.args))


def _check_arguments(node: nodes.Node, name: str, call: Callable[..., object], count: int, names: list[str]) -> None:
    try:
        signature(call).bind(*[None] * count, **dict.fromkeys(names))
    except TypeError as error:
        raise ExpressionError(f"The arguments of {name!r} do not fit: {error}.", node.lineno) from error
    if not count:
        raise ExpressionError(f"The value {name!r} works on must come first, without a name.", node.lineno)
    if len(set(names)) != len(names):
        raise ExpressionError(f"An argument of {name!r} is given twice.", node.lineno)


_TRANSLATIONS: dict[type[nodes.Node], Callable[[Translator, Any], Step]] = {
    nodes.Const: _constant,
    nodes.Name: _name,
    nodes.Getattr: _attribute,
    nodes.Getitem: _item,
    nodes.List: _list,
    nodes.Tuple: _list,
    nodes.Dict: _document,
    nodes.CondExpr: _condition,
    nodes.And: _and,
    nodes.Or: _or,
    nodes.Not: _not,
    nodes.Add: _binary(operators.add),
    nodes.Sub: _binary(operators.subtract),
    nodes.Mul: _binary(operators.multiply),
    nodes.Div: _binary(operators.divide),
    nodes.FloorDiv: _binary(operators.divide_whole),
    nodes.Mod: _binary(operators.remainder),
    nodes.Neg: _unary(operators.negate),
    nodes.Pos: _unary(operators.unchanged),
    nodes.Concat: _concatenation,
    nodes.Compare: _comparison,
    nodes.Filter: _filter,
    nodes.Test: _test,
    nodes.Call: _call,
}
