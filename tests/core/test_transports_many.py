"""Both transports side by side, for tens of thousands of responses."""

from __future__ import annotations

from typing import Final

import pytest

from ..support.wire_cases import LOOPS, Run, case_of, compare

CASES: Final = 1_000
PARTS: Final = 20


@pytest.mark.parametrize("run", LOOPS)
@pytest.mark.parametrize("part", range(1, PARTS + 1))
def test_the_same_outcome(run: Run, part: int) -> None:
    """Both transports give the same result for any bytes of a server, in any pieces."""
    run(compare([case_of(seed) for seed in range(part * 1_000_000, part * 1_000_000 + CASES)]))
