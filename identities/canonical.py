"""Canonical forms: one spelling for comparing, hashing and storing."""

import unicodedata

import orjson


def fold(text: str) -> str:
    """Return the form in which texts are compared without regard to case: NFC, lower case, no surrounding white space.

    The same on every database, because it is computed here and stored beside the value (RFC 7643 section 2.3.1
    `caseExact: false`).
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower()).strip()


def canonical_json(value: object) -> bytes:
    """Return `value` as JSON with sorted keys and no white space: equal values give equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
