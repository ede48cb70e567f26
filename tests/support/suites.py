"""Test suites of other people, run by pytest in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PLUGIN: Final = "frontegg_async_pytest"

WITHOUT_ASYNCIO: Final = ("-p", "no:asyncio")
"""Options of a suite without pytest-asyncio."""
STRICT: Final = ("-o", "asyncio_default_fixture_loop_scope=function")
"""Options of a suite with pytest-asyncio, which warns if this is not set."""
AUTO: Final = (*STRICT, "--asyncio-mode=auto")

_FILE: Final = re.compile(r"<!-- file: ([\w./]+) -->\n```\w+\n(.*?)```", re.DOTALL)
_OWN: Final = ("faker", "hypothesispytest", "pytest_cov", "timeout")
"""Plugins of this project's tests, which need not be loaded and take their time."""


def files_of(page: str) -> dict[str, str]:
    """Return the files of a page, by path; parts of one file follow each other."""
    files: dict[str, str] = {}
    for name, text in _FILE.findall((ROOT / "docs" / page).read_text()):
        files[name] = files.get(name, "") + text
    return files


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the tests in a folder, warnings being errors."""
    installed = any(each.name == PLUGIN for each in entry_points(group="pytest11"))
    named = () if installed else ("-p", PLUGIN)  # in a source tree without a distribution
    without = [part for name in _OWN for part in ("-p", f"no:{name}")]
    return subprocess.run(
        [
            *(sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(*without, *named, *options),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
