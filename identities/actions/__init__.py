"""Every state change. One function each, one transaction: lock, rule, change, stored text, audit entry, change event.

Every action takes a keyword-only `actor` and raises `identities.errors` only. Forms ending in `_many` work on sets,
in transactions of at most `CHUNK` objects, and give a refusal back for each object instead of raising it.
"""
