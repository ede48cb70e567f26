"""Settings of a session: their arguments and their checks."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final, TypedDict

import aiohttp
import msgspec

from ..auth.token_stores import TokenStore
from ..errors import ConfigurationError
from ..observing import ObservedCall, Observer, check_observers
from ..operation import Operation
from ..options import (
    APPLICATION_HEADER,
    Options,
    Region,
    check_header_setting,
    is_local,
    resolve_base_url,
)
from ..pacing import FixedRate
from ..pacing.published import Plan, published_limit
from .call import AttemptObserver
from .clock import Clock, SystemClock
from .ids import id_problem, text_problem
from .proxies import Proxy, proxy_for, unused_variable
from .secret import Secret, concealed

if TYPE_CHECKING:
    from ..fleet.fleet import Fleet

DEFAULT_CONNECTIONS: Final = 64


class ConnectionArguments(TypedDict, total=False):
    """Arguments of every way to make a session. ``Session`` describes them."""

    region: Region | str | None
    base_url: str | None
    application_id: str | None
    options: Options | None
    max_connections: int
    http: aiohttp.ClientSession | None
    over_aiohttp: bool
    proxy: str | Secret | None
    trust_env: bool
    ssl_context: ssl.SSLContext | None
    clock: Clock | None
    limits_plan: Plan | str | None
    observers: Iterable[Observer]
    fleet: Fleet | None


class SessionArguments(ConnectionArguments, total=False):
    """Further arguments of a session that has credentials. ``Session`` describes them."""

    environment_id: str | None
    token_store: TokenStore | None


FOR_USERS: Final = ConnectionArguments.__optional_keys__
FOR_ALL: Final = SessionArguments.__optional_keys__


class CheckedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that were checked."""

    base_url: str
    client_id: str | None
    api_key: Secret | None
    environment_id: str | None
    application_id: str | None
    options: Options
    max_connections: int
    http: aiohttp.ClientSession | None
    over_aiohttp: bool
    proxy: Proxy | None
    unused_proxy: str | None
    """Variable that names a proxy which is not used."""
    ssl_context: ssl.SSLContext | None
    token_store: TokenStore | None
    clock: Clock
    limits_plan: Plan | None
    fleet: Fleet | None = None
    observers: tuple[Observer, ...] = ()

    def expected_limit(self, limit_group: str) -> FixedRate:
        """Return the limit that Frontegg publishes for a group of the session's plan."""
        published = published_limit(limit_group, self.limits_plan or Plan.SCALE)
        return FixedRate(published.calls, published.seconds)

    def observed(
        self, operation: Operation[Any], inner: AttemptObserver | None = None
    ) -> ObservedCall:
        """Return a call for the observers; ``inner`` is the caller's own observer of attempts."""
        return ObservedCall(operation, self.base_url, self.clock, self.observers, inner)

    def store_key(self) -> str:
        """Return the token's name in the store: a hash of host and credentials."""
        secret = Secret("") if self.api_key is None else self.api_key
        parts = (self.base_url, self.client_id or "", secret.reveal())
        return _hashed(*parts)

    def fleet_key(self) -> str:
        """Return the name of the limits in a fleet: a hash of host and client id."""
        return _hashed(self.base_url, self.client_id or "")


