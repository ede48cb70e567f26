"""Limits as a server states them: every header, every form, and every clock."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy

from frontegg_async._core.rate_limit_headers import clock_offset, exhausted_wait, parse_retry_after

NOW = 1_700_000_000.0
IN_30 = NOW + 30
TEN_YEARS = 10 * 365 * 86_400.0
INDIA = timezone(timedelta(hours=5, minutes=30))

COUNTS = ("X-Rate-Limit-Remaining", "X-RateLimit-Remaining", "RateLimit-Remaining")
RESETS = ("X-Rate-Limit-Reset", "X-RateLimit-Reset", "RateLimit-Reset")
FAMILIES = list(zip(COUNTS, RESETS, strict=True))
Lines = dict[str, str] | Iterable[tuple[str, str]]


def answered(lines: Lines) -> CIMultiDictProxy[str]:
    """Return headers as the transports deliver them."""
    return CIMultiDictProxy(CIMultiDict(lines))


def http_date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


def iso(seconds: float, zone: timezone = UTC) -> str:
    return datetime.fromtimestamp(seconds, zone).isoformat()


DATE = {"Date": http_date(NOW)}

# One point in time in every form. None: it is no point in time.
FORMS: list[tuple[str, float | None]] = [
    # RFC 3339
    (iso(IN_30).replace("+00:00", "Z"), 30.0),
    (iso(IN_30).replace("+00:00", "z"), 30.0),
    (iso(IN_30), 30.0),
    (iso(IN_30, INDIA), 30.0),
    (iso(IN_30 + 0.25).replace("+00:00", "Z"), 30.25),
    (iso(IN_30).replace("+00:00", ".123456789Z"), 30.123456),
    (iso(IN_30).replace("+00:00", ""), 30.0),
    (iso(IN_30).replace("T", " "), 30.0),
    (iso(NOW - 30).replace("+00:00", "Z"), 0.0),
    ("9999-12-31T23:59:59-23:59", TEN_YEARS),
    ("0001-01-01T00:00:00+23:59", 0.0),
    ("2023-11-14", None),
    ("0000-13-32T25:61:61Z", None),
    # HTTP dates: the one that is sent, and the two that have to be understood
    ("Tue, 14 Nov 2023 22:13:50 GMT", 30.0),
    ("Tuesday, 14-Nov-23 22:13:50 GMT", 30.0),
    ("Tue Nov 14 22:13:50 2023", 30.0),
    ("Tue, 14 Nov 2023 22:12:50 GMT", 0.0),
    ("Tue, 14 Nov 2023", None),
    ("Tue, 99 Foo 2023 00:00:00 GMT", None),
    # Seconds from now
    ("30", 30.0),
    ("0", 0.0),
    ("30.5", 30.5),
    ("30s", 30.0),
    ("30 S", 30.0),
    ("315360000", TEN_YEARS),
    ("999999999", TEN_YEARS),
    # Since the epoch
    ("1700000030", 30.0),
    ("1700000030.25", 30.25),
    ("1700000030s", 30.0),
    ("1699999970", 0.0),
    ("1000000000", 0.0),
    ("999999999999", TEN_YEARS),
    ("1700000030250", 30.25),
    ("1700000030250.5", 30.2505),
    ("1000000000000", 0.0),
    ("9999999999999", TEN_YEARS),
    # No time at all
    ("", None),
    ("soon", None),
    ("-1", None),
    ("+30", None),
    ("1e3", None),
    ("inf", None),
    ("nan", None),
    ("1_000", None),
    ("30 seconds", None),
    ("1m30s", None),
    ("٣٠", None),
    ("³⁰", None),
    ("9" * 14, None),
    ("9" * 100_000, None),
]


@pytest.mark.parametrize("name", ["Retry-After", *RESETS])
@pytest.mark.parametrize(("value", "wait"), FORMS, ids=lambda part: str(part)[:40])
def test_every_form_under_every_name(name: str, value: str, wait: float | None) -> None:
    """A wait is read in each form that servers write, whichever header it stands in."""
    found = parse_retry_after(answered({name: f" {value} "} | DATE), NOW)
    assert found == (None if wait is None else pytest.approx(wait, abs=1e-6))


@pytest.mark.parametrize(("count", "reset"), FAMILIES)
@pytest.mark.parametrize(("value", "wait"), FORMS, ids=lambda part: str(part)[:40])
def test_every_form_of_a_reset_after_a_success(
    count: str, reset: str, value: str, wait: float | None
) -> None:
    """The reset of a limit that a successful response used up is read in the same forms."""
    found = exhausted_wait(answered({count: "0", reset: value} | DATE), NOW)
    assert found == (None if wait is None else pytest.approx(wait, abs=1e-6))


@pytest.mark.parametrize(
    ("value", "refused", "succeeded"),
    [
        # Draft 07: one limit in one dictionary
        ("limit=100, remaining=0, reset=30", 30.0, 30.0),
        ("limit=100;w=60,remaining=0,reset=30", 30.0, 30.0),
        ("Remaining = 0, Reset = 30", 30.0, 30.0),
        ("limit=100, remaining=5, reset=30", None, None),
        ("limit=100, reset=30", 30.0, None),
        ("limit=100, remaining=0", None, None),
        # Drafts 08 and later: a list of policies
        ('"default";r=0;t=30', 30.0, 30.0),
        ('"default"; r=0; T = 30', 30.0, 30.0),
        ("default;r=0;t=30", 30.0, 30.0),
        ('"default";t=30;pk=:cHsdsRa894==:;r=0', 30.0, 30.0),
        ('"default";r=50', None, None),
        ('"default";r=50;t=30', None, None),
        ('"default";t=30', 30.0, None),
        ('"default";r=0', None, None),
        ('"burst";r=0;t=3, "daily";r=512;t=40000', 3.0, 3.0),
        ('"burst";r=7;t=3, "daily";r=0;t=40000', 40_000.0, 40_000.0),
        ('"burst";r=0;t=3, "daily";r=0;t=40000', 40_000.0, 40_000.0),
        ('"burst";r=0;t=?, "daily";r=0;t=9', 9.0, 9.0),
        ('"burst";r=0, "daily";r=512;t=40000', None, None),
        ('"burst";r=1;t=3, "daily";r=512;t=40000', None, None),
        ('"burst";t=3, "daily";t=40000', 3.0, None),
        ('"burst";r=1;t=3, "daily";t=40000', 40_000.0, None),
        ('"burst";r=0, "daily";t=40000', 40_000.0, 40_000.0),
        # Separators within quoted strings
        ('"r=0;t=9, x";r=1;t=3', None, None),
        ('"a \\" r=1;t=9, b";r=0;t=30', 30.0, 30.0),
        ('"a=b";r=0;t=3, "c=d";r=0;t=30', 30.0, 30.0),
        ('"default";r="0";t="30"', 30.0, 30.0),
        # Unreadable
        ("t=9", 9.0, None),
        ('"default";r=0;t=-30', None, None),
        ('"default";r=-1;t=30', 30.0, None),
        ('";r=NaN;t=nan', None, None),
        ('";r=NaN;t=1e999', None, None),
        ("t=٣٠", None, None),
        (",;=,", None, None),
        (";", None, None),
        (';, ";", "a";r=0;t=30', 30.0, 30.0),
        ("", None, None),
        ('"default";r=0;t=30' + " " * 2_000, None, None),
    ],
)
def test_structured_header(value: str, refused: float | None, succeeded: float | None) -> None:
    """``RateLimit`` is read in every draft's form, and of several policies the right one."""
    headers = answered({"RateLimit": value})
    assert parse_retry_after(headers, NOW) == refused
    assert exhausted_wait(headers, NOW) == succeeded


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"RateLimit-Policy": '"default";q=100;w=60'}, None),
        ({"X-RateLimit-Limit": "30"}, None),
        ({"retry-after": "5", "X-RATE-LIMIT-RESET": "6"}, 5.0),
        ({"x-RATE-limit-RESET": "6"}, 6.0),
        ({"ratelimit": '"a";r=0;t=7'}, 7.0),
        ({"Retry-After": "5", "X-Rate-Limit-Reset": iso(IN_30), "RateLimit": "t=9"}, 5.0),
        ({"Retry-After": "0", "X-Rate-Limit-Reset": iso(IN_30)}, 0.0),
        ({"X-Rate-Limit-Reset": iso(IN_30), "RateLimit": "t=9"}, 30.0),
        ({"X-Rate-Limit-Reset": "1", "X-RateLimit-Reset": "2", "RateLimit-Reset": "3"}, 1.0),
        ({"RateLimit": "t=4", "RateLimit-Reset": "3", "X-RateLimit-Reset": "2"}, 2.0),
        ({"RateLimit": "t=4", "RateLimit-Reset": "3"}, 3.0),
        ({"Retry-After": "banana", "X-Rate-Limit-Reset": iso(IN_30)}, 30.0),
        ({"Retry-After": "banana", "X-Rate-Limit-Reset": "?", "RateLimit": "t=9"}, 9.0),
        ({"Retry-After": "-99999999999999999999; banana", "X-RateLimit-Reset": "9"}, 9.0),
    ],
)
def test_order_of_preference(headers: dict[str, str], wait: float | None) -> None:
    """The first header that can be read counts, in the documented order and any case."""
    assert parse_retry_after(answered(headers), NOW) == wait


