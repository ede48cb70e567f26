"""Async SDK for Frontegg: ``FronteggSession``, its errors, options and models.

async with FronteggSession.from_env() as frontegg:
    user = await frontegg.users.add_to_tenant(user_id, tenant_id, skip_invite_email=True)
    report = await frontegg.bulk.assign("assignments.csv")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._core.response import Response
from ._version import __version__
from .auth.token_claims import TokenInfo
from .auth.token_stores import LeasingTokenStore, MemoryTokenStore, StoredToken, TokenStore
from .errors import (
    AuthenticationError,
    BatchInterruptedError,
    BulkCallerError,
    CallTimeoutError,
    ClaimBusyError,
    ClaimError,
    ClaimLostError,
    ClaimStoreError,
    ClosedError,
    ConfigurationError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    FronteggError,
    InvalidRequestError,
    LedgerBusyError,
    LedgerDamagedError,
    LedgerDiskFullError,
    LedgerError,
    LedgerMismatchError,
    LoginDeniedError,
    LoginError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ResponseDecodeError,
    ServerError,
    UnauthorizedError,
)
from .frontegg import FronteggSession
from .observing import Attempt, CallResult, ObservedCall, Observer, with_response
from .operation import Caller, Operation, RetrySafety, TenantHeader, TokenKind, UserHeader
from .options import Options, Region
from .pacing import FixedRate
from .pacing.published import Plan

if TYPE_CHECKING:
    from .bulk import Assignment, Outcome, Report
    from .fleet.fleet import Fleet, FleetMember
    from .fleet.memory_fleet import MemoryFleet
    from .fleet.redis_fleet import RedisFleet
    from .models.authentication import ApiTokenLogin, LoginResult, UserTokens
    from .models.bulk_users import InvitedUser
    from .models.migrations import MigratedUser
    from .models.paging import Page
    from .models.permissions import Permission
    from .models.roles import Role
    from .models.tenants import Tenant
    from .models.users import User, UserTenant
    from .paging import Paginator
    from .tasks import Task, TaskBatch

_LAZY = {
    # Loaded on first use: a web app that only reads users need not load the bulk engine.
    "ApiTokenLogin": "models.authentication",
    "Assignment": "bulk",
    "Fleet": "fleet.fleet",
    "FleetMember": "fleet.fleet",
    "InvitedUser": "models.bulk_users",
    "LoginResult": "models.authentication",
    "MemoryFleet": "fleet.memory_fleet",
    "MigratedUser": "models.migrations",
    "Outcome": "bulk",
    "Page": "models.paging",
    "Paginator": "paging",
    "Permission": "models.permissions",
    "RedisFleet": "fleet.redis_fleet",
    "Report": "bulk",
    "Role": "models.roles",
    "Task": "tasks",
    "TaskBatch": "tasks",
    "Tenant": "models.tenants",
    "User": "models.users",
    "UserTenant": "models.users",
    "UserTokens": "models.authentication",
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
    "ApiTokenLogin",
    "Assignment",
    "Attempt",
    "AuthenticationError",
    "BatchInterruptedError",
    "BulkCallerError",
    "CallResult",
    "CallTimeoutError",
    "Caller",
    "ClaimBusyError",
    "ClaimError",
    "ClaimLostError",
    "ClaimStoreError",
    "ClosedError",
    "ConfigurationError",
    "ConflictError",
    "ConnectionFailedError",
    "FixedRate",
    "Fleet",
    "FleetMember",
    "ForbiddenError",
    "FronteggError",
    "FronteggSession",
    "InvalidRequestError",
    "InvitedUser",
    "LeasingTokenStore",
    "LedgerBusyError",
    "LedgerDamagedError",
    "LedgerDiskFullError",
    "LedgerError",
    "LedgerMismatchError",
    "LoginDeniedError",
    "LoginError",
    "LoginResult",
    "MemoryFleet",
    "MemoryTokenStore",
    "MigratedUser",
    "NotFoundError",
    "ObservedCall",
    "Observer",
    "Operation",
    "Options",
    "Outcome",
    "OutcomeUnknownError",
    "Page",
    "Paginator",
    "Permission",
    "PermissionDeniedError",
    "Plan",
    "RateLimitError",
    "RedisFleet",
    "Region",
    "Report",
    "Response",
    "ResponseDecodeError",
    "RetrySafety",
    "Role",
    "ServerError",
    "StoredToken",
    "Task",
    "TaskBatch",
    "Tenant",
    "TenantHeader",
    "TokenInfo",
    "TokenKind",
    "TokenStore",
    "UnauthorizedError",
    "User",
    "UserHeader",
    "UserTenant",
    "UserTokens",
    "__version__",
    "with_response",
]
