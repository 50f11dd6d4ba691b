"""The subjects of the contract, found in `tests/contracts/subjects`.

A test about an ability is made only for the subjects that have it, so that a run skips nothing.
"""

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from connectors.spi import Connector, DisableStyle, ObjectClass
from tests.contracts import subjects
from tests.contracts.subject import ContractSubject

pytest.register_assert_rewrite("tests.contracts.connector_contract")

SubjectFactory = Callable[[pytest.FixtureRequest], ContractSubject]


def _found(name: str) -> dict[str, Any]:
    modules = [import_module(f"{subjects.__name__}.{info.name}") for info in pkgutil.iter_modules(subjects.__path__)]
    return {label: factory for module in modules for label, factory in getattr(module, name, {}).items()}


SUBJECTS = _found("SUBJECTS")
VARIANTS = _found("VARIANTS")
LACKING: dict[str, frozenset[str]] = _found("LACKING")
EXTRAS: dict[str, frozenset[str]] = _found("EXTRAS")
RARE = frozenset({"org_units", "placing"})
"""Abilities a connector lacks unless its subject says that it has them; the others it has unless it lacks them."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test for every subject, and for the variants where its chapter asks for them."""
    if "subject" in metafunc.fixturenames:
        labels = {**SUBJECTS, **(VARIANTS if getattr(metafunc.cls, "with_variants", False) else {})}
        marks = list(metafunc.definition.iter_markers("ability"))
        able = [label for label in sorted(labels) if all(_concerns(label, *mark.args, **mark.kwargs) for mark in marks)]
        metafunc.parametrize("subject", able, indirect=True)


def _lacking(label: str) -> frozenset[str]:
    return LACKING.get(label, frozenset()) | (RARE - EXTRAS.get(label, frozenset()))


def _concerns(label: str, ability: str, *, present: bool = True) -> bool:
    """Whether a test about having (or not having) this ability concerns the subject."""
    return (ability not in _lacking(label)) is present


def _really_lacking(subject: ContractSubject) -> frozenset[str]:
    capabilities = subject.connect().capabilities()
    claimed = {
        "disabling": capabilities.disable is DisableStyle.NATIVE,
        "nested_groups": capabilities.nested_groups,
        "several": subject.several is not None,
        "org_units": ObjectClass.ORG_UNIT in capabilities.objects,
    }
    return frozenset(ability for ability, has in claimed.items() if not has)


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> ContractSubject:
    """Each connector in turn, on a fresh system; what it says it lacks is exactly what its connector does not claim."""
    made: ContractSubject = {**SUBJECTS, **VARIANTS}[request.param](request)
    assert _really_lacking(made) == _lacking(request.param) - {"placing"}  # which its tests find out
    return made


@pytest.fixture
def connector(subject: ContractSubject) -> Iterator[Connector[Any]]:
    """An opened connector of the subject."""
    with subject.connect() as opened:
        yield opened
