"""The one check of ids and e-mail addresses: rows of files, paths, headers, queries and bodies.

A blank or an invisible character in an id makes Frontegg create a second tenant that looks like
the first one. ``id_problem`` decides if a string can be an id at all. ``placeholder_problem``
is for data that went through a spreadsheet or a program: it finds the strings that those write
where a value is missing or was lost.
"""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

MAX_ID_CHARS: Final = 1_400
"""Longest id. Frontegg's have 36; a WebAuthn credential's up to 1,364; URLs end at 8 KB."""
_SHOWN_CHARS: Final = 40

names_id: Final = re.compile(r"(?:.*_)?ids?|_?(?:\w*I|i)ds?").fullmatch
"""Matches names of fields and parameters that hold ids (``tenantId``, ``role_ids``)."""
names_email: Final = re.compile(r"(?:.*_)?emails?|\w*Emails?").fullmatch
"""Matches names of fields that hold e-mail addresses (``creatorEmail``)."""

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._~-]*").fullmatch


def is_plain(value: Any) -> bool:
    """Return whether ``value`` is an id of unreserved characters, which needs no further check."""
    if type(value) is not str or len(value) > MAX_ID_CHARS:
        return False
    # The characters of a UUID, which are quicker to test than the rest that the expression allows,
    # and in bytes quicker than in a string.
    if value.isascii() and value.encode().replace(b"-", b"").isalnum():
        return True
    return _PLAIN(value) is not None


def id_problem(value: object) -> str | None:
    """Say why ``value`` cannot be an id, as the rest of a sentence, or return None."""
    return None if is_plain(value) else text_problem(value) or _path_problem(str(value))


def text_problem(value: object) -> str | None:
    """Say why ``value`` cannot be a name or an address that the server compares by character.

    The sentence names a character and never the value, because it goes into logs and traces.
    """
    if not isinstance(value, str):
        return f"must be a string, got {type(value).__name__}"
    if not value or value.isspace():
        return "is empty"
    if value.isprintable() and value[0] != " " and value[-1] != " ":
        return None
    if value != value.strip():
        side, blank = ("begins", value[0]) if value[0].isspace() else ("ends", value[-1])
        return f"{side} with a blank (U+{ord(blank):04X}): remove it"
    hidden = next(char for char in value if not char.isprintable())
    if "\ud800" <= hidden <= "\udfff":
        return "is not valid Unicode text"
    kind = "a control character" if ord(hidden) < 0xA0 else "an invisible character"
    return f"holds {kind} (U+{ord(hidden):04X}): remove it"


def _path_problem(value: str) -> str | None:
    """Say why ``value`` may not stand in a path, or None if encoding makes it harmless there."""
    if len(value) > MAX_ID_CHARS:
        return f"is longer than {MAX_ID_CHARS} characters"
    try:
        # Decoded once more, because a gateway on the way may do the same.
        readings = (value, unquote(value, errors="strict"))
    except UnicodeError:
        return "is not valid Unicode text when percent-decoded"
    for reading in readings:
        if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in reading):
            return "holds a control character when percent-decoded"
        if any(segment in {".", ".."} for segment in re.split(r"[/\\]", reading)):
            return "would lead to another path"
    return None


# Data that went through other programs

_PLACEHOLDERS: Final = {
    "null": "a database",
    "(null)": "a program",
    "<null>": "a database",
    "\\n": "a database",
    "none": "Python",
    "nan": "a program",
    "-nan": "a program",
    "<na>": "pandas",
    "nat": "pandas",
    "undefined": "JavaScript",
    "[object object]": "JavaScript",
    "nil": "a program",
    "#nv": "a spreadsheet",
    "n/a": "a spreadsheet or a program",
    "inf": "a program",
    "-inf": "a program",
    "infinity": "a program",
    "-infinity": "a program",
}
"""Strings that stand for no value, in lower case, and the programs that write them."""
_EXACT_PLACEHOLDERS: Final = {"NA": "R"}
"""The same, where another case is more likely to be a name."""
_CELL_ERROR: Final = re.compile(
    # In the words of every language of a spreadsheet: #REF!, #BEZUG!, #¿NOMBRE?, #N/A, Err:502.
    r"#[¡¿]?[\w/ .]{1,24}[!?]|#N/[A-Z]{1,2}!?|#GETTING_DATA|#{2,}|Err:\d{3}|Loading\.\.\.",
    re.IGNORECASE,
).fullmatch
_SHORTENED: Final = re.compile(
    # With a decimal separator or a sign, because 12e5 is as likely to be an id in hexadecimal.
    r"[+-]?(?:\d+[.,]\d*E[+-]?|\d+E[+-])\d+",
    re.IGNORECASE,
).fullmatch
_DECIMAL: Final = re.compile(r"-?\d+\.0").fullmatch
_FORMULA: Final = re.compile(r"=\s*[A-Z][A-Z0-9._]*\(.*", re.IGNORECASE | re.DOTALL).fullmatch
_PROTECTED: Final = re.compile(r"'[=+\-@].*", re.DOTALL).fullmatch
_FIRST_CHARS: Final = frozenset("#=+-'0123456789eElL")
"""First characters of all strings that the expressions match."""
_LONG_FIRST_CHARS: Final = frozenset("#='")
"""First characters of matches that may be longer than a number."""
_MAX_NUMBER_CHARS: Final = 26
"""Python writes floats in up to 24 characters, spreadsheets in fewer. A UUID has 36."""


def is_certain_id(value: object) -> bool:
    """Return whether ``value`` can be nothing but an id: nearly every id, which is a UUID."""
    return type(value) is str and len(value) > _MAX_NUMBER_CHARS and is_plain(value)


def placeholder_problem(value: str) -> str | None:
    """Say why ``value`` is no id but the trace of a lost value, or return None.

    With ``literal_ids``, for tenants of such names, this check is left out.
    """
    if len(value) > _MAX_NUMBER_CHARS and value[0] not in _LONG_FIRST_CHARS:
        return None  # nearly every id
    writer = _PLACEHOLDERS.get(value.lower()) or _EXACT_PLACEHOLDERS.get(value)
    if writer is not None:
        return f"is {value!r}, which {writer} writes where there is no value"
    if value[:1] not in _FIRST_CHARS or value.isalnum():
        return None
    if _CELL_ERROR(value):
        return f"is {value!r}, an error that a spreadsheet shows in place of a value"
    if _SHORTENED(value):
        return (
            "is a number in scientific notation, so a spreadsheet or a program has lost digits "
            f"of it: export the column as text ({value[:_SHOWN_CHARS]})"
        )
    if _DECIMAL(value):
        return (
            "is an integer with .0 behind it, which a program adds to a column that has "
            f"gaps: export the column as text ({value[:_SHOWN_CHARS]})"
        )
    if _FORMULA(value):
        return f"is a formula of a spreadsheet, and not its result ({value[:_SHOWN_CHARS]})"
    if _PROTECTED(value):
        return (
            "begins with an apostrophe that protects a cell from a spreadsheet: remove it "
            f"({value[:_SHOWN_CHARS]})"
        )
    return None
