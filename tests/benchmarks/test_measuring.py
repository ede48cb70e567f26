"""Rounds, medians, ratios, tables and the JSON that all benchmarks write."""

from __future__ import annotations

import json

import msgspec
import pytest
from measuring import (
    Column,
    Report,
    alternate,
    bottleneck,
    machine,
    median,
    ratio,
    show,
    table,
    versions,
)
from memory import peak_mib


class Row(msgspec.Struct, frozen=True):
    """A row of a benchmark."""

    name: str
    cost: float


def test_every_other_round_goes_backwards() -> None:
    """A machine that slows down while a round goes on slows nobody down more often."""
    seen: list[str] = []

    def measure(name: str) -> int:
        seen.append(name)
        return len(seen)

    found = alternate(["a", "b", "c"], 3, measure)
    assert "".join(seen) == "abccbaabc"
    assert found == {"a": [1, 6, 7], "b": [2, 5, 8], "c": [3, 4, 9]}


def test_the_median_leaves_a_bad_round_out() -> None:
    """One round on a busy machine does not decide."""
    assert median([3.0, 100.0, 2.0], float) == 3.0


def test_a_ratio_compares_within_a_round() -> None:
    """Where the machine halves its speed from round to round, the ratio stays what it is."""
    assert ratio([2.0, 4.0, 8.0], [1.0, 2.0, 4.0], float) == 2.0


def test_a_ratio_needs_the_same_rounds() -> None:
    """A round that is missing on one side is an error, and no wrong figure."""
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0], float)


@pytest.mark.parametrize(("load", "said"), [(0.85, False), (0.86, True)])
def test_a_busy_server_is_named(load: float, said: bool) -> None:
    """Above 85 % of a core, the server held the client back."""
    assert bool(bottleneck(load)) is said


def test_a_table_is_aligned() -> None:
    """Names to the left, figures to the right."""
    columns = [
        Column[Row]("name", lambda row: row.name),
        Column[Row]("cost", lambda row: f"{row.cost:g}"),
    ]
    text = table([Row("a", 1.5), Row("long", 12.0)], columns)
    assert text.splitlines() == ["name  cost", "a      1.5", "long    12"]


def test_every_report_has_the_same_fields(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever reads the JSON finds what was measured, of what, on what, and how."""
    show(
        Report("cost?", versions("none-such"), machine(), {"rounds": 1}, [Row("a", 1.0)]),
        (),
        as_json=True,
    )
    written = json.loads(capsys.readouterr().out)
    assert list(written) == ["benchmark", "versions", "machine", "settings", "rows"]
    assert written["rows"] == [{"name": "a", "cost": 1.0}]
    assert written["versions"]["none-such"] == "absent"
    assert written["versions"]["frontegg-async"] != "absent"


def test_a_process_knows_its_peak() -> None:
    """The peak is that of this process, in MiB."""
    assert 5 < peak_mib() < 50_000
