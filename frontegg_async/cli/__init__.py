"""The command line. Without its extra ``cli``, ``main`` prints how to install it and exits."""

from __future__ import annotations

import io
import sys
from importlib.util import find_spec
from typing import Final

__all__ = ["main"]

_EXTRA: Final = ("click", "jinja2", "rich")
_MISSING: Final = "The command line needs {}: pip install 'frontegg-async[cli]'\n"


def main() -> None:
    """Run the command line and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal's encoding lacks must not end the run.
            stream.reconfigure(errors="backslashreplace")
    try:
        # Single commands use some of them, but an incomplete extra should be reported at once.
        missing = [name for name in _EXTRA if find_spec(name) is None]
        if missing:
            sys.stderr.write(_MISSING.format(" and ".join(missing)))
            sys.exit(1)

        from .app import app
    except KeyboardInterrupt:
        sys.exit(130)
    app.main(prog_name="frontegg-async")
