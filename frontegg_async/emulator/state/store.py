"""The rest of the state: keys, logins, API tokens, invitations, e-mails, jobs and settings.

Handlers get it with each call. ``environment.py`` knows nothing of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from secrets import token_urlsafe
from typing import Any
from uuid import uuid4

from ..http.record import Mail
from ..policy import Policy
from .applications import Applications
from .hosted import HostedLogins
from .jobs import Jobs
from .keys import Keys
from .logins import Logins
from .settings import Settings
from .tokens import Tokens

__all__ = ["AccessToken", "ApiToken", "Invitation", "Store", "http_date", "timestamp"]


def timestamp(seconds: float) -> str:
    """Return a time as the API writes it."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def http_date(seconds: float) -> str:
    """Return a time as HTTP headers have it."""
    return formatdate(int(seconds), usegmt=True)


@dataclass(slots=True)
class ApiToken:
    """A client id with a secret, of a tenant or, where there is a ``user_id``, of a user."""

    client_id: str
    secret: str
    tenant_id: str
    user_id: str | None
    created_by: str
    created: float
    expires: float | None
    description: str
    metadata: dict[str, Any]
    role_ids: list[str]
    permission_ids: list[str]


@dataclass(slots=True)
class AccessToken:
    """A token that works by itself, of a tenant or, where there is a ``user_id``, of a user."""

    id: str
    secret: str
    tenant_id: str
    user_id: str | None
    created_by: str
    created: float
    expires: float | None
    description: str
    role_ids: list[str]


@dataclass(slots=True)
class Invitation:
    """A token that lets any user, or one user, into a tenant."""

    id: str
    token: str
    tenant_id: str
    user_id: str | None
    expires: float | None
    send_email: bool
    role_ids: list[str]


@dataclass(slots=True)
class Strategies:
    """Links or codes for invitations or activations, and the life of a code in seconds."""

    strategy: str = "link"
    code_expiration: float = 600


@dataclass(slots=True)
class Store:
    """All that handlers use besides :class:`State`."""

    client_id: str
    policy: Policy
    keys: Keys
    tokens: Tokens
    logins: Logins
    hosted: HostedLogins
    jobs: Jobs
    wall_clock: Callable[[], float]
    issuer: Callable[[], str]
    """Returns the base URL that tokens name as their issuer."""
    api_tokens: dict[str, ApiToken] = field(default_factory=dict[str, ApiToken])
    """By client id."""
    access_tokens: dict[str, AccessToken] = field(default_factory=dict[str, AccessToken])
    """By id."""
    invitations: dict[str, Invitation] = field(default_factory=dict[str, Invitation])
    """By id."""
    social_logins: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """As they are shown, by type."""
    mails: list[Mail] = field(default_factory=list[Mail])
    """The e-mails with a token in them, in order."""
    invitation_strategy: Strategies = field(default_factory=Strategies)
    activation_strategy: Strategies = field(default_factory=Strategies)
    settings: Settings = field(default_factory=Settings)
    applications: Applications = field(default_factory=Applications)

    def forget_tenant(self, tenant_id: str) -> None:
        """Forget the settings and the assignments of a tenant that is deleted."""
        self.settings.forget_tenant(tenant_id)
        self.applications.forget_tenant(tenant_id)

    def invite(
        self,
        tenant_id: str,
        user_id: str | None,
        minutes: float | None,
        *,
        send_email: bool,
        role_ids: list[str],
    ) -> Invitation:
        """Make an invitation; an earlier one of the same user to the same tenant ends."""
        if user_id is not None and (earlier := self.invitation_of(user_id, tenant_id)) is not None:
            del self.invitations[earlier.id]
        expires = None if minutes is None else self.wall_clock() + 60 * minutes
        invitation = Invitation(
            str(uuid4()), token_urlsafe(24), tenant_id, user_id, expires, send_email, role_ids
        )
        self.invitations[invitation.id] = invitation
        return invitation

    def invitation_of(self, user_id: str, tenant_id: str) -> Invitation | None:
        """Return the invitation of a user to a tenant."""
        for each in self.invitations.values():
            if (each.user_id, each.tenant_id) == (user_id, tenant_id):
                return each
        return None

    def invitation_by_token(self, token: str) -> Invitation | None:
        """Return the invitation with this token, unless it has expired."""
        for each in self.invitations.values():
            if each.token == token:
                good = each.expires is None or each.expires > self.wall_clock()
                return each if good else None
        return None
