"""What becomes of the rows of a multi-valued attribute when somebody writes it."""

from typing import Any

import pytest

from identities.errors import RuleViolation
from identities.rules.ownership import read_order
from identities.rules.rows import Merge, Row, clean_rows, merge_rows

HR, CLIENT, SELF, ADMIN = "file:hr", "scim:a", "self", "admin"


def merge(
    current: list[Row], wanted: list[dict[str, Any]], origin: str, primary_owner: str | None = None, **more: Any
) -> Merge:
    rows = clean_rows("emails", wanted)
    return merge_rows("emails", current, rows, origin=origin, primary_owner=primary_owner, **more)


def row(value: str, origin: str, key: int, *, primary: bool = False, type: str = "") -> Row:  # noqa: A002  the row's word
    return Row(value, type, "", primary, {}, origin, key)


def values(result: Merge) -> list[tuple[str, str]]:
    return [(each.value, each.origin) for each in result.rows]


def test_own_rows_come_and_go() -> None:
    result = merge([row("a@x", CLIENT, 1), row("b@x", CLIENT, 2)], [{"value": "b@x"}, {"value": "c@x"}], CLIENT)
    assert values(result) == [("b@x", CLIENT), ("c@x", CLIENT)]
    assert [each.key for each in result.rows] == [2, None]
    assert result.kept == {}


def test_rows_of_others_stay_when_not_named() -> None:
    result = merge([row("a@x", HR, 1), row("b@x", SELF, 2)], [{"value": "c@x"}], CLIENT)
    assert values(result) == [("c@x", CLIENT), ("a@x", HR), ("b@x", SELF)]
    assert result.kept == {"emails": HR}


def test_only_who_overrides_removes_the_rows_of_others() -> None:
    current = [row("a@x", HR, 1), row("b@x", SELF, 2)]
    kept = merge(current, [{"value": "b@x"}], ADMIN)
    assert (values(kept), kept.kept) == ([("b@x", SELF), ("a@x", HR)], {"emails": HR})
    result = merge(current, [{"value": "b@x"}], ADMIN, override=True)
    assert values(result) == [("b@x", SELF)], "what was not changed keeps its owner"
    assert result.kept == {}


def test_an_attribute_may_have_an_order_of_its_own() -> None:
    current = [row("a@x", HR, 1, primary=True), row("b@x", HR, 2)]
    wanted = [{"value": "a@x", "type": "work"}, {"value": "b@x", "primary": True}]
    above = read_order("admin > scim > file/system > rule > idp > self")
    assert merge(current, wanted, CLIENT, HR).kept == {"emails": HR, "emails.primary": HR}
    result = merge(current, wanted, CLIENT, HR, order=above)
    assert (values(result), result.kept) == ([("a@x", CLIENT), ("b@x", HR)], {})
    assert [each.primary for each in result.rows] == [False, True]


def test_a_row_of_somebody_below_is_taken_over_when_it_changes() -> None:
    result = merge([row("a@x", SELF, 1)], [{"value": "a@x", "type": "work"}], CLIENT)
    assert values(result) == [("a@x", CLIENT)]
    assert result.rows[0].key == 1


def test_a_row_of_somebody_above_is_kept_as_it_is() -> None:
    result = merge([row("a@x", HR, 1)], [{"value": "a@x", "type": "home"}], CLIENT)
    assert (result.rows[0].type, result.kept) == ("", {"emails": HR})


def test_saying_the_same_changes_nothing() -> None:
    current = [row("a@x", HR, 1, primary=True)]
    result = merge(current, [{"value": "a@x", "primary": True}], CLIENT, primary_owner=HR)
    assert list(result.rows) == current
    assert result.kept == {}


def test_primary_is_a_value_of_its_own() -> None:
    current = [row("a@x", HR, 1, primary=True), row("b@x", CLIENT, 2)]
    wanted = [{"value": "a@x"}, {"value": "b@x", "primary": True}]
    kept = merge(current, wanted, CLIENT, primary_owner=HR)
    assert [each.primary for each in kept.rows] == [True, False]
    assert kept.kept == {"emails.primary": HR}
    moved = merge(current, wanted, HR, primary_owner=CLIENT)
    assert [each.primary for each in moved.rows] == [False, True]
    assert moved.primary_written


def test_who_does_not_speak_of_primary_does_not_clear_it() -> None:
    current = [row("a@x", CLIENT, 1, primary=True)]
    silent = merge(current, [{"value": "a@x"}], CLIENT, primary_owner=CLIENT)
    assert silent.rows[0].primary
    explicit = merge(current, [{"value": "a@x", "primary": False}], CLIENT, primary_owner=CLIENT)
    assert not explicit.rows[0].primary


def test_the_first_primary_needs_nobodys_leave() -> None:
    result = merge([row("a@x", HR, 1)], [{"value": "a@x", "primary": True}], SELF, primary_owner=HR)
    assert result.rows[0].primary


def test_a_replaced_address_is_the_new_row() -> None:
    parts = {"type": "work", "data": {"locality": "Paris"}}
    current = [Row(type="work", data={"locality": "Rome"}, origin=CLIENT, key=1)]
    result = merge_rows("addresses", current, clean_rows("addresses", [parts]), origin=CLIENT, primary_owner=None)
    assert [(dict(each.data), each.key) for each in result.rows] == [({"locality": "Paris"}, None)]


@pytest.mark.parametrize(
    "wrong",
    [
        [{"value": "a@x", "primary": True}, {"value": "b@x", "primary": True}],
        [{"value": "no address"}],
        [{"value": "@x"}],
        [{"value": ""}],
        [{"value": 7}],
        [{"value": "a@x", "primary": "yes"}],
        [{"value": "a@x", "shoe": "7"}],
        [{"value": "a\x00@x"}],
        [{"value": "a@x", "data": {"deep": {"deeper": 1}}}],
        [{"value": f"{index}@x"} for index in range(500)],
        [{"value": f"{'x' * 400}@x"}],
    ],
)
def test_rows_that_are_not_allowed(wrong: list[dict[str, Any]]) -> None:
    with pytest.raises(RuleViolation) as refusal:
        clean_rows("emails", wrong)
    assert (refusal.value.field or "").startswith("emails")


def test_equal_rows_count_once() -> None:
    wanted = clean_rows("emails", [{"value": "A@x", "type": "work"}, {"value": "a@X", "type": "Work"}])
    assert [each.value for each in wanted.rows] == ["A@x"]
    wanted = clean_rows("emails", [{"value": "a@x"}, {"value": "b@x"}, {"value": "a@x", "primary": True}])
    assert [(each.value, each.primary) for each in wanted.rows] == [("a@x", True), ("b@x", False)]


def test_unknown_attributes_are_refused() -> None:
    with pytest.raises(RuleViolation):
        clean_rows("faxNumbers", [{"value": "1"}])
