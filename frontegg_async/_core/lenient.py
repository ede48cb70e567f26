"""Second, lenient decoding of the few responses that are not as documented.

A response is decoded strictly first, which is fast and nearly always enough. If that fails, it is
read again from the outside in, and one odd value costs no more than its own field:

- a field with a default is None;
- a string field keeps a number, a boolean, an array or an object as its JSON, and a broken
  character (half a surrogate pair) as U+FFFD;
- an entry of an array that is null is left out.

Nothing is made up and nothing is lost in silence. Ids, e-mail addresses, keys and secrets are
never mended: an odd one is None. An array is read to its last entry or not at all, because a list
of tenants that lacks one reads like a "no". A field without a default, such as ``User.id`` or the
``items`` of a page, has to be as documented, or the response is rejected with the path to it. A
warning names each odd field, once per operation, and never its value.

This holds for ``ResponseModel`` and its fields. Other Structs are decoded strictly only.
"""

from __future__ import annotations

import logging
from types import UnionType
from typing import Any, Final, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec

from ..models._base import ResponseModel
from ..models.paging import Page, PageWithNulls
from .ids import names_email, names_id
from .json_text import REPLACEMENT, decode_json, mended
from .secret import is_secret

_logger: Final = logging.getLogger("frontegg_async")

_MAX_DEPTH: Final = 64
"""Deepest nesting of Structs. Each level is decoded once more for every level above it."""
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_SYNTAX: Final = msgspec.json.Decoder(msgspec.Raw)
_REPLACEMENT: Final = REPLACEMENT.encode()


