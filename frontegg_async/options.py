"""Settings: frozen values, checked when they are made, every unit in its description."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, urlsplit

import msgspec

from ._core.ids import id_problem
from ._core.secret import Secret, concealed, revealed
from .errors import ConfigurationError, InvalidRequestError

S = TypeVar("S", bound=str | Secret)

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
"""A token of RFC 9110."""
_ID_HEADER: Final = re.compile(r"frontegg-[a-z-]+-id", re.IGNORECASE).fullmatch
_IN_BRACKETS: Final = re.compile(r"\[[^\[\]]+\](:\d*)?").fullmatch
"""An IPv6 address as host, and perhaps a port."""

MAX_SECONDS: Final = 10 * 366 * 86_400.0
"""Longest time in a setting. A longer one is a mistake, and adds up to infinity."""

APPLICATION_HEADER: Final = "frontegg-application-id"

_RESERVED_HEADERS: Final[dict[str, str]] = {
    # Set by the session itself; a second value would contradict it. The strings name the way to
    # set another one.
    "authorization": "as_user(token) calls with a token of your own",
    "connection": "",
    "content-length": "",
    "content-type": "",
    "cookie": "",
    "expect": "",
    "host": "base_url names the host",
    "keep-alive": "",
    "proxy-authorization": "the URL of the proxy holds its credentials",
    "proxy-connection": "",
    "te": "",
    "trailer": "",
    "transfer-encoding": "",
    "upgrade": "",
    "frontegg-tenant-id": "for_tenant(tenant_id), or the argument tenant_id, names the tenant",
    "frontegg-application-id": "for_application(application_id) names the application",
    "frontegg-user-id": "the argument user_id names the user",
    "frontegg-environment-id": "the session's argument environment_id names the environment",
}


class Region(StrEnum):
    """Region that hosts the environment."""

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
    """Options of calls. A view of a session may have others (``with_options``).

    Args:
        timeout: seconds for a call over all its attempts and waits.
        attempt_timeout: seconds for one attempt, from the request to the end of the response.
        connect_timeout: seconds to reach the server, within an attempt.
        max_attempts: most requests of a call, 1 for no retries. A revoked token allows one more,
            and so does reading back a lost call. Throttled attempts do not count: the call
            waits in line until the deadline.
        max_wait: the longest wait, in seconds, that the server may impose on a call; a longer
            one is raised as RateLimitError instead of being waited for.
        max_response_bytes: the longest body that is read, after decompression too.
        rejected_before_processing: True if 401 and 429 always mean that nothing was done, so
            that any operation may be sent again after them. Frontegg does not document it; False
            keeps operations that are unsafe to repeat from being sent again.
        headers: sent with every call, beside the SDK's own. The value of a header with a secret
            name, such as ``x-api-key``, is masked wherever it is shown.
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
                raise ConfigurationError(f"{name} must be a positive integer, got {value!r}")
        if not isinstance(self.headers, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                f"headers must be a mapping of names to values, got {type(self.headers).__name__}"
            )
        # A copy, so that the headers that were checked are the headers that are sent.
        headers = MappingProxyType(concealed("", dict(self.headers)))
        msgspec.structs.force_setattr(self, "headers", headers)
        for name, value in headers.items():
            problem = header_name_problem(name)
            if problem is not None:
                raise ConfigurationError(problem)
            check_header_setting(name, value)

    def __reduce__(self) -> tuple[object, ...]:
        # A view of a mapping cannot be pickled. A secret among the values says so itself.
        fields = msgspec.structs.asdict(self)
        return (_made_again, ({**fields, "headers": dict(self.headers)},))


def _made_again(fields: dict[str, Any]) -> Options:
    return Options(**fields)


def _check_positive(name: str, value: object) -> None:
    # NaN fails every comparison, so it is rejected here as well.
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= MAX_SECONDS
    ):
        raise ConfigurationError(
            f"{name} must be a number of seconds above 0, and at most ten years, got {value!r}"
        )


def header_name_problem(name: object, allowed: Collection[str] = ()) -> str | None:
    """Say why a header of this name cannot be sent, or return None.

    Args:
        name: the name.
        allowed: names, in lower case, that this call may set although others may not.
    """
    if not isinstance(name, str) or not _HEADER_NAME(name):
        return f"{name!r} is not the name of a header"
    lower = name.lower()
    instead = _RESERVED_HEADERS.get(lower)
    if instead is None or lower in allowed:
        return None
    return f"the header {name!r} is set by the session itself{instead and f': {instead}'}"


def check_header_value(name: str, value: S) -> S:
    """Return ``value``; raise InvalidRequestError if it cannot stand in a header."""
    problem = _header_problem(name, revealed(value))
    if problem is not None:
        raise InvalidRequestError(f"the value of the header {name} {problem}")
    return value


def check_header_setting(name: str, value: S) -> S:
    """Return ``value``; raise ConfigurationError if it cannot stand in a header."""
    problem = _header_problem(name, revealed(value))
    if problem is not None:
        raise ConfigurationError(f"the value of the header {name} {problem}")
    return value


def _header_problem(name: str, value: object) -> str | None:
    """Say why ``value`` cannot stand in a header, or return None."""
    if _ID_HEADER(name):
        return id_problem(value)
    if not isinstance(value, str):
        return f"must be a string, got {type(value).__name__}"
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
    """Return the URL of the host that calls are sent to, without a slash at its end.

    Of an own host there is one spelling: tokens, limits and partitions are shared by its name.

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
    if not isinstance(base_url, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(
            f"base_url must be a string like https://host, got {type(base_url).__name__}"
        )
    if any(char in base_url for char in "@?#\\"):
        # First of all: the errors below show the URL, and it may hold a password.
        raise ConfigurationError("base_url takes no user, query, fragment or backslash")
    try:
        parts = urlsplit(base_url)
        hostname, _ = parts.hostname, parts.port
        (hostname or "").encode("idna")
    except ValueError:
        raise ConfigurationError(f"base_url is not a URL: {base_url!r}") from None
    # urlsplit finds a host in https://0[::1] and in https://[::1]80, the HTTP library none.
    odd = "[" in parts.netloc and not _IN_BRACKETS(parts.netloc)
    if parts.scheme not in {"https", "http"} or not hostname or odd:
        raise ConfigurationError(f"base_url must be like https://host, got {base_url!r}")
    if not hostname.isascii():
        raise ConfigurationError("base_url takes an international host in its xn-- spelling")
    if parts.scheme == "http" and not _is_loopback(hostname):
        raise ConfigurationError("base_url must be https: the api key would travel unencrypted")
    if any(char.isspace() or not char.isprintable() for char in base_url):
        raise ConfigurationError("base_url holds a space or a control character")
    return _spelled(parts)


def _spelled(parts: SplitResult) -> str:
    """Return a URL in lower case as far as its host, without the scheme's own port."""
    host = (parts.hostname or "").removesuffix(".")
    host = f"[{host}]" if ":" in host else host
    usual = parts.port is None or (parts.scheme, parts.port) in {("https", 443), ("http", 80)}
    return f"{parts.scheme}://{host}{'' if usual else f':{parts.port}'}{parts.path.rstrip('/')}"


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
