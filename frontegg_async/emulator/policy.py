"""Choices of behaviour, where that of the real service is not known outside Frontegg.

Every choice here stands for a **guess** of ours with more than one plausible outcome. A client is
right only if it is right under all of them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum

__all__ = [
    "BulkRoles",
    "DuplicateAdd",
    "ForeignTenant",
    "HostedLoginPolicy",
    "OAuthErrors",
    "Policy",
    "RefreshTokenIn",
]


class DuplicateAdd(Enum):
    """The response to adding a user to a tenant of which the user is a member (guess)."""

    CREATED = "created"
    """201 and the user again; no second invite."""
    CREATED_AND_INVITES = "created-and-invites"
    """201 and the user again; another invite goes out."""
    CONFLICT = "conflict"
    """409; nothing happens."""
    BAD_REQUEST = "bad-request"
    """400; nothing happens."""


class ForeignTenant(Enum):
    """The effect of setting an active tenant that the user is no member of (guess)."""

    JOIN = "join"
    """The user becomes a member, without an invite, and the tenant becomes active."""
    SWITCH_ONLY = "switch-only"
    """The tenant becomes active, and the user still is no member."""
    REFUSE = "refuse"
    """400; nothing happens."""


class RefreshTokenIn(Enum):
    """The place of the refresh token in a refresh and a logout (spec: the cookie)."""

    COOKIE = "cookie"
    """The cookie ``fe_refresh_...``, and nothing else."""
    BODY = "body"
    """``refreshToken`` in the body, and nothing else."""
    EITHER = "either"
    """The body, or else the cookie."""


class BulkRoles(Enum):
    """The way in which a user's roles change in all tenants (spec: either)."""

    AT_ONCE = "at-once"
    """The response has the result."""
    QUEUED = "queued"
    """The response has the id of a task."""


class OAuthErrors(Enum):
    """The errors of ``/oauth/token`` (guess)."""

    OAUTH = "oauth"
    """``error`` and ``error_description``, as RFC 6749 has it."""
    FRONTEGG = "frontegg"
    """``errors``, as on all other routes."""


@dataclass(frozen=True, slots=True)
class HostedLoginPolicy:
    """Settings and choices of hosted login."""

    redirect_uris: Collection[str] | None = None
    """Registered redirect URIs; None takes any on this machine."""
    applications: Mapping[str, str] = field(default_factory=dict[str, str])
    """Secrets of applications by their ids, which are client ids beside the environment's."""
    user_id: str | None = None
    """A user who is logged in without a page."""
    trust_hints: bool = False
    """Log the user in whom ``login_hint`` names, without a page."""
    secret_required: bool = False
    """Take no token request from a client that does not prove itself, also with PKCE (guess)."""
    id_token: bool = True
    """Give out an id token (client)."""
    nonce: bool = True
    """Repeat the nonce in it (client)."""
    errors: OAuthErrors = OAuthErrors.OAUTH
    code_lifetime: float = 60.0
    """Seconds that a code is good for (guess)."""
    logout_ends_sessions: bool = True
    """End the refresh tokens that applications got from this browser (guess)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of one emulator."""

    duplicate_add: DuplicateAdd = DuplicateAdd.CREATED
    foreign_tenant: ForeignTenant = ForeignTenant.JOIN
    validate_tenants: bool = False
    implicit_users: bool = False
    applications: Collection[str] = ()
    """Ids of the environment's applications. If there are any, an invite has to name one (seen)."""
    statuses_as_object: bool = False
    next_at_end: str | None = ""
    user_token_refusal: int = 403
    """Status for a user's token on a route that takes environment tokens only: 401 or 403."""
    tenant_of_sessions: bool = False
    """Refuse a user's sessions and ``mfa/disable`` without a tenant too (spec: no; seen: yes)."""
    refresh_token_in: RefreshTokenIn = RefreshTokenIn.COOKIE
    rotate_refresh_tokens: bool = True
    """True until the environment's configuration says otherwise."""
    hosted_login: HostedLoginPolicy = field(default_factory=HostedLoginPolicy)
    bulk_roles: BulkRoles = BulkRoles.AT_ONCE
    task_looks: int = 2
    """Requests for its status until a task has ended; 0 ends it at once."""
    read_lag: float = 0.0
    """Seconds until a read shows a write to a user."""
    task_seconds: float | None = None
    """Seconds that tasks take by the clock, however often they are read; None counts requests."""

    def __post_init__(self) -> None:
        if self.task_looks < 0:
            raise ValueError(f"task_looks must not be negative, got {self.task_looks}")
        if self.task_seconds is not None and not self.task_seconds >= 0:
            raise ValueError(f"task_seconds must not be negative, got {self.task_seconds}")
        if not self.read_lag >= 0:
            raise ValueError(f"read_lag must not be negative, got {self.read_lag}")
        if self.user_token_refusal not in {401, 403}:
            raise ValueError(
                f"user_token_refusal must be 401 or 403, got {self.user_token_refusal}"
            )