class _OddError(Exception):
    """Raised for a value that cannot be read; ``where`` is the path to it, from the inside out."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem: Final = problem
        self.where: Final[list[str]] = []


class _Field(msgspec.Struct, frozen=True):
    """A field of a Struct, with the facts that reading it needs."""

    name: str
    wire: str
    hint: Any
    required: bool
    exact: bool
    """True if its value is compared or sent back, so that it is never mended."""


class _Shape:
    """Types that a value may have, and the decoder for all of them."""

    __slots__ = ("_fields", "decoder", "free", "is_page", "item", "struct", "text")

    def __init__(self, hint: Any) -> None:
        self.decoder: Final = msgspec.json.Decoder[Any](hint)
        self.struct: Any = None
        self.item: Any = None
        self.text = self.free = self.is_page = False
        self._fields: tuple[_Field, ...] | None = None
        union = get_origin(hint) in {Union, UnionType}
        for arm in get_args(hint) if union else (hint,):
            origin = get_origin(arm) or arm
            if arm is str:  # and not ``Id``, which is never mended
                self.text = True
            elif origin is tuple:
                self.item = get_args(arm)[0]
            elif isinstance(origin, type) and issubclass(origin, ResponseModel):
                self.struct = arm
                self.is_page = origin is Page
            elif arm is Any or origin is dict:
                self.free = True

    @property
    def fields(self) -> tuple[_Field, ...]:
        """Fields of the Struct, collected when the first odd one is read."""
        if self._fields is None:
            self._fields = _fields_of(self.struct)
        return self._fields


class LenientReader:
    """Reads responses of one operation that cannot be decoded strictly.

    Args:
        operation: its name, for the log.
        wire: type of its responses.
    """

    def __init__(self, operation: str, wire: Any) -> None:
        self._operation: Final = operation
        self._wire: Final = wire
        self._shapes: Final[dict[Any, _Shape]] = {}
        self._noted: Final[set[tuple[str, str]]] = set()

    def read(self, body: bytes) -> Any:
        """Return the value of a body, without its odd parts.

        Raises:
            msgspec.DecodeError: it is no JSON, or a part that cannot be left out is odd.
        """
        text = mended(body)
        decode_json(_SYNTAX, text)
        reading = _Reading(self, is_mended=text is not body and text != body)
        try:
            return reading.value(self._wire, text, exact=False)
        except _OddError as odd:
            problem = f"{odd.problem} - at `${''.join(reversed(odd.where))}`"
        except RecursionError:
            problem = "JSON is nested too deeply"
        raise msgspec.DecodeError(problem)

    def shape_of(self, hint: Any) -> _Shape:
        """Return the shape of a type, which is made once."""
        shape = self._shapes.get(hint)
        if shape is None:
            shape = self._shapes[hint] = _Shape(hint)
        return shape

    def note(self, field: str, became: str) -> None:
        """Log that a field was odd, once."""
        if (field, became) not in self._noted:
            self._noted.add((field, became))
            _logger.warning(
                "%s: %s is not as documented in an answer, and is %s; said once",
                self._operation,
                field,
                became,
            )


class _Reading:
    """State of reading one body: if it was mended, and the depth reached."""

    def __init__(self, reader: LenientReader, *, is_mended: bool) -> None:
        self._reader: Final = reader
        self._mended: Final = is_mended
        self._depth = 0
        self._nulls = 0

    def value(self, hint: Any, raw: bytes, *, exact: bool, field: str = "the answer") -> Any:
        """Read a value of any type, strictly as long as that is possible."""
        shape = self._reader.shape_of(hint)
        doubtful = self._mended and _REPLACEMENT in raw
        if not doubtful:
            try:
                return shape.decoder.decode(raw)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                problem = str(error).partition(" - at ")[0]
        else:
            problem = "Text with a broken character"
        if raw == b"null":
            raise _OddError(problem)
        opening = raw[:1]
        if opening == b"{" and shape.struct is not None:
            return self._struct(shape, raw)
        if opening == b"[" and shape.item is not None:
            return self._array(shape, raw, field)
        if doubtful and (shape.free or (shape.text and not exact)) and opening in b'"{[':
            self._reader.note(field, "mended with U+FFFD")
            return self._plainly(shape, raw, problem)
        if shape.text and not exact and opening != b'"':
            self._reader.note(field, "kept as its JSON text")
            return raw.decode()
        raise _OddError(problem)

    def _plainly(self, shape: _Shape, raw: bytes, problem: str) -> Any:
        try:
            return decode_json(shape.decoder, raw)
        except msgspec.DecodeError:
            raise _OddError(problem) from None

    def _struct(self, shape: _Shape, raw: bytes) -> Any:
        if self._depth >= _MAX_DEPTH:
            raise _OddError("JSON is nested too deeply")
        self._depth += 1
        try:
            return self._members(shape, _OBJECT.decode(raw))
        finally:
            self._depth -= 1

    def _members(self, shape: _Shape, members: dict[str, msgspec.Raw]) -> Any:
        kind: Any = get_origin(shape.struct) or shape.struct
        found: dict[str, Any] = {}
        for field in shape.fields:
            member = members.get(field.wire)
            if member is None:
                if field.required:
                    raise _OddError(f"Object missing required field `{field.wire}`")
                continue
            name = f"{kind.__name__}.{field.wire}"
            try:
                found[field.name] = self.value(
                    field.hint, bytes(member), exact=field.exact, field=name
                )
            except _OddError as odd:
                if field.required:
                    odd.where.append(f".{field.wire}")
                    raise
                self._reader.note(name, "read as None")
        if shape.is_page and self._nulls:
            found["left_out"] = self._nulls
            return cast("Any", PageWithNulls)(**found)
        return kind(**found)

    def _array(self, shape: _Shape, raw: bytes, field: str) -> tuple[Any, ...]:
        found: list[Any] = []
        nulls = 0
        for index, entry in enumerate(_ARRAY.decode(raw)):
            each = bytes(entry)
            if each == b"null":
                self._reader.note(field, "read without its entries that are null")
                nulls += 1
                continue
            try:
                # Texts in arrays are ids, keys and addresses.
                found.append(self.value(shape.item, each, exact=True, field=field))
            except _OddError as odd:
                odd.where.append(f"[{index}]")
                raise
        self._nulls = nulls
        return tuple(found)


def _fields_of(struct: Any) -> tuple[_Field, ...]:
    kind = get_origin(struct) or struct
    hints = get_type_hints(kind, include_extras=True)
    arguments = get_args(struct)
    found: list[_Field] = []
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        if arguments and isinstance(hint, TypeVar):
            hint = arguments[0]
        elif arguments and getattr(hint, "__parameters__", ()):
            hint = hint[arguments]
        found.append(
            _Field(field.name, field.encode_name, hint, field.required, _is_exact(field.name))
        )
    return tuple(found)


def _is_exact(name: str) -> bool:
    return name in {"key", "sub"} or bool(names_id(name) or names_email(name) or is_secret(name))
