"""An embedded emulator of Frontegg's API: a real HTTP server that runs in the event loop.

It serves the tests, the command line's ``--emulator`` and the benchmarks. It is a second opinion
and no mirror: nothing in here is shared with the SDK, so the two can contradict each other. What
is certain, what was merely seen and what is guessed about the real service stands in a table at
the top of the module that does it, in these words:

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
    MalformedJson,
    NullRiddled,
    Redirect,
    ReusedConnectionDrop,
    SetCookie,
    Stall,
    TruncatedJson,
    WrongContentLength,
)
from .injection import Fault, Injection
from .limits import Announce, RateLimit
from .policy import DuplicateAdd, ForeignTenant
from .record import Invite, RecordedRequest
from .server import Emulator
from .state import User

__all__ = [
    "Announce",
    "AnswerStatus",
    "CutAfterCommit",
    "CutBeforeCommit",
    "CutMidBody",
    "Drip",
    "DuplicateAdd",
    "EmptyBody",
    "Emulator",
    "ExtraFields",
    "Fault",
    "ForeignTenant",
    "GzipBomb",
    "HugeBody",
    "Injection",
    "Invite",
    "MalformedJson",
    "NullRiddled",
    "RateLimit",
    "RecordedRequest",
    "Redirect",
    "ReusedConnectionDrop",
    "SetCookie",
    "Stall",
    "TruncatedJson",
    "User",
    "WrongContentLength",
]
