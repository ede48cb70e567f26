"""Webhooks and prehooks of Frontegg, received.

::

    event = unwrap(request.headers, await request.body(), secret=WEBHOOK_SECRET)
    match event:
        case UserEvent(user_id=str(user_id)):
            user = await frontegg.users.get(user_id)  # the body is not signed: ask

::

    prehook = unwrap_prehook(request.headers, await request.body(), secret=PREHOOK_SECRET)
    return allow() if is_welcome(prehook.email) else block("Ask your administrator.")

The signature proves that a sender knows the secret, and says nothing of the body: see
docs/webhooks.md. Its JWT is verified by PyJWT (``pip install 'frontegg-async[jwt]'``).
"""

from .events import (
    ApiTokenEvent,
    ApplicationEvent,
    Event,
    GroupEvent,
    PlanEvent,
    ScimEvent,
    SecurityEvent,
    TenantEvent,
    UserEvent,
)
from .keys import EventKey
from .prehooks import Prehook, allow, block, challenge, lock
from .receiving import unwrap, unwrap_prehook

__all__ = [
    "ApiTokenEvent",
    "ApplicationEvent",
    "Event",
    "EventKey",
    "GroupEvent",
    "PlanEvent",
    "Prehook",
    "ScimEvent",
    "SecurityEvent",
    "TenantEvent",
    "UserEvent",
    "allow",
    "block",
    "challenge",
    "lock",
    "unwrap",
    "unwrap_prehook",
]
