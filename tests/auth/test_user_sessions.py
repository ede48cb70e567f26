"""Logged-in users: their tokens are renewed in the same way as the environment token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import msgspec
import pytest

from frontegg_async import (
    AuthenticationError,
    ConnectionFailedError,
    FronteggError,
    FronteggSession,
    ServerError,
    UserTokens,
)
from frontegg_async.auth import token_manager as tokens
from frontegg_async.emulator import (
    AnswerStatus,
    CutBeforeCommit,
    Emulator,
    Fault,
    Stall,
)
from frontegg_async.endpoints.authentication import LOGIN

from ..support.clocks import FakeClock, spin
from ..support.logins import (
    API_REFRESHES,
    LIFE,
    REFRESHES,
    emulator_on,
    log_in,
    settle,
    until,
    users_session,
    with_users,
)
from ..support.routes import AUTH

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> FakeClock:
    """Give one clock to the server and to the session."""
    return FakeClock()


@pytest.fixture
async def emulator(clock: FakeClock) -> AsyncIterator[Emulator]:
    """Give a server with two users with passwords."""
    async with emulator_on(clock) as server:
        yield with_users(server)


@pytest.fixture
async def session(emulator: Emulator, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    """Give a session without credentials, and check that it leaves no task behind."""
    before = asyncio.all_tasks()
    async with users_session(emulator, clock) as opened:
        yield opened
    left = asyncio.all_tasks() - before
    assert not {task for task in left if "frontegg_async" in task.get_name()}


async def test_a_user_logs_in(emulator: Emulator, session: FronteggSession) -> None:
    """The result of a login makes a view that calls as this user, without another token."""
    login = await log_in(session)
    assert (login.user_id, login.mfa_required) == ("ada", False)
    me = await session.as_user(login).me.get()
    assert (me.id, me.email) == ("ada", "ada@example.test")
    assert emulator.requests[-1].headers["Authorization"] == f"Bearer {login.access_token}"
    assert emulator.count(AUTH) == 0


async def test_a_wrong_password(session: FronteggSession) -> None:
    """A wrong password is a typed error, which does not hold it."""
    with pytest.raises(AuthenticationError) as caught:
        await session.authentication.login(email="ada@example.test", password="canary-wrong")
    assert "canary" not in f"{caught.value!r} {caught.value}"


async def test_renewed_in_the_background(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """Near its end the token goes on to serve while the next one is fetched, once."""
    login = await log_in(session)
    user = session.as_user(login)
    clock.advance(0.85 * LIFE)
    await asyncio.gather(*[user.me.get() for _ in range(20)])
    await settle()
    assert emulator.count(REFRESHES) == 1
    await user.me.get()
    assert emulator.requests[-1].headers["Authorization"] != f"Bearer {login.access_token}"
    assert emulator.count(REFRESHES) == 1


async def test_one_renewal_however_many_wait(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """A hundred calls on a token that has ended wait for one renewal, and all succeed."""
    user = session.as_user(await log_in(session))
    clock.advance(2 * LIFE)
    found = await asyncio.gather(*[user.me.get() for _ in range(100)])
    assert {each.id for each in found} == {"ada"}
    assert emulator.count(REFRESHES) == 1


async def test_renewed_again_and_again(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """Each renewal uses the refresh token that the one before it gave."""
    user = session.as_user(await log_in(session))
    for round_number in range(1, 6):
        clock.advance(2 * LIFE)
        assert (await user.me.get()).id == "ada"
        assert emulator.count(REFRESHES) == round_number


async def test_a_revoked_token_is_replaced(emulator: Emulator, session: FronteggSession) -> None:
    """Ten calls that get 401 at once renew the token once, and each is repeated once."""
    user = session.as_user(await log_in(session))
    emulator.revoke_user("ada", sessions=False)
    found = await asyncio.gather(*[user.me.get() for _ in range(10)])
    assert {each.id for each in found} == {"ada"}
    assert emulator.count(REFRESHES) == 1


async def test_a_session_that_was_ended(emulator: Emulator, session: FronteggSession) -> None:
    """A revoked refresh token is used once; from then on calls raise AuthenticationError."""
    user = session.as_user(await log_in(session))
    emulator.revoke_user("ada")
    for _ in range(3):
        with pytest.raises(AuthenticationError):
            await user.me.get()
    # Refused once, it is not shown again with every call.
    assert emulator.count(REFRESHES) == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(AnswerStatus(500), ServerError), (CutBeforeCommit(), ConnectionFailedError)],
    ids=["500", "cut"],
)
async def test_a_failing_renewal_does_not_cost_a_good_token(
    emulator: Emulator,
    session: FronteggSession,
    clock: FakeClock,
    fault: Fault,
    expected: type[FronteggError],
) -> None:
    """While renewing fails, the old token serves to its true end; then calls are not in doubt."""
    user = session.as_user(await log_in(session))
    emulator.inject(fault, on=REFRESHES, times=None)
    clock.advance(0.85 * LIFE)
    assert (await user.me.get()).id == "ada"
    await settle()
    assert (await user.me.get()).id == "ada"
    clock.advance(0.2 * LIFE)
    with pytest.raises(expected, match="renewed"):
        await user.me.get()


async def test_tokens_that_were_kept(
    session: FronteggSession, clock: FakeClock, emulator: Emulator
) -> None:
    """Ended tokens are renewed before the first call, although their ``expires_in`` is old."""
    login = await log_in(session)
    clock.advance(2 * LIFE)
    assert login.expires_in == LIFE
    assert (await session.as_user(login).me.get()).id == "ada"
    assert emulator.count(REFRESHES) == 1
    refused = [each for each in emulator.requests if each.status == 401]
    assert not refused


async def test_on_refresh(emulator: Emulator, session: FronteggSession, clock: FakeClock) -> None:
    """``on_refresh`` gets each new pair of tokens, which works in another session."""
    kept: list[UserTokens] = []

    async def keep(tokens: UserTokens) -> None:
        kept.append(tokens)

    user = session.as_user(await log_in(session), on_refresh=keep)
    for _ in range(2):
        clock.advance(2 * LIFE)
        await user.me.get()
    assert len({tokens.refresh_token for tokens in kept}) == len(kept) == 2
    clock.advance(2 * LIFE)
    async with users_session(emulator, clock) as elsewhere:
        assert (await elsewhere.as_user(kept[-1]).me.get()).id == "ada"


async def test_on_refresh_that_fails(
    session: FronteggSession, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A failing ``on_refresh`` costs no call, and is logged without its message."""

    async def fail(tokens: UserTokens) -> None:
        raise OSError(tokens.refresh_token)

    user = session.as_user(await log_in(session), on_refresh=fail)
    clock.advance(2 * LIFE)
    assert (await user.me.get()).id == "ada"
    assert "on_refresh failed (OSError)" in caplog.text


