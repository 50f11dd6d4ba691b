"""Dates that end something. An end date is inclusive: it is the last day."""

from datetime import date, datetime

from identities.errors import RuleViolation


def is_past(last_day: date | None, today: date) -> bool:
    """Whether something with this last day has ended."""
    return last_day is not None and last_day < today


def is_expired(expires_at: datetime | None, now: datetime) -> bool:
    """Whether something that expires at a moment has expired."""
    return expires_at is not None and expires_at <= now


def check_period(start: date | None, end: date | None) -> None:
    """Refuse a period that ends before it starts (raises RuleViolation)."""
    if start is not None and end is not None and end < start:
        raise RuleViolation("ends_before_start", "The end date is before the start date.", field="end_date")
