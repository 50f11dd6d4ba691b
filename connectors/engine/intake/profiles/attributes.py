"""What the columns of a file can become, by what its rows are."""

from typing import Final

from connectors.vocabulary import ImportContent
from identities.filters.attributes import ADDRESS_PARTS
from identities.queries.attributes import known_attributes
from identities.rules.attributes import REFERENCES

# By which a row finds what is there already.
KEY_ATTRIBUTES: Final[dict[ImportContent, str]] = {
    ImportContent.PEOPLE: "employee_number",
    ImportContent.ORG_UNITS: "code",
    ImportContent.GROUPS: "display_name",
    ImportContent.MEMBERSHIPS: "member",
}
_OTHERS: Final[dict[ImportContent, tuple[str, ...]]] = {
    ImportContent.ORG_UNITS: ("code", "name", "parent", "manager"),
    ImportContent.GROUPS: ("display_name", "description", "parents"),
    ImportContent.MEMBERSHIPS: ("group", "member"),
}


def importable_attributes(content: ImportContent) -> list[str]:
    """The attributes that a mapping row of a profile with this content may name.

    A person's manager and org unit are not among them: they are found by columns that the profile's options name.
    """
    if content != ImportContent.PEOPLE:
        return list(_OTHERS[content])
    own = [name for name in known_attributes() if name not in REFERENCES]
    return [*own, *(f"addresses.{part}" for part in ADDRESS_PARTS)]
