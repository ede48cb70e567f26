"""What the emulator remembers of the traffic, for tests to look at afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Invite", "RecordedRequest"]


@dataclass(slots=True)
class RecordedRequest:
    """One request as it came over the wire; its last three fields fill in as it is served."""

    method: str
    raw_path: str
    """Path and query exactly as sent: percent-encoding, order and doubled slashes untouched."""
    template: str | None
    """The route's path with its placeholders, or None where there is no such route."""
    headers: Mapping[str, str]
    """Looks names up without regard to case."""
    body: bytes
    at: float
    """When it had arrived, by the emulator's ``clock``."""
    connection: int
    """A number per TCP connection, from 1: two requests that share it shared the connection."""
    client_id: str | None = None
    """Whose token it carried, once that was checked."""
    fault: str | None = None
    """The class name of the fault that struck it."""
    status: int | None = None
    """The status answered, or None while there is none: stalled, still at work, or cut off."""

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
