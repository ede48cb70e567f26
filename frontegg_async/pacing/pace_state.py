"""The knowledge of a limit, as displays show it."""

from __future__ import annotations

import msgspec


class PaceState(msgspec.Struct, frozen=True):
    """Knowledge of a limit, for display.

    Args:
        rate: bulk calls a second that may be sent now.
        limited: True once a limit was met; before, ``rate`` is only a start.
        quota: calls in a window, or None as long as no window was seen to run out.
        window: its seconds, or None.
        closed_for: seconds until calls are expected to be taken again, 0.0 if they are now.
        taken: calls that the server took.
        refused: calls that it refused.
        closed_seconds: seconds during which the gate was closed.
    """

    rate: float
    limited: bool
    quota: int | None
    window: float | None
    closed_for: float
    taken: int
    refused: int
    closed_seconds: float
