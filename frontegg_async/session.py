"""The session: its life, its token, and the views of it."""

from __future__ import annotations

import random
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar, Unpack, cast

import anyio
import msgspec

from ._core import logs
from ._core.call import AttemptObserver, Traffic, View
from ._core.clock import Clock
from ._core.decoding import decode_response
from ._core.environment import Environment
from ._core.proxies import not_used
from ._core.request_builder import conceal
from ._core.response import Response
from ._core.retry import RetryBudget
from ._core.secret import Secret, concealed
from ._core.sender import Sender
from ._core.settings import (
    FOR_ALL,
    FOR_USERS,
    CheckedSettings,
    ConnectionArguments,
    SessionArguments,
    as_secret,
    check_names,
    check_text,
    conceal_settings,
    settings_of,
    token_problem,
)
from ._core.shared import Core
from .auth import user_tokens
from .auth.credentials import EnvironmentLogin
from .auth.token_claims import TokenInfo, describe
from .auth.token_manager import TokenManager
from .auth.token_stores import TokenStore
from .auth.user_tokens import OnRefresh
from .endpoints.authentication import AUTHENTICATE
from .errors import ClosedError, ConfigurationError, InvalidRequestError
from .models.authentication import AuthenticateRequest, TokenGrant, UserTokens
from .operation import Arguments, Operation
from .options import APPLICATION_HEADER, Options, check_header_value
from .pacing import FixedRate, Pacing, RunAllowance

T = TypeVar("T")

CLOSE_TIMEOUT_S: Final = 5.0
"""Seconds that closing may take, also while the task is being cancelled."""


