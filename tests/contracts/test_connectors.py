"""The contract, run against every connector that comes with the portal."""

from tests.contracts.connector_contract import (
    AccountContract,
    EnablingContract,
    GroupContract,
    OrgUnitContract,
    SearchContract,
    SetupContract,
    ValueContract,
)


class TestSetup(SetupContract):
    """Configuration, test, capabilities and schema."""


class TestAccounts(AccountContract):
    """Creating, reading, changing, renaming and removing."""


class TestEnabling(EnablingContract):
    """The portable `enabled`."""


class TestSearching(SearchContract):
    """Paging, cursors and filters."""


class TestGroups(GroupContract):
    """Groups and members."""


class TestOrgUnits(OrgUnitContract):
    """Org units within each other, and people in them."""


class TestValues(ValueContract):
    """Values that come back as they were given."""
