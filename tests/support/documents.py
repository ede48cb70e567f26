"""JSON documents of the shape of a Struct, for Hypothesis."""

from __future__ import annotations

import types
from datetime import datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

DATES = [
    "2024-05-06T07:08:09Z", "2024-05-06T07:08:09.123Z", "2024-05-06T07:08:09.123456Z",
    "2024-05-06T07:08:09+05:30", "2024-05-06T07:08:09.1-08:00", "2024-05-06T07:08:09",
]  # fmt: skip
extras = st.dictionaries(
    st.text(max_size=3).map("x-".__add__),
    st.none() | st.integers() | st.text(max_size=3) | st.lists(st.booleans(), max_size=2),
    max_size=3,
)


def json_of(kind: Any) -> st.SearchStrategy[Any]:
    """Build JSON of the shape that a field's annotation stands for."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return st.one_of(*[json_of(arm) for arm in get_args(kind)])
    if origin is tuple:
        return st.lists(json_of(get_args(kind)[0]), max_size=2)
    if origin is Literal:
        return st.sampled_from(get_args(kind)) | st.text()
    if isinstance(origin or kind, type) and issubclass(origin or kind, msgspec.Struct):
        return json_of_struct(origin or kind)
    known: dict[Any, st.SearchStrategy[Any]] = {
        types.NoneType: st.none(),
        str: st.text(st.characters(codec="utf-8")),
        bool: st.booleans(),
        int: st.integers(0, 2**53),
        float: st.floats(0, 1e9),
        datetime: st.sampled_from(DATES),
    }
    if kind in known:
        return known[kind]
    # The rest are type variables of a generic and documents of any shape.
    return st.dictionaries(st.text(max_size=3), st.none() | st.integers(), max_size=2)


def json_of_struct(struct: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
    hints = get_type_hints(struct)
    fields = {
        field.encode_name: json_of(hints[field.name]) | st.none()
        for field in msgspec.structs.fields(struct)
        if not field.required
    }
    required = {
        field.encode_name: json_of(hints[field.name]).filter(lambda value: value != "")
        for field in msgspec.structs.fields(struct)
        if field.required
    }

    def merge(known: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
        return {**unknown, **known}

    return st.builds(merge, st.fixed_dictionaries(required, optional=fields), extras)
