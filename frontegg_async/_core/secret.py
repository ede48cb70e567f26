"""Strings whose ``repr`` is a mask, and the names of fields that hold secrets.

A secret is wrapped where it comes in, and unwrapped where it is sent. In between no variable holds
it, so that programs that show variables (``capture_locals``, rich, structlog, Sentry) show a mask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, wraps
from typing import Any, Final, NoReturn, Self, TypeVar, cast

E = TypeVar("E", bound=BaseException)
F = TypeVar("F", bound=Callable[..., Any])

MASK: Final = "***"

_secret_name: Final = re.compile(
    r"(.*_)?(password|secret|token|code|code_verifier|link|private_key|api_key|secret_key|access_key_id"
    r"|secret_access_key|password_hash|password_hash_config|extension_value"
    r"|authorization|cookie)"
).fullmatch
_public_code: Final = re.compile(
    r"(.*_)?(country|currency|error|language|post|postal|status|zip)_code"
).fullmatch
_CAMEL_CASE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Secret:
    """Holds a secret; ``repr``, ``str`` and format give a mask, ``reveal()`` gives the value.

    Equal to another of the same value, and to the string itself.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the secret itself: only where it is sent."""
        return self._value

    def __repr__(self) -> str:
        return MASK

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return self._value == (other._value if isinstance(other, Secret) else other)

    def __hash__(self) -> int:
        return hash(self._value)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: read it again in the other process")


@lru_cache(maxsize=2_048)
def is_secret(name: str) -> bool:
    """Return whether a field or header of this name, in Python or in JSON, is a secret."""
    name = _CAMEL_CASE.sub("_", name).replace("-", "_").lower()
    return _secret_name(name) is not None and _public_code(name) is None


def revealed(value: Any) -> Any:
    """Return a value as it is sent: the string of a secret, anything else unchanged."""
    return value.reveal() if isinstance(value, Secret) else value


def concealed(name: str, value: object) -> Any:
    """Return ``value`` with all strings of secret names wrapped, at any depth."""
    if isinstance(value, str | bytes):
        # Bytes are rejected where the body is encoded, and not shown before.
        return Secret(cast("str", value)) if is_secret(name) else value
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {key: concealed(str(key), item) for key, item in items}
    if isinstance(value, list | tuple):
        return tuple(concealed(name, item) for item in cast("Sequence[object]", value))
    return value


def without_frames(error: E) -> E:
    """Return an exception without its traceback, cause and context.

    Their frames hold secrets in variables: those of aiohttp a token, when a call is cancelled or a
    trace of a session that was handed in raises.
    """
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def concealing(method: F) -> F:
    """Wrap the arguments of a coroutine function that are secret by their names, on entry.

    A frame shows its variables for as long as the call takes, and in every traceback of its error.
    The frame of this wrapper has ended by then.
    """
    code = method.__code__
    names = code.co_varnames[: code.co_argcount]
    secret_places = [place for place, name in enumerate(names) if is_secret(name)]

    @wraps(method)
    def enter(*given: Any, **named: Any) -> Any:
        if secret_places:
            given = tuple(
                concealed(names[place], value) if place in secret_places else value
                for place, value in enumerate(given)
            )
        # In the same variables: a call with wrong arguments raises from here.
        named.update({name: concealed(name, named[name]) for name in filter(is_secret, named)})
        return method(*given, **named)

    return cast("F", enter)
