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

# What another program understands, too: names that the RFC defines, texts without white space at the ends.
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PLAIN_TEXTS = (
    "userName", "USERNAME", "name.givenName", "title", "displayName", "emails.type",
    "phoneNumbers", "phoneNumbers.display", "addresses.locality", f"{ENTERPRISE}:department",
    "urn:ietf:params:scim:schemas:core:2.0:User:nickName",
)  # fmt: skip
PLAIN_WORDS = ["a", "A", "b", "ab", "AB", "aB c", "É", "e\u0301", "work", "home", "%", "_", '"\\', "日", "😀"]
PLAIN_MAILS = ["a@b.co", "A@b.co", "b@ab.co"]
PLAIN_LINKS = ["https://a/b", "https://A/b", "https://b"]
plain_words = st.sampled_from(["a", "b", "ab", "Ba"]) | st.sampled_from(["b", "aB"]) | st.sampled_from(PLAIN_WORDS)
_plain_moments = _moments.filter(lambda moment: moment[-1] == "Z" or "+" in moment)
plain_clauses = st.one_of(
    _comparison(PLAIN_TEXTS, EQUAL + ORDER + PARTS, plain_words),
    _comparison(PLAIN_TEXTS, PARTS, plain_words),
    _comparison(("emails", "emails.value"), EQUAL, st.sampled_from(PLAIN_MAILS)),
    _comparison(("emails", "emails.value"), PARTS, st.sampled_from(["a", "A@", "@b.co", "b@"])),
    _comparison(("profileUrl", "photos.value"), EQUAL, st.sampled_from(PLAIN_LINKS)),
    _comparison((*PLAIN_TEXTS, "emails.value", "profileUrl"), ("eq", "ne"), st.none()),
    _comparison(("active", "emails.primary"), EQUAL, st.booleans()),
    _comparison(MOMENTS, EQUAL + ORDER, _plain_moments),
    st.sampled_from(
        (*PLAIN_TEXTS, *MOMENTS, "emails", "addresses", "photos", "name", ENTERPRISE + ":manager", "active")
    ).map(lambda name: f"{name} pr"),
)
_plain_selections = st.builds(
    lambda many, inner: f"{many}[{inner}]",
    st.just("phoneNumbers"),
    st.recursive(
        _comparison(("value", "type", "display"), EQUAL + ORDER + PARTS, plain_words)
        | _comparison(("primary",), EQUAL, st.booleans())
        | st.sampled_from(["value pr", "type pr", "display pr"]),
        _grouped,
        max_leaves=3,
    ),
)
plain_filters = st.recursive(plain_clauses | _plain_selections, _grouped, max_leaves=3)
