"""Sample documents in the shape of a type, for stateless responses.

They are the same each time: one element in each array, one page in each list, the time at which
2024 began. Values that a client acts upon by itself are chosen with care: a page has no next one,
and no login goes on with MFA.
"""

from collections.abc import Callable
from typing import Any, Final

from msgspec import inspect

__all__ = ["sample"]

_TIME: Final = "2024-01-01T00:00:00.000Z"
_FALSE: Final = frozenset({"mfaRequired", "isLocked", "isDisabled", "invisible", "impersonated"})
_STRINGS: Final[dict[str, str]] = {
    "metadata": "{}",
    "vendorMetadata": "{}",
    "phoneNumber": "+15555550100",
    "expires": _TIME,
    "deviceType": "Platform",
}
_ENDINGS: Final = (
    ("email", "somebody@emulator.invalid"),
    ("url", "https://emulator.invalid/"),
    ("link", "https://emulator.invalid/"),
)


def sample(shape: Any, next_at_end: str | None) -> Any:
    """Return a JSON document that a decoder for ``shape`` accepts, in values that encode."""
    return _value(inspect.type_info(shape), "", (), next_at_end)


def _value(kind: inspect.Type, name: str, within: tuple[type, ...], end: str | None) -> Any:
    """Return a value for the field ``name``; ``within`` are the Structs around it."""
    match kind:
        case inspect.UnionType():
            kinds = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
            return _value(kinds[0], name, within, end)
        case inspect.StructType():
            return _object(kind, within, end)
        case inspect.ListType() | inspect.VarTupleType() | inspect.SetType():
            inner = kind.item_type
            if isinstance(inner, inspect.StructType) and inner.cls in within:
                return []  # a tree ends somewhere
            return [_value(inner, name, within, end)]
        case inspect.TupleType():
            return [_value(each, name, within, end) for each in kind.item_types]
        case inspect.LiteralType():
            return kind.values[0]
        case _:
            simple = _SIMPLE.get(type(kind))
            return {} if simple is None else simple(name)


def _object(kind: inspect.StructType, within: tuple[type, ...], end: str | None) -> Any:
    if kind.cls in within:
        return None
    within = (*within, kind.cls)
    found = {
        field.encode_name: _value(field.type, field.encode_name, within, end)
        for field in kind.fields
    }
    if "_links" in found:
        found["_links"] = {"next": end, "prev": end, "first": "_offset=0", "last": "_offset=0"}
        found["_metadata"] = {"totalItems": 1, "totalPages": 1}
    return found


def _string(name: str) -> str:
    if name in _STRINGS:
        return _STRINGS[name]
    lower = name.lower()
    for ending, text in _ENDINGS:
        if lower.endswith(ending):
            return text
    return f"emulator-{name}" if name else "emulator"


_SIMPLE: Final[dict[type[inspect.Type], Callable[[str], Any]]] = {
    inspect.StrType: _string,
    inspect.IntType: lambda name: 1,
    inspect.FloatType: lambda name: 1.5,
    inspect.BoolType: lambda name: name not in _FALSE,
    inspect.DateTimeType: lambda name: _TIME,
    inspect.NoneType: lambda name: None,
}
