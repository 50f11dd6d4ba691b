"""The administrator's page says what the code does."""

from pathlib import Path

from identities.filters.parse import MAX_CLAUSES, MAX_DEPTH, MAX_LENGTH
from identities.scim import limits
from identities.scim.wire.profiles import DEVIATIONS
from identities.vocabulary import ClientProfile

PAGE = Path(__file__).parents[3] / "docs" / "scim.md"


def deviations_table() -> str:
    """The table of tolerated deviations in Markdown."""
    head = (
        "| name | what is sent, and how it is understood | " + " | ".join(f"`{each}`" for each in ClientProfile) + " |"
    )
    rule = "| --- | --- |" + " --- |" * len(ClientProfile)
    rows = [
        f"| `{each.name}` | {each.what} | "
        + " | ".join("yes" if profile in each.profiles else "no" for profile in ClientProfile)
        + " |"
        for each in DEVIATIONS
    ]
    return "\n".join([head, rule, *rows])


def test_the_table_of_deviations_is_the_one_in_the_code() -> None:
    assert deviations_table() in PAGE.read_text()


def test_the_limits_are_the_ones_in_the_code() -> None:
    text = PAGE.read_text()
    published = (
        limits.OAUTH_REQUESTS,
        limits.PAGE_LARGEST,
        limits.PAGE_DEFAULT,
        limits.OPERATIONS,
        limits.BODY_BYTES // 2**20,
    )
    for number in (*published, limits.CURSOR_SECONDS, MAX_LENGTH, MAX_CLAUSES, MAX_DEPTH):
        assert f"**{number:,}**" in text
