"""How an environment authenticates. The token manager calls it; programs need not."""

from __future__ import annotations

from typing import Final

from ..models.authentication import EnvironmentToken
from ..operation import Operation, Repeat, TokenKind

AUTHENTICATE: Final = Operation(
    "authentication.authenticate",
    "POST",
    "/auth/vendor",
    EnvironmentToken,
    token=TokenKind.NONE,
    # A second token does no harm to the first.
    repeat=Repeat.IDEMPOTENT,
)