async def test_on_refresh_calls_its_own_view(
    session: FronteggSession, clock: FakeClock, emulator: Emulator
) -> None:
    """``on_refresh`` may call the view itself: the new token is in use by then."""
    seen: list[str | None] = []

    async def look(_: UserTokens) -> None:
        seen.append((await user.me.get()).id)

    user = session.as_user(await log_in(session), on_refresh=look)
    for _ in range(3):
        clock.advance(2 * LIFE)
        assert (await user.me.get()).id == "ada"
        await settle()
    await until(lambda: len(seen) == 3)
    assert seen == ["ada"] * 3
    assert emulator.count(REFRESHES) == 3


async def test_on_refresh_that_hangs(
    session: FronteggSession, clock: FakeClock, emulator: Emulator
) -> None:
    """No renewal waits for a callback that hangs; the next call of it brings the newest tokens."""
    told: list[UserTokens] = []
    released = asyncio.Event()

    async def hang(new: UserTokens) -> None:
        told.append(new)
        await released.wait()

    user = session.as_user(await log_in(session), on_refresh=hang)
    for renewals in (1, 2, 3):
        clock.advance(2 * LIFE)
        assert (await user.me.get()).id == "ada"
        assert emulator.count(REFRESHES) == renewals
    assert len(told) == 1
    released.set()
    await until(lambda: len(told) == 2)
    clock.advance(2 * LIFE)
    async with users_session(emulator, clock) as elsewhere:
        assert (await elsewhere.as_user(told[-1]).me.get()).id == "ada"


