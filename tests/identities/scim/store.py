"""A store of 200 people and 20 groups, and words for what schemathesis cannot know: ids, filters, attribute names."""

from __future__ import annotations

import json

import schemathesis
from hypothesis import strategies as st

from tests.identities.filters.filters import filters
from tests.identities.filters.people import words
from tests.identities.scim.service import ENTERPRISE, GROUP, PORTAL, USER, Service

PEOPLE, GROUPS, MANAGERS = 200, 20, 20
USER_ORDERS = ("userName", "name.familyName", "emails", "meta.created", "title", "active", "id", "displayName")
GROUP_ORDERS = ("displayName", "id", "externalId", "meta.lastModified")
SHOWN = (*USER_ORDERS, "name", "groups", "members", "nonsense", ENTERPRISE, f"{PORTAL}:state", "emails.value")
IDS: dict[str, list[str]] = {
    "user": [],
    "manager": [],
    "group": [],
    "member": [],
    "schema": [USER, GROUP, ENTERPRISE, PORTAL],
}
IDS["resourcetype"] = ["User", "Group"]


_group_filters = st.builds(
    lambda name, operator, value: f"{name} {operator} {json.dumps(value)}",
    st.sampled_from(["displayName", "externalId", "members.value", "displayname"]),
    st.sampled_from(["eq", "ne"]),
    words,
) | st.sampled_from(["members pr", 'not (displayName co "1")', 'id pr and meta.created gt "2020-01-01T00:00:00Z"'])


def fill(service: Service) -> None:
    """Make the people and the groups, each with ten members."""
    people = [
        service.create_user(
            f"user{number}",
            name={"givenName": f"Given {number}", "familyName": f"Family {number % 17}"},
            # Room for as many addresses as the document allows in those that requests change.
            emails=[{"value": f"user{number}@example.com", "type": "work"}] if number < MANAGERS else [],
            title="Guide" if number % 3 else "Ranger",
        )["id"]
        for number in range(PEOPLE)
    ]
    # Apart from those whom they get as managers and members: nobody is their own.
    IDS["user"], IDS["manager"] = people[MANAGERS:], people[:MANAGERS]
    groups = [
        service.create_group(f"Group {number}", *people[number * 10 : number * 10 + 10])["id"]
        for number in range(GROUPS)
    ]
    IDS["group"], IDS["member"] = groups[2:], [*people, *groups[:2]]


def _one_of(kind: str) -> st.SearchStrategy[str]:
    """An id of this kind. Looked up when it is drawn: the ids are not known before."""

    def chosen(number: int) -> str:
        return IDS[kind][number % len(IDS[kind])]

    return st.integers(0, PEOPLE + GROUPS).map(chosen)


def register_formats() -> None:
    """Tell schemathesis what the formats of the document mean."""
    for kind in IDS:
        schemathesis.openapi.format(f"scim-{kind}-id", _one_of(kind))
    # One day alone: nobody is asked to end before they start.
    schemathesis.openapi.format("date", st.just("2026-05-13"))
    schemathesis.openapi.format("scim-user-filter", filters)
    schemathesis.openapi.format("scim-group-filter", _group_filters)
    schemathesis.openapi.format("scim-filter", filters | _group_filters)
    schemathesis.openapi.format("scim-user-attribute", st.sampled_from(USER_ORDERS))
    for name in ("scim-group-attribute", "scim-attribute"):
        schemathesis.openapi.format(name, st.sampled_from(GROUP_ORDERS))
    names = st.lists(st.sampled_from(SHOWN), min_size=1, max_size=4)
    schemathesis.openapi.format("scim-attributes", names.map(",".join))
