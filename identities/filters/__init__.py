"""SCIM filters, the one query language: a table of attributes, one parsed tree, two evaluators (SQL and in memory)."""
