"""Files that a command writes, each as a whole or not at all."""

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
    """Open a draft that replaces ``path`` at the end, unless an exception is raised.

    An existing file keeps its permissions; a new one is readable by its owner alone.
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
    """Reject an output file that is one of the other files.

    Raises:
        click.UsageError: ``path`` is one of them.
    """
    for other in others:
        if other is not None and path.resolve() == other.resolve():
            raise click.UsageError(f"{option} would replace {other}.")


def check_replaceable(option: str, path: Path, *others: Path | None) -> None:
    """Reject an output file that could not be written at the end.

    Args:
        option: the option that names the file.
        path: the file to write.
        others: files that it must not replace.

    Raises:
        click.UsageError: ``path`` cannot be written, or is one of the others.
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
