"""Which values are allowed, and that the rules agree with the columns."""

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identities.errors import RuleViolation
from identities.filters.attributes import PROFILE_URL, USER_TEXTS, VALUE_NAMES
from identities.models import User
from identities.rules.attributes import SINGLE_VALUED, TEXT_LENGTHS, USER_NAME, VALUE_LENGTHS
from identities.rules.chains import LONGEST_CHAIN, closes_loop
from identities.rules.expiry import check_period, is_past
from identities.rules.naming import check_name, check_text, is_storable
from identities.rules.values import CustomAttribute, clean_custom, clean_date, clean_single
from identities.vocabulary import AttributeKind


def test_lengths_are_those_of_the_columns() -> None:
    for name, length in TEXT_LENGTHS.items():
        assert User._meta.get_field(name).max_length == length, name
    assert {User._meta.get_field(name).name for name in SINGLE_VALUED} == set(SINGLE_VALUED)


def test_the_attributes_are_those_of_scim() -> None:
    assert {each.column for each in (*USER_TEXTS, PROFILE_URL)} == {USER_NAME, *TEXT_LENGTHS}
    assert set(VALUE_LENGTHS) == VALUE_NAMES


@pytest.mark.parametrize("text", ["a\x00b", "a\x07b", "line\nbreak", "\ud83d", "\x85"])
def test_control_characters_are_refused(text: str) -> None:
    with pytest.raises(RuleViolation) as refusal:
        check_text("title", text, 255)
    assert (refusal.value.code, refusal.value.field) == ("control_character", "title")


def test_lines_may_break_where_there_are_several() -> None:
    assert check_text("address", "a\nb", 255, several_lines=True) == "a\nb"
    with pytest.raises(RuleViolation):
        check_text("address", "a\x00b", 255, several_lines=True)


@given(st.text(max_size=20))
def test_whatever_passes_can_be_stored(text: str) -> None:
    try:
        check_text("title", text, 255)
    except RuleViolation:
        return
    assert is_storable(text)
    text.encode()


def test_names_lose_the_space_around_them_and_are_not_empty() -> None:
    assert check_name("user_name", "  Ada ") == "Ada"
    for empty in ("", "   "):
        with pytest.raises(RuleViolation) as refusal:
            check_name("user_name", empty)
        assert refusal.value.code == "required"


def test_dates_come_as_dates_or_text() -> None:
    day = date(2026, 1, 2)
    assert clean_date("start_date", day) == clean_date("start_date", "2026-01-02") == day
    assert clean_date("start_date", datetime(2026, 1, 2, 3)) == day  # noqa: DTZ001  only its day is looked at
    assert clean_date("start_date", "") is None
    for wrong in ("02.01.2026", 7, "2026-13-01"):
        with pytest.raises(RuleViolation):
            clean_date("start_date", wrong)


def test_nothing_is_the_empty_text() -> None:
    assert clean_single("title", None) == ""


@pytest.mark.parametrize(
    ("kind", "given_value", "stored"),
    [
        (AttributeKind.STRING, "seven", "seven"),
        (AttributeKind.BOOLEAN, True, True),
        (AttributeKind.BOOLEAN, "False", False),
        (AttributeKind.INTEGER, "7", 7),
        (AttributeKind.INTEGER, 7.0, 7),
        (AttributeKind.DECIMAL, "7.5", 7.5),
        (AttributeKind.DATE_TIME, "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05+00:00"),
        (AttributeKind.STRING, "", None),
        (AttributeKind.STRING, None, None),
    ],
)
def test_custom_values_are_read_as_declared(kind: AttributeKind, given_value: Any, stored: Any) -> None:
    value = clean_custom(CustomAttribute("badge", kind), given_value)
    assert value == stored
    assert type(value) is type(stored)


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (AttributeKind.STRING, 7),
        (AttributeKind.STRING, "a\x00"),
        (AttributeKind.BOOLEAN, "perhaps"),
        (AttributeKind.BOOLEAN, 1),
        (AttributeKind.INTEGER, 7.5),
        (AttributeKind.INTEGER, True),
        (AttributeKind.INTEGER, "1e400"),
        (AttributeKind.DECIMAL, "nan"),
        (AttributeKind.DECIMAL, float("inf")),
        (AttributeKind.INTEGER, 2**70),
        (AttributeKind.DATE_TIME, "tomorrow"),
        (AttributeKind.STRING, ["a"]),
    ],
)
def test_custom_values_of_another_type_are_refused(kind: AttributeKind, wrong: Any) -> None:
    with pytest.raises(RuleViolation) as refusal:
        clean_custom(CustomAttribute("badge", kind), wrong)
    assert refusal.value.field == "custom.badge"


def test_several_custom_values() -> None:
    many = CustomAttribute("badge", AttributeKind.INTEGER, multi_valued=True)
    assert clean_custom(many, ["1", 2]) == [1, 2]
    assert clean_custom(many, "3") == [3]
    assert clean_custom(many, []) is None
    with pytest.raises(RuleViolation):
        clean_custom(many, list(range(1000)))


def test_a_required_custom_value_cannot_be_cleared() -> None:
    with pytest.raises(RuleViolation) as refusal:
        clean_custom(CustomAttribute("badge", AttributeKind.STRING, required=True), "")
    assert refusal.value.code == "required"


def test_the_last_day_is_included() -> None:
    assert not is_past(date(2026, 6, 15), date(2026, 6, 15))
    assert is_past(date(2026, 6, 14), date(2026, 6, 15))
    assert not is_past(None, date(2026, 6, 15))


def test_a_period_does_not_end_before_it_starts() -> None:
    check_period(date(2026, 1, 1), date(2026, 1, 1))
    with pytest.raises(RuleViolation):
        check_period(date(2026, 1, 2), date(2026, 1, 1))


def test_loops_upwards() -> None:
    above = {"a": "b", "b": "c", "c": None, "x": "y", "y": "x"}
    assert closes_loop("c", "a", above)
    assert closes_loop("a", "a", above)
    assert not closes_loop("d", "a", above)
    assert not closes_loop("a", None, above)
    assert closes_loop("d", "x", above), "a loop that is there already has no top"
    chain = {index: index + 1 for index in range(LONGEST_CHAIN + 5)}
    assert closes_loop(-1, 0, chain), "longer than any organisation is deep"
