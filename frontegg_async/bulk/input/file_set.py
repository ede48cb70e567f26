"""Several files of rows as one source: those of a folder, or those that a pattern names.

They are read one after the other in the order of their names, and their lines are numbered through.
Hidden files, files and folders whose names begin with ``_``, and ledgers are left out, unless a
pattern names them without wildcards. Nothing else is: what cannot be read is an error.
"""

from __future__ import annotations

import glob
import os
import re
import threading
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import msgspec

from ...errors import ConfigurationError, InvalidRequestError
from .columns import Malformed, Row
from .file import SUFFIXES, InputFile, is_stream
from .rows import UserRow

_MAGIC: Final = re.compile(r"[*?\[]")
_LEDGER: Final = re.compile(r"\.ledger(-wal|-shm|-journal)?$")
_SHOWN: Final = 5
"""Names in a message; the others are counted."""


def is_set(path: str | os.PathLike[str]) -> bool:
    """Return whether a path names several files: it is a folder, or a pattern and no file."""
    if is_stream(path):
        return False
    name = os.fspath(path)
    return Path(name).is_dir() or (bool(_MAGIC.search(name)) and not Path(name).exists())


def ledger_of(path: str | os.PathLike[str]) -> Path:
    """Return the path of the ledger of a file, a folder or a pattern: beside it."""
    name = os.fspath(path)
    if Path(name).is_dir():
        # Of "data/" and ".", the folder itself.
        folder = Path(name)
        name = str(folder.resolve() if folder.name in {"", ".."} else folder)
    elif is_set(name):
        # In the last folder that has no wildcard: the others are many.
        folder, pattern = _parted(name)
        name = str(folder / re.sub(r"[*?\[\]]+", "_", "-".join(pattern)))
    return Path(f"{name}.ledger")


def would_be_read(path: Path, source: str | os.PathLike[str]) -> bool:
    """Return whether a new file at ``path`` would be among the files of a folder or a pattern."""
    if not is_set(source):
        return False
    file, name = path.resolve(), os.fspath(source)
    if Path(name).is_dir():
        folder = Path(name).resolve()
        return file.is_relative_to(folder) and _is_read(file.relative_to(folder))
    pattern = str(Path(name).resolve())
    return fnmatch(str(file), pattern) and _is_matched(file, pattern)


def check_not_read(path: Path, source: object, named: str) -> None:
    """Check that a file which a run writes will not be among the files of its source.

    Args:
        path: the file.
        source: the source of the rows, or anything else.
        named: the file in words.

    Raises:
        ConfigurationError: it will.
    """
    if isinstance(source, str | os.PathLike) and would_be_read(path, source):  # pyright: ignore[reportUnknownArgumentType]  # a path of any kind
        raise ConfigurationError(
            f"the next run on {os.fspath(source)!r} would read {named} {path} as rows: "  # pyright: ignore[reportUnknownArgumentType]
            "name a file elsewhere"
        )


def opened_input(
    path: str | os.PathLike[str], kind: type[UserRow], *, literal_ids: bool = False
) -> InputFile | FileSet:
    """Open a file, a folder or a pattern; arguments and errors as of ``InputFile``."""
    if is_set(path):
        return FileSet(path, kind, literal_ids=literal_ids)
    return InputFile(path, kind, literal_ids=literal_ids)


