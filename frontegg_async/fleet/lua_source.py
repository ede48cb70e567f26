"""A script without the names that its every run would pay for.

Redis keeps nothing of a run: each time it makes all constants, tables and functions of the script
anew, and a field with a name is a place in a hash table that is built first. The script in
``limit.lua`` and ``exchange.lua`` is plain Lua with names. What is sent to Redis has

- constants where they are used,
- places in arrays for the fields of records,
- functions in one table, in which most of them are put only when one of them is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_CONSTANTS = re.compile(
    r"^local ([A-Z][A-Z0-9_]*(?:, [A-Z][A-Z0-9_]*)*) = ([^{}\n]+)\n", re.MULTILINE
)
_CONSTANT_TABLE = re.compile(r"^local ([A-Z]+) = \{([^}]*)\}\n", re.MULTILINE)
_CONSTANT = re.compile(r"\b[A-Z][A-Z0-9_]*(?:\.[A-Z][A-Z0-9_]*)?\b")
_FUNCTION = re.compile(
    r"^local function (\w+)(\(.*?\))( -- often)?\n(.*?)^end\n", re.MULTILINE | re.DOTALL
)
_CALL = re.compile(r"(?<![.\w])(\w+)\(")
_COMMENT = re.compile(r"[ \t]*--.*$", re.MULTILINE)
_FUNCTIONS = """local F = setmetatable({}, { __index = function(F, name)
%sreturn rawget(F, name)
end })
"""

FUNCTIONS_HEADING = "-- Functions: a comment marks those that nearly every exchange needs.\n"
"""The line of the script from which on its functions may use all that is declared before."""


def without_names(text: str, records: Mapping[str, Sequence[str]]) -> str:
    """Return a script that does the same with fewer names.

    Args:
        text: the script.
        records: by the name of a table, the fields that it holds as an array.

    Raises:
        KeyError: a record has no such field.
        ValueError: the script has no heading of its functions.
    """
    text = _with_constants_in_place(_with_functions_in_a_table(text))
    for name, fields in records.items():
        text = _with_places(text, name, fields)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _with_functions_in_a_table(text: str) -> str:
    names: set[str] = set()
    rare: list[str] = []

    def defined(found: re.Match[str]) -> str:
        names.add(found[1])
        definition = f"function {found[1]}{found[2]}\n{found[4]}end\n"
        if found[3]:
            return definition
        rare.append(definition)
        return ""

    head, heading, body = _FUNCTION.sub(defined, text).partition(FUNCTIONS_HEADING)
    if not heading:
        raise ValueError("the script has no heading of its functions")
    text = _COMMENT.sub("", head + _FUNCTIONS % "".join(rare) + body)
    return _CALL.sub(lambda found: f"F.{found[0]}" if found[1] in names else found[0], text)


def _with_constants_in_place(text: str) -> str:
    values: dict[str, str] = {}

    def in_place(text: str) -> str:
        return _CONSTANT.sub(lambda found: values.get(found[0], found[0]), text)

    def note(found: re.Match[str]) -> str:
        for name, value in zip(found[1].split(", "), found[2].split(", "), strict=True):
            values[name] = f"({in_place(value.strip())})"
        return ""

    def note_table(found: re.Match[str]) -> str:
        for entry in filter(str.strip, found[2].split(",")):
            name, _, value = entry.partition("=")
            values[f"{found[1]}.{name.strip()}"] = f"({in_place(value.strip())})"
        return ""

    return in_place(_CONSTANT_TABLE.sub(note_table, _CONSTANTS.sub(note, text)))


def _with_places(text: str, record: str, fields: Sequence[str]) -> str:
    places = {field: place for place, field in enumerate(fields, 1)}

    def placed(found: re.Match[str]) -> str:
        return f"{record}[{places[found[1]]}]"

    return re.sub(rf"\b{record}\.(\w+)", placed, text)
