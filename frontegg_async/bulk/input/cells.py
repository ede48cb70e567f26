"""Cells of the files that a run writes, in a form that no spreadsheet takes for a formula.

A cell is protected if it begins with ``= + - @`` (behind quotes too) or an apostrophe, has a blank
at either end, or holds a character that cannot be seen: it gets an apostrophe in front, and its
backslashes and the characters that cannot be seen are written as backslash escapes, so that every
row stays on one line. All other cells stay as they are. A reader of such a file takes away the
apostrophe and undoes the escapes; ``read_rows`` does, where the header shows that a run wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

MARK: Final = "'"
_FORMULAS: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
"""Characters that begin a formula; the last four are the same signs in full width."""
_INNER_FORMULA: Final = re.compile('(;[\\s"]*)([=+\\-@\uff1d\uff0b\uff0d\uff20])')
"""A formula for a spreadsheet that separates at semicolons, which these files do not."""
_PLAIN_SIGNS: Final = b",-_.@"
"""Signs beside letters and digits that need no quotes, and no protection within a cell."""
_OWN_COLUMNS: Final = frozenset({"line", "outcome", "reason", "trace_id"})
_ESCAPE: Final = re.compile(
    r"\\(?:([\\nrt])|x([0-9a-f]{2})|u([0-9a-f]{4})|U((?:000[0-9a-f]|0010)[0-9a-f]{4}))"
)
_SHORT: Final = {"\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


def protected(text: str) -> str:
    """Return the cell that stands for ``text``."""
    if not text or (text.isascii() and text[0] != "-" and text.replace("-", "").isalnum()):
        return text  # nearly every cell: an id or a word
    if _is_harmless(text):
        return text
    escaped = "".join(
        char if char.isprintable() and char != "\\" else _escape(char) for char in text
    )
    if escaped.endswith(" "):
        escaped = f"{escaped[:-1]}\\x20"  # programs cut blanks off the end of a cell
    return MARK + _INNER_FORMULA.sub(lambda found: f"{found[1]}\\u{ord(found[2]):04x}", escaped)


def is_plain(line: str, cells: int) -> bool:
    """Return whether so many cells, joined by commas, are a line that needs no protection."""
    return (
        line.isascii()
        and line.encode().translate(None, _PLAIN_SIGNS).isalnum()
        and line[0] not in "-@"
        and ",-" not in line
        and ",@" not in line
        and line.count(",") == cells - 1
    )


def _is_harmless(text: str) -> bool:
    return (
        text.lstrip('"')[:1] not in _FORMULAS  # of quotes that some programs take off
        and text[0] != MARK
        and text.isprintable()
        and text == text.strip()
        and (";" not in text or not _INNER_FORMULA.search(text))
    )


def unprotected(cell: str) -> str:
    """Return the text that a cell stands for; blanks around a cell are not part of it."""
    cell = cell.strip()
    return _ESCAPE.sub(_unescaped, cell[1:]) if cell.startswith(MARK) else cell


def are_protected(names: Collection[str]) -> bool:
    """Return whether columns are those of a file that a run has written."""
    return {name.strip().lower() for name in names} >= _OWN_COLUMNS


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def _unescaped(match: re.Match[str]) -> str:
    short, *digits = match.groups()
    return _SHORT[short] if short else chr(int("".join(part or "" for part in digits), 16))
