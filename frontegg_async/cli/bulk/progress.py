"""Progress of a bulk run on stderr: drawn on a terminal, else a line every few seconds."""

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
"""Seconds between two lines, without a terminal."""
LOOK_EVERY_S: Final = 1.0
"""Seconds between two looks without a terminal, and without a row until the rate is 0."""
RATE_WINDOW_S: Final = 30.0
"""Seconds over which the rate is measured."""
_CHUNK_BYTES: Final = 1 << 20
_REFRESHES_PER_S: Final = 5
"""Redraws a second, by a thread: a busy event loop must not freeze the display."""


def count_rows(path: Path) -> int | None:
    """Return the approximate number of rows in a file, or None if it cannot be known beforehand.

    Blank lines and line breaks in quotes count as rows: the number is for a bar, and must be quick.
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
        return None  # the run meets the same error and reports it
    lines = ends + (last != b"\n")
    return max(lines - 1, 0) if path.suffix.lower() == ".csv" else lines


class RunProgress:
    """Shows the progress of a run, inside ``with``.

    The run calls it for every row. Rows counted before the first call ended in earlier runs, and
    are left out of the rate.

    The rate is measured since calls last waited. While they wait there is none: the limit is named
    instead, with the time until the next calls.

    Args:
        total: number of rows, if it is known beforehand.
        now: returns the time in seconds.
    """

    def __init__(self, total: int | None, now: Callable[[], float] = time.monotonic) -> None:
        self._total: Final = total
        self._now: Final = now
        self._live: Progress | None = None
        self._moving = False
        self._seen: Final[deque[tuple[float, int]]] = deque()
        self._display = _Display(self) if output.progress_on_terminal() else None

    def __call__(self, _progress: Progress) -> None:
        """Note that a row has ended."""
        self._moving = True

    def watch(self, progress: Progress) -> None:
        """Show these counts from now on."""
        self._live = progress

    @property
    def rows(self) -> int:
        """Number of rows that have ended."""
        return 0 if self._live is None else self._live.rows

    @property
    def total(self) -> int | None:
        """Number of rows, or None while it is not known."""
        return self._total if self._live is None else self._live.total or self._total

    def look(self) -> None:
        """Record the number of rows now, for the rate."""
        now = self._now()
        if not self._moving or self._wait() is not None:
            self._seen.clear()
        self._seen.append((now, self.rows))
        while len(self._seen) > 2 and self._seen[1][0] < now - RATE_WINDOW_S:
            self._seen.popleft()

    def _wait(self) -> Wait | None:
        return None if self._live is None else self._live.wait

    def rate(self) -> float | None:
        """Return rows a second since calls last waited, within the window, or None."""
        if len(self._seen) < 2 or self._seen[-1][0] <= self._seen[0][0]:
            return None
        (since, before), (now, rows) = self._seen[0], self._seen[-1]
        if rows == before and now - since < LOOK_EVERY_S:
            return None  # only a call that probes the limit has been sent
        return (rows - before) / (now - since)

    def headline(self) -> str:
        """Return rows and rate: ``12,345 of 100,000 rows, 1,234 a second``."""
        total, rate = self.total, self.rate()
        of = "" if total is None else f" of {total:,}"
        speed = "" if rate is None else f", {phrases.rate(rate)} a second"
        return f"{self.rows:,}{of} rows{speed}"

    def left(self) -> str:
        """Return the remaining time, or ""."""
        left = None if self._live is None else self._live.left_s
        return f"about {phrases.elapsed(left)} left" if left else ""

    def wait(self) -> str:
        """Return the limit that is used up and the time until the next calls, or ""."""
        wait = self._wait()
        return "" if wait is None else output.printable(str(wait))

    def counts(self) -> str:
        """Return the rows of all runs by outcome, without zeros."""
        live = self._live
        if live is None:
            return "starting"
        counts = ", ".join(
            f"{count:,} {live.labels[outcome].words}"
            for outcome, count in live.counts.items()
            if count
        )
        if live.earlier and counts:
            counts += f" ({live.earlier:,} of these by earlier runs)"
        duplicates = f"{live.duplicates:,} duplicates" if live.duplicates else ""
        return ", ".join(filter(None, (live.note, counts, duplicates))) or "starting"

    def server(self) -> str:
        """Return the learned limit, the time waited and the throttled responses, or ""."""
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
        """Print a message to the user, above the display."""
        if self._display is None:
            output.note(text)
        else:
            self._display.console.print(Text(output.printable(text)))

    async def log(self) -> None:
        """Print a line every few seconds, if there is no display, until cancelled."""
        while self._display is None:
            # Looks are more frequent than lines, so that waits between them do not lower the rate.
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
    """The headline of a run as a column."""

    def __init__(self, run: RunProgress) -> None:
        super().__init__()
        self._run = run

    def render(self, task: Task) -> Text:
        del task
        return Text(self._run.headline(), no_wrap=True)


class _Display(Display):
    """A display that reads the state of the run at each redraw."""

    def __init__(self, run: RunProgress) -> None:
        super().__init__(
            _Headline(run),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[left]}"),
            console=Console(stderr=True, highlight=False),
            refresh_per_second=_REFRESHES_PER_S,
            transient=True,
            # stdout may be a file, and carries data only.
            redirect_stdout=False,
        )
        self._run = run
        self._rows_task = self.add_task("rows", total=None, left="")

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return the bar, and the lines below it."""
        run = getattr(self, "_run", None)
        if run is None or not hasattr(self, "_rows_task"):
            return  # rich draws once during set-up
        run.look()
        self.update(self._rows_task, completed=run.rows, total=run.total, left=run.left())
        yield from super().get_renderables()
        for line in (run.counts(), run.wait(), run.server()):
            if line:
                yield Text(line, no_wrap=True, overflow="ellipsis")
