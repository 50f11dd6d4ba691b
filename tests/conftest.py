"""The fixtures that every room of the tests may use."""

from __future__ import annotations

import os

# Playwright runs an event loop in the main thread, where Django would refuse its ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

pytest_plugins = ["tests.servers.fixtures", "tests.servers.browser"]
