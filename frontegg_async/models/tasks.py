"""What long-running work says of itself."""

from __future__ import annotations

from typing import Final, Protocol

_ENDS: Final = frozenset(
    # Compared in lower case and without what stands between words. Only two of Frontegg's are
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
    """A status that knows whether anything will still change."""

    @property
    def finished(self) -> bool:
        """Whether the work has ended, well or not."""
        ...


def is_end(state: str | None) -> bool:
    """Whether a state, however it is spelled, is one that no other follows."""
    return state is not None and "".join(filter(str.isalnum, state)).lower() in _ENDS
