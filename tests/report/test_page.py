"""The report page as text: for any run it is well-formed, escaped, and says it all."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any, Final

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from frontegg_async import ConfigurationError
from frontegg_async.bulk.input.rows import Assignment, SuperuserChange
from frontegg_async.bulk.outcome import Label, Labels, Outcome, RowResult
from frontegg_async.bulk.report import page as page_module
from frontegg_async.bulk.report.page import PageSummary, render_page
from frontegg_async.bulk.report.page_text import (
    counted,
    one_line,
    printable,
)
from frontegg_async.bulk.report.statistics import (
    LATENCY_BOUNDS_MS,
    FailureGroup,
    Limit,
    LimitWait,
    Sample,
    Statistics,
)

from .runs import HOSTILE, LABELS, RUNS, Run, page_summary

VOID: Final = {"meta"}
ELEMENTS: Final = re.compile(
    "html|head|meta|title|style|body|header|main|footer|section|div|span|p|h[123]|b|bdi|code|pre|"
    "time|dl|dt|dd|ul|li|figure|figcaption|svg|desc|circle|path|line|rect|text|"
    "table|caption|thead|tbody|tr|th|td"
)
CANARY: Final = """<x-canary onload='a()' src="http://x.test/">&amp;</script>-->]]></style>"""


class Reader(HTMLParser):
    """Reads a document and fails where an element does not end as it should."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(document)
        self.close()
        assert not self.open
        self.text = "".join(self.texts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes, each of which stands once."""
        assert len({name for name, _ in attrs}) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Fail unless it is the innermost element that ends."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text that is shown."""
        if "style" not in self.open:
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        """Fail: the page has no comments."""
        raise AssertionError(data)

    def all(self, name: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of that name."""
        return [attributes for found, attributes in self.elements if found == name]


def statistics(
    *,
    interval_s: float = 0.5,
    samples: Iterable[Sample] = (),
    latencies: tuple[int, ...] = (0,) * (len(LATENCY_BOUNDS_MS) + 1),
    limits: Iterable[Limit] = (),
    waited_s: float = 0.0,
    failures: Iterable[FailureGroup] = (),
    waits: Iterable[LimitWait] = (),
    paced_s: float = 0.0,
) -> Statistics:
    return Statistics(
        interval_s=interval_s,
        samples=tuple(samples),
        latencies=latencies,
        limits=tuple(limits),
        waited_s=waited_s,
        failures=tuple(failures),
        waits=tuple(waits),
        paced_s=paced_s,
    )


def summary(**changes: Any) -> PageSummary:
    base: dict[str, Any] = {
        "job": "assign",
        "source": "rows.csv",
        "host": "https://api.frontegg.com",
        "started_at": datetime(2026, 7, 27, 9, tzinfo=UTC),
        "elapsed_s": 2.0,
        "counts": {"added": 5, "failed": 0, "unknown": 0},
        "requests": 6,
    }
    return page_summary(**(base | changes))


def read(run: Run) -> Reader:
    return Reader(render_page(*run))


texts = st.one_of(
    st.text(max_size=80),
    st.sampled_from([CANARY, HOSTILE, "\u202e\u2066abc", "a\u2028b", "\ud800", "x" * 5_000, ""]),
)
numbers = st.integers(0, 10**7)
seconds = st.floats(0, 1e6)
results = st.builds(
    RowResult,
    outcome=st.sampled_from(Outcome),
    reason=texts,
    line=st.integers(1, 10**9),
    row=st.none()
    | st.builds(Assignment, tenant_id=texts, user_id=st.none() | texts, email=st.none() | texts)
    | st.builds(SuperuserChange, user_id=texts, super_user=st.booleans()),
    status=st.none() | st.integers(100, 599),
    error_code=st.none() | texts,
    trace_id=st.none() | texts,
)
groups = st.builds(
    FailureGroup,
    reason=texts,
    count=st.integers(1, 10**7),
    examples=st.lists(results, max_size=3).map(tuple),
)


@st.composite
def runs(draw: st.DrawFn) -> Run:
    interval = draw(st.sampled_from([0.5, 1.0, 32.0, 4_096.0]))
    sample = st.tuples(numbers, numbers, numbers, st.none() | st.floats(0, 1e5))
    drawn = draw(st.lists(sample, max_size=30))
    samples = [
        Sample(at=number * interval, rows=rows, requests=calls, throttled=late, limit=limit)
        for number, (rows, calls, late, limit) in enumerate(drawn)
    ]
    size = len(LATENCY_BOUNDS_MS) + 1
    found = statistics(
        interval_s=interval,
        samples=samples,
        latencies=tuple(draw(st.lists(numbers | st.just(0), min_size=size, max_size=size))),
        limits=draw(
            st.lists(st.builds(Limit, group=texts, per_second=st.floats(0, 1e5)), max_size=3)
        ),
        waited_s=draw(seconds),
        failures=draw(st.lists(groups, max_size=3)),
        waits=draw(st.lists(st.builds(LimitWait, operation=texts, seconds=seconds), max_size=3)),
        paced_s=draw(seconds),
    )
    job = draw(st.sampled_from([*LABELS]) | texts)
    labels = LABELS.get(job, Labels())
    names = st.sampled_from(Outcome).map(lambda outcome: labels[outcome].name)
    counts = draw(st.dictionaries(names, numbers, max_size=7))
    about = page_summary(
        job=job,
        source=draw(texts),
        host=draw(texts),
        started_at=draw(
            st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=5, minutes=30))))
        ),
        elapsed_s=draw(seconds),
        counts=counts,
        earlier=draw(st.none() | st.just({name: draw(numbers) for name in counts})),
        duplicates=draw(numbers),
        requests=draw(numbers),
        throttled=draw(numbers),
        stopped=draw(st.none() | texts),
        how_to_go_on=draw(st.none() | texts),
    )
    return about, found


@settings(max_examples=120)
@given(run=runs())
@example(run=RUNS["hostile"]())
@example(run=RUNS["long"]())
@example(run=RUNS["empty"]())
@example(run=(summary(elapsed_s=5e-324), statistics(samples=[Sample(at=0.0, rows=5)])))
def test_any_run_makes_a_sound_page(run: Run) -> None:
    """For any run and any texts, elements end, only ours are there, and nothing is lost."""
    about, found = run
    document = render_page(about, found)
    page = Reader(document)
    assert all(ELEMENTS.fullmatch(name) for name, _ in page.elements)
    assert len(page.all("title")) >= 1
    assert all(char == "\n" or char.isprintable() for char in document)
    document.encode()
    # Nothing that could be fetched or run: no such attribute, no such rule, for any texts.
    for _, attributes in page.elements:
        assert not {"src", "href", "srcset", "action", "background", "data"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    style = document[document.index("<style>") : document.index("</style>")]
    assert not re.search(r"url\(|@import|image-set|//", style)

    for figures in (about.this_run, about.all_runs):
        for name, count in figures.counts.items():
            assert f"{count:,}" in page.text or (figures is about.this_run and name == "skipped")
    for text in (about.source, about.host):
        assert printable(text[:400]) in page.text
    if about.stopped is not None:
        assert printable(one_line(about.stopped)[:400]) in page.text
    if about.how_to_go_on is not None:
        assert printable(about.how_to_go_on) in page.text
    for group in found.failures:
        assert printable(one_line(group.reason)[:400]) in page.text
        assert counted(group.count, "row") in page.text
    for wait in found.waits:
        assert printable(wait.operation[:400]) in page.text
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


@settings(max_examples=60)
@given(run=runs())
def test_pictures_stay_in_their_frame(run: Run) -> None:
    """No shape of a chart has a coordinate that is no number, or lies outside of its chart."""
    page = read(run)
    for name in ("line", "rect", "text"):
        for attributes in page.all(name):
            for key in ("x", "x1", "x2", "width"):
                value = attributes.get(key) or "0"
                if value.endswith("%"):
                    assert 0 <= float(value[:-1]) <= 100.01
            for key in ("y", "y1", "y2", "height"):
                assert 0 <= float(attributes.get(key) or "0") <= 200
    for attributes in page.all("path"):
        assert "nan" not in str(attributes["d"])
        assert "inf" not in str(attributes["d"])


@pytest.mark.parametrize("name", RUNS)
def test_the_frame_of_the_page(name: str) -> None:
    """Language, policy and title are there, and headings go down one step at a time."""
    document = render_page(*RUNS[name]())
    assert document.startswith("<!DOCTYPE html>\n<html ")
    page = Reader(document)
    assert page.elements[0] == ("html", {"lang": "en"})
    policy = [one["content"] for one in page.all("meta") if one.get("http-equiv")]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all(one.get("scope") == "col" for one in page.all("th"))
    for chart in page.all("svg"):
        decoration = "aria-hidden" in chart or "preserveaspectratio" in chart
        assert decoration or (chart["role"] == "img" and chart["aria-labelledby"])


@pytest.mark.parametrize(
    ("changes", "headline"),
    [
        ({}, "All 5 rows are done"),
        ({"counts": {"added": 1}}, "The row is done"),
        ({"counts": {"failed": 1}}, "The row is not done"),
        ({"counts": {"added": 0}}, "There were no rows"),
        ({"counts": {}, "stopped": "why"}, "Stopped before the first row"),
        ({"counts": {"added": 5, "failed": 1}}, "5 of 6 rows are done, 1 is not"),
        ({"counts": {"added": 5, "unknown": 1_000}}, "5 of 1,005 rows are done, 1,000 are not"),
        ({"counts": {"invalid": 3}}, "None of 3 rows is done"),
        (
            {"counts": {"added": 5, "skipped": 4}, "stopped": "no space"},
            "Stopped early: 5 of 9 rows done",
        ),
        ({"counts": {"already_member": 2, "added": 3}}, "All 5 rows are done"),
        ({"counts": {"added": 2}, "earlier": {"added": 3}}, "All 5 rows are done"),
    ],
)
def test_the_headline_says_how_it_ended(changes: dict[str, object], headline: str) -> None:
    """The first words are the result."""
    document = render_page(summary(**changes), statistics())
    assert f"<h1>{headline}</h1>" in document
    assert f"<title>{headline} · " in document


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_words(outcome: Outcome) -> None:
    """A tile has a label and a hint of its own for each outcome that there is."""
    label = LABELS["assign"][outcome]
    page = read((summary(counts={label.name: 7}), statistics()))
    tile = page.text.split("Rows by outcome")[1].split("Over time")[0].strip()
    assert tile == f"{label.words.capitalize()}7{label.hint}"


def test_an_outcome_of_a_job_of_a_program() -> None:
    """A tile has the words that a job of a program's own has for its outcome, as plain text."""
    labels = Labels(applied=Label("locked", "<b>locked", "could log in before"))
    own = summary(job="lock", counts={"applied": 7})
    page = read((msgspec.structs.replace(own, labels=labels), statistics()))
    assert "<b>locked7could log in before" in page.text


def test_what_stopped_it_and_how_to_go_on() -> None:
    """Reason and command come before everything else, and a command is never cut."""
    command = f"frontegg-async bulk assign {'a' * 3_000}.csv"
    page = read((summary(stopped="no space left", how_to_go_on=command), statistics()))
    assert page.text.index("no space left") < page.text.index(command)
    assert page.text.index(command) < page.text.index("Rows by outcome")
    assert "in doubt" not in page.text


def test_rows_in_doubt_are_explained() -> None:
    """The page says how rows in doubt are settled."""
    page = read((summary(counts={"unknown": 1}), statistics()))
    assert "Running them again settles it." in page.text


def test_examples_of_failures() -> None:
    """An example has its line, user, tenant, status, code and trace id; empty columns are left."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    full = RowResult(
        outcome=Outcome.FAILED,
        reason="404: no such user",
        line=104233,
        row=Assignment(tenant_id="acme", email="a@example.test"),
        status=404,
        trace_id=trace,
    )
    bare = RowResult(outcome=Outcome.INVALID, reason="it is no JSON", line=7)
    group = FailureGroup(reason="no such user", count=40, examples=(full, bare))
    document = render_page(summary(), statistics(failures=[group]))
    heads = re.findall(r"<th [^>]*>([^<]*)</th>", document)
    assert heads == ["Line", "User", "Tenant", "Status", "Trace id"]
    assert f'<code class="id"><bdi>{trace}</bdi></code>' in document
    page = Reader(document)
    for shown in (
        "104233",
        "a@example.test",
        "acme",
        "404",
        "The first 2:",
        "40 rows",
        "\N{EN DASH}",
    ):
        assert shown in page.text
    # A reason that the heading tells already is not told again.
    assert "404: no such user" not in page.text
    assert "it is no JSON" in page.text


def test_rows_that_were_not_reached_are_no_throughput() -> None:
    """The rate is that of the rows that the run ended, without those that earlier runs ended."""
    about = summary(
        counts={"added": 50, "skipped": 950}, earlier={"added": 500}, stopped="no space"
    )
    text = read((about, statistics(samples=[Sample(at=0.0, rows=50)], interval_s=2.0))).text
    assert "Rows a second25" in text
    assert "25 on average over 2 s" in text


def test_limits_in_words() -> None:
    """Learned limits and the waiting they caused are sentences."""
    limits = [
        Limit(group="POST /users", per_second=16.6412),
        Limit(group="GET /users", per_second=0.05),
    ]
    found = statistics(limits=limits)
    page = read((summary(throttled=3, requests=600), found))
    assert "about 16.6 calls a second on POST /users" in page.text
    assert "about 3 calls a minute on GET /users" in page.text
    assert "3 answers of 600 asked to come back later (less than 1 %)" in page.text
    assert "No call had to wait because of a limit." in page.text


def test_waits_name_the_operation() -> None:
    """The page tells the waiting of calls for each limit, by the name of its operation."""
    waits = [
        LimitWait(operation="users.add_to_tenant", seconds=1.5),
        LimitWait(operation="users.<b>iterate", seconds=0.02),
    ]
    limits = [Limit(group="POST /users", per_second=16.6412)]
    text = read((summary(), statistics(limits=limits, waits=waits, waited_s=1.5))).text
    assert "Calls waited for 1.5 s because of the limit of users.add_to_tenant, 75 % of" in text
    assert "Calls waited for 20 ms because of the limit of users.<b>iterate, 1 % of" in text
    assert "No call had to wait" not in text


def test_a_limit_that_was_met_and_not_learned() -> None:
    """A run that was refused met a limit, and also if it ended before it knew how high it is."""
    waits = [LimitWait(operation="users.add_to_tenant", seconds=1.0)]
    for changes, found in (
        ({"throttled": 3}, statistics(samples=[Sample(at=0.0, throttled=3)])),
        ({}, statistics(waits=waits, waited_s=1.0)),
    ):
        text = read((summary(**changes), found)).text
        assert "The run met no limit of the server." not in text
        assert "ended before it knew how much the server lets through" in text


def test_a_rate_of_its_own_is_no_limit() -> None:
    """Calls that waited for the rate that the run was given are not said to wait for a limit."""
    text = read((summary(), statistics(paced_s=1.0))).text
    assert "Calls waited for 1 s to keep to a rate of the run's own" in text
    assert "not because of a limit, 50 % of the run." in text
    assert "The run met no limit of the server." in text


def test_figures_of_this_run_and_of_all() -> None:
    """After earlier runs every figure says whose it is, and the parts add up to the whole."""
    about = summary(
        counts={"added": 5, "failed": 2, "skipped": 1}, earlier={"added": 30, "failed": 4}
    )
    group = FailureGroup(reason="no such user", count=1, examples=())
    text = read((about, statistics(failures=[group]))).text
    assert "Earlier ones ended 34 rows, and this run 7." in text
    assert "Added355 of them in this run" in text
    assert "All 2 runs on this ledger: 6 requests, 2 s." in text
    for title in ("Over time", "Time until the answer", "Limits of the server"):
        assert f"{title}, this run" in text
    assert "1 more row of this run: they repeat another row" in text
    assert "4 more rows ended as not done in earlier runs on this ledger." in text
    assert "1 row was not reached." in text


def test_a_limit_that_was_never_met() -> None:
    """No limit is said to be none, and no chart of refusals is drawn."""
    page = read(RUNS["small"]())
    assert "The run met no limit of the server." in page.text
    assert [one["aria-labelledby"] for one in page.all("svg") if "role" in one] == [
        "rows-title rows-desc",
        "calls-title calls-desc",
        "latency-title latency-desc",
    ]
    assert "learned limit" not in page.text


def test_one_short_sample() -> None:
    """A run that ends within its first sample has the rate of the time that it took."""
    sample = Sample(at=0.0, rows=10, requests=20)
    page = read((summary(elapsed_s=0.1), statistics(samples=[sample])))
    assert "100 on average over 100 ms" in page.text
    assert "200 on average over 100 ms" in page.text


def test_the_rest_of_the_last_sample_makes_no_peak() -> None:
    """One row in the last instant is not shown as thousands a second."""
    samples = [Sample(at=0.5 * number, rows=50) for number in range(4)]
    samples.append(Sample(at=2.0, rows=1))
    page = read((summary(elapsed_s=2.0001), statistics(samples=samples)))
    assert "100 on average, 102 at most over 2 s" in page.text


def test_a_limit_far_above_the_curve() -> None:
    """A limit that is out of reach does not flatten the curve, and the legend says where it is."""
    samples = [Sample(at=0.0, rows=5, requests=5, limit=1_000.0)]
    page = read((summary(), statistics(samples=samples)))
    assert "learned limit (above the chart)" in page.text
    assert "the learned limit was 1,000" in page.text
    assert not [one for one in page.all("path") if one.get("class") == "limit"]


def test_latencies_above_what_is_measured() -> None:
    """A share of answers that took longer than the last bound is not said to have taken less."""
    counts = [0] * (len(LATENCY_BOUNDS_MS) + 1)
    counts[0], counts[-1] = 60, 40
    page = read((summary(), statistics(latencies=tuple(counts))))
    assert "p50 ≤ 1 ms, p90 over 70 s, p99 over 70 s" in page.text
    assert "over 70 s: 40 answers, 40 %" in page.text
    assert "up to 1 ms: 60 answers, 60 %" in page.text


def test_without_jinja2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that asks for a page without the extra is told the extra, and by a typed error."""
    page_module._template.cache_clear()  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ConfigurationError, match=r"jinja2: pip install 'frontegg-async\[cli\]'"):
        render_page(summary(), statistics())
