"""Errors as tools report them that show the variables of frames."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any, Final, cast

import pytest
from rich.traceback import Traceback
from structlog.tracebacks import ExceptionDictTransformer

from .sessions import API_KEY

HERE: Final = str(Path(__file__).parents[1])
"""The folder of tests: its frames hold canaries, and are left out."""

CANARY: Final = "canary-in-a-frame-41d7"
CANARIES: Final = (API_KEY, CANARY)


def links_of(error: BaseException) -> Iterator[BaseException]:
    """Give an error and all that hangs on it, suppressed or not."""
    waiting, seen = [error], set[int]()
    while waiting:
        link = waiting.pop()
        if id(link) not in seen:
            seen.add(id(link))
            yield link
            waiting += [each for each in (link.__cause__, link.__context__) if each is not None]


def by_the_standard_library(error: BaseException) -> str:
    """Show the frames with ``capture_locals``."""
    parts: list[str] = []
    for link in links_of(error):
        report = traceback.TracebackException(
            type(link), link, link.__traceback__, capture_locals=True
        )
        frames = [frame for frame in report.stack if not frame.filename.startswith(HERE)]
        parts += [str(frame.locals) for frame in frames]
        parts += [repr(link), str(link), repr(link.args), repr(vars(link))]
    return "\n".join(parts)


def by_rich(error: BaseException) -> str:
    """Show the frames as ``rich.traceback.install(show_locals=True)`` does."""
    parts: list[str] = []
    for link in links_of(error):
        trace = Traceback.extract(
            type(link),
            link,
            link.__traceback__,
            show_locals=True,
            locals_max_length=10_000,
            locals_max_string=10_000,
            locals_hide_dunder=False,
        )
        for stack in trace.stacks:
            parts += [
                str(frame.locals) for frame in stack.frames if not frame.filename.startswith(HERE)
            ]
    return "\n".join(parts)


def by_structlog(error: BaseException) -> str:
    """Show the frames as structlog's dictionaries do by default, and at any length."""
    parts: list[str] = []
    for use_rich in (True, False):
        transform = ExceptionDictTransformer(
            show_locals=True, locals_max_length=10_000, locals_max_string=10_000, use_rich=use_rich
        )
        for link in links_of(error):
            for entry in transform((type(link), link, link.__traceback__)):
                frames = cast("list[dict[str, Any]]", entry["frames"])
                parts += [
                    json.dumps(frame, default=str)
                    for frame in frames
                    if not frame["filename"].startswith(HERE)
                ]
                parts.append(str(entry["exc_value"]))
    return "\n".join(parts)


def assert_hidden(error: BaseException, *more: str) -> None:
    """Fail if one of the three reports shows a canary."""
    for show in (by_the_standard_library, by_rich, by_structlog):
        text = show(error)
        for canary in (*CANARIES, *more):
            at = text.find(canary)
            assert at < 0, f"{show.__name__}: …{text[max(at - 200, 0) : at]}"


async def error_of(work: Awaitable[Any]) -> BaseException:
    """Return the error of an awaitable."""
    try:
        await work
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # of any kind
        return error
    pytest.fail("it raised nothing")


def shown(error: BaseException) -> str:
    """Give all that a log, a crash report or a debugger makes of an error, our frames left out."""
    parts: list[str] = []
    for link in links_of(error):
        trace = link.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename.startswith(HERE):
            trace = trace.tb_next
        report = traceback.TracebackException(type(link), link, trace, capture_locals=True)
        parts += [*report.format(chain=False), repr(link), str(link), repr(link.args)]
        parts.append(repr(vars(link)))
    return "\n".join(parts)
