"""Names out of the script: Redis runs it anew for every exchange, so what a name costs counts.

The script in ``limit.lua`` and ``exchange.lua`` is plain Lua with names. Redis keeps nothing of a
run: every constant, table and function is made again each time, and each name of a field that is
read from a string of doubles is a place in a hash table. So constants are written out where they
are used, fields of records become places in arrays, and functions fields of one table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_CONSTANTS = re.compile(r"^local ([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*) = ([^{}\n]+)\n", re.M)
_TABLE = re.compile(r"^local ([A-Z]+) = \{([^}]*)\}\n", re.M)
_FUNCTION = re.compile(r"^local function (\w+)(\(.*?\))( -- often)?\n(.*?)^end\n", re.M | re.S)
_LOADER = """local F = setmetatable({}, { __index = function(F, name)
%sreturn rawget(F, name)
end })
"""
_HEADING = "-- Functions: a comment marks those that nearly every exchange needs.\n"
_COMMENT = re.compile(r"[ \t]*--.*$", re.M)


def without_names(text: str, records: Mapping[str, Sequence[str]]) -> str:
    """Return a script that does the same with fewer names.

    Args:
        text: the script.
        records: fields of each table that is an array of them, by the table's name.

    Raises:
        KeyError: a record has no such field.
    """
    text = _with_constants_written_out(_with_functions_in_a_table(text))
    for name, fields in records.items():
        places = {field: place for place, field in enumerate(fields, 1)}
        text = re.sub(
            rf"\b{name}\.(\w+)",
            lambda found, name=name, places=places: f"{name}[{places[found[1]]}]",
            text,
        )
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _with_constants_written_out(text: str) -> str:
    values: dict[str, str] = {}

    def written_out(expression: str) -> str:
        return re.sub(
            r"\b[A-Z][A-Z0-9_]*(?:\.[A-Z][A-Z0-9_]*)?\b",
            lambda found: values.get(found[0], found[0]),
            expression,
        )

    def note(names: str, expressions: str) -> str:
        for name, value in zip(names.split(", "), expressions.split(", "), strict=True):
            values[name] = f"({written_out(value.strip())})"
        return ""

    def note_table(name: str, entries: str) -> str:
        for entry in filter(str.strip, entries.split(",")):
            field, _, value = entry.partition("=")
            values[f"{name}.{field.strip()}"] = f"({written_out(value.strip())})"
        return ""

    text = _CONSTANTS.sub(lambda found: note(found[1], found[2]), text)
    text = _TABLE.sub(lambda found: note_table(found[1], found[2]), text)
    return written_out(text)


def _with_functions_in_a_table(text: str) -> str:
    """Those that are not marked as needed often are made when one of them is called."""
    names = [found[1] for found in _FUNCTION.finditer(text)]
    rare: list[str] = []

    def placed(found: re.Match[str]) -> str:
        definition = f"function {found[1]}{found[2]}\n{found[4]}end\n"
        if found[3]:
            return definition
        rare.append(definition)
        return ""

    text = _FUNCTION.sub(placed, text)
    head, mark, body = text.partition(_HEADING)
    assert mark
    text = head + _LOADER % "".join(rare) + body
    return re.sub(rf"(?<![.\w])({'|'.join(names)})\(", r"F.\1(", _COMMENT.sub("", text))
