"""Passwords, and sessions with their refresh tokens.

Everything here is synchronous and touches only dicts, as in ``environment.py``.

==================================================================  ======
an API token has at most 100 sessions, the oldest gives way           spec
a session ends with its refresh token, and no sooner its last         guess
access token
==================================================================  ======
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Final
from uuid import uuid4

from .tokens import Kind

__all__ = ["Logins", "Session"]

_MAX_SESSIONS_OF_API_TOKEN: Final = 100


@dataclass(slots=True)
class Session:
    """One login, from which access tokens are made until its refresh token ends."""

    id: str
    kind: Kind
    tenant_id: str
    user_id: str | None
    """None for a tenant's API token."""
    api_token: str | None
    """The client id of the API token that logged in, if one did."""
    refresh_token: str
    expires: float
    created: float
    """By the wall clock."""
    ends: float
    """By the wall clock."""
    user_agent: str = ""
    application_id: str | None = None
    """The application that was logged in to, if the login named one."""
    actor: str | None = None
    """The user who acts as this one."""


class Logins:
    """The passwords, and the sessions by their refresh tokens, in the order of login."""

    def __init__(
        self, lifetime: float, clock: Callable[[], float], wall_clock: Callable[[], float]
    ) -> None:
        self.passwords: dict[str, str] = {}
        """By user id."""
        self._sessions: dict[str, Session] = {}
        self.lifetime = lifetime
        """Seconds that a session lasts."""
        self._clock = clock
        self._wall_clock = wall_clock

    def open(
        self,
        kind: Kind,
        tenant_id: str,
        user_id: str | None,
        *,
        api_token: str | None = None,
        user_agent: str = "",
        application_id: str | None = None,
        actor: str | None = None,
        lifetime: float | None = None,
    ) -> Session:
        """Begin a session, which lasts as long as all do unless a lifetime is given."""
        if api_token is not None:
            others = [each for each in self._sessions.values() if each.api_token == api_token]
            for session in others[: max(0, len(others) - _MAX_SESSIONS_OF_API_TOKEN + 1)]:
                self.close(session)
        now = self._wall_clock()
        lifetime = self.lifetime if lifetime is None else lifetime
        session = Session(
            str(uuid4()),
            kind,
            tenant_id,
            user_id,
            api_token,
            token_urlsafe(32),
            self._clock() + lifetime,
            now,
            now + lifetime,
            user_agent,
            application_id,
            actor,
        )
        self._sessions[session.refresh_token] = session
        return session

    def find(self, refresh_token: str | None) -> Session | None:
        """Return the session of a refresh token that is still valid."""
        found = self._sessions.get(refresh_token or "")
        if found is not None and found.expires <= self._clock():
            self.close(found)
            return None
        return found

    def rotate(self, session: Session) -> None:
        """Give a session another refresh token; the old one is invalid from now on."""
        del self._sessions[session.refresh_token]
        session.refresh_token = token_urlsafe(32)
        self._sessions[session.refresh_token] = session

    def close(self, session: Session) -> None:
        """End a session."""
        self._sessions.pop(session.refresh_token, None)

    def of_user(self, user_id: str) -> list[Session]:
        """Return the sessions that a user began with a password."""
        return [
            each
            for each in self._sessions.values()
            if each.user_id == user_id and each.api_token is None
        ]

    def close_some(self, ids: Collection[str]) -> None:
        """End sessions by their ids."""
        for session in [each for each in self._sessions.values() if each.id in ids]:
            self.close(session)

    def close_all(self, *, user_id: str | None = None, api_token: str | None = None) -> None:
        """End every session of a user, or of an API token."""
        for session in list(self._sessions.values()):
            if (user_id is not None and session.user_id == user_id) or (
                api_token is not None and session.api_token == api_token
            ):
                self.close(session)
