"""How the emulator behaves where nobody outside Frontegg knows how the service behaves.

Every choice here stands for a **guess** of ours with more than one plausible outcome. A client is
right only if it is right under all of them.
"""

from dataclasses import dataclass
from enum import Enum

__all__ = ["BulkRoles", "DuplicateAdd", "ForeignTenant", "Policy", "RefreshTokenIn"]


class DuplicateAdd(Enum):
    """What adding a user to a tenant answers when the user already is a member (guess)."""

    CREATED = "created"
    """201 and the user again; no second invite."""
    CREATED_AND_INVITES = "created-and-invites"
    """201 and the user again; another invite goes out."""
    CONFLICT = "conflict"
    """409; nothing happens."""
    BAD_REQUEST = "bad-request"
    """400; nothing happens."""


class ForeignTenant(Enum):
    """What setting an active tenant does when the user is no member of it (guess)."""

    JOIN = "join"
    """The user becomes a member, without an invite, and the tenant becomes active."""
    SWITCH_ONLY = "switch-only"
    """The tenant becomes active, and the user still is no member."""
    REFUSE = "refuse"
    """400; nothing happens."""


class RefreshTokenIn(Enum):
    """Where a refresh and a logout look for a user's refresh token (spec: the cookie)."""

    COOKIE = "cookie"
    """The cookie ``fe_refresh_...``, and nothing else."""
    BODY = "body"
    """``refreshToken`` in the body, and nothing else."""
    EITHER = "either"
    """The body, and where that has none, the cookie."""


class BulkRoles(Enum):
    """How changing a user's roles in all tenants is done (spec: either may come)."""

    AT_ONCE = "at-once"
    """The answer has the result."""
    QUEUED = "queued"
    """The answer has the id of a task."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of one emulator."""

    duplicate_add: DuplicateAdd = DuplicateAdd.CREATED
    foreign_tenant: ForeignTenant = ForeignTenant.JOIN
    validate_tenants: bool = False
    implicit_users: bool = False
    statuses_as_object: bool = False
    next_at_end: str | None = ""
    user_token_refusal: int = 403
    """What a route that wants an environment token answers to a user's: 401 or 403."""
    refresh_token_in: RefreshTokenIn = RefreshTokenIn.COOKIE
    rotate_refresh_tokens: bool = True
    bulk_roles: BulkRoles = BulkRoles.AT_ONCE
    task_looks: int = 2
    """How many times the status of a task is asked for before it has ended; 0 is at once."""
    read_lag: float = 0.0
    """Seconds until a read shows what a write has done to a user."""
    task_seconds: float | None = None
    """If not None, tasks take this long by the clock, however often they are looked at."""

    def __post_init__(self) -> None:
        if self.task_looks < 0:
            raise ValueError(f"task_looks must not be negative: {self.task_looks}")
        if self.task_seconds is not None and not self.task_seconds >= 0:
            raise ValueError(f"task_seconds must not be negative: {self.task_seconds}")
        if not self.read_lag >= 0:
            raise ValueError(f"read_lag must not be negative: {self.read_lag}")
        if self.user_token_refusal not in {401, 403}:
            raise ValueError(f"user_token_refusal must be 401 or 403: {self.user_token_refusal}")
