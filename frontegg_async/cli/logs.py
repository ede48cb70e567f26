"""``--verbose``: the package's log on stderr."""

from __future__ import annotations

import logging
from typing import Final

import click

from .._core.logs import ROOT, StderrHandler


def _log(ctx: click.Context, _param: click.Parameter, verbosity: int) -> None:
    handler = StderrHandler()
    # This package's logger only, which redacts secrets: aiohttp's debug logs need not.
    logger = ROOT
    before = logger.level
    # Without -v no warnings: the error message at the end repeats them.
    logger.setLevel((logging.ERROR, logging.INFO, logging.DEBUG)[min(verbosity, 2)])
    logger.addHandler(handler)

    def restore() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    ctx.find_root().call_on_close(restore)


verbose_option: Final = click.option(
    "-v",
    "--verbose",
    count=True,
    expose_value=False,
    callback=_log,
    help="Log warnings to stderr; twice: also every attempt, with status and trace id.",
)
