"""A store of 200 people, 20 groups and 20 org units, and what schemathesis cannot know: ids, filters, names."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from hypothesis import strategies as st

from identities.actions.batches import all_of
from identities.actions.org_units import NewOrgUnit, create_org_units_many
from tests.identities.filters.filters import filters
from tests.identities.filters.people import words
from tests.identities.scim.service import ENTERPRISE, GROUP, ORG_UNIT, PORTAL, SCHEMAS, USER, Service

PEOPLE, GROUPS, MANAGERS, UNITS = 200, 20, 20, 20
USER_ORDERS = ("userName", "name.familyName", "emails", "meta.created", "title", "active", "id", "displayName")
GROUP_ORDERS = ("displayName", "id", "externalId", "meta.lastModified")
UNIT_ORDERS = ("name", "code", "parent.value", "manager.value", "meta.created")
SHOWN = (
    *USER_ORDERS,
    "name",
    "groups",
    "members",
    "nonsense",
    "parent",
    "code",
    ENTERPRISE,
    f"{PORTAL}:state",
    "emails.value",
)
IDS: dict[str, list[str]] = {
    "user": [],
    "manager": [],
    "group": [],
    "member": [],
    "orgunit": [],
    "parent": [],
    "resourcetype": list(SCHEMAS),
    "schema": [*SCHEMAS.values(), ENTERPRISE, PORTAL],
}


def _comparisons(names: list[str], *operators: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, operator, value: f"{name} {operator} {json.dumps(value)}",
        st.sampled_from(names),
        st.sampled_from(operators),
        words,
    )


_group_filters = _comparisons(["displayName", "externalId", "members.value", "displayname"], "eq", "ne") | (
    st.sampled_from(["members pr", 'not (displayName co "1")', 'id pr and meta.created gt "2020-01-01T00:00:00Z"'])
)
_unit_filters = _comparisons(["name", "code", "NAME"], "eq", "ne", "co", "gt") | (
    st.sampled_from(["parent pr", "manager pr", "not (parent pr)", f'schemas eq "{ORG_UNIT}"'])
)


def fill(service: Service) -> None:
    """Make the people, the groups, each with ten members, and the org units; whole batches, as Bulk makes them."""
    people = _made(
        service,
        "Users",
        [
            {
                "schemas": [USER],
                "userName": f"user{number}",
                "name": {"givenName": f"Given {number}", "familyName": f"Family {number % 17}"},
                # Room for as many addresses as the document allows in those that requests change.
                "emails": [{"value": f"user{number}@example.com", "type": "work"}] if number < MANAGERS else [],
                "title": "Guide" if number % 3 else "Ranger",
            }
            for number in range(PEOPLE)
        ],
    )
    # Apart from those whom they get as managers and members: nobody is their own.
    IDS["user"], IDS["manager"] = people[MANAGERS:], people[:MANAGERS]
    members = [[{"value": person} for person in people[number * 10 : number * 10 + 10]] for number in range(GROUPS)]
    groups = _made(
        service,
        "Groups",
        [
            {"schemas": [GROUP], "displayName": f"Group {number}", "members": some}
            for number, some in enumerate(members)
        ],
    )
    IDS["group"], IDS["member"] = groups[2:], [*people, *groups[:2]]
    rows = [NewOrgUnit(f"Unit {number}", f"u{number}") for number in range(UNITS)]
    units = [str(unit.pk) for unit in all_of(create_org_units_many(rows, actor=service.actor))]
    IDS["orgunit"], IDS["parent"] = units[2:], units[:2]


def _made(service: Service, endpoint: str, resources: list[dict[str, Any]]) -> list[str]:
    """The ids of what a Bulk request made."""
    operations = [
        {"method": "POST", "path": f"/{endpoint}", "bulkId": str(number), "data": data}
        for number, data in enumerate(resources)
    ]
    made = service.post("/Bulk", {"Operations": operations}).body["Operations"]
    return [each["location"].rpartition("/")[2] for each in made]


def _one_of(kind: str) -> st.SearchStrategy[str]:
    """An id of this kind. Looked up when it is drawn: the ids are not known before."""

    def chosen(number: int) -> str:
        return IDS[kind][number % len(IDS[kind])]

    return st.integers(0, PEOPLE + GROUPS).map(chosen)


def register_formats() -> None:
    """Tell schemathesis what the formats of the document mean."""
    for kind in IDS:
        schemathesis.openapi.format(f"scim-{kind}-id", _one_of(kind))
    for kind, endpoint in (("user", "Users"), ("group", "Groups")):
        schemathesis.openapi.format(f"scim-{kind}-path", _one_of(kind).map(f"/{endpoint}/{{}}".format))
    # One day alone: nobody is asked to end before they start.
    schemathesis.openapi.format("date", st.just("2026-05-13"))
    schemathesis.openapi.format("scim-user-filter", filters)
    schemathesis.openapi.format("scim-group-filter", _group_filters)
    schemathesis.openapi.format("scim-orgunit-filter", _unit_filters)
    schemathesis.openapi.format("scim-filter", filters | _group_filters)
    schemathesis.openapi.format("scim-user-attribute", st.sampled_from(USER_ORDERS))
    schemathesis.openapi.format("scim-orgunit-attribute", st.sampled_from(UNIT_ORDERS))
    for name in ("scim-group-attribute", "scim-attribute"):
        schemathesis.openapi.format(name, st.sampled_from(GROUP_ORDERS))
    names = st.lists(st.sampled_from(SHOWN), min_size=1, max_size=4)
    schemathesis.openapi.format("scim-attributes", names.map(",".join))