@pytest.mark.parametrize(("count", "reset"), FAMILIES)
@pytest.mark.parametrize(
    ("counts", "resets", "refused", "succeeded"),
    [
        ("0", "30", 30.0, 30.0),
        ("00", "30", 30.0, 30.0),
        ("0.0", "30", 30.0, 30.0),
        ("0.4", "30", 30.0, 30.0),
        ("1", "30", None, None),
        ("100", "30", None, None),
        ("10.0", "30", None, None),
        ("-1", "30", 30.0, None),
        ("none", "30", 30.0, None),
        ("", "30", 30.0, None),
        ("0", "", None, None),
        # A second and a month
        ("0, 15000", "1, 1419704", 1.0, 1.0),
        ("1, 0", "1, 1419704", 1_419_704.0, 1_419_704.0),
        ("0,0", "1,1419704", 1_419_704.0, 1_419_704.0),
        ("1, 15000", "1, 1419704", None, None),
        ("-1, 0", "1, 30", 30.0, 30.0),
        ("5, 0", "30", 30.0, 30.0),
        ("0", "3, 30", 3.0, 3.0),
    ],
)
def test_counts_and_resets(
    count: str,
    reset: str,
    counts: str,
    resets: str,
    refused: float | None,
    succeeded: float | None,
) -> None:
    """A reset counts if nothing remains until it, and one beside each count in a list."""
    headers = answered({count: counts, reset: resets})
    assert parse_retry_after(headers, NOW) == refused
    assert exhausted_wait(headers, NOW) == succeeded


