"""Files that a command writes: whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click


@contextmanager
def replacing(path: Path) -> Generator[TextIO]:
    """Open a file that takes the place of ``path`` at the end, if no exception ends it before.

    A file that was there keeps its permissions; a new one is for its owner alone.
    """
    from ..bulk.private_files import open_private

    draft = _draft(path)
    try:
        with open_private(draft, "w") as file:
            yield file
        with contextlib.suppress(FileNotFoundError):
            draft.chmod(stat.S_IMODE(path.stat().st_mode))
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def check_other(option: str, path: Path, *others: Path | None) -> None:
    """Refuse a file to be written that is one of the others.

    Raises:
        click.UsageError: it is.
    """
    for other in others:
        if other is not None and path.resolve() == other.resolve():
            raise click.UsageError(f"{option} would replace {other}.")


def check_replaceable(option: str, path: Path, *others: Path | None) -> None:
    """Find out now what would be in the way of writing ``path`` at the end.

    Args:
        option: which option names it.
        path: what is to be written.
        others: what it must not replace.

    Raises:
        click.UsageError: it cannot be written, or is one of the others.
    """
    check_other(option, path, *others)
    if path.is_dir():
        raise click.UsageError(f"{option}: {path} is a directory.")
    draft = _draft(path)
    try:
        draft.open("w").close()
        draft.unlink()
    except OSError as error:
        raise click.UsageError(f"{option}: cannot write {path}: {error.strerror}.") from None


def _draft(path: Path) -> Path:
    # Beside it: only within one file system is a replacement one step.
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")
