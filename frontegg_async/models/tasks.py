"""States of long-running work."""

from __future__ import annotations

from typing import Final, Protocol

_ENDS: Final = frozenset(
    # Compared in lower case and without the signs between words. Only two of Frontegg's are
    # specified (spec: Completed, CompletedWithErrors); the others are guesses. A state that is
    # not here is waited out, so a new name of a state in between does no harm.
    {
        "aborted",
        "cancelled",
        "canceled",
        "completed",
        "completedwitherrors",
        "done",
        "error",
        "failed",
        "finished",
        "partiallycompleted",
        "succeeded",
        "success",
    }
)


class TaskStatus(Protocol):
    """A status that tells if the work has ended."""

    @property
    def finished(self) -> bool:
        """True if the work has ended, well or not."""
        ...


def is_end(state: str | None) -> bool:
    """Return whether a state, in any spelling, is one that no other follows."""
    return state is not None and "".join(filter(str.isalnum, state)).lower() in _ENDS
