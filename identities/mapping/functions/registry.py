"""The allow-list: a function that is not registered here cannot be called from an expression."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, cleandoc, signature
from typing import TypeVar

FunctionT = TypeVar("FunctionT", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class MappingFunction:
    """One function of the language, written `value | name(argument)` or `name(value, argument)`.

    Attributes:
        accepts_missing: whether it is asked when its first argument is missing; otherwise missing stays missing.
    """

    name: str
    call: Callable[..., object]
    accepts_missing: bool

    @property
    def usage(self) -> str:
        """How it is written after the value, for people: `pad(width, fill='0')`."""
        arguments = [_argument(each) for each in list(signature(self.call).parameters.values())]
        piped = arguments[1:] if arguments and not arguments[0].startswith("...") else arguments
        return f"{self.name}({', '.join(piped)})" if piped else self.name

    @property
    def description(self) -> str:
        """What it does, for people."""
        return " ".join(cleandoc(self.call.__doc__ or "").split())


FUNCTIONS: dict[str, MappingFunction] = {}


def function(name: str, *, accepts_missing: bool = False) -> Callable[[FunctionT], FunctionT]:
    """Put a function on the list. It raises ValueError for arguments it cannot work with, and nothing else."""

    def register(call: FunctionT) -> FunctionT:
        FUNCTIONS[name] = MappingFunction(name, call, accepts_missing)
        return call

    return register


def _argument(parameter: Parameter) -> str:
    if parameter.kind is Parameter.VAR_POSITIONAL:
        return "..."
    if parameter.kind is Parameter.VAR_KEYWORD:
        return "name=value, ..."
    if parameter.default is Parameter.empty:
        return parameter.name
    default = "none" if parameter.default is None else repr(parameter.default).lower()
    return f"{parameter.name}={default}"
