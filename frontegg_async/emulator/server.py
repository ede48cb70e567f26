"""The emulator as users see it: how it is made, set up, made to fail, and asked afterwards."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import ParamSpec, TypeVar

from .control import Control
from .home import at_home
from .http.record import Invite, Mail
from .http.response import CommonHeaders
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
from .seed import read_seed
from .service import Service
from .serving import Serving
from .signing_in import user_token
from .state.environment import State, User
from .state.hosted import HostedLogins
from .state.jobs import Jobs
from .state.keys import Algorithm, Keys
from .state.lag import Lag
from .state.logins import Logins
from .state.store import Store
from .state.tokens import Tokens
from .thread import EmulatorThread
from .webhooks import Webhooks
from .world import World

__all__ = ["Emulator"]

_P = ParamSpec("_P")
_E = TypeVar("_E")


class Emulator(Serving):
    """Frontegg's API on a local socket, with state, limits, and faults on demand.

    ::

        async with Emulator() as emulator:
            user_id = emulator.add_user(tenant_ids=["acme"])
            ...  # talk to emulator.url as emulator.client_id with emulator.api_key

    State, counts and tokens outlive :meth:`stop`; :meth:`start` may be called again after it.
    ``with Emulator.in_thread(...) as emulator:`` runs it in a thread of its own. All methods may be
    called from any thread, and its coroutines awaited in any loop of asyncio.

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
        tenant_of_sessions: Refuse a user's sessions and ``mfa/disable`` to an environment's token
            whose request names the user and no tenant.
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
        seed: A file of users, tenants and roles (``docs/testing.md``), set up now and with every
            :meth:`reset`.
        public_url: The URL that clients reach it by, where it is not that of the socket.
        control: Serve ``/emulator/...``, where programs without this object reset it, seed it and
            inject faults.
        access_log: Called with one line for each request, without its query.
        keep_record: Keep every request in :attr:`requests`; counts are kept either way.
        clock: The time for tokens, limits and the record.
        wall_clock: The time for everything that goes over the wire, and for aligned limits.

    Raises:
        SeedError: The seed cannot be read, or contradicts itself.
        ValueError: An argument is out of range.

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
        tenant_of_sessions: bool = False,
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
        seed: str | Path | None = None,
        public_url: str | None = None,
        control: bool = False,
        access_log: Callable[[str], object] | None = None,
        keep_record: bool = True,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.client_id = client_id
        self.api_key = api_key
        policy = Policy(
            duplicate_add=duplicate_add,
            foreign_tenant=foreign_tenant,
            validate_tenants=validate_tenants,
            applications=applications,
            implicit_users=implicit_users,
            statuses_as_object=statuses_as_object,
            next_at_end=next_at_end,
            user_token_refusal=user_token_refusal,
            tenant_of_sessions=tenant_of_sessions,
            refresh_token_in=refresh_token_in,
            rotate_refresh_tokens=rotate_refresh_tokens,
            hosted_login=hosted_login or HostedLoginPolicy(),
            read_lag=read_lag,
            bulk_roles=bulk_roles,
            task_looks=task_looks,
            task_seconds=task_seconds,
        )
        keys = Keys()
        tokens = Tokens(
            {client_id: api_key, **(credentials or {})},
            frozenset(account_credentials),
            token_lifetime,
            access_token_lifetime,
            jwt_algorithm,
            keys,
            clock,
            wall_clock,
        )
        limits = [limit.naming(routes.known) for limit in rate_limits]
        planted = None if seed is None else read_seed(seed)

        def begin() -> World:
            state = State(policy, wall_clock)
            store = Store(
                client_id,
                policy,
                keys,
                tokens.without_users(),
                Logins(refresh_token_lifetime, clock, wall_clock),
                HostedLogins(clock),
                Jobs(policy, clock),
                wall_clock,
                lambda: self.url,
            )
            limiter = Limiter(limits, clock, wall_clock) if limits else None
            lag = Lag(state, read_lag, clock) if read_lag else None
            service = Service(state, store, limiter, lag, max_url_length)
            if planted is not None:
                planted.plant(state, store)
            return World(state, store, service, limiter, self.home, clock)

        super().__init__(
            begin,
            keys,
            CommonHeaders(wall_clock, extra_headers or {}, dated=date_header),
            clock,
            host=host,
            port=port,
            public_url=public_url,
            latency=latency,
            signed_tokens=signed_tokens,
            access_log=access_log,
            keep_record=keep_record,
        )
        state = self._world.state
        self.webhooks = Webhooks(state.hooks, state.now, wall_clock, self.home)
        """The webhooks that events of the routes are sent to, and their deliveries."""
        if control:
            self._control = Control(lambda: self._world, self.reset)

    @classmethod
    def in_thread(cls: Callable[_P, _E], *args: _P.args, **kwargs: _P.kwargs) -> EmulatorThread[_E]:
        """Make an emulator that runs in a thread of its own, with the arguments of the class.

        ::

            with Emulator.in_thread(latency=0.1) as emulator:
                ...  # a synchronous client talks to emulator.url

        """
        return EmulatorThread(cls(*args, **kwargs))

    async def _stopped(self) -> None:
        await self.webhooks.stop()

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment variables that lead a program to it."""
        return {
            "FRONTEGG_BASE_URL": self.url,
            "FRONTEGG_CLIENT_ID": self.client_id,
            "FRONTEGG_API_KEY": self.api_key,
        }

    # State

    @at_home
    def reset(self) -> None:
        """Begin anew, while it runs: with the seed, and nothing that came after it.

        Users, tenants, roles, settings, logins, tokens of users, webhooks, mails, faults, records,
        counts and used-up limits are gone, and :attr:`latency` is as it was at first. The URL,
        connections, signing keys and environment tokens stay. Calls in flight end as if nothing
        were, stalled ones at once, and leave nothing behind.
        """
        old, self._world = self._world, self._begin()
        self.requests = []
        self.latency = self._first_latency
        self.webhooks.begin(self._world.state.hooks, self._world.state.now)
        old.end()

    @at_home
    def seed(self, file: str | Path) -> None:
        """Set up the users, tenants and roles of a file, until the next reset.

        Raises:
            SeedError: The file cannot be read, contradicts itself, or names something that exists;
                then nothing is set up.

        """
        read_seed(file).plant(self._world.state, self._world.store)

    @property
    @at_home
    def tenants(self) -> Collection[str]:
        """Return the ids of all tenants, those made on first use included."""
        self._world.catch_up()
        return dict.fromkeys(self._world.state.tenants).keys()

    @property
    @at_home
    def invites(self) -> list[Invite]:
        """Return every invite that would have gone out, in order."""
        self._world.catch_up()
        return self._world.state.invites

    @property
    def mails(self) -> list[Mail]:
        """Return every e-mail with a link that would have gone out, in order."""
        return self._world.store.mails

    @at_home
    def add_tenant(self, tenant_id: str, *, name: str | None = None) -> None:
        """Set a tenant up."""
        self._world.state.tenants[tenant_id] = tenant_id if name is None else name

    @at_home
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
        user = self._world.state.create_user(user_id, email=email, name=name, roles=roles)
        user.super_user = super_user
        user.locked = locked
        for tenant_id in tenant_ids:
            self._world.state.tenants.setdefault(tenant_id, tenant_id)
            self._world.state.join(user, tenant_id, "Activated")
        if password is not None:
            self.set_password(user.id, password)
        return user.id

    @at_home
    def user_token(
        self,
        user_id: str,
        tenant_id: str | None = None,
        *,
        roles: str | Iterable[str] | None = None,
    ) -> str:
        """Log a user in without a password, and return the signed token.

        A user or tenant that does not exist is made, and the user a member of the tenant, which
        becomes the user's active one.

        Args:
            user_id: The user: an id, or an e-mail address.
            tenant_id: The tenant that the token acts in; None is the user's active one.
            roles: Keys of roles, or one key, which become the user's roles in this tenant; None
                leaves them.
                An unknown role is made as by :meth:`add_user`.

        Raises:
            ValueError: If an id is empty, or the user has no tenant, or may not log in.
            CannotSignError: If the extra that signs is not installed.

        """
        self._world.catch_up()
        return user_token(self._world.state, self._world.store, user_id, tenant_id, roles)

    @at_home
    def set_password(self, user_id: str, password: str) -> None:
        """Let a user log in with this password; raise :exc:`KeyError` if there is none."""
        self._world.store.logins.passwords[self.user(user_id).id] = password

    @at_home
    def user(self, user_id: str) -> User:
        """Return a user, live; raise :exc:`KeyError` if there is none."""
        self._world.catch_up()
        return self._world.state.users[user_id]

    @at_home
    def memberships(self) -> set[tuple[str, str]]:
        """Return every pair of user id and tenant id."""
        self._world.catch_up()
        return {
            (user.id, tenant)
            for user in self._world.state.users.values()
            for tenant in user.tenants
        }

    @at_home
    def revoke_tokens(self) -> None:
        """Make every token issued so far worthless: 401 from now on."""
        self._world.store.tokens.revoke_all()

    @at_home
    def revoke_user(self, user_id: str, *, sessions: bool = True) -> None:
        """Make a user's access tokens worthless, and with ``sessions`` the refresh tokens too."""
        self._world.store.tokens.revoke_user(user_id)
        if sessions:
            self._world.store.logins.close_all(user_id=user_id)

    @at_home
    def rotate_keys(self, *, keep: bool = False) -> None:
        """Sign tokens with a new key from now on.

        Args:
            keep: Whether the keys before stay published. If not, their tokens verify no more;
                the emulator itself still takes them.

        Raises:
            CannotSignError: The extra that signs is not installed.
        """
        self._keys.rotate(keep=keep)

    @at_home
    def finish_tasks(self) -> None:
        """Let every long-running task do all that it still has to do."""
        with self._world.service.recording():
            self._world.store.jobs.finish()

    # Faults and the record

    @at_home
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
        return self._world.inject(fault, on, times, every)

    @at_home
    def clear_faults(self) -> None:
        """End every fault: stalled requests go on, and late work is done now."""
        self._world.clear_faults()

    @at_home
    def count(self, on: str | None = None) -> int:
        """Return the number of requests for ``"METHOD /template"``, or of all.

        Raises:
            ValueError: If there is no such route.

        """
        return self._world.count_of(on)
