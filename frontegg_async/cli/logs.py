"""``--verbose``: the package's log on stderr."""

from __future__ import annotations

import logging
from typing import Final

import click

from .._core.logs import ROOT, StderrHandler


def _log(ctx: click.Context, _param: click.Parameter, verbosity: int) -> None:
    handler = StderrHandler()
    # Only this package's logger: what aiohttp logs at debug level is not ours to vouch for.
    logger = ROOT
    before = logger.level
    # What an error message says at the end need not be said by a log line as well.
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
