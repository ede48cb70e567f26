"""The types that a user's checker sees, checked by mypy."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parent.parent


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed (the lint extra)")
@pytest.mark.timeout(300)
def test_types_are_as_asserted() -> None:
    """Under mypy's strict rules every ``assert_type`` holds, and wrong arguments are errors."""
    files = sorted(str(path) for path in FOLDER.glob("check_*.py"))
    assert files
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stdout + done.stderr
