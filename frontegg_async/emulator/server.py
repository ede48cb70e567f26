"""The server: starting, stopping, and the way of a request through it.

A request is recorded; a fault may strike; limits, the token and the headers are checked; the
handler does the work in one synchronous step (the *commit*); a fault may strike again; the
response is written.

The ``latency`` passes between the commit and the response, so a client that gives up during it has
been served all the same (guess). ``service.py`` checks requests, and ``_router.py`` gathers the
routes from their modules.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from types import TracebackType
from typing import Final, Self

from aiohttp import web

from .http.connections import CountingServer, body_of
from .http.record import Invite, Mail, RecordedRequest
from .http.request import Call
from .http.response import CommonHeaders, HangUp, RawResponse, Response
from .injection import Fault, Injection
from .limits import Limiter, RateLimit
from .policy import (
    BulkRoles,
    DuplicateAdd,
    ForeignTenant,
    HostedLoginPolicy,
    Policy,
    RefreshTokenIn,
)
from .routes import _router as routes
from .routes._route import Route
from .service import Service
from .state.environment import State, User
from .state.hosted import HostedLogins
from .state.jobs import Jobs
from .state.keys import Algorithm, Keys
from .state.lag import Lag
from .state.logins import Logins
from .state.store import Store
from .state.tokens import Tokens
from .webhooks import Webhooks

__all__ = ["Emulator"]

_GRACE_S: Final = 0.05  # for requests in progress when the server stops


class Emulator:
    """Frontegg's API on a local socket, with state, limits, and faults on demand.

    ::

        async with Emulator() as emulator:
            user_id = emulator.add_user(tenant_ids=["acme"])
            ...  # talk to emulator.url as emulator.client_id with emulator.api_key

    State, counts and tokens outlive :meth:`stop`; :meth:`start` may be called again after it.

    Args:
        client_id: The environment's client id.
        api_key: Its secret.
        credentials: Further secrets by client id; all see the same users.
        account_credentials: Client ids that stand for a whole account: calls with their tokens
            have to name an environment in ``frontegg-environment-id``.
        host: The address to listen on.
        port: The port; 0 picks a free one.
        token_lifetime: The life of an environment token in seconds.
        access_token_lifetime: The life of a user's access token in seconds.
        refresh_token_lifetime: The life of a user's refresh token in seconds.
        signed_tokens: Make the signing key with the first start, so that every environment token
            is signed; else they are signed after the first login or request for the JWKS.
        rate_limits: The limits; all that match a route apply to it. ``published_limits()`` returns
            Frontegg's own.
        latency: Seconds between the commit and the response; may be changed while it runs.
        duplicate_add: The response to an add that changes nothing.
        foreign_tenant: The effect of setting an active tenant that the user is no member of.
        validate_tenants: Reject unknown tenants even if the request does not ask for it.
        applications: Ids of the environment's applications. If there are any, an invite has to name
            one in ``frontegg-application-id``: 403 ER-00008 without it, 404 ER-01008 for another.
        implicit_users: Create users when their ids are first named, so that none need setting up.
        statuses_as_object: Return ``statuses`` of one user as an object, as the spec has it.
        next_at_end: The value of ``_links.next`` on the last page.
        user_token_refusal: The status with which a user's token is rejected on a route that
            takes environment tokens only.
        refresh_token_in: The place of a user's refresh token: cookie, body or either.
        rotate_refresh_tokens: Give out a new one with each renewal, and end the old one.
        jwt_algorithm: RS256, or HS256 with the environment's ``jwtSecret``, for tokens of users.
        hosted_login: Settings and choices of hosted login.
        read_lag: Seconds until a read shows a write to a user.
        bulk_roles: Change roles in all tenants at once, or by a task.
        task_looks: Requests for its status until a task has ended; 0 ends it at once.
        task_seconds: Seconds that a task takes by the clock instead, however often it is read.
        max_url_length: The longest path and query, in bytes, before 414.
        extra_headers: Headers for every response.
        date_header: Send ``Date`` with every response, by which a client knows this host's clock.
        keep_record: Keep every request in :attr:`requests`; counts are kept either way.
        clock: The time for tokens, limits and the record.
        wall_clock: The time for everything that goes over the wire, and for aligned limits.

    """

    def __init__(
        self,
        *,
        client_id: str = "emulator-client",
        api_key: str = "emulator-api-key",
        credentials: Mapping[str, str] | None = None,
        account_credentials: Collection[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        token_lifetime: float = 86_400,
        access_token_lifetime: float = 86_400,
        refresh_token_lifetime: float = 2_592_000,
        signed_tokens: bool = False,
        rate_limits: Iterable[RateLimit] = (),
        latency: float = 0.0,
        duplicate_add: DuplicateAdd = DuplicateAdd.CREATED,
        foreign_tenant: ForeignTenant = ForeignTenant.JOIN,
        validate_tenants: bool = False,
        applications: Collection[str] = (),
        implicit_users: bool = False,
        statuses_as_object: bool = False,
        next_at_end: str | None = "",
        user_token_refusal: int = 403,
        refresh_token_in: RefreshTokenIn = RefreshTokenIn.COOKIE,
        rotate_refresh_tokens: bool = True,
        jwt_algorithm: Algorithm = "RS256",
        hosted_login: HostedLoginPolicy | None = None,
        read_lag: float = 0.0,
        bulk_roles: BulkRoles = BulkRoles.AT_ONCE,
        task_looks: int = 2,
        task_seconds: float | None = None,
        max_url_length: int = 8_192,
        extra_headers: Mapping[str, str] | None = None,
        date_header: bool = True,
        keep_record: bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.client_id = client_id
        self.api_key = api_key
        self.requests: list[RecordedRequest] = []
        self.latency = latency
        self._host = host
        self._port = port
        self._keep_record = keep_record
        self._clock = clock
        self._counts: Counter[str | None] = Counter()
        self._injections: list[Injection] = []
        self._spent: list[Injection] = []
        self._late: list[tuple[float, Route, Call]] = []
        policy = Policy(
            duplicate_add=duplicate_add,
            foreign_tenant=foreign_tenant,
            validate_tenants=validate_tenants,
            applications=applications,
            implicit_users=implicit_users,
            statuses_as_object=statuses_as_object,
            next_at_end=next_at_end,
            user_token_refusal=user_token_refusal,
            refresh_token_in=refresh_token_in,
            rotate_refresh_tokens=rotate_refresh_tokens,
            hosted_login=hosted_login or HostedLoginPolicy(),
            read_lag=read_lag,
            bulk_roles=bulk_roles,
            task_looks=task_looks,
            task_seconds=task_seconds,
        )
        self._state = State(policy, wall_clock)
        self.webhooks = Webhooks(self._state.hooks, self._state.now, wall_clock)
        """The webhooks that events of the routes are sent to, and their deliveries."""
        self._signed_tokens = signed_tokens
        keys = Keys(jwt_algorithm)
        tokens = Tokens(
            {client_id: api_key, **(credentials or {})},
            frozenset(account_credentials),
            token_lifetime,
            access_token_lifetime,
            keys,
            clock,
            wall_clock,
        )
        self._store = Store(
            client_id,
            policy,
            keys,
            tokens,
            Logins(refresh_token_lifetime, clock, wall_clock),
            HostedLogins(clock),
            Jobs(policy, clock),
            wall_clock,
            lambda: self.url,
        )
        limits = [limit.naming(routes.known) for limit in rate_limits]
        self._limiter = Limiter(limits, clock, wall_clock) if limits else None
        lag = Lag(self._state, read_lag, clock) if read_lag else None
        self._service = Service(self._state, self._store, self._limiter, lag, max_url_length)
        self._common = CommonHeaders(wall_clock, extra_headers or {}, dated=date_header)
        self._server: CountingServer | None = None
        self._runner: web.ServerRunner | None = None

    # Start and stop

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen on the socket.

        Raises:
            RuntimeError: If it is running already.
            OSError: If the port is taken.
            CannotSignError: If ``signed_tokens`` are wanted without the extra that signs.

        """
        if self._runner is not None:
            raise RuntimeError("the emulator is already running")
        if self._signed_tokens:
            self._store.keys.make()
        server = CountingServer(self._serve)
        runner = web.ServerRunner(server, shutdown_timeout=_GRACE_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port, backlog=1024).start()
        except BaseException:
            await runner.cleanup()
            raise
        if self._limiter is not None:
            self._limiter.start()
        self._server, self._runner = server, runner

    async def stop(self) -> None:
        """Close every connection, also with requests in progress, and stop listening."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
            self._server = None
            await self.webhooks.stop()
            # Let cancelled handlers and closed sockets run to their end.
            for _ in range(4):
                await asyncio.sleep(0)

    @property
    def url(self) -> str:
        """Return the base URL, without a slash at the end."""
        if self._runner is None:
            raise RuntimeError("the emulator is not running")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._runner.addresses[0][1]}"

    @property
    def open_connections(self) -> int:
        """Return the number of open connections."""
        return 0 if self._server is None else len(self._server.numbers)

    # State

    @property
    def tenants(self) -> Collection[str]:
        """Return the ids of all tenants, those made on first use included."""
        self._catch_up()
        return self._state.tenants.keys()

    @property
    def invites(self) -> list[Invite]:
        """Return every invite that would have gone out, in order."""
        self._catch_up()
        return self._state.invites

    @property
    def mails(self) -> list[Mail]:
        """Return every e-mail with a link that would have gone out, in order."""
        return self._store.mails

    def add_tenant(self, tenant_id: str, *, name: str | None = None) -> None:
        """Set a tenant up."""
        self._state.tenants[tenant_id] = tenant_id if name is None else name

    def add_user(
        self,
        user_id: str | None = None,
        *,
        email: str | None = None,
        name: str | None = None,
        tenant_ids: Iterable[str] = (),
        roles: Iterable[str] = (),
        super_user: bool = False,
        locked: bool = False,
        password: str | None = None,
    ) -> str:
        """Set a user up as an activated member of some tenants, without invites; return the id.

        With a ``password`` the user can log in, unless locked or without a tenant.

        Raises:
            ValueError: If the id is taken.

        """
        user = self._state.create_user(user_id, email=email, name=name, roles=roles)
        user.super_user = super_user
        user.locked = locked
        for tenant_id in tenant_ids:
            self._state.tenants.setdefault(tenant_id, tenant_id)
            self._state.join(user, tenant_id, "Activated")
        if password is not None:
            self.set_password(user.id, password)
        return user.id

    def set_password(self, user_id: str, password: str) -> None:
        """Let a user log in with this password; raise :exc:`KeyError` if there is none."""
        self._store.logins.passwords[self.user(user_id).id] = password

    def user(self, user_id: str) -> User:
        """Return a user, live; raise :exc:`KeyError` if there is none."""
        self._catch_up()
        return self._state.users[user_id]

    def memberships(self) -> set[tuple[str, str]]:
        """Return every pair of user id and tenant id."""
        self._catch_up()
        return {(user.id, tenant) for user in self._state.users.values() for tenant in user.tenants}

    def revoke_tokens(self) -> None:
        """Make every token issued so far worthless: 401 from now on."""
        self._store.tokens.revoke_all()

    def revoke_user(self, user_id: str, *, sessions: bool = True) -> None:
        """Make a user's access tokens worthless, and with ``sessions`` the refresh tokens too."""
        self._store.tokens.revoke_user(user_id)
        if sessions:
            self._store.logins.close_all(user_id=user_id)

    def rotate_keys(self, *, keep: bool = False) -> None:
        """Sign tokens with a new key from now on.

        Args:
            keep: Whether the keys before stay published. If not, their tokens verify no more;
                the emulator itself still takes them.

        Raises:
            CannotSignError: The extra that signs is not installed.
        """
        self._store.keys.rotate(keep=keep)

    def finish_tasks(self) -> None:
        """Let every long-running task do all that it still has to do."""
        with self._service.recording():
            self._store.jobs.finish()

    # Faults and the record

    def inject(
        self,
        fault: Fault,
        *,
        on: str | None = None,
        times: int | None = 1,
        every: int | None = None,
    ) -> Injection:
        """Let a fault strike the requests to come; one request is struck by one fault at most.

        Args:
            fault: The fault.
            on: ``"METHOD /template"``; None is every route, unknown ones included.
            times: Requests to strike; None strikes until the fault is cleared.
            every: Strike each n-th matching request only.

        Raises:
            ValueError: If there is no such route, or a number is not positive.

        """
        injection = Injection(fault, None if on is None else routes.known(on), times, every)
        self._injections.append(injection)
        return injection

    def clear_faults(self) -> None:
        """End every fault: stalled requests go on, and late work is done now."""
        self._catch_up(everything=True)
        for injection in (*self._injections, *self._spent):
            injection.clear()
        self._injections.clear()
        self._spent.clear()

    def count(self, on: str | None = None) -> int:
        """Return the number of requests for ``"METHOD /template"``, or of all.

        Raises:
            ValueError: If there is no such route.

        """
        return self._counts.total() if on is None else self._counts[routes.known(on)]

    # The way of a request

    async def _serve(self, request: web.BaseRequest) -> RawResponse:
        server = self._server
        assert server is not None  # noqa: S101 - no request without a server
        connection = request.protocol
        target = request.raw_path
        path, _, query = target.partition("?")
        found = routes.find(request.method, path)
        route, values = (None, ()) if found is None else found
        key = None if route is None else route.key
        self._counts[key] += 1
        headers = request.headers
        body = await body_of(request)
        self._catch_up()
        record: RecordedRequest | None = None
        if self._keep_record:
            record = RecordedRequest(
                request.method,
                target,
                None if route is None else route.template,
                headers,
                body,
                self._clock(),
                server.numbers.get(connection, 0),
            )
            self.requests.append(record)
        injection = (
            self._strike(key, reused=connection in server.served) if self._injections else None
        )
        server.served.add(connection)
        call = Call(values, query, headers, body, self._store)
        if self._limiter is not None:
            call.address = request.remote or ""
        response: Response | HangUp
        try:
            if injection is None:
                response = self._service.answer(route, call, len(target), record)
            else:
                response = await self._answer_under(injection, route, call, len(target), record)
        except HangUp as hang_up:
            response = hang_up
        if self.latency:
            await asyncio.sleep(self.latency)
        if record is not None and isinstance(response, Response):
            record.status = response.status
        return RawResponse(response, self._common)

    def _catch_up(self, *, everything: bool = False) -> None:
        """Do the work of calls that were answered before it was done, as far as it is due."""
        if not self._late:
            return
        now = self._clock()
        due = [each for each in self._late if everything or each[0] <= now]
        self._late = [each for each in self._late if not (everything or each[0] <= now)]
        for at, route, call in sorted(due, key=lambda each: each[0]):
            self._service.commit_late(route, call, min(at, now))

    def _strike(self, key: str | None, *, reused: bool) -> Injection | None:
        for injection in self._injections:
            if injection.strikes(key, reused=reused):
                if injection.spent:
                    # Not searched for every request, but still within reach of clear_faults.
                    self._injections.remove(injection)
                    self._spent.append(injection)
                return injection
        return None

    async def _answer_under(
        self,
        injection: Injection,
        route: Route | None,
        call: Call,
        length: int,
        record: RecordedRequest | None,
    ) -> Response:
        if record is not None:
            record.fault = type(injection.fault).__name__
        late = injection.fault.commits_after
        if late is not None and route is not None:
            self._late.append((self._clock() + late, route, call))
        early = await injection.fault.before(injection)
        if early is not None:
            return early
        response = self._service.answer(route, call, length, record)
        return await injection.fault.after(response, injection)
