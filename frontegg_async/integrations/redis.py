"""A token store in Redis: processes and machines share one environment token.

Needs ``pip install frontegg-async[redis]``, and Redis 6.2 or newer, or a compatible server. A
``RedisFleet`` shares the token as well, and the limits.
"""

from __future__ import annotations

from ..fleet.redis_tokens import RedisTokenStore

__all__ = ["RedisTokenStore"]
