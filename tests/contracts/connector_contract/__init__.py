"""The behaviours every connector must show, by what it declares.

Each class is a chapter; its tests take the fixtures `subject` and `connector` of `tests/contracts/conftest.py`.
"""

from tests.contracts.connector_contract.accounts import AccountContract
from tests.contracts.connector_contract.enabling import EnablingContract
from tests.contracts.connector_contract.groups import GroupContract
from tests.contracts.connector_contract.org_units import OrgUnitContract
from tests.contracts.connector_contract.searching import SearchContract
from tests.contracts.connector_contract.setup import SetupContract
from tests.contracts.connector_contract.values import ValueContract

__all__ = [
    "AccountContract",
    "EnablingContract",
    "GroupContract",
    "OrgUnitContract",
    "SearchContract",
    "SetupContract",
    "ValueContract",
]
