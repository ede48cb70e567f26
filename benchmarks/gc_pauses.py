"""Pauses of the garbage collector in a program that keeps many users: one kind of object.

    python benchmarks/gc_pauses.py KIND FORM COUNT

A pause is CPU time of the thread, so that other work on the machine does not count. The users are
decoded from pages of 200, none like another.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias, cast

import msgspec
from documents import PAGE, UserPages
from equivalents import dataclass_of, pydantic_validator
from memory import peak_mib

from frontegg_async.endpoints.users import ITERATE

STRUCTS: Final = "Structs of frontegg_async"
DICTS: Final = "dicts of json.loads"
PYDANTIC: Final = "pydantic models"
DATACLASSES: Final = "dataclasses of msgspec"

KINDS: Final = (STRUCTS, DICTS, DATACLASSES, PYDANTIC)

Form: TypeAlias = Literal["wire", "metadata", "groups", "both"]
"""Parts of users that the collector has to look at: none, as they usually come; metadata as objects
instead of texts; groups, which are objects without a schema; or both."""

_OLDEST: Final = 2


class Kept(msgspec.Struct, frozen=True):
    """Pauses and memory of a process that kept the users. Pauses are in seconds.

    Args:
        before_s: a full collection before there are any users: the rest of the program.
        automatic_s: the longest pause while they were decoded.
        automatic_full: how many of those pauses were full collections.
        full_s: a full collection while they are kept, the longest of three.
        tracked: objects that the collector has to look at, in thousands.
        peak_mib: peak memory of the process.
    """

    before_s: float
    automatic_s: float
    automatic_full: int
    full_s: float
    tracked: float
    peak_mib: float

    @property
    def worst_s(self) -> float:
        """The longest pause of all."""
        return max(self.automatic_s, self.full_s)


class _Watch:
    """Notes the pauses that the collector makes by itself."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.full = 0
        self._started = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            self._started = time.thread_time()
            return
        self.longest = max(self.longest, time.thread_time() - self._started)
        self.full += info["generation"] == _OLDEST


def reader(kind: str) -> Callable[[bytes], Iterable[Any]]:
    """Return the function that decodes a page to its users."""
    if kind == STRUCTS:
        return lambda body: ITERATE.decode(body).items or ()
    if kind == DICTS:
        return lambda body: json.loads(body)["items"]
    if kind == PYDANTIC:
        validate = pydantic_validator(ITERATE.returns).validate_json
        return lambda body: validate(body).items
    decode = msgspec.json.Decoder(dataclass_of(ITERATE.returns)).decode
    return lambda body: decode(body).items


def _full() -> float:
    before = time.thread_time()
    gc.collect()
    return time.thread_time() - before


def keep(kind: str, form: Form, count: int) -> Kept:
    """Decode and keep ``count`` users, and look at the pauses."""
    read = reader(kind)
    pages = UserPages(groups=form in {"groups", "both"}, metadata=form in {"metadata", "both"})
    assert len(list(read(pages.page(0)))) == PAGE  # fills caches that the first use fills
    gc.collect()
    before = _full()
    kept: list[Any] = []
    watch = _Watch()
    gc.callbacks.append(watch)
    for number in range(count // PAGE):
        kept.extend(read(pages.page(number)))
    gc.callbacks.remove(watch)
    full = max(_full() for _ in range(3))
    peak, tracked = peak_mib(), len(gc.get_objects()) / 1e3
    ids = {user["id"] if kind == DICTS else user.id for user in kept}
    assert len(ids) == len(kept) == count, "users are missing"
    return Kept(before, watch.longest, watch.full, full, tracked, peak)


def main() -> None:
    """Measure, and write the result as JSON."""
    kind, form, count = sys.argv[1:]
    kept = keep(kind, cast("Form", form), int(count))
    sys.stdout.buffer.write(msgspec.json.encode(kept))


if __name__ == "__main__":
    main()
