"""The first start: an administrator to sign in with."""

from __future__ import annotations


def prepare() -> list[str]:
    """Set up a portal that nobody has used yet; what to tell the person at the console, empty when nothing was done."""
    return []
