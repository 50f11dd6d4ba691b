"""How pytest-playwright starts Chromium here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers.processes import installed


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The distribution's Chromium; its sandbox cannot work for root."""
    return {
        **browser_type_launch_args,
        "executable_path": installed("chromium", "chromium", "/usr/lib/chromium"),
        "args": ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
    }
