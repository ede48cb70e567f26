"""Docstrings of groups, coroutines and Structs, taken apart."""

from __future__ import annotations

import inspect
import re
from typing import Final

import msgspec

_ENTRY: Final = re.compile(r"(\w+): (.+)").match


class Documentation(msgspec.Struct, frozen=True):
    """A docstring in parts.

    Args:
        summary: the first sentence.
        details: paragraphs after it, without sections such as ``Raises:``.
        parameters: the entries of ``Args:`` by name.
    """

    summary: str
    details: tuple[str, ...]
    parameters: dict[str, str]

    @classmethod
    def of(cls, documented: object) -> Documentation:
        """Read the docstring of a method or of a class."""
        text = (inspect.getdoc(documented) or "").replace("``", "")
        paragraphs = text.split("\n\n")
        parameters: dict[str, str] = {}
        details: list[str] = []
        for paragraph in paragraphs[1:]:
            if paragraph.startswith("Args:"):
                parameters = _entries(paragraph)
            elif not paragraph.startswith(("Raises:", "Returns:", "Yields:")):
                details.append(" ".join(paragraph.split()))
        return cls(" ".join(paragraphs[0].split()), tuple(details), parameters)


def _entries(section: str) -> dict[str, str]:
    """Read an ``Args:`` section, whose deeper lines continue the entry above them."""
    entries: dict[str, str] = {}
    name = ""
    for line in section.splitlines()[1:]:
        entry = _ENTRY(line.strip())
        if entry is not None and line.startswith("    ") and not line.startswith("     "):
            name = entry[1]
            entries[name] = entry[2]
        elif name:
            entries[name] += f" {line.strip()}"
    return entries
