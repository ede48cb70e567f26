"""An embedded emulator of Frontegg's API: a real HTTP server that runs in the event loop.

It serves the tests, the command line's ``--emulator`` and the benchmarks. It is a second opinion
and no mirror: routes with state share no code with the SDK, so the two can contradict each other.
Only ``_fallback.py``, for routes without state, reads the SDK's table, and ``presets.py`` the
figures that Frontegg publishes. A table at the top of each module grades every behaviour:

* **spec**: Frontegg's OpenAPI; **doc**: its documentation;
* **seen**: published observations of the live service; **client**: some client relies on it;
* **guess**: ours. Where more than one guess makes sense, a constructor argument chooses.
"""

from .faults import (
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    CutMidBody,
    Drip,
    EmptyBody,
    ExtraFields,
    GzipBomb,
    HugeBody,
    LateCommit,
    MalformedJson,
    NullRiddled,
    Redirect,
    ReusedConnectionDrop,
    SetCookie,
    Stall,
    TruncatedJson,
    WrongContentLength,
)
from .http.record import Invite, Mail, RecordedRequest
from .injection import Fault, Injection
from .limits import Announce, RateLimit
from .policy import (
    BulkRoles,
    DuplicateAdd,
    ForeignTenant,
    HostedLoginPolicy,
    OAuthErrors,
    RefreshTokenIn,
)
from .presets import Plan, published_limits
from .seed import SeedError
from .server import Emulator
from .state.environment import User
from .state.hooks import Delivery
from .state.keys import CannotSignError
from .thread import EmulatorThread
from .webhooks import Webhooks

__all__ = [
    "Announce",
    "AnswerStatus",
    "BulkRoles",
    "CannotSignError",
    "CutAfterCommit",
    "CutBeforeCommit",
    "CutMidBody",
    "Delivery",
    "Drip",
    "DuplicateAdd",
    "EmptyBody",
    "Emulator",
    "EmulatorThread",
    "ExtraFields",
    "Fault",
    "ForeignTenant",
    "GzipBomb",
    "HostedLoginPolicy",
    "HugeBody",
    "Injection",
    "Invite",
    "LateCommit",
    "Mail",
    "MalformedJson",
    "NullRiddled",
    "OAuthErrors",
    "Plan",
    "RateLimit",
    "RecordedRequest",
    "Redirect",
    "RefreshTokenIn",
    "ReusedConnectionDrop",
    "SeedError",
    "SetCookie",
    "Stall",
    "TruncatedJson",
    "User",
    "Webhooks",
    "WrongContentLength",
    "published_limits",
]
