"""No secret comes into the request log, and no request makes a line long."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identities.scim.log.masking import CHARACTERS, MASK, TEXT, Masker
from tests.timing import answered_within

SECRET = "hunter2-and-more"
TOKEN = "scim_0123456789abcdefghijABCDEFGHIJ"


@pytest.mark.parametrize(
    "payload",
    [
        {"password": SECRET},
        {"Password": [SECRET, {"value": SECRET}]},
        {"urn:ietf:params:scim:schemas:core:2.0:User:password": SECRET},
        {"Operations": [{"op": "replace", "path": "password", "value": SECRET}]},
        {"Operations": [{"op": "replace", "Path": "urn:x:User:password", "VALUE": {"value": SECRET}}]},
        {"Operations": [{"op": "add", "value": {"password": SECRET, "title": "x"}}]},
        {"Operations": [{"op": "add", "value": {"urn:p:User:clientSecret": SECRET}}]},
        {"Operations": [{"op": "replace", "path": f'tokens[value eq "{SECRET}"].display', "value": "x"}]},
        {"filter": f'password eq "{SECRET}"'},
        {"filter": f'urn:p:User:doorCode sw "{SECRET}" and active eq true'},
        {"urn:ietf:params:scim:schemas:extension:portal:2.0:User": {"doorCode": SECRET}},
        {"Operations": [{"op": "add", "path": "urn:p:User:doorcode", "value": SECRET}]},
        {"title": "Bearer abcdefghijkl", "nickName": TOKEN, "x": {"accessToken": SECRET}},
    ],
)
def test_secrets_are_masked_wherever_they_stand(payload: dict[str, Any]) -> None:
    masker = Masker(["doorCode"])
    kept = json.dumps(masker.payload(payload))
    assert SECRET not in kept
    assert TOKEN not in kept
    assert "abcdefghijkl" not in kept


def test_what_was_a_secret_in_the_payload_is_one_in_the_refusal() -> None:
    masker = Masker(["doorCode"])
    masker.payload({"doorCode": SECRET})
    assert masker.text(f"doorCode: {SECRET} is too long") == f"doorCode: {MASK} is too long"


def test_addresses_stay_readable() -> None:
    query = [("filter", 'userName eq "ada@x.test"'), ("access_token", SECRET), ("count", "1")]
    assert Masker().address("/Users", query) == f'/Users?filter=userName eq "ada@x.test"&access_token={MASK}&count=1'
    asked = Masker(["doorCode"]).address("/Users", [("filter", f'doorCode eq "{SECRET}" or title eq "x"')])
    assert SECRET not in asked
    assert "doorCode eq" in asked
    assert TOKEN not in Masker().address(f"/Users/{TOKEN}", [])


def test_what_is_no_secret_stays() -> None:
    payload = {"userName": "ada", "emails": [{"value": "a@b.test", "primary": True}], "x": None, "n": 3, "f": 1.5}
    assert Masker().payload(payload) == payload


def test_an_unfinished_text_in_a_filter_is_masked_too() -> None:
    assert SECRET not in Masker().expression(f'password eq "{SECRET}')


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=2000),
    lambda below: st.lists(below, max_size=60) | st.dictionaries(st.text(max_size=2000), below, max_size=60),
    max_leaves=200,
)


@given(VALUES)
def test_it_takes_everything_and_stays_short(value: Any) -> None:
    kept = json.dumps(Masker().payload(value), ensure_ascii=False)
    assert len(kept) < 4 * CHARACTERS
    assert "\\u0000" not in kept.replace("\\\\", ""), "a NUL; a text may well spell one"


def test_a_long_list_is_cut() -> None:
    members = [{"value": f"00000000-0000-0000-0000-{number:012}"} for number in range(20_000)]
    kept = Masker().payload({"displayName": "All", "members": members})
    assert kept["displayName"] == "All"
    assert len(json.dumps(kept)) < 2000


def test_neither_many_secrets_nor_long_texts_take_long() -> None:
    masker = Masker()
    with answered_within(2):
        masker.payload({"tokens": [f"token-{number}" for number in range(200_000)], "title": "-eyJ" * 500_000})
        assert masker.text("token-199999") == MASK
        long = Masker().payload({"filter": '"\\' * 500_000, "path": "basic " * 500_000, "x": "-eyJ" * 500_000})
        assert len(json.dumps(long)) < CHARACTERS


def test_a_token_at_the_end_of_what_is_kept_is_masked_whole() -> None:
    kept = Masker().payload("x" * (TEXT - 6) + " " + TOKEN)
    assert "scim_" not in kept