@pytest.mark.parametrize("name", RESETS)
def test_reset_without_a_count(name: str) -> None:
    """A refusal that names a reset only is believed, and a success that does says nothing."""
    assert parse_retry_after(answered({name: "3, 30"}), NOW) == 3.0
    assert exhausted_wait(answered({name: "3"}), NOW) is None


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-RateLimit-Remaining": "0"}, None),
        ({"X-RateLimit-Remaining": "0", "Retry-After": "5"}, None),
        ({"X-RateLimit-Remaining": "0", "X-Rate-Limit-Reset": "7"}, 7.0),
        ({"X-Rate-Limit-Remaining": "0", "RateLimit": '"a";t=7'}, 7.0),
        ({"RateLimit": '"a";r=0', "X-RateLimit-Reset": "7"}, 7.0),
        # The reset of a limit of which something remains is not taken for it.
        ({"X-RateLimit-Remaining": "0", "RateLimit": '"a";r=9;t=7'}, None),
        (
            {
                "X-Rate-Limit-Remaining": "9",
                "X-Rate-Limit-Reset": "7",
                "RateLimit-Remaining": "0",
                "RateLimit-Reset": "8",
            },
            8.0,
        ),
        ({"X-Rate-Limit-Reset": "7", "RateLimit-Remaining": "0", "RateLimit-Reset": "8"}, 8.0),
        ({"X-Rate-Limit-Reset": "7", "RateLimit": '"a";r=0;t=8'}, 8.0),
    ],
)
def test_the_reset_belongs_to_the_count(headers: dict[str, str], wait: float | None) -> None:
    """A count of 0 goes with its own header's reset, or with one that has no count."""
    assert exhausted_wait(answered(headers), NOW) == wait


def test_repeated_lines() -> None:
    """Lines of a gateway and of the server behind it are as good as one line with both."""
    counts = [("X-RateLimit-Remaining", "5"), ("X-RateLimit-Remaining", "0")]
    resets = [("X-RateLimit-Reset", "3"), ("X-RateLimit-Reset", iso(IN_30))]
    policies = [("RateLimit", '"burst";r=5;t=3'), ("RateLimit", "remaining=0, reset=30")]
    for lines in ([*counts, *resets], policies):
        assert parse_retry_after(answered(lines), NOW) == 30.0
        assert exhausted_wait(answered(lines), NOW) == 30.0
    assert parse_retry_after(answered([("Retry-After", "?"), ("Retry-After", "30")]), NOW) == 30.0