async def test_on_refresh_that_never_ends(
    session: FronteggSession,
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A callback that never returns is given up, and the log says so."""
    monkeypatch.setattr(tokens, "ON_REFRESH_TIMEOUT_S", 0.01)

    async def hang(_: UserTokens) -> None:
        await asyncio.Event().wait()

    user = session.as_user(await log_in(session), on_refresh=hang)
    clock.advance(2 * LIFE)
    assert (await user.me.get()).id == "ada"
    await until(lambda: "on_refresh failed (TimeoutError)" in caplog.text)


async def test_closing_lets_on_refresh_end(
    emulator: Emulator, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing waits for callbacks, with tokens that are kept nowhere else, and no store does."""
    monkeypatch.setattr(tokens, "STORE_TIMEOUT_S", 0.0)
    kept: list[str | None] = []
    released = asyncio.Event()

    async def keep(new: UserTokens) -> None:
        await released.wait()
        kept.append(new.refresh_token)

    session = await users_session(emulator, clock).open()
    for _ in range(2):
        user = session.as_user(await log_in(session), on_refresh=keep)
        clock.advance(2 * LIFE)
        await user.me.get()
    closing = asyncio.create_task(session.aclose())
    await spin()
    assert not kept
    released.set()
    await closing
    assert len(kept) == 2


async def test_five_views_of_one_login(
    session: FronteggSession, clock: FakeClock, emulator: Emulator
) -> None:
    """Five views of one login renew it once, and each ``on_refresh`` is called."""
    kept: list[tuple[int, str | None]] = []

    def keeper(number: int) -> Callable[[UserTokens], Awaitable[None]]:
        async def keep(tokens: UserTokens) -> None:
            kept.append((number, tokens.refresh_token))

        return keep

    login = await log_in(session)
    views = [session.as_user(login, on_refresh=keeper(number)) for number in range(5)]
    for renewals in range(1, 4):
        clock.advance(2 * LIFE)
        found = await asyncio.gather(*[view.me.get() for view in views])
        assert {each.id for each in found} == {"ada"}
        assert emulator.count(REFRESHES) == renewals
        await until(lambda: len(kept) == 5 * emulator.count(REFRESHES))
    # Nor do the tokens that were kept make another one.
    again = session.as_user(msgspec.structs.replace(login, refresh_token=kept[-1][1]))
    clock.advance(2 * LIFE)
    await asyncio.gather(again.me.get(), *[view.me.get() for view in views])
    assert emulator.count(REFRESHES) == 4


async def test_an_on_refresh_that_fails_takes_tokens_from_no_other(
    session: FronteggSession, clock: FakeClock
) -> None:
    """Each view of a login is told of the new tokens, also where another's callback fails."""
    kept: list[str | None] = []

    async def fail(_: UserTokens) -> None:
        raise OSError

    async def keep(new: UserTokens) -> None:
        kept.append(new.refresh_token)

    login = await log_in(session)
    user = session.as_user(login, on_refresh=fail)
    session.as_user(login, on_refresh=keep)
    clock.advance(2 * LIFE)
    await user.me.get()
    await until(lambda: len(kept) == 1)


async def test_users_do_not_share(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """Two users of one session are served with their own tokens, before and after renewals."""
    users = {name: session.as_user(await log_in(session, name)) for name in ("ada", "bob")}
    for _ in range(3):
        found = await asyncio.gather(*[users[name].me.get() for name in users for _ in range(5)])
        assert [each.id for each in found] == ["ada"] * 5 + ["bob"] * 5
        clock.advance(2 * LIFE)
    assert emulator.count(REFRESHES) == 4


@pytest.mark.parametrize("handed_in", [False, True], ids=["own http", "http handed in"])
async def test_no_user_becomes_another(
    emulator: Emulator, clock: FakeClock, handed_in: bool
) -> None:
    """A user's refresh cookie goes out with that user's renewal and with no other call.

    By a host name, because the cookie jar of aiohttp ignores addresses.
    """
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession()) if handed_in else None
        session = await stack.enter_async_context(
            FronteggSession.for_users(
                client_id=emulator.client_id,
                base_url=emulator.url.replace("127.0.0.1", "localhost"),
                http=http,
                clock=clock,
            )
        )
        logins = {name: await log_in(session, name) for name in ("ada", "bob")}
        users = {name: session.as_user(login) for name, login in logins.items()}
        clock.advance(2 * LIFE)
        for name, user in users.items():
            assert (await user.me.get()).id == name
        for request in emulator.requests:
            cookie = request.headers.get("Cookie", "")
            renewed = f"{request.method} {request.template}" == REFRESHES
            assert renewed == bool(cookie)
            assert len(cookie.split(";")) == 1
        if http is not None:
            assert not list(http.cookie_jar)


async def test_credentials_of_a_session_handed_in(emulator: Emulator, clock: FakeClock) -> None:
    """The ``Authorization`` of an aiohttp session that is handed in goes nowhere."""
    owners = "Basic b3duZXI6c2VjcmV0"
    async with (
        aiohttp.ClientSession(headers={"Authorization": owners, "X-Own": "1"}) as http,
        FronteggSession.for_users(
            client_id=emulator.client_id, base_url=emulator.url, http=http, clock=clock
        ) as session,
    ):
        assert (await session.as_user(await log_in(session)).me.get()).id == "ada"
        assert http.headers["Authorization"] == owners
    assert all(each.headers.get("Authorization") != owners for each in emulator.requests)
    assert all(each.headers["X-Own"] == "1" for each in emulator.requests)


async def test_users_and_the_environment(emulator: Emulator, clock: FakeClock) -> None:
    """On a session with credentials, a user's view and the session keep to their own tokens."""
    async with FronteggSession(
        client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url, clock=clock
    ) as session:
        user = session.as_user(await log_in(session))
        for _ in range(2):
            assert (await user.me.get()).id == "ada"
            assert (await session.users.get("bob")).id == "bob"
            clock.advance(2 * LIFE)
        assert (emulator.count(REFRESHES), emulator.count(AUTH)) == (1, 2)


async def test_views_of_a_users_view(
    emulator: Emulator, session: FronteggSession, clock: FakeClock
) -> None:
    """Views of a user's view renew together with it, and another user's view is another."""
    user = session.as_user(await log_in(session))
    views = (user, user.for_tenant("home"), user.with_options(timeout=5))
    clock.advance(2 * LIFE)
    await asyncio.gather(*[view.me.get() for view in views])
    assert emulator.count(REFRESHES) == 1
    other = user.as_user(await log_in(session, "bob"))
    assert (await other.me.get()).id == "bob"


async def test_logout(session: FronteggSession, emulator: Emulator, clock: FakeClock) -> None:
    """After a logout the refresh token is worthless."""
    login = await log_in(session)
    assert login.refresh_token is not None
    await session.authentication.logout(login.refresh_token, client_id=emulator.client_id)
    clock.advance(2 * LIFE)
    with pytest.raises(AuthenticationError):
        await session.as_user(login).me.get()


async def test_closing_while_renewing(emulator: Emulator, clock: FakeClock) -> None:
    """Closing the session ends a renewal in flight and leaves no task."""
    stall = emulator.inject(Stall(), on=REFRESHES)
    async with users_session(emulator, clock) as session:
        user = session.as_user(await log_in(session))
        clock.advance(0.85 * LIFE)
        await user.me.get()
        await stall.wait()
    assert not [task for task in asyncio.all_tasks() if "frontegg_async" in task.get_name()]


async def test_without_rotation(clock: FakeClock) -> None:
    """A refresh token that the server does not rotate is used for each renewal."""
    async with emulator_on(clock, rotate_refresh_tokens=False) as emulator:
        with_users(emulator)
        async with users_session(emulator, clock) as session:
            user = session.as_user(await log_in(session))
            for _ in range(3):
                clock.advance(2 * LIFE)
                assert (await user.me.get()).id == "ada"


async def test_what_is_shown(session: FronteggSession) -> None:
    """No ``repr`` of a login's result or of its view shows a token."""
    login = await log_in(session)
    user = session.as_user(login)
    assert login.access_token
    assert login.refresh_token
    shown = f"{login!r} {user!r} {user._view!r} {vars(user)!r}"  # pyright: ignore[reportPrivateUsage]
    assert login.access_token not in shown
    assert login.refresh_token not in shown


async def test_api_tokens(emulator: Emulator, clock: FakeClock) -> None:
    """An API token of a user is exchanged, serves as this user, and renews itself."""
    async with FronteggSession(
        client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url, clock=clock
    ) as session:
        made = await session.personal_tokens.create(tenant_id="home", user_id="ada")
        assert made.client_id
        assert made.secret
    async with users_session(emulator, clock) as users:
        login = await users.authentication.login_with_api_token(made.client_id, made.secret)
        user = users.as_user(login)
        for renewals in range(3):
            assert (await user.me.get_tenants(user_id=None))[0].tenant_id == "home"
            assert emulator.count(API_REFRESHES) == renewals
            clock.advance(2 * LIFE)
        with pytest.raises(AuthenticationError):
            await users.authentication.login_with_api_token(made.client_id, "wrong")
    assert emulator.count(f"POST {LOGIN.template}") == 0
