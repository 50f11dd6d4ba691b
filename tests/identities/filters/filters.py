"""Filters as hypothesis writes them: every operator, grouping and value path, over values that people have."""

import json

from hypothesis import strategies as st

from tests.identities.filters.people import custom_values, words

TEXTS = (
    "name.givenName", "NAME.givenname", "displayName", "title", "department", "profileUrl", "userName", "state",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "manager.displayName", "orgUnit.name",
    "emails", "emails.value", "emails.type", "emails.display", "photos.value", "addresses.locality", "groups.display",
)  # fmt: skip
IDENTIFIERS = ("id", "manager", "manager.value", "orgUnit.value", "groups", "groups.value")
BOOLEANS = ("active", "emails.primary")
MOMENTS = ("meta.created", "meta.lastModified")
DAYS = ("startDate", "urn:ietf:params:scim:schemas:extension:portal:2.0:User:endDate")
CUSTOM = ("custom.badge", "custom.tags", "urn:ietf:params:scim:schemas:extension:portal:2.0:User:badge")
COMPLEX = (
    "emails",
    "addresses",
    "name",
    "groups",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
)

EQUAL = ("eq", "ne", "EQ")
ORDER = ("gt", "ge", "lt", "le")
PARTS = ("co", "sw", "ew")


def _comparison(
    names: tuple[str, ...], operators: tuple[str, ...], values: st.SearchStrategy
) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, operator, value: f"{name} {operator} {json.dumps(value)}",
        st.sampled_from(names),
        st.sampled_from(operators),
        values,
    )


_moments = st.sampled_from(
    ["2026-05-13T04:42:34.123456Z", "2026-05-13T06:42:34.123456+02:00", "2026-05-10T04:42:34Z", "2026-05-13T04:42:34"]
)
_days = st.sampled_from(["2026-05-13", "2026-01-01", "2030-01-01", "2026-05-13T00:00:00Z"])
_identifiers = words | st.sampled_from(["00000000-0000-0000-0000-000000000000"])
_scalars = custom_values.filter(lambda value: value is not None and not isinstance(value, list))

clauses = st.one_of(
    _comparison(TEXTS, EQUAL + ORDER + PARTS, words),
    _comparison(IDENTIFIERS, EQUAL, _identifiers),
    _comparison(BOOLEANS, EQUAL, st.booleans() | st.just("True")),
    _comparison(MOMENTS, EQUAL + ORDER, _moments),
    _comparison(DAYS, EQUAL + ORDER, _days),
    _comparison(CUSTOM, EQUAL, _scalars),
    _comparison(CUSTOM, ORDER, _scalars.filter(lambda value: not isinstance(value, bool))),
    _comparison(CUSTOM, PARTS, words),
    _comparison(TEXTS + IDENTIFIERS + BOOLEANS + DAYS + CUSTOM, ("eq", "ne"), st.none()),
    st.sampled_from(TEXTS + IDENTIFIERS + BOOLEANS + MOMENTS + DAYS + CUSTOM + COMPLEX).map(lambda name: f"{name} pr"),
)
_entry_clauses = st.one_of(
    _comparison(("value", "type", "display"), EQUAL + ORDER + PARTS, words),
    _comparison(("primary",), EQUAL, st.booleans()),
    _comparison(("value", "type", "display", "primary"), ("eq", "ne"), st.none()),
    st.sampled_from(["value pr", "type pr", "primary pr"]),
)


def _grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    joined = st.builds(
        lambda terms, operator: f" {operator} ".join(f"({term})" for term in terms),
        st.lists(inner, min_size=2, max_size=3),
        st.sampled_from(["and", "or"]),
    )
    return joined | inner.map(lambda term: f"not ({term})")


_selections = st.builds(
    lambda many, inner: f"{many}[{inner}]",
    st.sampled_from(["emails", "phoneNumbers"]),
    st.recursive(_entry_clauses, _grouped, max_leaves=3),
)
_address_selections = _comparison(("type", "locality"), EQUAL + ORDER + PARTS, words).map(
    lambda inner: f"addresses[{inner}]"
)

filters = st.recursive(clauses | _selections | _address_selections, _grouped, max_leaves=5)