def test_a_plain_mapping_will_do() -> None:
    """Headers need no more than the interface of a mapping."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}
    assert parse_retry_after(headers, NOW) == exhausted_wait(headers, NOW) == 30.0


@pytest.mark.parametrize("skew", [-86_400.0, -120.0, 0.0, 120.0, 86_400.0])
@pytest.mark.parametrize("name", ["Retry-After", *RESETS])
@pytest.mark.parametrize("render", [http_date, iso, "{:.0f}".format], ids=["http", "iso", "epoch"])
def test_the_servers_clock_decides(name: str, render: Callable[[float], str], skew: float) -> None:
    """A time of day is compared with the response's own ``Date``, not with the local clock."""
    headers = answered({name: render(IN_30)} | DATE)
    assert parse_retry_after(headers, NOW + skew, offset=1e6) == 30.0


@pytest.mark.parametrize("date", [None, "", "yesterday", "Tue, 99 Foo 2023 00:00:00 GMT"])
def test_our_clock_where_the_server_has_none(date: str | None) -> None:
    """Without a readable ``Date`` the local clock is used, corrected by the known offset."""
    headers = answered({RESETS[0]: iso(IN_30), COUNTS[0]: "0"} | ({"Date": date} if date else {}))
    for read in (parse_retry_after, exhausted_wait):
        assert read(headers, NOW) == 30.0
        assert read(headers, NOW + 100.0, offset=-100.0) == 30.0
        assert read(headers, NOW, offset=10.0) == 20.0


def test_clock_offset() -> None:
    """The offset is the server's ``Date`` less the local time, if there is a ``Date``."""
    assert clock_offset(answered({"date": http_date(NOW)}), NOW - 90.5) == 90.5
    assert clock_offset(answered({"Date": http_date(NOW)}), NOW + 90.5) == -90.5
    for unreadable in ({}, {"Date": ""}, {"Date": "today"}, {"Date": " " * 2_000 + DATE["Date"]}):
        assert clock_offset(answered(unreadable), NOW) is None


def test_answers_from_a_cache() -> None:
    """A response from a cache (``Age``) tells neither the present limit nor the time."""
    fresh = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30", **DATE}
    for age in ({}, {"Age": "0"}):
        assert exhausted_wait(answered(fresh | age), NOW) == 30.0
        assert clock_offset(answered(fresh | age), NOW) == 0.0
    assert exhausted_wait(answered(fresh | {"Age": "7"}), NOW) is None
    assert clock_offset(answered(fresh | {"Age": "7"}), NOW) is None


def test_huge_headers_are_not_looked_at() -> None:
    """A line of megabytes is not read, nor is more than a few lines of one name."""
    for name, value in (("Retry-After", "5"), (RESETS[0], iso(IN_30)), ("RateLimit", "t=9")):
        assert parse_retry_after(answered({name: " " * 2**20 + value}), NOW) is None
    many = [("RateLimit", '"a";r=1;t=5')] * 10_000
    assert parse_retry_after(answered([*many, ("RateLimit", '"a";r=0;t=5')]), NOW) is None


NAMES = ["Retry-After", *RESETS, *COUNTS, "RateLimit", "Date", "Age"]

odd_numbers = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["0", "1e999", "-0", "0x10", "٣", "¹", "9" * 400, "1" * 12, "NaN", "∞"]),
)
odd_dates = st.one_of(
    st.datetimes().map(datetime.isoformat),
    st.builds(
        "{0:%Y-%m-%dT%H:%M:%S}{1:+03d}:{2:02d}".format,
        st.datetimes(),
        st.integers(-24, 24),
        st.integers(0, 99),
    ),
    st.datetimes().map(lambda at: format_datetime(at.replace(tzinfo=UTC), usegmt=True)),
    st.from_regex(r"[A-Z][a-z]{2}, \d{1,6} [A-Z][a-z]{2} \d{1,12} \d+:\d+:\d+ [+-]\d{1,9}"),
)
odd_policies = st.lists(
    st.builds("{};r={};t={}".format, st.text('a"\\,;= '), odd_numbers, odd_numbers)
).map(", ".join)
odd_text = st.one_of(
    st.text(),
    odd_numbers,
    odd_dates,
    odd_policies,
    st.lists(odd_numbers).map(",".join),
    st.text('r=t0,;" \\'),
)


