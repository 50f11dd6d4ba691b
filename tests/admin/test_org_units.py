"""The org structure is shown as the tree it is."""

from __future__ import annotations

import re

import pytest

from tests.admin.conftest import signed_in
from tests.factories import make_operator, make_org_unit


@pytest.mark.django_db
def test_units_stand_below_their_parents_siblings_by_name() -> None:
    top = make_org_unit("Works")
    sales, engineering = make_org_unit("Sales", top), make_org_unit("Engineering", top)
    make_org_unit("Compilers", engineering)
    make_org_unit("Accounts", sales)
    page = signed_in(make_operator()).get("/admin/identities/orgunit/").content.decode()
    shown = re.findall(r'<span class="depth-(\d)">\s*(\w+)<', page)
    expected = [("0", "Works"), ("1", "Engineering"), ("2", "Compilers"), ("1", "Sales"), ("2", "Accounts")]
    assert shown == expected
