"""Headers of a response that are taken apart when they are first asked for: most never are."""

from __future__ import annotations

import re
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from functools import lru_cache
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy


class LazyHeaders(Mapping[str, str]):
    """The headers in a head, as a mapping that ignores the case of names.

    Args:
        head: a well-formed head, with its status line and the empty line.
        states_limit: True if a header states a rate limit.
    """

    __slots__ = ("_head", "_read", "states_limit")

    def __init__(self, head: bytes, states_limit: bool) -> None:
        self._head: Final = head
        self._read: CIMultiDictProxy[str] | None = None
        self.states_limit: Final = states_limit

    def _headers(self) -> CIMultiDictProxy[str]:
        read = self._read
        if read is None:
            lines = self._head.decode("ascii").split("\r\n")[1:-2]
            parts = (line.partition(":") for line in lines)
            headers = CIMultiDict((name, value.strip(" ")) for name, _, value in parts)
            read = self._read = CIMultiDictProxy(headers)
        return read

    def __getitem__(self, name: str) -> str:
        line = _line_of(name) if self._read is None else None
        if line is None:
            return self._headers()[name]
        # One is found without taking all apart.
        found = line.search(self._head)
        if found is None:
            raise KeyError(name)
        return found[1].decode("ascii").strip(" ")

    def __contains__(self, name: object) -> bool:
        return name in self._headers()

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers())

    def keys(self) -> KeysView[str]:
        """Return the names, one for each line."""
        return self._headers().keys()

    def values(self) -> ValuesView[str]:
        """Return the values, one for each line."""
        return self._headers().values()

    def items(self) -> ItemsView[str, str]:
        """Return names and values, one pair for each line."""
        return self._headers().items()

    def __len__(self) -> int:
        return len(self._headers())

    def getall(self, name: str) -> list[str]:
        """Return all values of a header.

        Raises:
            KeyError: there is none.
        """
        return self._headers().getall(name)

    def __repr__(self) -> str:
        return f"<LazyHeaders, {len(self._head)} bytes>"  # a cookie may be among them


@lru_cache(maxsize=64)
def _line_of(name: str) -> re.Pattern[bytes] | None:
    """Return the expression for a header's line, or None for a name that no header has."""
    if not name.isascii() or ":" in name:
        return None
    return re.compile(rb"\r\n%s:([^\r]*)" % re.escape(name.encode()), re.IGNORECASE)
