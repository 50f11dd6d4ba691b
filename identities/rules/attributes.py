"""The attributes of a user as actions name them: our column names, `custom.<name>`, and the SCIM names of
multi-valued ones.
"""

from typing import Final

from identities.errors import RuleViolation

USER_NAME: Final = "user_name"
# Texts of one line, and how long they may be.
TEXT_LENGTHS: Final[dict[str, int]] = {
    "given_name": 255,
    "family_name": 255,
    "middle_name": 255,
    "honorific_prefix": 255,
    "honorific_suffix": 255,
    "formatted_name": 1024,
    "display_name": 255,
    "nick_name": 255,
    "profile_url": 1024,
    "title": 255,
    "user_type": 255,
    "preferred_language": 255,
    "locale": 255,
    "timezone": 255,
    "employee_number": 255,
    "cost_center": 255,
    "organization": 255,
    "division": 255,
    "department": 255,
}
DATES: Final = ("start_date", "end_date")
MANAGER: Final = "manager"
ORG_UNIT: Final = "org_unit"
REFERENCES: Final = (MANAGER, ORG_UNIT)
CUSTOM_PREFIX: Final = "custom."
SINGLE_VALUED: Final = (USER_NAME, *TEXT_LENGTHS, *DATES, *REFERENCES)

# SCIM names (RFC 7643 section 4.1.2), and how long a value may be.
VALUE_LENGTHS: Final[dict[str, int]] = {
    "emails": 320,
    "phoneNumbers": 255,
    "ims": 255,
    "photos": 1_000_000,
    "addresses": 1024,
    "entitlements": 600,
    "roles": 600,
    "x509Certificates": 100_000,
}
PRIMARY_SUFFIX: Final = ".primary"


def custom_name(attribute: str) -> str | None:
    """The name of a custom attribute, or None if this is not one."""
    return attribute[len(CUSTOM_PREFIX) :] if attribute.startswith(CUSTOM_PREFIX) else None


def is_attribute(name: str) -> bool:
    """Whether this names an attribute of users whose values have owners."""
    return name in SINGLE_VALUED or name in VALUE_LENGTHS or bool(custom_name(name))


def check_single_valued(attribute: str) -> None:
    """Refuse a name that is neither a single-valued attribute nor a custom one (raises RuleViolation)."""
    if attribute not in SINGLE_VALUED and not custom_name(attribute):
        raise RuleViolation("unknown_attribute", f"There is no attribute {attribute}.", field=attribute)


def check_multi_valued(attribute: str) -> None:
    """Refuse a name that is not a multi-valued attribute (raises RuleViolation)."""
    if attribute not in VALUE_LENGTHS:
        raise RuleViolation("unknown_attribute", f"There is no multi-valued attribute {attribute}.", field=attribute)
