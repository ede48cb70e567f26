"""Untrusted strings, made safe for one line of a terminal or a log."""

from __future__ import annotations


def printable(text: str) -> str:
    """Return ``text`` in one line, with escapes in place of unprintable characters.

    A terminal obeys control characters, and a line break in a log begins a record of its own. Lone
    surrogates, which cannot be written at all, are escaped as well.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
