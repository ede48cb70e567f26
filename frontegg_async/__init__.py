"""Async SDK for Frontegg: ``FronteggSession``, its errors, options and models.

async with FronteggSession.from_env() as frontegg:
    user = await frontegg.users.add_to_tenant(user_id, tenant_id, skip_invite_email=True)
    report = await frontegg.bulk.assign("assignments.csv")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._version import __version__
from .answer import Answer
from .errors import (
    AuthenticationError,
    CallTimeoutError,
    ClosedError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    FronteggError,
    InvalidRequestError,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerError,
    LedgerFullError,
    LedgerMismatchError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    ServerError,
    ThrottledError,
    UndecodableAnswerError,
)
from .frontegg import FronteggSession
from .operation import Caller, Operation, Repeat, TenantHeader, TokenKind
from .options import Options, Region
from .pacing import FixedRate
from .tokens import MemoryTokenStore, StoredToken, TokenInfo, TokenStore

if TYPE_CHECKING:
    from .bulk import Assignment, Outcome, Report
    from .models.users import Permission, Role, User, UserTenant

_LAZY = {
    # Loaded on first use: a web app that only reads users need not load the bulk engine.
    "Assignment": "bulk",
    "Outcome": "bulk",
    "Permission": "models.users",
    "Report": "bulk",
    "Role": "models.users",
    "User": "models.users",
    "UserTenant": "models.users",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


__all__ = [
    "Answer",
    "Assignment",
    "AuthenticationError",
    "CallTimeoutError",
    "Caller",
    "ClosedError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "FixedRate",
    "FronteggError",
    "FronteggSession",
    "InvalidRequestError",
    "LedgerBusyError",
    "LedgerDamagedError",
    "LedgerError",
    "LedgerFullError",
    "LedgerMismatchError",
    "MemoryTokenStore",
    "NotFoundError",
    "Operation",
    "Options",
    "Outcome",
    "OutcomeUnknownError",
    "Permission",
    "PermissionDeniedError",
    "Region",
    "Repeat",
    "Report",
    "Role",
    "ServerError",
    "StoredToken",
    "TenantHeader",
    "ThrottledError",
    "TokenInfo",
    "TokenKind",
    "TokenStore",
    "UndecodableAnswerError",
    "User",
    "UserTenant",
    "__version__",
]
