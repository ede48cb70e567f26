"""The command line. It needs the extra ``cli``; without it, ``main`` says so and ends."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Final

__all__ = ["main"]

_EXTRA: Final = frozenset({"click", "rich"})
_MISSING: Final = "The command line needs click and rich: pip install 'frontegg-async[cli]'\n"


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a user's name must not end the run that meets it.
            stream.reconfigure(errors="backslashreplace")
    try:
        # rich is used by one command only, but a half-installed extra should say so at once.
        import_module("rich")

        from .app import app
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        sys.stderr.write(_MISSING)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    app.main(prog_name="frontegg-async")
