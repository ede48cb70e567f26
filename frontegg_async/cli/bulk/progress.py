"""How far a bulk run is: drawn on stderr if somebody watches it there, else a line now and then."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn
from rich.progress import Progress as Display
from rich.text import Text

from .. import output, phrases

if TYPE_CHECKING:
    from ...bulk import Progress
    from ...pacing import Wait

LOG_EVERY_S: Final = 10.0
"""Seconds between two lines where there is no terminal."""
LOOK_EVERY_S: Final = 1.0
"""Seconds between two looks there, and without a row before the rate is none."""
RATE_WINDOW_S: Final = 30.0
"""Seconds over which the rate is taken."""
_CHUNK_BYTES: Final = 1 << 20
_REFRESHES_PER_S: Final = 5
"""Drawn so often a second, by a thread: a busy event loop must not freeze the display."""


def count_rows(path: Path) -> int | None:
    """Return about how many rows a file has, or None if that cannot be told beforehand.

    Blank lines and line breaks in quotes count too: this is for a bar, and must be quick.
    """
    from ...bulk.input.file import is_stream

    if is_stream(path) or not path.is_file() or path.suffix.lower() == ".parquet":
        return None
    ends, last = 0, b"\n"
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                ends += chunk.count(b"\n")
                last = chunk[-1:]
    except OSError:
        return None  # the run meets the same trouble, and says so
    lines = ends + (last != b"\n")
    return max(lines - 1, 0) if path.suffix.lower() == ".csv" else lines


class RunProgress:
    """Shows how far a run is, inside ``with``.

    Called for every row, which tells it that what was counted before is the doing of earlier
    runs, and says nothing about how fast this one is.

    The rate is that of the time since calls waited last. While they wait there is none: the limit
    is named instead, and the time until calls go again.

    Args:
        total: rows of the whole, if that is known beforehand.
        now: the time, in seconds.
    """

    def __init__(self, total: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._total: Final = total
        self._now: Final = now
        self._live: Progress | None = None
        self._moving = False
        self._seen: Final[deque[tuple[float, int]]] = deque()
        self._display = _Display(self) if output.progress_on_terminal() else None

    def __call__(self, _progress: Progress) -> None:
        """Hear that a row has ended."""
        self._moving = True

    def watch(self, progress: Progress) -> None:
        """Look at these counts from now on."""
        self._live = progress

    @property
    def rows(self) -> int:
        """How many rows have ended."""
        return 0 if self._live is None else self._live.rows

    @property
    def total(self) -> int | None:
        """How many rows there are, or None."""
        return self._total if self._live is None else self._live.total or self._total

    def look(self) -> None:
        """Remember how far it is now; the rate is made of that."""
        now = self._now()
        if not self._moving or self._wait() is not None:
            self._seen.clear()
        self._seen.append((now, self.rows))
        while len(self._seen) > 2 and self._seen[1][0] < now - RATE_WINDOW_S:
            self._seen.popleft()

    def _wait(self) -> Wait | None:
        return None if self._live is None else self._live.wait

    def rate(self) -> float | None:
        """Return rows a second since calls waited last, over the last looks, or None."""
        if len(self._seen) < 2 or self._seen[-1][0] <= self._seen[0][0]:
            return None
        (since, before), (now, rows) = self._seen[0], self._seen[-1]
        if rows == before and now - since < LOOK_EVERY_S:
            return None  # a call that looks whether the limit is still used up waits no more
        return (rows - before) / (now - since)

    def headline(self) -> str:
        """Say how far it is, and how fast: ``12,345 of 100,000 rows, 1,234 a second``."""
        total, rate = self.total, self.rate()
        of = "" if total is None else f" of {total:,}"
        speed = "" if rate is None else f", {phrases.rate(rate)} a second"
        return f"{self.rows:,}{of} rows{speed}"

    def left(self) -> str:
        """Say how long it still takes, or nothing."""
        left = None if self._live is None else self._live.left_s
        return f"about {phrases.elapsed(left)} left" if left else ""

    def wait(self) -> str:
        """Name the limit that is used up and when calls go again, or nothing."""
        wait = self._wait()
        return "" if wait is None else output.printable(str(wait))

    def counts(self) -> str:
        """Say how many rows ended in what, of all runs, leaving out what none ended in."""
        live = self._live
        if live is None:
            return "starting"
        counts = ", ".join(
            f"{count:,} {phrases.outcome(name)}" for name, count in live.counts.items() if count
        )
        if live.earlier and counts:
            counts += f" ({live.earlier:,} of these by earlier runs)"
        duplicates = f"{live.duplicates:,} duplicates" if live.duplicates else ""
        return ", ".join(filter(None, (live.note, counts, duplicates))) or "starting"

    def server(self) -> str:
        """Say what this run knows of the server's limits, if anything."""
        live = self._live
        if live is None:
            return ""
        return ", ".join(
            part
            for part in (
                f"limit about {phrases.rate(live.limit)}/s" if live.limit is not None else "",
                f"waited {phrases.elapsed(live.waited_s)}"
                if live.waited_s >= phrases.SHORTEST_WAIT_S
                else "",
                f"throttled {live.throttled:,} times" if live.throttled else "",
            )
            if part
        )

    def say(self, text: str) -> None:
        """Tell the user something, above what is drawn."""
        if self._display is None:
            output.note(text)
        else:
            self._display.console.print(Text(output.printable(text)))

    async def log(self) -> None:
        """Write a line now and then, unless it is drawn. Ends when it is cancelled."""
        while self._display is None:
            # More often than it is said: a wait between two lines is no time of slow rows.
            looks = max(round(LOG_EVERY_S / LOOK_EVERY_S), 1)
            for _ in range(looks):
                await asyncio.sleep(LOG_EVERY_S / looks)
                self.look()
            parts = (self.headline(), self.left(), self.counts(), self.wait(), self.server())
            output.note("; ".join(filter(None, parts)))

    def __enter__(self) -> Self:
        if self._display is not None:
            self._display.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._display is not None:
            self._display.stop()


class _Headline(ProgressColumn):
    """What the run says of itself."""

    def __init__(self, run: RunProgress) -> None:
        super().__init__()
        self._run = run

    def render(self, task: Task) -> Text:
        del task
        return Text(self._run.headline(), no_wrap=True)


class _Display(Display):
    """Asks the run how far it is whenever it draws, so that nobody has to tell it."""

    def __init__(self, run: RunProgress) -> None:
        super().__init__(
            _Headline(run),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True, highlight=False),
            refresh_per_second=_REFRESHES_PER_S,
            transient=True,
            # stdout may be a file, and is none of the display's business.
            redirect_stdout=False,
        )
        self._run = run
        self._rows_task = self.add_task("rows", total=None, left="")

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return what is drawn now: the bar, and what there is to say below it."""
        run = getattr(self, "_run", None)
        if run is None or not hasattr(self, "_rows_task"):
            return  # rich draws once while it is being set up
        run.look()
        self.update(self._rows_task, completed=run.rows, total=run.total, left=run.left())
        yield from super().get_renderables()
        for line in (run.counts(), run.wait(), run.server()):
            if line:
                yield Text(line, no_wrap=True, overflow="ellipsis")
