"""Records of requests, invites and e-mails, for tests to read afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe

__all__ = ["Invite", "Mail", "RecordedRequest", "code_of"]


def code_of(token: str) -> str:
    """Return the code that goes with a link's token."""
    return f"{int.from_bytes(sha256(token.encode()).digest()[:4]) % 1_000_000:06}"


@dataclass(slots=True)
class RecordedRequest:
    """One request as it came over the wire; its last fields fill in as it is served."""

    method: str
    raw_path: str
    """Path and query exactly as sent: percent-encoding, order and doubled slashes untouched."""
    template: str | None
    """The route's path with its placeholders, or None where there is no such route."""
    headers: Mapping[str, str]
    """Looks names up without regard to case."""
    body: bytes
    at: float
    """Time of arrival, by the emulator's ``clock``."""
    connection: int
    """A number per TCP connection, from 1: two requests that share it shared the connection."""
    client_id: str | None = None
    """Client id of its token, once that was checked."""
    user_id: str | None = None
    """User of its token, if that was a user's."""
    fault: str | None = None
    """The class name of the fault that struck it."""
    status: int | None = None
    """Status of the response; None while there is none: stalled, in progress, or cut off."""

    def __repr__(self) -> str:
        # Neither headers nor body: a failing assertion should not print tokens and secrets.
        return (
            f"RecordedRequest({self.method} {self.raw_path} -> {self.status}, fault={self.fault})"
        )


@dataclass(frozen=True, slots=True)
class Invite:
    """An invite e-mail that the real service would have sent."""

    user_id: str
    tenant_id: str
    email: str


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail with a link that the real service would have sent."""

    kind: str
    """``"invitation"``, ``"activation"`` or ``"password"``."""
    user_id: str
    tenant_id: str | None
    """The tenant of an invitation."""
    email: str
    token: str
    code: str
    """The code that the user types in, in environments that work with codes."""

    @classmethod
    def new(
        cls, kind: str, user_id: str, tenant_id: str | None, email: str, token: str | None = None
    ) -> "Mail":
        """Make one, with a new token unless there is one."""
        token = token_urlsafe(24) if token is None else token
        return cls(kind, user_id, tenant_id, email, token, code_of(token))

    def __repr__(self) -> str:
        # No token: a failing assertion should not print it.
        return f"Mail({self.kind} for {self.user_id} to {self.email})"
