"""Reads used by several faces, each in a constant number of statements."""
