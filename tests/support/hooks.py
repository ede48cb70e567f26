"""Requests of hooks, signed as they should be or not."""

from __future__ import annotations

import time
from typing import Any, Final

import jwt
import msgspec

SECRET: Final = "a-secret-of-a-hook-that-is-long-enough-for-every-algorithm-4c1f2a7e"
BODY: Final = msgspec.json.encode(
    {
        "eventKey": "frontegg.user.created",
        "eventContext": {"tenantId": "tenant-1", "userId": "user-1"},
        "user": {"id": "user-1", "email": "ada@example.test"},
    }
)


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> dict[str, str]:
    """Return the headers of a request that is signed now, with these claims besides."""
    merged = {"iat": int(time.time()), **claims}
    left = {name: value for name, value in merged.items() if value is not None}
    return {"X-Webhook-Secret": jwt.encode(left, secret, algorithm=algorithm)}