@given(st.lists(st.tuples(st.sampled_from(NAMES), odd_text)), st.floats(-1e11, 1e11))
@example([("Retry-After", "Mon, 01 Jan 2024 00:00:00 +9999999999")], NOW)
@example([("Retry-After", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT")], NOW)
@example([("X-Rate-Limit-Reset", "2024-01-01T00:00:00+\u0660\u0665:\u0660\u0660")], NOW)
@example([("Retry-After", "\x00"), ("Date", "\ud800")], NOW)
def test_whatever_stands_in_the_headers(lines: list[tuple[str, str]], now: float) -> None:
    """No string in any header raises, and each wait that is read is finite and in bounds."""
    headers = answered(lines)
    for wait in (parse_retry_after(headers, now), exhausted_wait(headers, now)):
        assert wait is None or 0.0 <= wait <= TEN_YEARS
    offset = clock_offset(headers, now)
    assert offset is None or math.isfinite(offset)


# How a reset so many seconds after the server's time is written, and how exact that is.
Rendering = tuple[Callable[[float, float], str], float]
RENDERINGS: dict[str, Rendering] = {
    "seconds": (lambda _server, wait: f"{wait:.0f}", 0.5),
    "seconds with decimals": (lambda _server, wait: f"{wait:.3f}", 0.001),
    "seconds with a unit": (lambda _server, wait: f"{wait:.0f}s", 0.5),
    "epoch": (lambda server, wait: f"{server + wait:.0f}", 0.5),
    "epoch with decimals": (lambda server, wait: f"{server + wait:.3f}", 0.001),
    "epoch in milliseconds": (lambda server, wait: f"{(server + wait) * 1_000:.0f}", 0.001),
    "RFC 3339": (lambda server, wait: iso(server + wait), 0.001),
    "RFC 3339 elsewhere": (lambda server, wait: iso(server + wait, INDIA), 0.001),
    "HTTP date": (lambda server, wait: http_date(server + wait), 1.0),
}
POLICIES: dict[str, str] = {
    "draft 07": "limit=100, remaining=0, reset={:.0f}",
    "draft 08": '"burst";r=5;t=1, "default";r=0;t={:.0f}',
}
waits = st.floats(0.0, 1e7)
servers = st.integers(1_500_000_000, 4_000_000_000).map(float)
skews = st.floats(-1e8, 1e8)


@given(st.sampled_from(["Retry-After", *RESETS]), waits, servers, skews)
@pytest.mark.parametrize("form", RENDERINGS)
def test_the_reset_is_as_far_ahead_as_was_meant(
    form: str, name: str, wait: float, server: float, skew: float
) -> None:
    """A reset in any form is as many seconds ahead as the server meant, by any local clock."""
    render, exactness = RENDERINGS[form]
    lines = {name: render(server, wait)} | dict.fromkeys(COUNTS, "0")
    now = server + skew
    dated = answered(lines | {"Date": http_date(server)})
    expected = pytest.approx(wait, abs=exactness + 1e-5)
    assert parse_retry_after(dated, now) == expected
    # Without a Date: by the offset that an earlier answer told.
    offset = clock_offset(dated, now)
    assert offset == pytest.approx(-skew, abs=1e-5)
    assert parse_retry_after(answered(lines), now, offset=offset or 0.0) == expected
    if name in RESETS:
        assert exhausted_wait(dated, now) == expected
        assert exhausted_wait(answered(lines), now, offset=offset or 0.0) == expected


@given(waits, skews)
@pytest.mark.parametrize("form", POLICIES)
def test_policies_depend_on_no_clock(form: str, wait: float, skew: float) -> None:
    """The structured header counts seconds, so that no clock of either side matters."""
    headers = answered({"RateLimit": POLICIES[form].format(wait)} | DATE)
    for read in (parse_retry_after, exhausted_wait):
        assert read(headers, NOW + skew, offset=skew) == pytest.approx(wait, abs=0.5)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10**6)), min_size=1, max_size=4))
def test_of_several_limits(limits: list[tuple[int, int]]) -> None:
    """Lists, repeated lines and policies agree: the longest wait of those used up counts."""
    expected = max((float(wait) for left, wait in limits if left == 0), default=None)
    lists = {
        "X-RateLimit-Remaining": ", ".join(str(left) for left, _ in limits),
        "X-RateLimit-Reset": ", ".join(str(wait) for _, wait in limits),
    }
    lines = [
        *(("RateLimit-Remaining", str(left)) for left, _ in limits),
        *(("RateLimit-Reset", str(wait)) for _, wait in limits),
    ]
    policies = {"RateLimit": ", ".join(f'"a";r={left};t={wait}' for left, wait in limits)}
    for headers in (answered(lists), answered(lines), answered(policies)):
        assert parse_retry_after(headers, NOW) == expected
        assert exhausted_wait(headers, NOW) == expected
