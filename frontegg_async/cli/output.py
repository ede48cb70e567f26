"""What goes to stdout and stderr, and in which shape.

Texts come from servers and from files, and end up on terminals, which obey control characters:
none of them gets through.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
from typing import Any, Final

import click
import msgspec

from .._core.printable import printable as printable

# DEL and C1, in UTF-8: JSON need not escape them, and terminals act on them.
_CONTROLS: Final = re.compile(rb"\x7f|\xc2[\x80-\x9f]")


def note(text: str) -> None:
    """Tell the user something, beside the data."""
    click.echo(printable(text), err=True)


def error(text: str) -> None:
    """Tell the user what went wrong, in the words that click uses for wrong usage."""
    note(f"Error: {text}")


def data(text: str) -> None:
    """Write a line of data."""
    click.echo(printable(text))


def json(value: Any, *, indent: bool = False) -> None:
    """Write one JSON document, in UTF-8 whatever the locale."""
    encoded = msgspec.json.encode(value)
    if indent:
        encoded = msgspec.json.format(encoded, indent=2)
    click.echo(_CONTROLS.sub(_escape, encoded))


def _escape(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match[0].decode())


def on_terminal() -> bool:
    """Whether somebody reads stdout, so that it may be laid out for eyes."""
    return _is_terminal(sys.stdout)


def progress_on_terminal() -> bool:
    """Whether somebody watches stderr."""
    return _is_terminal(sys.stderr)


def can_ask() -> bool:
    """Whether there is somebody to answer a question."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def _is_terminal(stream: Any) -> bool:
    # Any of the three is None where the program was started without it.
    return stream is not None and stream.isatty()


def flush() -> None:
    """Write out what is buffered; raises OSError where nobody takes it any more."""
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]  # started without
        sys.stdout.flush()


def give_up_stdout() -> None:
    """Lead stdout nowhere, so that the interpreter's own flush at the end cannot fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        target = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, target)
        os.close(nowhere)
