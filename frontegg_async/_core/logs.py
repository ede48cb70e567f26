"""``FRONTEGG_LOG``: turns on the package's log without code.

The loggers are those of the standard library. An application that sets up handlers itself keeps
them: nothing is written twice.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Final

from ..errors import ConfigurationError

ROOT: Final = logging.getLogger("frontegg_async")
"""Logger of the package; its modules log to children of it."""
VARIABLE: Final = "FRONTEGG_LOG"
FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"

_LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_said: Final[set[str]] = set()


class StderrHandler(logging.Handler):
    """Writes to the current ``sys.stderr``, which a progress bar replaces for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter(FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except Exception:  # noqa: BLE001  # as all handlers of logging: a record never ends the program
            self.handleError(record)


class _LastResort(StderrHandler):
    """Writes as long as the application has set up no handler, which it may do later."""

    def filter(self, record: logging.LogRecord) -> bool:
        others = [handler for handler in ROOT.handlers if handler is not self]
        return not others and not logging.getLogger().handlers


def turn_on() -> None:
    """Set the level that ``FRONTEGG_LOG`` names, once in the life of a process.

    Raises:
        ConfigurationError: it names no level.
    """
    wanted = os.environ.get(VARIABLE, "").strip().lower()
    if not wanted or VARIABLE in _said:
        return
    level = _LEVELS.get(wanted)
    if level is None:
        raise ConfigurationError(f"{VARIABLE} must be one of {', '.join(_LEVELS)}, got {wanted!r}")
    _said.add(VARIABLE)
    ROOT.setLevel(level)
    ROOT.addHandler(_LastResort())


def say_once(text: str) -> None:
    """Log a sentence about the environment at INFO, once in the life of a process."""
    if text not in _said:
        _said.add(text)
        ROOT.info(text)
