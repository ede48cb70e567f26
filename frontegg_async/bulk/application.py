"""The application of a run, which its ledger records among the settings."""

from __future__ import annotations

import os

import msgspec

from ..errors import LedgerMismatchError
from .settings import RunOptions


class _Settings(msgspec.Struct):
    application_id: str | None = None


def continued(options: RunOptions, settings: str, path: str | os.PathLike[str]) -> RunOptions:
    """Return the options of a run that continues a ledger: for the application of the ledger.

    Args:
        options: options of the run. Where the ledger names no application, theirs or that of the
            session is called: its rows may have failed for the lack of it.
        settings: settings of the ledger.
        path: path of the ledger.

    Raises:
        LedgerMismatchError: the options name another application.
    """
    begun = msgspec.json.decode(settings, type=_Settings).application_id
    if begun is None or options.application_id == begun:
        return options
    if options.application_id is None:
        return msgspec.structs.replace(options, application_id=begun)
    raise LedgerMismatchError(
        f"{os.fspath(path)} was begun for the application {begun}, not for "
        f"{options.application_id}: leave out application_id (--application)"
    )
