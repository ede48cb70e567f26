"""The score of each module, from the results of mutmut, and the mutants that no test noticed.

``mutmut results --all true | python -m tests.support.mutation_score``, as ``make mutants`` runs it.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable

NOTICED = frozenset({"killed", "timeout"})
UNTRIED = frozenset({"not checked", "skipped", "check was interrupted by user"})


def report(lines: Iterable[str]) -> list[str]:
    """Return a row for each module that was tried, and below them the mutants left alive.

    Timeouts are shown, because mutmut calls a test run that cannot begin a timeout as well.
    """
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    alive: list[str] = []
    for line in lines:
        name, colon, status = line.strip().rpartition(": ")
        if not colon or status in UNTRIED:
            continue
        statuses[name.rpartition(".")[0]][status] += 1
        if status not in NOTICED:
            alive.append(f"{status}: {name}")
    rows = ["noticed  mutants  timeouts  module"]
    for module, found in sorted(statuses.items()):
        noticed = sum(found[status] for status in NOTICED) / found.total()
        rows.append(f"{100 * noticed:5.1f} % {found.total():8} {found['timeout']:9}  {module}")
    return [*rows, "", *alive, "", "A mutant is shown by: .venv/bin/mutmut show NAME"]


if __name__ == "__main__":
    print("\n".join(report(sys.stdin)))  # noqa: T201
