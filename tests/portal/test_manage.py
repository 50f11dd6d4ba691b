"""What `manage.py` says when the environment or the database is not right."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize(
    ("variables", "named"),
    [({"PORT": "seventy"}, "PORT: "), ({}, "`manage.py prepare`")],
    ids=["environment", "database"],
)
def test_what_an_administrator_can_mend_is_told_in_words(tmp_path: Path, variables: dict[str, str], named: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "status"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert named in done.stderr
    assert "Traceback" not in done.stderr
