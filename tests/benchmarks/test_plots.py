"""Tables and pictures made of a small document, and the page that they are written into."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import msgspec
import pytest
from plots import SECTIONS, Results, filled, markdown, pictures
from running import NAMES
from svg import Bar, Chart, Group, draw
from tables import Document

PAGE = Path(__file__).parents[2] / "docs" / "speed.md"
SVG = "{http://www.w3.org/2000/svg}"
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"

ROWS: dict[str, list[dict[str, Any]]] = {
    "call": [
        {"contender": "sdk", "concurrency": 64, "cpu_us": 108.0, "to_tuned": 1.08},
        {"contender": "tuned", "concurrency": 64, "cpu_us": 100.0, "to_tuned": 1.0},
        {"contender": "auth0", "concurrency": 64, "note": "absent: auth0-python"},
        {"contender": "tuned", "concurrency": 1, "cpu_us": 140.0, "to_tuned": 1.0},
        {"contender": "sdk", "concurrency": 64, "loop": "uvloop", "to_tuned": 9.0},
    ],
    "decode": [
        {"what": "decoding: user", "contender": "operation.decode", "value": 1.9, "unit": "µs"}
        | {"ratio": 1.02, "target": "ratio 1.10", "met": True},
        {"what": "decoding: user", "contender": "pydantic", "note": "absent: pip install"},
        {"what": "keeping 9 users: wire", "contender": "dicts", "value": 80.0, "unit": "ms"},
        {"what": "keeping 9 users: wire", "contender": "Structs of frontegg_async"}
        | {"value": 4.0, "unit": "ms", "target": "20 ms", "met": True},
    ],
    "bulk": [
        {"way": "bulk.assign", "rows": rows, "to_bare": 1.1, "cpu_us_per_row": 121.0}
        | {"peak_mib": 50.0 + rows / 1_000, "rows_per_s": 4_000.0}
        for rows in (1_000, 9_000)
    ],
    "fleet": [{"what": "web calls failed", "contender": "fleet", "value": 0.1, "unit": "%"}],
    "instructions": [
        {"contender": "sdk", "concurrency": 64, "instructions": 279_624.0, "to_tuned": 0.49},
        {"contender": "tuned", "concurrency": 64, "instructions": 565_551.0, "to_tuned": 1.0},
    ],
    "engine": [{"rows": 1_000, "cpu_us": 40.0, "wall_us": 44.0, "peak_mib": 48.0}],
    "pacing": [
        {"scenario": "100 / 1 s", "strategy": "ours", "goodput": 0.9914, "wasted": 0.0043},
        {"scenario": "100 / 1 s", "strategy": "theirs", "goodput": 0.5, "wasted": 0.4},
        {"scenario": "asking", "strategy": "ours", "nanoseconds": 465.2},
    ],
    "pacing_socket": [
        {"what": "bulk alone: until the last row", "contender": "frontegg_async", "value": 24.8}
        | {"unit": "s", "ratio": 0.9, "target": "≤ 30 s", "met": True, "note": "ideal 24 s"}
    ],
    "startup": [
        {"what": "CPU", "contender": "import frontegg_async", "value": 260.0, "unit": "ms"}
        | {"ratio": 1.01}
    ],
    "token": [{"what": "hot path", "contender": "frontegg_async", "value": 81.0, "unit": "ns"}],
    "verify": [{"what": "a check", "contender": "jwt.decode", "value": 45.0, "unit": "µs"}],
}


def document(name: str) -> Document:
    """Return a small document of a benchmark."""
    return Document(name, {"python": "3.11"}, {"cores": 2}, {"rounds": 1}, ROWS[name])


def parsed(made: Chart) -> ET.Element:
    """Return a picture as a tree; one that is no XML fails here."""
    return ET.fromstring(draw(made))  # noqa: S314  # our own


def drawn(name: str) -> list[ET.Element]:
    """Return a benchmark's pictures."""
    return [parsed(each) for each in pictures(name, document(name)).values()]


def test_every_benchmark_is_shown() -> None:
    """No benchmark is left out of the page, and the page promises none that there is not."""
    assert sorted(SECTIONS) == NAMES == sorted(ROWS)
    marks = re.findall(r"<!-- speed:(\w+) -->\n(?:.*?\n)?<!-- /speed:\1 -->", _page(), re.DOTALL)
    assert sorted(marks) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_what_was_measured_stands_between_the_marks(name: str) -> None:
    """Filling the page twice gives the same page, and leaves its own text alone."""
    results = Results({name: document(name)})
    once = filled(_page(), results)
    assert filled(once, results) == once
    assert "rounds 1; python 3.11; cores 2." in once
    assert _words(once).startswith("# Speed, measured")
    assert _words(once) == _words(_page())
    for file in pictures(name, document(name)):
        assert f"]({file})" in once


