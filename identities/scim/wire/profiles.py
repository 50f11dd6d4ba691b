"""Which deviations from the RFCs are tolerated, from which clients.

One table: the code asks it, and the documentation is rendered from it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from scim2_models import ScimPolicy

from identities.vocabulary import ClientProfile

RFC, ENTRA, OKTA = ClientProfile.RFC, ClientProfile.ENTRA, ClientProfile.OKTA


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing a client does that the RFCs do not allow, and what the portal makes of it.

    Attributes:
        name: as the request log and the tests call it.
        what: what the client sends and how it is understood.
        profiles: the clients from which it is tolerated. Others are refused.
    """

    name: str
    what: str
    profiles: frozenset[ClientProfile]


ALL: Final = frozenset(ClientProfile)
BOTH: Final = frozenset({ENTRA, OKTA})

DEVIATIONS: Final = (
    Deviation("capital_operations", "PATCH operations spelt `Add`, `Replace`, `Remove` are read in any case.", ALL),
    Deviation(
        "dotted_keys",
        "A PATCH value without a path may hold paths as keys (`name.givenName`, `urn:...:User:department`, "
        '`emails[type eq "work"].value`).',
        ALL,
    ),
    Deviation(
        "quoted_booleans_in_filters",
        'Booleans in filters and PATCH paths may be quoted (`roles[primary eq "True"].value`).',
        ALL,
    ),
    Deviation(
        "missing_schemas",
        "`schemas` may be left out of a resource, or leave out an extension whose attributes are sent.",
        ALL,
    ),
    Deviation(
        "empty_values",
        'Empty lists, objects and texts are values that are not there, like null (`roles: []`, `title: ""`).',
        ALL,
    ),
    Deviation(
        "put_only",
        "A client that never sends PATCH may PUT back all it read: ids, dates, groups, and the names of manager and "
        "members in it are ignored.",
        ALL,
    ),
    Deviation("string_booleans", 'Booleans sent as texts (`"True"`, `"False"`) are read as booleans.', BOTH),
    Deviation("manager_text", "A manager sent as a text is read as its id; an empty text removes the manager.", BOTH),
    Deviation(
        "plain_entries",
        'Texts in a multi-valued attribute are read as the values of entries (`roles: ["Admin"]`).',
        BOTH,
    ),
    Deviation(
        "empty_entries",
        'Entries with an empty value (`emails: [{"type": "work", "value": ""}]`) are left out.',
        BOTH,
    ),
    Deviation(
        "single_value_list",
        'In a PATCH a list of one entry for an attribute with one value is that value (`title: [{"value": "Guide"}]`); '
        "older Entra jobs send this.",
        frozenset({ENTRA}),
    ),
    Deviation(
        "enterprise_without_schema",
        "A PATCH path may name an attribute of the enterprise extension without its schema (`manager`).",
        BOTH,
    ),
    Deviation("manager_display_name", "A manager's `displayName` in a request is ignored.", BOTH),
    Deviation("unknown_attributes", "Attributes and schema URNs that the portal does not know are ignored.", BOTH),
    Deviation(
        "remove_by_value",
        "A PATCH `remove` with a list of values removes those entries (`path: members`, `value: [...]`).",
        BOTH,
    ),
    Deviation(
        "filter_creates_entry",
        'A PATCH path that selects no entry (`emails[type eq "work"].value`) creates the entry it describes.',
        BOTH,
    ),
    Deviation("resource_id_in_value", "The `id` inside a PATCH value is ignored; Okta renames groups so.", BOTH),
    Deviation(
        "owned_values_kept",
        "A PATCH that names a value owned by somebody else succeeds and the value stays; else it is 400 `mutability`.",
        BOTH,
    ),
)

_BY_NAME: Final = {deviation.name: deviation for deviation in DEVIATIONS}


def tolerates(profile: str, name: str) -> bool:
    """Whether clients of this profile may deviate so."""
    return ClientProfile(profile) in _BY_NAME[name].profiles


@cache
def policy(profile: str) -> ScimPolicy:
    """What scim2-models is to tolerate from clients of this profile."""
    return ScimPolicy(
        unknown=ScimPolicy.Unknown.ignore if tolerates(profile, "unknown_attributes") else ScimPolicy.Unknown.forbid,
        remove_value_as_filter=(
            ScimPolicy.RemoveValue.apply if tolerates(profile, "remove_by_value") else ScimPolicy.RemoveValue.forbid
        ),
        unmatched_path_filter=(
            ScimPolicy.UnmatchedPathFilter.create
            if tolerates(profile, "filter_creates_entry")
            else ScimPolicy.UnmatchedPathFilter.forbid
        ),
    )