class FileSet:
    """Several files of rows.

    Args:
        path: a folder, or a pattern such as ``data/*.parquet``; ``**`` is any number of folders.
        kind: the rows that are expected.
        literal_ids: as for ``read_rows``.

    Attributes:
        path: its name, for messages.
        files: the files, in the order in which they are read.

    Raises:
        InvalidRequestError: there are none, or one of them is no file of rows.
    """

    is_stream: Final = False

    def __init__(
        self, path: str | os.PathLike[str], kind: type[UserRow], *, literal_ids: bool = False
    ) -> None:
        self.path: Final = Path(path)
        self._kind: Final = kind
        self._literal_ids: Final = literal_ids
        self.files: Final = _files_of(os.fspath(path))
        for file in self.files:
            if is_stream(file):
                raise InvalidRequestError(f"{file} is a pipe, which is read by itself only")
            # Nothing is sent if the header of the last one is wrong.
            InputFile(file, kind, literal_ids=literal_ids).close()

    def rows(self) -> Iterator[Row]:
        """Return the rows of all files, with the lines of the files before added to their lines."""
        before = 0
        for path in self.files:
            file = InputFile(path, self._kind, literal_ids=self._literal_ids)
            last = 0
            try:
                for line, row in file.rows():
                    last = line
                    if isinstance(row, Malformed):
                        where = f"{row.reason} (line {line} of {path})"
                        yield before + line, Malformed(where, row.original)
                    else:
                        yield before + line, row
            finally:
                file.close()
            before += last

    def fingerprint(self, given_up: threading.Event) -> str:
        """Return the SHA-256 of each file by its name, in JSON; as ``InputFile.fingerprint``."""
        hashes: dict[str, str] = {}
        for path in self.files:
            file = InputFile(path, self._kind, literal_ids=self._literal_ids)
            try:
                hashes[self._name(path)] = file.fingerprint(given_up)
            finally:
                file.close()
        return msgspec.json.encode(hashes).decode()

    def _name(self, path: Path) -> str:
        """Return the name of a file, the same however its folder is spelled."""
        return (path.relative_to(self.path) if self.path.is_dir() else path).as_posix()

    def close(self) -> None:
        """Do nothing: each file is closed when its last row was read."""


def changes_between(old: str, new: str) -> str:
    """Return the files that differ between two fingerprints of sets, in words, or nothing."""
    try:
        before, after = (msgspec.json.decode(each, type=dict[str, str]) for each in (old, new))
    except msgspec.DecodeError:
        return ""  # one of them is of a single file
    told = (
        (before.keys() - after.keys(), "gone"),
        (after.keys() - before.keys(), "new"),
        ({name for name in before.keys() & after.keys() if before[name] != after[name]}, "changed"),
    )
    return "; ".join(f"{_named(sorted(names))} {how}" for names, how in told if names)


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more} {'is' if len(names) == 1 else 'are'}"


def _files_of(name: str) -> list[Path]:
    if not Path(name).is_dir():
        # Not Path.glob, which takes no pattern from the root on.
        matches = [Path(match) for match in glob.glob(name, recursive=True)]  # noqa: PTH207
        found = [path for path in matches if not path.is_dir() and _is_matched(path, name)]
        if not found:
            raise InvalidRequestError(f"no file of rows matches {name}")
        return sorted(found, key=Path.as_posix)
    files = sorted(_files_in(Path(name), set()), key=Path.as_posix)
    for path in files:
        if path.suffix.lower() not in SUFFIXES:
            raise InvalidRequestError(
                f"{name} holds {path.name}, which is no file of rows ({', '.join(SUFFIXES)}): "
                f"name the files by a pattern, such as {Path(name) / '*.csv'}"
            )
    if not files:
        raise InvalidRequestError(
            f"{name} is a directory without a file of rows ({', '.join(SUFFIXES)})"
        )
    return files


def _files_in(folder: Path, above: set[Path]) -> Iterator[Path]:
    """Yield the files of a folder at any depth, also behind links.

    Not ``Path.rglob``, which passes over folders that are links, and those that cannot be listed.

    Args:
        folder: the folder.
        above: the folders on the way to it, without links.

    Raises:
        InvalidRequestError: a folder cannot be listed.
    """
    real = folder.resolve()
    if real in above:
        return  # a link to a folder above: all its files are read already
    try:
        inner = list(folder.iterdir())
    except OSError as error:
        raise InvalidRequestError(f"cannot read {folder}: {error.strerror}") from None
    for path in inner:
        if not _is_read(Path(path.name)):
            continue
        if path.is_dir():
            yield from _files_in(path, above | {real})
        else:
            yield path


def _parted(pattern: str) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that a pattern begins with, and its other parts."""
    parts = Path(pattern).parts
    first = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    return Path(*parts[:first]), parts[first:]


def _is_matched(path: Path, pattern: str) -> bool:
    """Return whether a file that a pattern matches is read, by the names in place of wildcards."""
    folder, inner = _parted(pattern)
    literal = {part for part in inner if not _MAGIC.search(part)}
    names = path.parts[len(folder.parts) :]
    return all(_is_read(Path(part)) for part in names if part not in literal)


def _is_read(path: Path) -> bool:
    """Return whether a file is read, by the names on its way."""
    hidden = any(part.startswith((".", "_")) for part in path.parts)
    return not hidden and not _LEDGER.search(path.name)
