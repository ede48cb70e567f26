"""Settings: frozen values, checked when they are made, every unit in its description."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

import msgspec

from ._secret import Secret
from .errors import ConfigurationError, InvalidRequestError
from .ids import id_problem

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*").fullmatch
_ID_HEADER: Final = re.compile(r"frontegg-[a-z-]+-id", re.IGNORECASE).fullmatch

_FORBIDDEN_HEADERS: Final = frozenset(
    # Set by the session itself; a second value would be a second truth.
    {
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "transfer-encoding",
        "frontegg-tenant-id",
        "frontegg-user-id",
        "frontegg-environment-id",
    }
)


class Region(StrEnum):
    """Where Frontegg keeps the environment."""

    EU = "eu"
    US = "us"
    CA = "ca"
    AU = "au"

    @property
    def base_url(self) -> str:
        """The region's API host."""
        return (
            "https://api.frontegg.com"
            if self is Region.EU
            else f"https://api.{self.value}.frontegg.com"
        )


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calls are sent. A view of a session may differ in these (``with_options``).

    Args:
        timeout: seconds for a call over all its attempts and waits.
        attempt_timeout: seconds for one attempt, from the request to the end of the answer.
        connect_timeout: seconds to reach the server, within an attempt.
        max_attempts: requests that a call may send at most, 1 for no retries. A revoked token
            is worth one more, and so is looking whether a lost call was done. What was refused
            for its rate does not count: it waits in line until the deadline.
        max_wait: the longest wait, in seconds, that the server may impose on a call; a longer
            one is raised as ThrottledError instead of being waited for.
        max_response_bytes: the longest body that is read, after decompression too.
        rejected_before_processing: whether 401 and 429 always mean that nothing was done, so
            that any operation may be sent again after them. Frontegg does not say; if you
            know better, False keeps operations that are unsafe to repeat from it.
        headers: sent with every call, beside the SDK's own.
    """

    timeout: float = 30.0
    attempt_timeout: float = 10.0
    connect_timeout: float = 5.0
    max_attempts: int = 4
    max_wait: float = 60.0
    max_response_bytes: int = 16 * 1024 * 1024
    rejected_before_processing: bool = True
    headers: Mapping[str, str] = MappingProxyType({})

    def __post_init__(self) -> None:
        for name in ("timeout", "attempt_timeout", "connect_timeout", "max_wait"):
            _check_positive(name, getattr(self, name))
        for name in ("max_attempts", "max_response_bytes"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ConfigurationError(f"{name} must be a whole number from 1, got {value!r}")
        for name, value in self.headers.items():
            if not _HEADER_NAME(name):
                raise ConfigurationError(f"{name!r} is not the name of a header")
            if name.lower() in _FORBIDDEN_HEADERS:
                raise ConfigurationError(f"the header {name!r} is set by the session itself")
            check_header_setting(name, value)
        # A copy, so that what was checked is what is sent.
        msgspec.structs.force_setattr(self, "headers", MappingProxyType(dict(self.headers)))


def _check_positive(name: str, value: object) -> None:
    # NaN fails every comparison, so it is refused here as well.
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise ConfigurationError(f"{name} must be a number of seconds above 0, got {value!r}")


def check_header_value(name: str, value: str) -> str:
    """Return ``value``; raise InvalidRequestError if it cannot stand in a header."""
    problem = _header_problem(name, value)
    if problem is not None:
        raise InvalidRequestError(f"the value of the header {name} {problem}")
    return value


def check_header_setting(name: str, value: str) -> str:
    """Return ``value``; raise ConfigurationError if it cannot stand in a header."""
    problem = _header_problem(name, value)
    if problem is not None:
        raise ConfigurationError(f"the value of the header {name} {problem}")
    return value


def _header_problem(name: str, value: object) -> str | None:
    """Say why ``value`` cannot stand in a header, for one because it would end it."""
    if _ID_HEADER(name):
        return id_problem(value)
    if not isinstance(value, str):
        return f"must be a text, got {type(value).__name__}"
    if not value.strip():
        return "is empty"
    if value.isascii() and value.isprintable():
        return None
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in value):
        return "holds a control character"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "holds a lone surrogate"
    return None


def resolve_base_url(base_url: str | None, region: Region | str | None) -> str:
    """Return the host that calls go to, without a slash at its end.

    Raises:
        ConfigurationError: an unknown region, both a region and a base_url, or a base_url that
            would send the credentials in clear text to another machine.
    """
    if base_url is None:
        try:
            return Region(Region.EU if region is None else region).base_url
        except ValueError:
            known = ", ".join(Region)
            raise ConfigurationError(
                f"region must be one of {known}, got {region!r}; an own domain goes to base_url"
            ) from None
    if region is not None:
        raise ConfigurationError("give a region or a base_url, not both")
    try:
        parts = urlsplit(base_url)
        hostname, _ = parts.hostname, parts.port
        (hostname or "").encode("idna")
    except ValueError:
        raise ConfigurationError(f"base_url is not a URL: {base_url!r}") from None
    if parts.scheme not in {"https", "http"} or not hostname:
        raise ConfigurationError(f"base_url must be like https://host, got {base_url!r}")
    if not hostname.isascii():
        raise ConfigurationError("base_url takes an international host in its xn-- spelling")
    if any(char in base_url for char in "@?#\\"):
        raise ConfigurationError("base_url takes no user, query, fragment or backslash")
    if parts.scheme == "http" and not _is_loopback(hostname):
        raise ConfigurationError("base_url must be https: the api key would travel unencrypted")
    if any(char.isspace() or not char.isprintable() for char in base_url):
        raise ConfigurationError("base_url holds a space or a control character")
    return base_url.rstrip("/")


def is_local(base_url: str) -> bool:
    """Return whether a base URL leads to this machine."""
    return _is_loopback(urlsplit(base_url).hostname or "")


def _is_loopback(hostname: str) -> bool:
    if hostname == "localhost":
        return True
    try:
        return ip_address(hostname).is_loopback
    except ValueError:
        return False


class Environment(msgspec.Struct, frozen=True):
    """What ``FRONTEGG_*`` says; None where a variable is missing or empty."""

    client_id: str | None
    api_key: Secret | None
    region: str | None
    base_url: str | None
    environment_id: str | None

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> Environment:
        """Read the five variables that ``Session.from_env`` names."""
        source = os.environ if variables is None else variables

        def get(name: str) -> str | None:
            return source.get(f"FRONTEGG_{name}", "").strip() or None

        key = get("API_KEY") or get("SECRET_KEY")
        return cls(
            client_id=get("CLIENT_ID"),
            api_key=Secret(key) if key else None,
            region=get("REGION"),
            base_url=get("BASE_URL"),
            environment_id=get("ENVIRONMENT_ID"),
        )
