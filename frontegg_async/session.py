"""The session: its life, its token, and the views of it."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TypeVar

import aiohttp
import anyio
import msgspec

from ._clock import Clock, SystemClock
from ._secret import Secret
from .answer import Answer
from .call import AttemptObserver, Traffic, View
from .endpoints.authentication import AUTHENTICATE
from .errors import ClosedError, ConfigurationError, UndecodableAnswerError
from .models.authentication import AuthenticateRequest, EnvironmentToken
from .operation import Operation, Query
from .options import (
    Credentials,
    Environment,
    Options,
    Region,
    check_header_setting,
    check_header_value,
    resolve_base_url,
)
from .pacing import FixedRate, Pacing
from .retry import RetryBudget
from .sender import Core, Sender
from .tokens import MemoryTokenStore, TokenInfo, TokenManager, TokenStore, describe
from .transport import AiohttpTransport

T = TypeVar("T")

CLOSE_TIMEOUT: Final = 5.0
"""Seconds that closing may take, also while the task is being cancelled."""
BULK_TIMEOUT: Final = 600.0
BULK_MAX_WAIT: Final = 300.0
BULK_MAX_ATTEMPTS: Final = 10
"""Bulk work waits in seconds and tries as often, at least."""


class _Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is opened with."""

    base_url: str
    credentials: Credentials
    environment_id: str | None
    max_connections: int
    http: aiohttp.ClientSession | None
    token_store: TokenStore
    clock: Clock

    def store_key(self) -> str:
        """Name the token by host and credentials, without telling what they are."""
        parts = (self.base_url, self.credentials.client_id, self.credentials.api_key.reveal())
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class Session:
    """An environment of Frontegg: use it inside ``async with``, share it between tasks.

    Args:
        client_id: the environment's client id.
        api_key: the environment's secret.
        region: eu (if nothing else is said), us, ca or au.
        base_url: another host, such as the own domain, instead of a region.
        environment_id: which environment, for credentials of a whole Frontegg account.
        options: how calls are sent.
        max_connections: calls on the wire at the same time, and connections kept.
        http: an ``aiohttp.ClientSession`` to use instead of an own one. It is not closed, and
            its cookies, proxies and tracing apply. It also sends GET, PUT and DELETE a second time
            by itself if a kept connection turns out to be dead, beyond ``max_attempts``.
        token_store: where to share the environment token with other sessions.
        clock: what time it is; for tests.

    Raises:
        ConfigurationError: a setting cannot work.
    """

    _settings: _Settings
    _sender: Sender | None
    _view: View
    _is_view: bool

    def __init__(
        self,
        *,
        client_id: str,
        api_key: str | Secret,
        region: Region | str | None = None,
        base_url: str | None = None,
        environment_id: str | None = None,
        options: Options | None = None,
        max_connections: int = 64,
        http: aiohttp.ClientSession | None = None,
        token_store: TokenStore | None = None,
        clock: Clock | None = None,
    ) -> None:
        # First of all, so that no traceback from here shows the key among the local variables.
        api_key = _secret(api_key)
        _check_text("api_key", _is_text(api_key.reveal()))
        _check_text("client_id", _is_text(client_id))
        if type(max_connections) is not int or max_connections < 1:
            raise ConfigurationError(
                f"max_connections must be a whole number from 1, got {max_connections!r}"
            )
        if environment_id is not None:
            check_header_setting("frontegg-environment-id", environment_id)
        self._settings = _Settings(
            base_url=resolve_base_url(base_url, region),
            credentials=Credentials(client_id, api_key),
            environment_id=environment_id,
            max_connections=max_connections,
            http=http,
            token_store=MemoryTokenStore() if token_store is None else token_store,
            clock=SystemClock() if clock is None else clock,
        )
        self._view = View(
            options=Options() if options is None else options,
            traffic=Traffic(),
            budget=RetryBudget(),
        )
        self._sender = None
        self._is_view = False

    @classmethod
    def from_env(
        cls,
        *,
        region: Region | str | None = None,
        base_url: str | None = None,
        environment_id: str | None = None,
        options: Options | None = None,
        max_connections: int = 64,
        http: aiohttp.ClientSession | None = None,
        token_store: TokenStore | None = None,
    ) -> Self:
        """Make a session from the ``FRONTEGG_*`` environment variables; arguments beat them.

        Read are ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` (or ``FRONTEGG_SECRET_KEY``),
        ``FRONTEGG_REGION`` or ``FRONTEGG_BASE_URL``, and ``FRONTEGG_ENVIRONMENT_ID``.

        Raises:
            ConfigurationError: no credentials there, or a setting that cannot work.
        """
        found = Environment.read()
        if found.client_id is None or found.api_key is None:
            raise ConfigurationError(
                "no credentials: set FRONTEGG_CLIENT_ID and FRONTEGG_API_KEY "
                "(or FRONTEGG_SECRET_KEY) in the environment"
            )
        if region is None and base_url is None:
            region, base_url = found.region, found.base_url
        return cls(
            client_id=found.client_id,
            api_key=found.api_key,
            region=region,
            base_url=base_url,
            environment_id=found.environment_id if environment_id is None else environment_id,
            options=options,
            max_connections=max_connections,
            http=http,
            token_store=token_store,
        )

    # Life

    async def __aenter__(self) -> Self:
        if self._is_view:
            raise ClosedError("a view lives as long as its session: open the session itself")
        if self._sender is not None:
            raise ClosedError("a session is opened once: make a new one")
        settings = self._settings
        core = Core(
            base_url=settings.base_url,
            environment_id=settings.environment_id,
            transport=AiohttpTransport(settings.http, max_connections=settings.max_connections),
            tokens=TokenManager(
                self._fetch_token,
                clock=settings.clock,
                uniform=random.uniform,
                store=settings.token_store,
                key=settings.store_key(),
            ),
            api_key=settings.credentials.api_key,
            clock=settings.clock,
            max_connections=settings.max_connections,
        )
        self._sender = Sender(core, self._view)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._sender is not None:
            with anyio.move_on_after(CLOSE_TIMEOUT, shield=True):
                await self._sender.core.close()

    def _opened(self) -> Sender:
        if self._sender is None:
            raise ClosedError("the session is not open yet: use it inside 'async with'")
        return self._sender

    @property
    def base_url(self) -> str:
        """The host that calls go to."""
        return self._settings.base_url

    @property
    def options(self) -> Options:
        """How this session or view sends its calls."""
        return self._view.options

    @property
    def clock(self) -> Clock:
        """What time it is for this session."""
        return self._settings.clock

    @property
    def client_id(self) -> str:
        """Whose credentials these are."""
        return self._settings.credentials.client_id

    @property
    def traffic(self) -> Traffic:
        """What was sent through this session, or through this metered view."""
        return self._view.traffic

    def __repr__(self) -> str:
        if not hasattr(self, "_sender"):
            return f"<{type(self).__name__}, refused>"  # as a traceback of __init__ shows it
        sender = self._sender
        state = "not open" if sender is None or sender.core.closed else "open"
        kind = " view" if self._is_view else ""
        return f"<{type(self).__name__}{kind} {self._settings.base_url}, {state}>"

    # Views

    def for_tenant(self, tenant_id: str) -> Self:
        """Return a view whose calls carry ``frontegg-tenant-id``, where they take one."""
        check_header_value("frontegg-tenant-id", tenant_id)
        return self._derive(msgspec.structs.replace(self._view, tenant_id=tenant_id))

    def as_user(self, user_token: str | Secret) -> Self:
        """Return a view that calls with a user's token instead of the environment token."""
        user_token = _secret(user_token)
        _check_text("user_token", _is_text(user_token.reveal()))
        return self._derive(msgspec.structs.replace(self._view, user_token=user_token))

    def with_options(
        self,
        *,
        timeout: float | None = None,
        attempt_timeout: float | None = None,
        max_attempts: int | None = None,
        max_wait: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a view that sends differently; what is not given stays as it is.

        ``headers`` come on top of those of this view. What each means is said at ``Options``.

        Raises:
            ConfigurationError: a setting cannot work.
        """
        options = self._view.options
        changes = {
            "timeout": timeout,
            "attempt_timeout": attempt_timeout,
            "max_attempts": max_attempts,
            "max_wait": max_wait,
            "headers": None if headers is None else {**options.headers, **headers},
        }
        given = {name: value for name, value in changes.items() if value is not None}
        options = msgspec.structs.replace(options, **given)
        return self._derive(msgspec.structs.replace(self._view, options=options))

    def for_bulk(self, *, rate: FixedRate | None = None) -> Self:
        """Return a view that is patient and counts its own ``traffic``, from zero.

        Its calls let others go first, and wait out rate limits and outages of minutes. It has no
        retry budget, because the number of workers already bounds what an outage can multiply.

        Args:
            rate: the most calls of each kind in a stretch of time. The view then has a pacing of
                its own: what is learned of the server's limits counts only below the rate.
        """
        options = self._view.options
        patient = msgspec.structs.replace(
            options,
            timeout=max(options.timeout, BULK_TIMEOUT),
            max_wait=max(options.max_wait, BULK_MAX_WAIT),
            max_attempts=max(options.max_attempts, BULK_MAX_ATTEMPTS),
        )
        view = msgspec.structs.replace(
            self._view,
            options=patient,
            traffic=Traffic(),
            budget=RetryBudget(math.inf),
            bulk=True,
            pacing=None if rate is None else Pacing(self._settings.clock, fixed=rate),
        )
        return self._derive(view)

    def _derive(self, view: View) -> Self:
        derived = object.__new__(type(self))
        derived._settings = self._settings
        derived._view = view
        derived._sender = Sender(self._opened().core, view)
        derived._is_view = True
        return derived

    # Calls

    async def call(
        self,
        operation: Operation[T],
        /,
        *path: str,
        query: Query | None = None,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
    ) -> T:
        """Send any operation and return its decoded answer.

        Args:
            operation: one of the constants in ``frontegg_async.endpoints``, or your own.
            path: values of its path parameters, in order.
            query: query parameters; UNSET and None are left out.
            body: sent as JSON.
            tenant_id: value of ``frontegg-tenant-id``, instead of the view's.

        Raises:
            FronteggError: see ``frontegg_async.errors`` for the tree.
        """
        answer = await self._opened().send(
            operation, path, query=query, body=body, tenant_id=tenant_id
        )
        return self.decoded(operation, answer)

    async def send(
        self,
        operation: Operation[T],
        /,
        *path: str,
        query: Query | None = None,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
        observer: AttemptObserver | None = None,
    ) -> Answer:
        """Send any operation and return the answer itself: status, headers and raw bytes.

        An answer is a success: anything else is raised, as by ``call``. An ``observer`` is told
        of every attempt.
        """
        return await self._opened().send(
            operation, path, query=query, body=body, tenant_id=tenant_id, observer=observer
        )

    @property
    def pacing(self) -> Pacing:
        """How fast this session or view sends, by limit group."""
        return self._opened().pacing

    async def token_info(self) -> TokenInfo:
        """Return what may be known of the environment token, fetching one if need be."""
        core = self._opened().core
        core.check()
        token = await core.tokens.get(self._view.options.timeout)
        return describe(token, self._settings.clock.monotonic())

    async def _fetch_token(self) -> EnvironmentToken:
        """Ask the auth route once; the token manager sees to it that nobody else does."""
        credentials = self._settings.credentials
        answer = await self._opened().send(
            AUTHENTICATE,
            (),
            body=AuthenticateRequest(
                client_id=credentials.client_id, secret=credentials.api_key.reveal()
            ),
        )
        return self.decoded(AUTHENTICATE, answer)

    @staticmethod
    def decoded(operation: Operation[T], answer: Answer) -> T:
        """Decode an answer of ``send``.

        Raises:
            UndecodableAnswerError: it is not what the operation returns.
        """
        try:
            return operation.decode(answer.body)
        except msgspec.DecodeError as error:
            problem = str(error)
        raise UndecodableAnswerError(
            f"the answer is not as expected: {problem}",
            operation=operation.name,
            status=answer.status,
            trace_id=answer.trace_id,
            attempts=answer.attempts,
        )


def _secret(value: str | Secret) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and value.isprintable()


def _check_text(name: str, fit: bool) -> None:
    # Is told whether and not what, so that its traceback shows no secret.
    if not fit:
        raise ConfigurationError(f"{name} must be a text without control characters")
