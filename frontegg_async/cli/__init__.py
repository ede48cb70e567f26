"""The command line. Without its extra ``cli``, ``main`` prints how to install it and exits."""

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
            # A name that the terminal's encoding lacks must not end the run.
            stream.reconfigure(errors="backslashreplace")
    try:
        # One command alone uses rich, but an incomplete extra should be reported at once.
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