class Session:
    """An environment of Frontegg: use it inside ``async with``, share it between tasks.

    Args:
        client_id: the environment's client id.
        api_key: the environment's secret.
        region: eu (the default), us, ca or au.
        base_url: another host, such as an own domain, instead of a region.
        environment_id: id of the environment, for credentials of a whole Frontegg account.
        application_id: id of the application that calls are about, in an environment that has
            several; see ``for_application``.
        options: timeouts, attempts and headers of calls.
        max_connections: most calls in flight at the same time, and connections kept.
        http: an ``aiohttp.ClientSession`` to send with, instead of over connections of its own.
            It is not closed. Its proxies, headers and tracing apply; its cookies and its ``auth``
            do not. It also sends GET, PUT and DELETE a second time by itself if a kept connection
            turns out to be dead, beyond ``max_attempts``.
        over_aiohttp: True to send with an ``aiohttp.ClientSession`` of its own instead of over
            its own connections, at several times the cost. A proxy does that by itself.
        proxy: URL of a proxy for all calls, with its user name and password if it wants them. The
            proxy sees neither token nor secret: an https host is reached by CONNECT, and with an
            http host a proxy is rejected.
        trust_env: True to use ``HTTPS_PROXY``, ``HTTP_PROXY``, ``ALL_PROXY`` and ``NO_PROXY``.
            ``NO_PROXY`` then beats ``proxy`` as well.
        ssl_context: verifies servers, instead of the certificates that Python trusts or
            ``SSL_CERT_FILE`` names.
        token_store: shares the environment token with other sessions.
        clock: source of time, for tests.
        limits_plan: the plan of Frontegg whose published limits bulk calls expect before a limit
            is met: launch, scale or enterprise; None expects none. Left out, it is scale, and None
            for a server on this machine.
        observers: called with every call, for logs, metrics and traces (``Observer``).
        fleet: shares the environment token and the limits with all sessions that name it, such as
            ``RedisFleet.from_url(url)``. A ``token_store`` beside it keeps the token instead.

    Raises:
        ConfigurationError: a setting cannot work.
    """

    _settings: CheckedSettings
    _sender: Sender | None
    _view: View
    _is_view: bool

    def __init__(
        self, *, client_id: str, api_key: str | Secret, **settings: Unpack[SessionArguments]
    ) -> None:
        # First of all, so that no traceback from here shows a secret among the local variables.
        api_key = as_secret(api_key)
        conceal_settings(settings)
        self._set_up(
            settings_of(
                settings,
                known=FOR_ALL,
                client_id=client_id,
                api_key=api_key,
                environment_id=settings.get("environment_id"),
                token_store=settings.get("token_store"),
            )
        )

    def _set_up(self, settings: CheckedSettings) -> None:
        logs.turn_on()
        if settings.unused_proxy is not None:
            logs.say_once(not_used(settings.unused_proxy))
        self._settings = settings
        self._view = View(
            options=settings.options,
            traffic=Traffic(),
            budget=RetryBudget(),
            application_id=settings.application_id,
        )
        self._sender = None
        self._is_view = False

    @classmethod
    def for_users(
        cls, *, client_id: str | None = None, **settings: Unpack[ConnectionArguments]
    ) -> Self:
        """Make a session without credentials: for logging users in, and for ``as_user()``.

        Args:
            client_id: the environment's client id, which is no secret. It is needed to renew the
                tokens of a user who logged in.
            settings: those of the session itself, without ``environment_id`` and ``token_store``.

        Raises:
            ConfigurationError: a setting cannot work.
        """
        conceal_settings(settings)
        session = object.__new__(cls)
        session._set_up(settings_of(settings, known=FOR_USERS, client_id=client_id, api_key=None))
        return session

    @classmethod
    def from_env(cls, **settings: Unpack[SessionArguments]) -> Self:
        """Make a session from the ``FRONTEGG_*`` environment variables; arguments beat them.

        Read are ``FRONTEGG_CLIENT_ID``, ``FRONTEGG_API_KEY`` (or ``FRONTEGG_SECRET_KEY``),
        ``FRONTEGG_REGION`` or ``FRONTEGG_BASE_URL``, ``FRONTEGG_ENVIRONMENT_ID``,
        ``FRONTEGG_APPLICATION_ID``, ``FRONTEGG_PROXY`` and ``FRONTEGG_FLEET_URL``.

        Args:
            settings: those of the session itself.

        Raises:
            ConfigurationError: no credentials there, or a setting that cannot work.
        """
        conceal_settings(settings)
        check_names(settings, FOR_ALL)
        found = Environment.read()
        if found.client_id is None or found.api_key is None:
            missing = " and ".join(found.missing_credentials())
            raise ConfigurationError(f"no credentials: set {missing} in the environment")
        settings = found.session(settings)
        return cls(client_id=found.client_id, api_key=found.api_key, **settings)

    # Life

    async def open(self) -> Self:
        """Open the session, where ``async with`` does not fit; ``aclose`` it in the end.

        Nothing is sent yet. A session is opened once: also after it was closed, another one is
        needed.

        Raises:
            ClosedError: it was opened before, or it is a view.
            ConfigurationError: no event loop of asyncio runs here, or ``http`` belongs to another.
        """
        if self._is_view:
            raise ClosedError("a view lives as long as its session: open the session itself")
        if self._sender is not None:
            raise ClosedError("a session is opened once: make a new one")
        self._sender = Sender(Core(self._settings, self._token_manager), self._view)
        return self

    async def aclose(self) -> None:
        """End the calls in flight, and close the connections.

        Closing a session again, or one that was never opened, does nothing.

        Raises:
            ClosedError: it was opened on another event loop or before a fork, or it is a view.
        """
        if self._is_view:
            raise ClosedError("a view lives as long as its session: close the session itself")
        if self._sender is not None and self._sender.core.is_to_be_closed():
            with anyio.move_on_after(CLOSE_TIMEOUT_S, shield=True):
                await self._sender.core.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _token_manager(self, store: TokenStore) -> TokenManager | None:
        settings = self._settings
        if settings.client_id is None or settings.api_key is None:
            return None
        credentials = AuthenticateRequest(
            client_id=settings.client_id, secret=cast("str", settings.api_key)
        )

        def fetch() -> Coroutine[Any, Any, TokenGrant]:  # not observed: part of other calls
            body: Arguments = {"body": credentials}
            return self._opened().deliver(AUTHENTICATE, (), body, None, is_decoded=True)

        return TokenManager(
            EnvironmentLogin(fetch, settings.client_id, settings.base_url),
            clock=settings.clock,
            uniform=random.uniform,
            store=store,
            key=settings.store_key(),
        )

    def _opened(self) -> Sender:
        if self._sender is None:
            raise ClosedError(
                "the session is not open yet: use it inside 'async with', or await its open()"
            )
        return self._sender

    @property
    def base_url(self) -> str:
        """Host that calls are sent to."""
        return self._settings.base_url

    @property
    def environment_id(self) -> str | None:
        """Id of the environment in every call, for credentials of a whole account, or None."""
        return self._settings.environment_id

    @property
    def application_id(self) -> str | None:
        """Id of the application that the calls of this session or view name, or None."""
        return self._view.application_id

    @property
    def options(self) -> Options:
        """Options of the calls of this session or view."""
        return self._view.options

    @property
    def clock(self) -> Clock:
        """Source of time of this session."""
        return self._settings.clock

    @property
    def client_id(self) -> str | None:
        """Client id of the environment."""
        return self._settings.client_id

    @property
    def traffic(self) -> Traffic:
        """Counts of requests sent through this session, or through this bulk view."""
        return self._view.traffic

    def __reduce__(self) -> NoReturn:
        raise TypeError("a session holds credentials and is not pickled: make one in each process")

    def __repr__(self) -> str:
        if not hasattr(self, "_sender"):
            return f"<{type(self).__name__}, refused>"  # as a traceback of __init__ shows it
        sender = self._sender
        state = "not open" if sender is None or sender.core.closed else "open"
        kind = " view" if self._is_view else ""
        return f"<{type(self).__name__}{kind} {self._settings.base_url}, {state}>"

    # Views

    def for_tenant(self, tenant_id: str) -> Self:
        """Return a view whose calls carry ``frontegg-tenant-id``, where they take one.

        An operation that takes no tenant is about the whole environment, also on such a view:
        Frontegg rejects the header there. ``operation.tenant`` says which do, and so does
        docs/operations.md. A ``tenant_id`` given to such an operation is an error.

        Raises:
            InvalidRequestError: it cannot be the id of a tenant.
        """
        check_header_value("frontegg-tenant-id", tenant_id)
        return self._derive(msgspec.structs.replace(self._view, tenant_id=tenant_id))

    def for_application(self, application_id: str) -> Self:
        """Return a view whose calls carry ``frontegg-application-id``, all of them.

        An environment with several applications invites a user to one of them: without it the
        invite is refused (403, ``ER-00008``).

        Raises:
            InvalidRequestError: it cannot be the id of an application.
        """
        check_header_value(APPLICATION_HEADER, application_id)
        return self._derive(msgspec.structs.replace(self._view, application_id=application_id))

    def as_user(
        self, user: str | Secret | UserTokens, *, on_refresh: OnRefresh | None = None
    ) -> Self:
        """Return a view that calls with a user's token instead of the environment token.

        Args:
            user: a user's token, used as long as it is valid; or the result of a login
                (``authentication.login``, ``finish_login`` and others): such a view
                renews the token as the session renews the environment's. Keep the view as long
                as the user is served: a refresh token is used up by the view that uses it.
            on_refresh: awaited with the new tokens after each renewal, to store them.

        Raises:
            ConfigurationError: it is no token, or the user is not logged in yet; or it is of a
                hosted login, and this session is on the host of a region.
        """
        if isinstance(user, UserTokens):
            manager = user_tokens.manage(
                # Renewing tokens is the session's own affair, and not a call of the program's.
                self._derive(self._view, observers=()),
                user,
                client_id=self._settings.client_id,
                base_url=self._settings.base_url,
                clock=self._settings.clock,
                on_refresh=on_refresh,
                logins=self._opened().core.logins,
            )
            change: dict[str, object] = {"user_token": None, "user_tokens": manager}
        else:
            user = as_secret(user)
            check_text("user", token_problem(user.reveal()))
            change = {"user_token": user, "user_tokens": None}
        return self._derive(msgspec.structs.replace(self._view, **change))

    def with_options(
        self,
        *,
        timeout: float | None = None,
        attempt_timeout: float | None = None,
        max_attempts: int | None = None,
        max_wait: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a view with other options; those that are not given stay the same.

        ``headers`` are added to those of this view. ``Options`` describes each of them.

        Raises:
            ConfigurationError: a setting cannot work.
        """
        headers = concealed("", headers)
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

    def for_bulk(self, *, rate: FixedRate | None = None, max_share: float = 1.0) -> Self:
        """Return a view that is patient and counts its own ``traffic``, from zero.

        Its calls let others go first, and wait out rate limits and outages of minutes. It has no
        retry budget, because the number of workers already bounds what an outage can multiply.

        Args:
            rate: most calls of each limit group that this view may send, independent of others.
            max_share: the part of the learned limits that this view may use, up to 1.

        Raises:
            ConfigurationError: ``rate`` is no ``FixedRate``.
            ValueError: ``max_share`` is not above 0 and at most 1.
        """
        if rate is not None and not isinstance(rate, FixedRate):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ConfigurationError(
                f"rate must be like FixedRate(900, 60), 900 calls in 60 seconds, got {rate!r}"
            )
        return self._derive(self._view.for_bulk(RunAllowance(rate=rate, share=max_share)))

    def _derive(self, view: View, **changes: object) -> Self:
        derived = object.__new__(type(self))
        settings = self._settings
        derived._settings = msgspec.structs.replace(settings, **changes) if changes else settings
        derived._view = view
        derived._sender = Sender(self._opened().core, view)
        derived._is_view = True
        return derived

    # Calls

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Send any operation and return its decoded response.

        Args:
            operation: one of the constants in ``frontegg_async.endpoints``, or your own.
            path: values of its path parameters, in order.
            arguments: ``query``, ``body``, ``tenant_id``, ``user_id`` and ``headers``, see
                ``Arguments``.

        Raises:
            FronteggError: see ``frontegg_async.errors`` for the tree.
        """
        if arguments:
            conceal(arguments)
        observers = self._settings.observers
        deliver = self._observed if observers else (self._sender or self._opened()).deliver
        found: T = await deliver(operation, path, arguments, None, is_decoded=True)
        return found

    async def send(
        self,
        operation: Operation[Any],
        /,
        *path: str,
        observer: AttemptObserver | None = None,
        **arguments: Unpack[Arguments],
    ) -> Response:
        """Send any operation and return the response itself: status, headers and raw bytes.

        The response is a success; every other outcome is raised, as by ``call``. An ``observer``
        is called with every attempt.
        """
        if arguments:
            conceal(arguments)
        deliver = self._observed if self._settings.observers else self._opened().deliver
        found: Response = await deliver(operation, path, arguments, observer, is_decoded=False)
        return found

    async def _observed(
        self,
        operation: Operation[Any],
        path: tuple[str, ...],
        arguments: Arguments,
        observer: AttemptObserver | None,
        *,
        is_decoded: bool,
    ) -> Any:
        with self._settings.observed(operation, observer) as observed:
            deliver = self._opened().deliver
            return await deliver(operation, path, arguments, observed, is_decoded=is_decoded)

    @property
    def pacing(self) -> Pacing:
        """Pacing of the session: rates by limit group, and limits that are used up."""
        return self._opened().core.pacing

    @property
    def allowance(self) -> RunAllowance | None:
        """Allowance of this view as a bulk run; None if its calls are interactive."""
        return self._view.run

    async def token_info(self) -> TokenInfo:
        """Return facts about the environment token, without the token; fetches one if need be."""
        core = self._opened().core
        core.check()
        if core.tokens is None:
            raise InvalidRequestError(
                "this session has no credentials and therefore no environment token"
            )
        token = await core.tokens.get(self._view.options.timeout)
        return describe(token, self._settings.clock.monotonic())

    def decoded(
        self,
        operation: Operation[T],
        answer: Response,
        /,
        *path: str,
        **arguments: Unpack[Arguments],
    ) -> T:
        """Decode a response of ``send``; if the call's arguments are given, compare it with them.

        Raises:
            ResponseDecodeError: the body does not match the operation's return type, reports an
                error, or is about another object than was asked for.
        """
        return decode_response(operation, answer, path, arguments)