def settings_of(
    given: ConnectionArguments,
    *,
    known: Collection[str],
    client_id: str | None,
    api_key: Secret | None,
    environment_id: str | None = None,
    token_store: TokenStore | None = None,
) -> CheckedSettings:
    """Check the arguments of a session.

    Args:
        given: the arguments, with secrets wrapped (``conceal_settings``).
        known: names of the arguments that are allowed.
        client_id: the environment's client id.
        api_key: its secret; None for a session that serves users only.
        environment_id: see ``Session``.
        token_store: see ``Session``.

    Raises:
        TypeError: there is no such argument.
        ConfigurationError: a setting cannot work.
    """
    check_names(given, known)
    if api_key is not None:
        check_text("api_key", text_problem(api_key.reveal()))
    if client_id is not None or api_key is not None:
        check_text("client_id", id_problem(client_id))
    if environment_id is not None:
        check_header_setting("frontegg-environment-id", environment_id)
    application_id = given.get("application_id")
    if application_id is not None:
        check_header_setting(APPLICATION_HEADER, application_id)
    max_connections = given.get("max_connections", DEFAULT_CONNECTIONS)
    if type(max_connections) is not int or max_connections < 1:
        raise ConfigurationError(
            f"max_connections must be a positive integer, got {max_connections!r}"
        )
    base_url = resolve_base_url(given.get("base_url"), given.get("region"))
    http, ssl_context = given.get("http"), given.get("ssl_context")
    _check_type("http", http, aiohttp.ClientSession)
    _check_type("ssl_context", ssl_context, ssl.SSLContext)
    proxy, trust_env = given.get("proxy"), given.get("trust_env", False)
    over_aiohttp = given.get("over_aiohttp", False)
    _check_type("trust_env", trust_env, bool)
    _check_type("over_aiohttp", over_aiohttp, bool)
    if http is not None and (proxy is not None or ssl_context is not None or trust_env):
        raise ConfigurationError(
            "http= has a proxy and TLS settings of its own: give proxy, trust_env and ssl_context "
            "(and FRONTEGG_PROXY) to the aiohttp session, or leave out http"
        )
    used = proxy_for(
        base_url, None if proxy is None else as_secret(proxy), trust_env=bool(trust_env)
    )
    ignored = None if used or trust_env or http is not None else unused_variable(base_url)
    options, clock = given.get("options"), given.get("clock")
    _check_type("options", options, Options)
    fleet = given.get("fleet")
    _check_methods("token_store", token_store, "load", "save", "discard")
    _check_methods("fleet", fleet, "new_member")
    return CheckedSettings(
        base_url=base_url,
        client_id=client_id,
        api_key=api_key,
        environment_id=environment_id,
        application_id=application_id,
        options=Options() if options is None else options,
        max_connections=max_connections,
        http=http,
        over_aiohttp=bool(over_aiohttp),
        proxy=used,
        unused_proxy=ignored,
        ssl_context=ssl_context,
        token_store=token_store,
        clock=SystemClock() if clock is None else clock,
        # A server on this machine is a stand-in: no limit is expected there unless it is named.
        limits_plan=as_plan(given.get("limits_plan", None if is_local(base_url) else Plan.SCALE)),
        observers=check_observers(given.get("observers", ())),
        fleet=fleet,
    )


def check_names(given: ConnectionArguments, known: Collection[str]) -> None:
    """Raise TypeError if there is no argument of a name."""
    for name in given:
        if name not in known:
            if name in Options.__struct_fields__ and "options" in known:
                raise TypeError(f"{name!r} is one of the Options: say options=Options({name}=...)")
            raise TypeError(f"there is no argument {name!r} here, only {', '.join(sorted(known))}")


def conceal_settings(given: ConnectionArguments) -> None:
    """Wrap secrets among arguments, so that no traceback shows them: a proxy's URL may hold one.

    Arguments of unknown names, such as ``secret``, are wrapped too; they are rejected later.
    """
    proxy = given.get("proxy")
    if proxy is not None:
        given["proxy"] = as_secret(proxy)
    for name, value in given.items():
        # Names that the dictionary's type does not know are the reason for this loop.
        given[name] = concealed(name, value)  # type: ignore[literal-required]


def as_secret(value: str | Secret) -> Secret:
    """Return a string as a secret."""
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


def token_problem(value: object) -> str | None:
    """Say why ``value`` cannot be a token, or return None."""
    problem = text_problem(value)
    if problem is None and isinstance(value, str) and " " in value:
        return "contains a space: give the token alone, without the word Bearer"
    return problem


def check_text(name: str, problem: str | None) -> None:
    """Reject a setting. Takes the problem and not the value, so that no traceback shows it."""
    if problem is not None:
        raise ConfigurationError(f"{name} {problem}")


def _check_methods(name: str, value: object, *methods: str) -> None:
    # A class instead of an object has the methods as well, and cannot be used.
    if value is not None and (
        isinstance(value, type)
        or not all(callable(getattr(value, method, None)) for method in methods)
    ):
        wanted = ", ".join(methods[:-1]) + " and " * (len(methods) > 1) + methods[-1]
        raise ConfigurationError(f"{name} must have {wanted}, got {type(value).__name__}")


def _hashed(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _check_type(name: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        wanted = f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
        wanted = wanted.removeprefix("builtins.").removeprefix("frontegg_async.")
        raise ConfigurationError(f"{name} must be of type {wanted}, got {type(value).__name__}")
