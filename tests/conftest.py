"""The fixtures that every room of the tests may use."""

from __future__ import annotations

import os

from hypothesis import settings

# Playwright runs an event loop in the main thread, where Django would refuse its ORM.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The same examples in every run, so that a change is judged by what it changes; `HYPOTHESIS_PROFILE=random` looks for
# new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("random", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

pytest_plugins = ["tests.servers.fixtures", "tests.servers.browser"]
