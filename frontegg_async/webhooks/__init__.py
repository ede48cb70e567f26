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
docs/webhooks.md. Its JWT is verified by PyJWT (``pip install frontegg-async[jwt]``).
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
from .prehooks import Form, Prehook, allow, block, challenge, lock
from .receiving import MAX_BYTES, unwrap, unwrap_prehook
from .signature import Signature

__all__ = [
    "MAX_BYTES",
    "ApiTokenEvent",
    "ApplicationEvent",
    "Event",
    "EventKey",
    "Form",
    "GroupEvent",
    "PlanEvent",
    "Prehook",
    "ScimEvent",
    "SecurityEvent",
    "Signature",
    "TenantEvent",
    "UserEvent",
    "allow",
    "block",
    "challenge",
    "lock",
    "unwrap",
    "unwrap_prehook",
]
