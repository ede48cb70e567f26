"""The errors: a tree as drawn, with everything that is known in each of them."""

from __future__ import annotations

import copy
import pickle
import re
from typing import Any

import pytest

from frontegg_async import errors
from frontegg_async.errors import HINTS, ErrorFields, FronteggError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, FronteggError)
]

EVERYTHING: ErrorFields = {
    "operation": "users.get",
    "status": 418,
    "error_code": "ER-00008",
    "messages": ("first", "second"),
    "trace_id": "0123456789abcdef",
    "attempts": 3,
    "retry_after": 1.5,
}


def test_the_tree_is_as_drawn() -> None:
    """The drawing in the docstring names every class, each below its true parent."""
    drawing = (errors.__doc__ or "").splitlines()
    parents: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in drawing:
        found = re.fullmatch(r"([ │├└─]*)([A-Z]\w+Error|FronteggError)(\s{2,}\S.*)?", line)
        if found is None:
            continue
        depth, name = len(found[1]), found[2]
        above = [(at, other) for at, other in above if at < depth]
        parents[name] = above[-1][1] if above else "Exception"
        above.append((depth, name))
    assert parents == {kind.__name__: kind.__mro__[1].__name__ for kind in KINDS}
    assert len(parents) == 29


@pytest.mark.parametrize("kind", KINDS)
def test_copies_lose_nothing(kind: type[FronteggError]) -> None:
    """An error keeps its class and fields when it is pickled, copied or raised again."""
    error = kind("it failed", **EVERYTHING)
    copies = (
        pickle.loads(pickle.dumps(error)),  # noqa: S301  # our own, just made
        copy.copy(error),
        copy.deepcopy(error),
        error.again(),
    )
    for each in copies:
        assert type(each) is kind
        assert each is not error
        assert each.fields == error.fields == {**error.fields, **EVERYTHING}
        assert each.message == "it failed"
        assert str(each) == str(error)


def test_again_has_no_history() -> None:
    """Each waiter raises an error of its own: no traceback, cause or context comes along."""
    error = FronteggError("outer")
    error.__cause__ = KeyError("within")
    with pytest.raises(FronteggError) as caught:
        raise error
    assert caught.value.__traceback__ is not None
    again = caught.value.again()
    assert again.__traceback__ is None
    assert again.__cause__ is None
    assert again.__context__ is None


def test_what_an_error_says() -> None:
    """The text has all that support or a reader needs, in one line."""
    assert str(FronteggError("it failed", **EVERYTHING)) == (
        "users.get: it failed: first; second (status 418, ER-00008, trace id 0123456789abcdef, "
        f"3 attempts). {HINTS['ER-00008']}"
    )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "it failed"),
        ({"operation": "users.get"}, "users.get: it failed"),
        ({"attempts": 1}, "it failed"),
        ({"attempts": 2}, "it failed (2 attempts)"),
        ({"status": 500}, "it failed (status 500)"),
        ({"messages": ("why",)}, "it failed: why"),
        ({"trace_id": ""}, "it failed"),
        ({"error_code": "ER-99999"}, "it failed (ER-99999)"),
    ],
)
def test_what_is_not_known_is_not_said(fields: ErrorFields, text: str) -> None:
    """A message has no words for unknown fields."""
    assert str(FronteggError("it failed", **fields)) == text


@pytest.mark.parametrize("code", ["ER-00004", "ER-00006", "ER-00008", "ER-01008", "ER-01097"])
def test_codes_have_hints(code: str) -> None:
    """Each known error code has a hint, which ends the message."""
    error = FronteggError("it failed", error_code=code)
    assert error.hint == HINTS[code]
    assert str(error).endswith(HINTS[code])


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("Tenant ID is defined - forbidden route for tenants", "on the session"),
        ("Tenant ID is not specified", "for_tenant"),
        ("Failed to verify user JWT", "region"),
    ],
)
def test_messages_have_hints(message: str, word: str) -> None:
    """A known message among others has a hint; an unknown one has none."""
    assert word in (FronteggError("no", messages=("other", message)).hint or "")
    assert FronteggError("no", messages=("other",)).hint is None


def test_messages_are_bounded() -> None:
    """Very long messages of a server are cut."""
    error = FronteggError("no", messages=("x" * 10**6,) * 10**3)
    assert len(error.messages) == 10
    assert {len(text) for text in error.messages} == {500}


def test_no_attempt_means_not_sent() -> None:
    """Nothing known is the default of everything."""
    error = FronteggError("no")
    known: dict[str, Any] = {**error.fields}
    assert known.pop("messages") == ()
    assert known.pop("attempts") == 0
    assert set(known.values()) == {None}
    assert known.keys() | {"messages", "attempts"} == ErrorFields.__annotations__.keys()
