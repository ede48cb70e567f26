"""Both transports side by side, for tens of thousands of responses."""

from __future__ import annotations

import pytest

from ..support.wire_cases import LOOPS, Run, case_of, compare

CASES = 20_000


@pytest.mark.parametrize("run", LOOPS)
def test_the_same_outcome(run: Run) -> None:
    """Both transports give the same result for any bytes of a server, in any pieces."""
    run(compare([case_of(seed) for seed in range(1_000_000, 1_000_000 + CASES)]))
