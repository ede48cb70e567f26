"""The progress of a bulk run, drawn on stderr if somebody watches it there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, ProgressColumn, Task, TimeRemainingColumn
from rich.progress import Progress as Display
from rich.text import Text

from . import output

if TYPE_CHECKING:
    from ..bulk import Progress

_CHUNK: Final = 1 << 20
_REFRESHES: Final = 5
"""Drawn so often a second, by a thread: a busy event loop must not freeze the display."""


def count_rows(path: Path) -> int | None:
    """Return about how many rows a file has, or None if that cannot be told beforehand.

    Blank lines and line breaks in quotes count too: this is for a bar, and must be quick.
    """
    if not path.is_file():
        return None
    ends, last = 0, b"\n"
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                ends += chunk.count(b"\n")
                last = chunk[-1:]
    except OSError:
        return None  # the run meets the same trouble, and says so
    lines = ends + (last != b"\n")
    return max(lines - 1, 0) if path.suffix.lower() == ".csv" else lines


class RunProgress:
    """Called for every row of a run; shows how far it is, inside ``with``.

    Args:
        path: the file that the run reads.
    """

    def __init__(self, path: Path) -> None:
        self._live: Progress | None = None
        self._display: _Display | None = None
        if output.progress_on_terminal():
            self._display = _Display(self, count_rows(path))

    def __call__(self, progress: Progress) -> None:
        """Remember the counts."""
        # Millions of calls with one and the same object: remember it, and leave.
        if self._live is not progress:
            self._live = progress

    @property
    def rows(self) -> int:
        """How many rows have ended."""
        return 0 if self._live is None else self._live.rows

    def counts(self) -> str:
        """Say how many rows ended in what, leaving out what none ended in."""
        live = self._live
        if live is None:
            return "starting"
        return ", ".join(
            f"{count:,} {name}"
            for count, name in (
                (live.added, "added"),
                (live.already_member, "already members"),
                (live.failed, "failed"),
                (live.unknown, "in doubt"),
                (live.invalid, "invalid"),
                (live.skipped, "skipped"),
            )
            if count
        )

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


class _Rows(ProgressColumn):
    """``12,345 of 100,000 rows, 1,234 a second``."""

    def render(self, task: Task) -> Text:
        total = "" if task.total is None else f" of {task.total:,.0f}"
        speed = "" if task.speed is None else f", {task.speed:,.0f} a second"
        return Text(f"{task.completed:,.0f}{total} rows{speed}", no_wrap=True)


class _Display(Display):
    """Asks the run how far it is whenever it draws, so that nobody has to tell it."""

    def __init__(self, run: RunProgress, total: int | None) -> None:
        super().__init__(
            _Rows(),
            BarColumn(bar_width=20),
            TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False),
            refresh_per_second=_REFRESHES,
            transient=True,
            # stdout may be a file, and is none of the display's business.
            redirect_stdout=False,
        )
        self._run = run
        self._rows_task = self.add_task("rows", total=total)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Return what is drawn now: the bar, and the counts below it."""
        run = getattr(self, "_run", None)
        if run is None:
            return  # rich draws once while it is being set up
        self.update(self._rows_task, completed=run.rows)
        yield from super().get_renderables()
        yield Text(run.counts(), no_wrap=True, overflow="ellipsis")
