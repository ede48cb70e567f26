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
    """Return a row for each module that was tried, and below them the mutants left alive."""
    statuses: dict[str, Counter[bool]] = defaultdict(Counter)
    alive: list[str] = []
    for line in lines:
        name, colon, status = line.strip().rpartition(": ")
        if not colon or status in UNTRIED:
            continue
        noticed = status in NOTICED
        statuses[name.rpartition(".")[0]][noticed] += 1
        if not noticed:
            alive.append(f"{status}: {name}")
    rows = [
        f"{100 * counts[True] / counts.total():5.1f} % of {counts.total():4} noticed  {module}"
        for module, counts in sorted(statuses.items())
    ]
    return [*rows, "", *alive, "", "A mutant is shown by: .venv/bin/mutmut show NAME"]


if __name__ == "__main__":
    print("\n".join(report(sys.stdin)))  # noqa: T201
