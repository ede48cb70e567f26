"""Output on stdout and stderr.

Strings come from servers and files and are shown on terminals, which obey control characters: these
are escaped.
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
    """Print a message on stderr."""
    click.echo(printable(text), err=True)


def error(text: str) -> None:
    """Print an error on stderr, in the form that click uses for wrong usage."""
    note(f"Error: {text}")


def data(text: str) -> None:
    """Print a line of data on stdout."""
    click.echo(printable(text))


def json(value: Any, *, indent: bool = False) -> None:
    """Print one JSON document on stdout, in UTF-8 whatever the locale."""
    encoded = msgspec.json.encode(value)
    if indent:
        encoded = msgspec.json.format(encoded, indent=2)
    click.echo(_CONTROLS.sub(_escape, encoded))


def _escape(match: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(match[0].decode())


def on_terminal() -> bool:
    """Return whether stdout is a terminal, so that data may be laid out for people."""
    return _is_terminal(sys.stdout)


def progress_on_terminal() -> bool:
    """Return whether stderr is a terminal."""
    return _is_terminal(sys.stderr)


def can_ask() -> bool:
    """Return whether a question can be asked: stdin and stderr are terminals."""
    return _is_terminal(sys.stdin) and _is_terminal(sys.stderr)


def _is_terminal(stream: Any) -> bool:
    # Any of the three is None where the program was started without it.
    return stream is not None and stream.isatty()


def flush() -> None:
    """Flush stdout; raises OSError if its reader has gone."""
    if sys.stdout is not None:  # pyright: ignore[reportUnnecessaryComparison]  # started without
        sys.stdout.flush()


def give_up_stdout() -> None:
    """Redirect stdout to the null device, so that the interpreter's last flush cannot fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        target = sys.stdout.fileno()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, target)
        os.close(nowhere)
