"""The application of calls: from settings, environment, view or call; and headers never dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest

from frontegg_async import (
    ConfigurationError,
    FronteggSession,
    InvalidRequestError,
    InvitedUser,
    NotFoundError,
    PermissionDeniedError,
)
from frontegg_async.emulator import Emulator
from frontegg_async.endpoints import roles, tenants, users
from frontegg_async.models.authentication import SignUpResult
from frontegg_async.models.users import NewTenantUser, NewUser

from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio

HEADER: Final = "frontegg-application-id"
Invite = Callable[[FronteggSession], Awaitable[Any]]

INVITES: Final[dict[str, Invite]] = {
    "invite": lambda s: s.users.invite(NewUser(email="n@example.test"), tenant_id="home"),
    "invite_v1": lambda s: s.users.invite_v1(NewUser(email="n@example.test"), tenant_id="home"),
    "create": lambda s: s.users.create(NewTenantUser(email="n@example.test", tenant_id="home")),
    "add_to_tenant": lambda s: s.users.add_to_tenant("user-0", "acme"),
    "bulk": lambda s: s.bulk_users.invite([InvitedUser(email="n@example.test")], tenant_id="home"),
}
each_invite = pytest.mark.parametrize("invite", INVITES.values(), ids=INVITES)


@pytest.fixture
async def several() -> AsyncIterator[Emulator]:
    """Give a server whose environment has two applications."""
    async with Emulator(api_key=API_KEY, applications=("app-1", "app-2")) as server:
        server.add_user("user-0", email="user-0@example.test", tenant_ids=["home"])
        yield server


def named(emulator: Emulator) -> list[str | None]:
    """Return the application that each request but the login named."""
    return [
        request.headers.get(HEADER)
        for request in emulator.requests
        if request.template != "/auth/vendor"
    ]


@each_invite
async def test_an_invite_without_an_application(several: Emulator, invite: Invite) -> None:
    """With several applications an invite without one fails with a hint at each way to name it."""
    async with session_on(several) as session:
        with pytest.raises(PermissionDeniedError, match="Application ID") as caught:
            await invite(session)
    assert caught.value.error_code == "ER-00008"
    for way in ("application_id=", "for_application", "FRONTEGG_APPLICATION_ID", "--application"):
        assert way in (caught.value.hint or "")
    assert several.invites == []


@each_invite
async def test_an_invite_to_another_application(several: Emulator, invite: Invite) -> None:
    """An application that the tenant does not belong to is an error that says to compare it."""
    async with session_on(several, application_id="app-9") as session:
        with pytest.raises(NotFoundError) as caught:
            await invite(session)
    assert caught.value.error_code == "ER-01008"
    assert "Compare the application's id" in (caught.value.hint or "")


@each_invite
async def test_the_ways_to_name_an_application(several: Emulator, invite: Invite) -> None:
    """The application of the session and of a view goes with an invite, the view's before it."""
    async with session_on(several, application_id="app-1") as session:
        await invite(session)
        view = session.for_application("app-2")
        assert (session.application_id, view.application_id) == ("app-1", "app-2")
        await view.for_tenant("home").users.get_in_tenant("user-0")
    assert named(several) == ["app-1", "app-2"]


async def test_the_application_of_one_call(several: Emulator) -> None:
    """An argument of a call beats the application of the session, for this call alone."""
    async with session_on(several, application_id="app-9") as session:
        user = NewUser(email="n@example.test")
        await session.users.invite(user, tenant_id="home", application_id="app-1")
        await session.users.add_to_tenant("user-0", "acme", application_id="app-2")
        with pytest.raises(NotFoundError):
            await session.users.add_to_tenant("user-0", "other")
    assert named(several) == ["app-1", "app-2", "app-9"]


async def test_the_application_of_the_environment(
    several: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FRONTEGG_APPLICATION_ID is read by from_env, and an argument beats it."""
    for name, value in {
        "CLIENT_ID": several.client_id,
        "API_KEY": API_KEY,
        "BASE_URL": several.url,
        "APPLICATION_ID": "app-1",
    }.items():
        monkeypatch.setenv(f"FRONTEGG_{name}", value)
    assert FronteggSession.from_env().application_id == "app-1"
    assert FronteggSession.from_env(application_id="app-2").application_id == "app-2"
    async with FronteggSession.from_env() as session:
        await session.users.get("user-0")
    assert named(several) == ["app-1"]


async def test_signing_up_for_an_application(emulator: Emulator) -> None:
    """A session for users names its application as well, and a call another one."""
    async with FronteggSession.for_users(base_url=emulator.url, application_id="app-1") as session:
        for application_id in (None, "app-2"):
            made = await session.authentication.sign_up(
                email=f"{application_id}@example.test",
                company_name="c",
                application_id=application_id,
            )
            assert isinstance(made, SignUpResult)
    assert named(emulator) == ["app-1", "app-2"]


async def test_the_header_is_the_sessions_own(emulator: Emulator) -> None:
    """Options name no application, in any spelling, which a view could only contradict."""
    async with session_on(emulator) as session:
        with pytest.raises(ConfigurationError, match="for_application"):
            session.with_options(headers={"Frontegg-Application-Id": "old"})


@pytest.mark.parametrize("bad", ["", " ", "a\nb", "..", 7])
async def test_an_application_that_cannot_be_one(emulator: Emulator, bad: Any) -> None:
    """What cannot be an id is rejected where it is given, before anything is sent."""
    with pytest.raises(ConfigurationError, match=HEADER):
        session_on(emulator, application_id=bad)
    async with session_on(emulator) as session:
        with pytest.raises(InvalidRequestError, match=HEADER):
            session.for_application(bad)
        with pytest.raises(InvalidRequestError, match="application"):
            await session.bulk.assign([], application_id=bad)
    assert emulator.requests == []


# Headers that an operation does not have


async def test_an_argument_without_a_header_is_an_error(frontegg: FronteggSession) -> None:
    """A tenant or user that an operation cannot send is an error, and nothing is sent."""
    with pytest.raises(InvalidRequestError, match=r"takes no tenant_id: .* frontegg-tenant-id"):
        await frontegg.call(tenants.GET, "home", tenant_id="home")
    with pytest.raises(InvalidRequestError, match="takes no user_id"):
        await frontegg.call(tenants.GET, "home", user_id="user-0")
    # Operations with one of the two headers.
    with pytest.raises(InvalidRequestError, match="takes no user_id"):
        await frontegg.call(roles.GET_ALL, user_id="user-0")
    with pytest.raises(InvalidRequestError, match="takes no tenant_id"):
        await frontegg.call(users.GET, "user-0", tenant_id="home")


async def test_the_tenant_of_a_view_goes_where_it_is_taken(emulator: Emulator) -> None:
    """A view's tenant goes with operations that take one, and others call the environment."""
    async with session_on(emulator) as session:
        view = session.for_tenant("home")
        await view.roles.get_all()
        assert (await view.users.get("user-0")).id == "user-0"
        await view.user_sessions.get_all(user_id="user-0")
        await session.user_sessions.delete_all(user_id="user-0", tenant_id="other")
    sent = [
        (request.headers.get("frontegg-tenant-id"), request.headers.get("frontegg-user-id"))
        for request in emulator.requests
        if request.template != "/auth/vendor"
    ]
    assert sent == [("home", None), (None, None), ("home", "user-0"), ("other", "user-0")]
