"""A full disk: recorded outcomes are on file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from frontegg_async.bulk.ledger.records import State

from ..support.bulk import states

REPOSITORY = Path(__file__).parent.parent.parent
CODE = """
import resource, signal, sys
from pathlib import Path
from frontegg_async.bulk.ledger.records import Entry, State
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.errors import LedgerDiskFullError
from tests.support.bulk import HEADER, FORM, noted

path, spare, reason = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] or None
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = Ledger.begin(path, HEADER, FORM)
ledger.add([noted(line, f"user-{line}", None, "t") for line in range(1, 2_001)])
ledger.finish_loading()
sizes = [Path(f"{path}{suffix}").stat().st_size for suffix in ("", "-wal")]
resource.setrlimit(resource.RLIMIT_FSIZE, (max(sizes) + spare,) * 2)
done = 0
for line in range(1, 2_001):
    try:
        ledger.write((), (), [(line, line)])
        ledger.write((), [Entry(line, State.FAILED, 404, 2, "ab" * 16, reason)], ())
    except LedgerDiskFullError:
        break
    done += 1
print(done)
ledger.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
@pytest.mark.parametrize("reason", ["", "why it failed " * 30])
@pytest.mark.parametrize("spare", [0, 5_000, 60_000])
def test_no_outcome_is_lost(tmp_path: Path, spare: int, reason: str) -> None:
    """On a full disk, each recorded outcome is on file, and at most one row is in flight."""
    path = tmp_path / "ledger"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(path), str(spare), reason],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
    )
    assert done.returncode == 0, done.stderr
    recorded = int(done.stdout)
    found = list(states(path).values())
    assert found.count(State.FAILED) == recorded
    assert found.count(State.IN_FLIGHT) <= 1
    # Outcomes without reasons change bytes in place: they need no room at all.
    assert recorded == 2_000 or reason
    assert recorded > 0
