"""What people may say of themselves.

Ownership alone does not answer it: a value that nobody set belongs to nobody, and whoever may fill in a department, a
role, an end date or an e-mail address chooses the own memberships, accounts and length of stay.
"""

from typing import Final

PERSONAL: Final = frozenset(
    {
        "formatted_name",
        "given_name",
        "middle_name",
        "family_name",
        "honorific_prefix",
        "honorific_suffix",
        "display_name",
        "nick_name",
        "profile_url",
        "preferred_language",
        "locale",
        "timezone",
        "phoneNumbers",
        "ims",
        "photos",
        "addresses",
    }
)