def test_a_quick_run_says_so() -> None:
    """Figures of a quick run cannot be taken for real ones."""
    results = Results({"engine": document("engine")}, quick=True)
    assert "none to quote" in filled(_page(), results)


def test_a_page_without_a_place_is_refused() -> None:
    """Nothing that was measured is dropped silently."""
    with pytest.raises(ValueError, match="speed:engine"):
        filled("# A page", Results({"engine": document("engine")}))


def test_a_table_leaves_empty_columns_out() -> None:
    """Figures are to the right, bars in a cell are escaped, and a column of nothing is gone."""
    text = markdown([["name", "cost", "note"], ["a|b", "1,200", ""], ["c", "", ""]])
    assert text.splitlines() == [
        "| name | cost |",
        "| --- | --: |",
        "| a\\|b | 1,200 |",
        "| c |  |",
    ]


def test_those_absent_stay_in_the_table() -> None:
    """A peer that could not be measured is in the table, and not in the picture."""
    text = filled(_page(), Results({"call": document("call")}))
    assert "| auth0, async client | asyncio | 64 |" in text
    assert "absent: auth0-python" in text
    (picture,) = drawn("call")
    assert not [each for each in picture.iter(f"{SVG}text") if "auth0" in (each.text or "")]


@pytest.mark.parametrize("name", NAMES)
def test_pictures_speak_and_run_nothing(name: str) -> None:
    """Every picture has a title and a description, follows the reader's colours, and is inert."""
    for made, picture in zip(pictures(name, document(name)).values(), drawn(name), strict=True):
        assert picture.findtext(f"{SVG}title") == made.title
        assert made.description in [each.text for each in picture.iter(f"{DUBLIN_CORE}description")]
        assert "prefers-color-scheme: dark" in (picture.findtext(f"{SVG}style") or "")
        assert {each.tag.removeprefix(SVG) for each in picture.iter() if SVG in each.tag} <= {
            "svg", "title", "metadata", "style", "defs", "g", "path", "use", "text", "clipPath",
            "rect",
        }  # fmt: skip
        links = [value for each in picture.iter() for key, value in each.items() if "href" in key]
        assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize("name", NAMES)
def test_every_bar_stands_in_the_picture(name: str) -> None:
    """Labels and figures are text that a reader can search, in the order of the bars."""
    for made, picture in zip(pictures(name, document(name)).values(), drawn(name), strict=True):
        texts = [each.text for each in picture.iter(f"{SVG}text")]
        for wanted in ([bar.label for bar in made.bars], [bar.text for bar in made.bars]):
            assert [text for text in texts if text in wanted] == wanted
        assert made.title in texts
        assert made.axis in texts


def test_the_same_figures_make_the_same_picture() -> None:
    """A picture that is drawn again differs in no byte, and holds no date and no version."""
    (made,) = pictures("startup", document("startup")).values()
    text = draw(made)
    assert draw(made) == text
    assert "dc:date" not in text
    assert mpl.__version__ not in text


def test_the_call_is_drawn_at_64_at_once() -> None:
    """Other concurrencies and loops are in the table only; the cheapest comes first."""
    (made,) = pictures("call", document("call")).values()
    assert [(bar.label, bar.value) for bar in made.bars] == [
        ("aiohttp, tuned by hand", 1.0),
        ("frontegg_async", 1.08),
    ]


def test_the_cost_of_a_row_is_drawn_for_the_largest_file() -> None:
    """Small files are over before they are fast; memory is drawn for all sizes."""
    cost, memory = pictures("bulk", document("bulk")).values()
    assert "9,000" in cost.axis
    assert [bar.value for bar in cost.bars] == [1.1]
    assert [bar.label for bar in memory.bars] == ["1,000 rows", "9,000 rows"]


def test_names_are_escaped() -> None:
    """What a peer calls itself cannot break the picture."""
    made = Chart(title="a & b", description="<c>", axis="", groups=[Group("", [Bar("<d>", 1, "")])])
    picture = parsed(made)
    assert "<c>" in [each.text for each in picture.iter(f"{DUBLIN_CORE}description")]
    assert "<d>" in [each.text for each in picture.iter(f"{SVG}text")]


def test_documents_are_read_as_they_are_gathered() -> None:
    """What ``python -m benchmarks --json`` writes is what is drawn."""
    written = msgspec.json.encode(
        {"benchmarks": {"engine": document("engine")}, "failed": [], "quick": True}
    )
    assert msgspec.json.decode(written, type=Results) == Results(
        {"engine": document("engine")}, quick=True
    )


def _page() -> str:
    return PAGE.read_text(encoding="utf-8")


def _words(page: str) -> str:
    """Return what people wrote of the page."""
    return re.sub(r"(<!-- speed:(\w+) -->).*?(<!-- /speed:\2 -->)", r"\1\3", page, flags=re.DOTALL)
