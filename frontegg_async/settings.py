"""What a session is opened with, checked."""

from __future__ import annotations

import hashlib

import aiohttp
import msgspec

from ._clock import Clock
from ._secret import Secret
from .errors import ConfigurationError
from .ids import id_problem
from .options import is_local
from .pacing import FixedRate
from .published import Plan, published_limit
from .token_stores import TokenStore


class SessionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is opened with."""

    base_url: str
    client_id: str | None
    api_key: Secret | None
    environment_id: str | None
    max_connections: int
    http: aiohttp.ClientSession | None
    token_store: TokenStore
    clock: Clock
    limits_plan: Plan | None

    def __post_init__(self) -> None:
        if self.client_id is None and self.api_key is None:
            return  # a session for users alone
        problem = id_problem(self.client_id)
        if problem is not None:
            raise ConfigurationError(f"client_id {problem}")

    def expected_limit(self, limit_group: str) -> FixedRate:
        """Return the limit that Frontegg publishes for a group of the session's plan."""
        published = published_limit(limit_group, self.limits_plan or Plan.SCALE)
        return FixedRate(published.calls, published.seconds)

    @property
    def expects_limits(self) -> bool:
        """Whether published limits hold for the host: a server on this machine is a stand-in."""
        return self.limits_plan is not None and not is_local(self.base_url)

    def store_key(self) -> str:
        """Name the token by host and credentials, without telling what they are."""
        secret = Secret("") if self.api_key is None else self.api_key
        parts = (self.base_url, self.client_id or "", secret.reveal())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def as_secret(value: str | Secret) -> Secret:
    """Return a value that does not show itself."""
    return value if isinstance(value, Secret) else Secret(value)


def as_plan(value: Plan | str | None) -> Plan | None:
    """Return a plan by its name.

    Raises:
        ConfigurationError: there is no such plan.
    """
    try:
        return None if value is None else Plan(value)
    except ValueError:
        known = ", ".join(Plan)
        raise ConfigurationError(
            f"limits_plan must be one of {known}, or None, got {value!r}"
        ) from None


def check_connections(number: object) -> None:
    """Refuse what cannot be a number of connections."""
    if type(number) is not int or number < 1:
        raise ConfigurationError(f"max_connections must be a whole number from 1, got {number!r}")


def is_text(value: object) -> bool:
    """Whether it can stand where a name or a token is asked for."""
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def check_text(name: str, fit: bool) -> None:
    """Refuse a setting that is no text.

    Is told whether and not what, so that its traceback shows no secret.
    """
    if not fit:
        raise ConfigurationError(f"{name} must be a text without control characters")
