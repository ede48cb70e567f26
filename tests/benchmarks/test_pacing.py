"""The pacing benchmark: how runs are summed up, judged, printed and drawn, and that peers work."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from bench_pacing import (
    FAST_PATH,
    MEASURES,
    Job,
    Row,
    jobs_of,
    measure_fast_path,
    rows_of,
    sections,
    show_family,
    verdicts,
)
from pacing.drawing import Bar, Section, draw
from pacing.strategies import OURS, STRATEGIES

from tests.pacing.measures import Outcome
from tests.pacing.scenarios import BY_NAME, SCENARIOS
from tests.pacing.scenarios_alone import alone
from tests.pacing.servers import windows

PODS = "8 pods ask 90 % of 100 / 1 s"
BACKOFF = "plain backoff"


def rows(ours: float, backoff: float) -> list[Row]:
    """Return the rows of the web pods, where so many calls fail."""
    jobs = [Job(PODS, OURS, 0), Job(PODS, OURS, 1), Job(PODS, BACKOFF, 0)]
    failed = (ours, ours + 0.002, backoff)
    played = [Outcome(failed=share, prompt=0.9, p95=0.5, wasted_0=0.01) for share in failed]
    return rows_of(jobs, played)


def test_names_are_unique_and_measures_are_shown() -> None:
    """Every scenario is found by its name, and every measure has a title."""
    assert len(BY_NAME) == len(SCENARIOS)
    for scenario in SCENARIOS:
        assert set(scenario.family.measures) <= set(MEASURES)
        assert {target.measure for target in scenario.targets} <= set(scenario.family.measures)


def test_runs_are_summed_up_by_mean_and_worst() -> None:
    """A row has the means of its runs, and beside them the worst."""
    ours, backoff = rows(0.010, 0.015)
    assert ours.failed == pytest.approx(0.011)
    assert ours.worst is not None
    assert ours.worst.failed == pytest.approx(0.012)
    assert (ours.seeds, backoff.seeds) == (2, 1)
    assert ours.goodput is None


@pytest.mark.parametrize(
    ("ours", "backoff", "said"),
    [
        (0.010, 0.015, "failed % ≤ 2.0: met; failed % ≤ that of plain backoff: met"),
        (0.010, 0.005, "failed % ≤ 2.0: met; failed % ≤ that of plain backoff: missed"),
        (0.030, 0.050, "failed % ≤ 2.0: missed; failed % ≤ that of plain backoff: met"),
    ],
)
def test_every_target_is_judged_by_itself(ours: float, backoff: float, said: str) -> None:
    """Two targets for one measure are two verdicts, and a peer's figure may be the bound."""
    found = rows(ours, backoff)
    assert verdicts(BY_NAME[PODS], found[0]) == said
    assert found[0].met is ("missed" not in said)


def test_a_table_names_what_was_missed(capsys: pytest.CaptureFixture[str]) -> None:
    """The table of a family has its rows, means, worsts and verdicts."""
    show_family(rows(0.030, 0.050))
    text = capsys.readouterr().out
    assert "3.1 (3.2)" in text
    assert "failed % ≤ 2.0: missed" in text


def test_peers_that_are_compared_with_have_as_many_seeds() -> None:
    """A peer whose figure is a bound is played as often as ours, the others less often."""
    seeds = [job.strategy for job in jobs_of(BY_NAME[PODS], 7)]
    assert seeds.count(OURS) == seeds.count(BACKOFF) == 7
    assert seeds.count("AIMD concurrency") == 3


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_gets_calls_through(strategy: str) -> None:
    """Each peer is a client that works: it uses a part of a limit, and sends no call for free."""
    scenario = alone("a short one", windows(50, 1), 2, 12)
    outcome = scenario.play(STRATEGIES[strategy], 1)
    assert 0.1 < outcome.of("goodput_0") <= 1.0
    assert 0.0 <= outcome.of("wasted_0") < 0.9


def test_web_calls_and_bulk_calls_are_drawn_apart() -> None:
    """The picture has a section for each family, and a bar for each strategy and scenario."""
    found = sections(rows(0.010, 0.015))
    assert [(each.heading, len(each.bars)) for each in found] == [("8 web pods on 100 / 1 s", 2)]
    assert found[0].good == "served within 1 s, % of web calls"


def test_the_picture_is_inert_and_speaks() -> None:
    """The picture is XML with a title and a description, and runs nothing."""
    bars = [Bar("<a> & b", name, 0.9, 0.1) for name in ("ours", "theirs")]
    picture = ET.fromstring(draw([Section("some", "taken", bars)], ["ours", "theirs"]))  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert picture.findtext(f"{space}title")
    assert picture.findtext(".//{http://purl.org/dc/elements/1.1/}description")
    texts = [each.text for each in picture.iter(f"{space}text")]
    assert {"<a> & b", "some", "taken", "ours", "theirs"} <= {*texts}
    assert texts.count("90.0") == texts.count("10.0") == 2
    assert not list(picture.iter(f"{space}script"))


def test_the_fast_path_is_measured_where_nothing_is_held_back() -> None:
    """Measuring ends, and every call that is measured was let through."""
    for run in FAST_PATH.values():
        assert measure_fast_path(run, 1_000) > 0.0
