"""Hosted login: codes that wait to be exchanged, and browsers that are logged in.

Everything here is synchronous and touches only dicts, as in ``environment.py``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from secrets import token_urlsafe

from .logins import Session

__all__ = ["Grant", "HostedLogins"]


@dataclass(slots=True)
class Grant:
    """A user who has logged in on the page, for one client."""

    client_id: str
    redirect_uri: str
    challenge: str | None
    """The code challenge of PKCE, if there was one."""
    nonce: str | None
    user_id: str
    browser: str
    """The cookie of the browser."""
    logged_in: float
    """By the wall clock."""
    stepped_up: bool = False
    expires: float = 0.0


class HostedLogins:
    """Codes, browsers by their cookies, and grants by the ids of the sessions they became."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._codes: dict[str, Grant] = {}
        self._browsers: dict[str, str] = {}
        self._grants: dict[str, Grant] = {}

    def user_of(self, browser: str) -> str | None:
        """Return the user who is logged in in a browser."""
        return self._browsers.get(browser)

    def open_browser(self, user_id: str) -> str:
        """Log a user in in a browser, and return its cookie."""
        browser = token_urlsafe(24)
        self._browsers[browser] = user_id
        return browser

    def issue_code(self, grant: Grant, seconds: float) -> str:
        """Return a code that is good once, for some seconds."""
        now = self._clock()
        for code in [code for code, each in self._codes.items() if each.expires <= now]:
            del self._codes[code]
        grant.expires = now + seconds
        code = token_urlsafe(24)
        self._codes[code] = grant
        return code

    def take_code(self, code: str) -> Grant | None:
        """Return the grant of a code, which is used up by that."""
        grant = self._codes.pop(code, None)
        return None if grant is None or grant.expires <= self._clock() else grant

    def begin(self, session: Session, grant: Grant) -> None:
        """Record the session that a grant became."""
        self._grants[session.id] = grant

    def grant_of(self, session: Session) -> Grant | None:
        """Return the grant that a session began with, if it is one of hosted login."""
        return self._grants.get(session.id)

    def close_browser(self, browser: str) -> frozenset[str]:
        """Log out in a browser, and return the ids of the sessions that began in it."""
        self._browsers.pop(browser, None)
        for code in [code for code, each in self._codes.items() if each.browser == browser]:
            del self._codes[code]
        ended = frozenset(id_ for id_, each in self._grants.items() if each.browser == browser)
        for session_id in ended:
            del self._grants[session_id]
        return ended
