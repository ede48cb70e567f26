"""The report page in a real browser: it fits, it follows the system's colours, it prints."""

from __future__ import annotations

import base64
import itertools
import os
import re
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from frontegg_async.bulk.report.page import render_page

from .runs import HOSTILE, RUNS

CHROMIUM: Final = shutil.which("chromium")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)
PHONE, DESKTOP = 360, 1280

pytestmark = pytest.mark.anyio

# Boxes that stick out of the window, and their texts.
STICKING_OUT: Final = """
[...document.querySelectorAll("body *")].filter(one => {
  const box = one.getBoundingClientRect();
  return !one.closest("thead") && box.width && (box.left < -.5 || box.right > innerWidth + .5);
}).map(one => one.tagName + " " + one.textContent.slice(0, 40))
"""
# The boxes of the labels in each chart.
LABELS: Final = """
[...document.querySelectorAll(".plot > svg")].map(chart =>
  [...chart.querySelectorAll("text")].map(one => one.getBoundingClientRect())
    .filter(box => box.width).map(box => [box.left, box.right, box.top, box.bottom]))
"""


class Page:
    """A tab of the browser, over the DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """Call a method and return its result; events that come meanwhile are kept."""
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json()
            if message.get("id") == number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result
            self.events.append(message)

    async def open(self, path: Path, width: int) -> None:
        """Show a file in a window of that width."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=width == PHONE,
        )
        for domain in ("Page", "Network", "Log", "Runtime"):
            await self.call(f"{domain}.enable")
        await self.call("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(await self._socket.receive_json())

    async def ask(self, expression: str) -> Any:
        """Evaluate JavaScript; the page's own policy, which allows none, does not bind this."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def use_scheme(self, scheme: str, media: str = "") -> None:
        """Ask for light or for dark, as the system's setting does; ``print`` shows a sheet."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self.call("Emulation.setEmulatedMedia", media=media, features=[feature])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a browser's DevTools. CI must have one; elsewhere it may be missing."""
    if CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has no chromium: apt-get install chromium fonts-dejavu-core")
        pytest.skip("there is no chromium on this machine (Debian's package of that name)")
    profile = tmp_path_factory.mktemp("profile")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    # A session of its own: its helpers end with it.
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        try:
            for line in process.stderr:
                found = re.search(r"DevTools listening on ws://([^/]+)/", line)
                if found:
                    yield f"http://{found[1]}"
                    break
            else:
                pytest.fail("chromium ended before it could be used")
        finally:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
async def page(browser: str) -> AsyncIterator[Page]:
    """Give an empty tab."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(30)) as session:
        async with session.put(f"{browser}/json/new?about:blank") as response:
            tab = await response.json()
        async with session.ws_connect(tab["webSocketDebuggerUrl"], max_msg_size=0) as socket:
            yield Page(socket)
        async with session.get(f"{browser}/json/close/{tab['id']}"):
            pass


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give the pages of all runs, as files."""
    folder = tmp_path_factory.mktemp("pages")
    written = {name: folder / f"{name}.html" for name in RUNS}
    for name, path in written.items():
        path.write_text(render_page(*RUNS[name]()), "utf-8")
    return written


@pytest.mark.parametrize("width", [PHONE, 768, DESKTOP])
@pytest.mark.parametrize("name", RUNS)
async def test_it_fits(page: Page, files: dict[str, Path], name: str, width: int) -> None:
    """Nothing is wider than the window, and no label of a chart covers another."""
    await page.open(files[name], width)
    assert await page.ask("innerWidth") == width
    assert await page.ask("document.documentElement.scrollWidth") <= width
    assert await page.ask(STICKING_OUT) == []
    for labels in await page.ask(LABELS):
        for one, other in itertools.combinations(labels, 2):
            apart = one[1] <= other[0] or other[1] <= one[0]
            # Lines of text are taller than letters; boxes may touch by that much.
            assert apart or one[3] <= other[2] + 3 or other[3] <= one[2] + 3


@pytest.mark.parametrize("name", ["long", "hostile"])
async def test_it_loads_and_runs_nothing(page: Page, files: dict[str, Path], name: str) -> None:
    """The page is the only thing requested, nothing violates its policy, no script came to be."""
    await page.open(files[name], DESKTOP)
    shown = await page.ask("document.body.innerText")
    asked = [
        event["params"]["request"]["url"]
        for event in page.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [files[name].as_uri()]
    kinds = {event["method"] for event in page.events}
    assert not kinds & {
        "Log.entryAdded",
        "Page.javascriptDialogOpening",
        "Runtime.consoleAPICalled",
    }
    assert await page.ask("document.scripts.length") == 0
    if name == "hostile":
        assert HOSTILE[:27] in shown
        assert r"&amp;\u202e" in shown


async def test_it_would_not_load_anything(page: Page, files: dict[str, Path]) -> None:
    """The policy holds: an image that is put into the page afterwards is not fetched."""
    await page.open(files["small"], DESKTOP)
    await page.ask(
        "new Promise(done => { const image = new Image(); image.onerror = done;"
        "document.body.append(image); image.src = 'http://127.0.0.1:9/x.png'; })"
        ".then(() => null)"
    )
    assert any("Content Security Policy" in str(event) for event in page.events)


async def test_light_and_dark(page: Page, files: dict[str, Path]) -> None:
    """The page follows the system: dark text on light, or light text on dark."""
    await page.open(files["long"], DESKTOP)
    colours: dict[str, list[float]] = {}
    for scheme in ("light", "dark"):
        await page.use_scheme(scheme)
        colours[scheme] = await page.ask(
            "['backgroundColor', 'color'].map(name => getComputedStyle(document.body)[name]"
            ".match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0))"
        )
    assert colours["light"][0] > 600 > 200 > colours["light"][1]
    assert colours["dark"][1] > 600 > 200 > colours["dark"][0]


@pytest.mark.parametrize(
    ("name", "most"), [("long", 4), ("stopped", 4), ("small", 2), ("empty", 2)]
)
async def test_it_prints(page: Page, files: dict[str, Path], name: str, most: int) -> None:
    """On A4 the page takes as many sheets as it needs and no more, on white in dark mode too."""
    await page.open(files[name], DESKTOP)
    await page.use_scheme("dark")
    answer = await page.call(
        "Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True
    )
    document = base64.b64decode(answer["data"])
    assert document.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", document)) <= most
    await page.use_scheme("dark", media="print")
    assert await page.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


async def test_charts_are_images_with_words(page: Page, files: dict[str, Path]) -> None:
    """A reader who cannot see the charts hears their figures."""
    await page.open(files["long"], DESKTOP)
    tree = await page.call("Accessibility.getFullAXTree")
    heard = [
        node["name"]["value"]
        for node in tree["nodes"]
        if node.get("role", {}).get("value") in {"image", "img"}
    ]
    assert len(heard) == 4
    assert heard[0].startswith("Rows a second 16.7 on average")
    assert "the learned limit was between 16.6 and 30, 16.6 at last" in heard[1]
    assert "70 in all, none after 2 min 40 s" in heard[2]
    assert re.search(r"p50 ≤ \d+ ms, p90 ≤ \d+ ms, p99 ≤ ", heard[3])


async def test_tables_stay_tables_on_a_phone(page: Page, files: dict[str, Path]) -> None:
    """Every value still has its head in a table that becomes a list, for eyes and for ears."""
    await page.open(files["long"], PHONE)
    assert await page.ask(
        "[...document.querySelectorAll('td')].every(one =>"
        "getComputedStyle(one, '::before').content.length > 4)"
    )
    tree = await page.call("Accessibility.getFullAXTree")
    roles = [node.get("role", {}).get("value") for node in tree["nodes"]]
    assert "columnheader" in roles
