"""Bulk requests (RFC 7644 section 3.7)."""

from identities.scim.bulk.answering import answer_bulk

__all__ = ["answer_bulk"]
