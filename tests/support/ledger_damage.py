"""Damage to the files of a ledger."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

FLIPS: Final = 150
"""Damages in each test here; 1,900 of other seeds were tried by hand."""


SUFFIXES: Final = ("", "-wal")


def put(path: Path, files: dict[str, bytes]) -> None:
    """Write the files of a ledger in place of others."""
    for suffix in (*SUFFIXES, "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    for suffix, content in files.items():
        Path(f"{path}{suffix}").write_bytes(content)


def flipped(files: dict[str, bytes], chance: random.Random) -> dict[str, bytes]:
    """Return the files with one to eight changed bytes."""
    changed = {suffix: bytearray(content) for suffix, content in files.items()}
    for _ in range(chance.choice((1, 1, 1, 2, 8))):
        content = changed[chance.choice([*changed])]
        # Behind it lies the reserve, of zeros that are not read.
        at = chance.randrange(min(len(content), 120_000))
        content[at] = chance.choice((content[at] ^ 1 << chance.randrange(8), chance.randrange(256)))
    return {suffix: bytes(content) for suffix, content in changed.items()}
