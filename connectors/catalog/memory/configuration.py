"""What can be set on the in-memory connector."""

from typing import Literal

from connectors.spi import Configuration, DisableStyle, setting


class MemoryConfiguration(Configuration):
    """Which store is used, and which abilities it pretends to have."""

    store: str = setting("default", title="Store", help="Connectors naming the same store share it.", min_length=1)
    disable: DisableStyle = setting(
        DisableStyle.NATIVE,
        title="Disabling",
        help="How an account is disabled.",
        options={"native": "it stays and is disabled", "removal": "it is removed", "unsupported": "not at all"},
    )
    reference: Literal["id", "name"] = setting(
        "id",
        title="Reference",
        help="How objects refer to each other.",
        options={"id": "by id", "name": "by a name that a rename changes"},
    )
    members_per_update: int = setting(100, title="Members per update", ge=1)
    nested_groups: bool = setting(default=True, title="Groups may be members of groups")
