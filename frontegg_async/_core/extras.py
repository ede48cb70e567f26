"""Libraries of extras, and the message where one of them is missing."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager


def install(extra: str) -> str:
    """Return the command that installs an extra."""
    return f"pip install 'frontegg-async[{extra}]'"


@contextmanager
def imports_of(extra: str, needed_by: str) -> Generator[None]:
    """Run imports of libraries that an extra installs.

    Args:
        extra: name of the extra.
        needed_by: module or name that cannot be used without it.

    Raises:
        ModuleNotFoundError: one of them is missing; the message says how to install it.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        message = f"{needed_by} needs {library}: {install(extra)}"
        raise ModuleNotFoundError(message, name=error.name) from None
