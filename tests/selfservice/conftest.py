"""Limits start anew for every test, and what is done after an answer is done before the test looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.core.cache import cache
from django.core.mail import EmailMessage

from selfservice import deferred


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    assert deferred.finish(20)


@pytest.fixture
def sent() -> Callable[[], list[EmailMessage]]:
    """The mails sent so far, once everything that was put off is done."""

    def all_sent() -> list[EmailMessage]:
        assert deferred.finish(20)
        return list(mail.outbox)

    return all_sent
