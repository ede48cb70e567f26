"""How the emulator behaves where nobody outside Frontegg knows how the service behaves.

Every choice here stands for a **guess** of ours with more than one plausible outcome. A client is
right only if it is right under all of them.
"""

from dataclasses import dataclass
from enum import Enum

__all__ = ["DuplicateAdd", "ForeignTenant", "Policy"]


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


@dataclass(frozen=True, slots=True)
class Policy:
    """The choices of one emulator."""

    duplicate_add: DuplicateAdd = DuplicateAdd.CREATED
    foreign_tenant: ForeignTenant = ForeignTenant.JOIN
    validate_tenants: bool = False
    implicit_users: bool = False
    statuses_as_object: bool = False
    next_at_end: str | None = ""
