"""Files with rows of users, which only their owner may read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, TextIO


def open_private(path: Path, mode: Literal["w", "a"]) -> TextIO:
    """Open a text file for writing; a new file can be read by its owner alone.

    The permissions of a file that is there already stay as they are.
    """
    return open(  # closed by the caller
        path, mode, encoding="utf-8", errors="backslashreplace", newline="", opener=_opener
    )


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
