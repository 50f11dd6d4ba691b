"""Direct sources."""

from typing import Any

import pytest

from identities.mapping import ExpressionError, compile_path
from tests.identities.mapping.documents import ANNA

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
VALUES: list[tuple[str, tuple[Any, ...]]] = [
    ("userName", ("Anna.Müller@example.test",)),
    ("USERNAME", ("Anna.Müller@example.test",)),
    ("name.familyName", ("Müller",)),
    ("name.middleName", ()),
    ("nobody.knows", ()),
    ("emails", ("anna@home.test", "anna@work.test")),
    ("emails.value", ("anna@home.test", "anna@work.test")),
    ('emails[type eq "work"].value', ("anna@work.test",)),
    ('emails[type EQ "Work" and primary eq true]', ("anna@work.test",)),
    ('emails[type eq "home" and primary eq true].value', ()),
    ("urn:ietf:params:scim:schemas:core:2.0:User:name.familyName", ("Müller",)),
    ('urn:ietf:params:scim:schemas:core:2.0:User:emails[type eq "work"].value', ("anna@work.test",)),
    (f"{ENTERPRISE}:department", ("Sales",)),
    ("urn:example:extension:2.0:User:badge", (42,)),
    ("custom.floor", (3,)),
    ("custom.languages", ("de", "en")),
    ("manager.id", ("11111111-2222-4333-8444-555555555555",)),
    ("groups.display", ("Staff", "Sales")),
    ("org_unit.name", ()),
    ("active", (True,)),
]


@pytest.mark.parametrize(("source", "values"), VALUES)
def test_values(source: str, values: tuple[Any, ...]) -> None:
    assert compile_path(source).values(ANNA) == values


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("", 0),
        ("a..b", 2),
        ("a b", 1),
        ("emails[", 7),
        ('emails[type eq "work"', 21),
        ('emails[type co "work"]', 7),
        ('emails[type eq "work" or primary eq true]', 22),
        ("_private", 0),
        ("urn:example:thing", None),
        ('emails[type eq "a\\"b"]', 7),
    ],
)
def test_what_is_no_path_is_refused(source: str, position: int | None) -> None:
    if position is None:
        assert compile_path(source).values({"urn:example": {"thing": 1}}) == (1,)
        return
    with pytest.raises(ExpressionError) as caught:
        compile_path(source)
    assert caught.value.position == position


@pytest.mark.parametrize("source", ["name", "userName.first", 'userName[type eq "x"]', "manager"])
def test_paths_that_end_in_the_wrong_place_say_so(source: str) -> None:
    with pytest.raises(ExpressionError, match=source.split("[", maxsplit=1)[0]):
        compile_path(source).values(ANNA)
