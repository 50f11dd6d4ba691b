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


def _found_subjects() -> dict[str, SubjectFactory]:
    modules = [import_module(f"{subjects.__name__}.{info.name}") for info in pkgutil.iter_modules(subjects.__path__)]
    return {label: factory for module in modules for label, factory in module.SUBJECTS.items()}


SUBJECTS = _found_subjects()


@pytest.fixture(params=sorted(SUBJECTS))
def subject(request: pytest.FixtureRequest) -> ContractSubject:
    """Each connector in turn, on a fresh system."""
    return SUBJECTS[request.param](request)


@pytest.fixture
def connector(subject: ContractSubject) -> Iterator[Connector[Any]]:
    """An opened connector of the subject."""
    with subject.connect() as opened:
        yield opened
