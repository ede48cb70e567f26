"""Run all benchmarks: ``python -m benchmarks``. Its options are those of ``running.py``."""

from __future__ import annotations

import sys
from pathlib import Path

# The benchmarks are programs: each finds its neighbours because it lies beside them.
sys.path.insert(0, str(Path(__file__).parent))

from running import main

main()
