"""One test over many values, where a test for each would spend its time in pytest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import pytest

T = TypeVar("T")


def for_each(
    values: Iterable[T], *, name: Callable[[T], str] = str
) -> Callable[[Callable[[T], None]], Callable[[], None]]:
    """Make a test of one value a test of all, which names those that failed and why.

    Args:
        values: the values.
        name: the name of a value in the message.
    """
    return partial(_over_all, list(values), name)


def _over_all(
    values: list[T], name: Callable[[T], str], test: Callable[[T], None]
) -> Callable[[], None]:
    # Not functools.wraps: pytest would take the argument of the wrapped test for a fixture.
    def over_all() -> None:
        assert values
        failed: list[str] = []
        for value in values:
            try:
                test(value)
            except Exception as error:  # noqa: BLE001  # all of them are shown at the end
                failed.append(f"{name(value)}: {type(error).__name__}: {error}")
        if failed:
            pytest.fail(f"{len(failed)} of {len(values)} failed:\n" + "\n".join(failed))

    over_all.__doc__ = test.__doc__
    over_all.__name__ = test.__name__
    over_all.__module__ = test.__module__
    return over_all
