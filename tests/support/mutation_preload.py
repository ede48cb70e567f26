"""Imported by mutmut before it forks a process for each mutant: all that the tests import.

Modules only: pytest collects the tests anew in each process (see ``[tool.mutmut]``).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

TESTS = Path(__file__).parent.parent

for room in ("auth", "callers", "core", "pacing"):
    for path in sorted((TESTS / room).glob("test_*.py")):
        import_module(f"tests.{room}.{path.stem}")
