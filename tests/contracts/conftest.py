"""The subjects of the contract, found in `tests/contracts/subjects`."""

import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from connectors.spi import Connector
from tests.contracts import subjects
from tests.contracts.subject import ContractSubject

pytest.register_assert_rewrite("tests.contracts.connector_contract")

SubjectFactory = Callable[[pytest.FixtureRequest], ContractSubject]


def _found(name: str) -> dict[str, SubjectFactory]:
    modules = [import_module(f"{subjects.__name__}.{info.name}") for info in pkgutil.iter_modules(subjects.__path__)]
    return {label: factory for module in modules for label, factory in getattr(module, name, {}).items()}


SUBJECTS = _found("SUBJECTS")
VARIANTS = _found("VARIANTS")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test for every subject, and for the variants where its chapter asks for them."""
    if "subject" in metafunc.fixturenames:
        labels = {**SUBJECTS, **(VARIANTS if getattr(metafunc.cls, "with_variants", False) else {})}
        metafunc.parametrize("subject", sorted(labels), indirect=True)


@pytest.fixture
def subject(request: pytest.FixtureRequest) -> ContractSubject:
    """Each connector in turn, on a fresh system."""
    return {**SUBJECTS, **VARIANTS}[request.param](request)


@pytest.fixture
def connector(subject: ContractSubject) -> Iterator[Connector[Any]]:
    """An opened connector of the subject."""
    with subject.connect() as opened:
        yield opened
