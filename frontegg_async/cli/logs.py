"""``--verbose``: the package's log on stderr."""

from __future__ import annotations

import logging
from typing import Final

import click

from .._core.logs import ROOT, StderrHandler

_FLEET: Final = ("frontegg_async.fleet", "frontegg_async.auth.token_stores")
"""Loggers of a fleet's store, which the command line has only with a fleet."""


class _FleetHandler(StderrHandler):
    """Writes the first record: a fleet that is away ends in no error, and would go unnoticed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("Without the fleet for now: %(message)s"))
        self._said = False

    def filter(self, record: logging.LogRecord) -> bool:
        if self._said:
            return False
        self._said = True
        return True


def _log(ctx: click.Context, _param: click.Parameter, verbosity: int) -> None:
    handler = StderrHandler()
    # This package's logger only, which redacts secrets: aiohttp's debug logs need not.
    logger = ROOT
    before = logger.level
    # Without -v no warnings: the error message at the end repeats them.
    logger.setLevel((logging.ERROR, logging.INFO, logging.DEBUG)[min(verbosity, 2)])
    logger.addHandler(handler)
    of_fleet = [logging.getLogger(name) for name in _FLEET]
    if not verbosity:
        once = _FleetHandler()
        for each in of_fleet:
            each.setLevel(logging.WARNING)
            each.propagate = False
            each.addHandler(once)

    def restore() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)
        if not verbosity:
            for each in of_fleet:
                each.setLevel(logging.NOTSET)
                each.propagate = True
                each.handlers.clear()

    ctx.find_root().call_on_close(restore)


verbose_option: Final = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_log,
    help="Log warnings to stderr; twice: also every attempt, with status and trace id.",
)
