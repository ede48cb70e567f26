"""Operations that public clients use and Frontegg's OpenAPI leaves out, against the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from msgspec import UNSET

from frontegg_async import (
    AuthenticationError,
    FronteggSession,
    InvalidRequestError,
    NotFoundError,
)
from frontegg_async.emulator import Emulator
from frontegg_async.models.roles import NewRole
from frontegg_async.models.sub_tenant_users import (
    SubTenantMembership,
    SubTenantReference,
    SubTenantRoles,
    SubTenantUser,
)

from ..support.logins import PASSWORD
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio


@pytest.fixture
async def session(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    """Give an open session of the environment, with a tree of tenants: home above a above b."""
    async with session_on(emulator) as opened:
        for child, parent in (("a", "home"), ("b", "a")):
            await opened.sub_tenants.create(tenant_id=child, name=child, parent_tenant_id=parent)
        yield opened


@pytest.fixture
async def ada(emulator: Emulator, session: FronteggSession) -> FronteggSession:
    """Give a view of a user of home who has logged in."""
    emulator.add_user("ada", email="ada@example.test", tenant_ids=["home"], password=PASSWORD)
    login = await session.authentication.login(email="ada@example.test", password=PASSWORD)
    return session.as_user(login)


# A user's token where only the environment's was taken


async def test_a_user_reads_what_a_browser_reads(
    session: FronteggSession, ada: FronteggSession
) -> None:
    """Reads that Frontegg's browser client sends with a user's token are answered."""
    await session.roles.create([NewRole(key="cook", name="Cook", level=1)])
    assert [role.key for role in await ada.roles.get_all()] == ["cook"]
    assert await ada.permissions.get_all() == await session.permissions.get_all()
    assert isinstance(await ada.permission_categories.get_all(), tuple)
    assert (await ada.users.get_in_tenant("user-0")).id == "user-0"
    assert (await ada.core_settings.get()).jwt_algorithm == "RS256"
    assert isinstance(await ada.custom_oauth_providers.get_all(), tuple)
    assert (await ada.invitations.get_configuration()).emails_enabled is True
    await ada.user_emails.get_policy()


async def test_a_user_changes_roles(session: FronteggSession, ada: FronteggSession) -> None:
    """A role that a user makes is the tenant's own, and the user can change and delete it."""
    (role,) = await ada.roles.create([NewRole(key="k", name="K", level=1)])
    assert role.tenant_id == "home"
    assert (await ada.roles.update(role.id, name="L")).name == "L"
    assert (await ada.roles.set_permissions(role.id, [])).permissions == ()
    await ada.roles.delete(role.id)
    assert await session.roles.get_all(tenant_id="home") == ()


async def test_a_users_own_invitation(ada: FronteggSession) -> None:
    """A user changes the invitation that has the user's token, which is verified without one."""
    made = await ada.invitations.create_for_user(
        expires_in_minutes=5, should_send_email=False, role_ids=[]
    )
    changed = await ada.invitations.update_for_user(expires_in_minutes=500)
    assert changed.id == made.id
    async with FronteggSession.for_users(base_url=ada.base_url) as anybody:
        found = await anybody.invitations.verify(made.token or "")
    assert (found.tenant_id, found.user_id) == ("home", "ada")


# Reads of a browser


async def test_what_a_browser_asks_of_a_user(
    session: FronteggSession, ada: FronteggSession
) -> None:
    """A user reads the own tenants, second factors and session, and nobody else's token does."""
    mine = await ada.me.get_tenants_v3()
    assert [tenant.tenant_id for tenant in mine.tenants or ()] == ["home"]
    assert mine.active_tenant is not None
    assert (await ada.mfa.get_devices()).phones == ()
    current = await ada.user_sessions.get_current()
    assert current.current is True
    assert [each.id for each in await ada.user_sessions.get_all()] == [current.id]
    with pytest.raises(InvalidRequestError, match="takes a user's token"):
        await session.mfa.get_devices()


async def test_what_a_browser_asks_before_a_login(emulator: Emulator) -> None:
    """A session without credentials reads the settings of the login page."""
    async with FronteggSession.for_users(base_url=emulator.url) as anybody:
        assert (await anybody.core_settings.get_public()).auth_strategy == "EmailAndPassword"
        assert await anybody.social_logins.get_all() == ()
        assert await anybody.custom_oauth_providers.get_all() is not None


async def test_revoking_the_sessions_of_another(
    emulator: Emulator, session: FronteggSession, ada: FronteggSession
) -> None:
    """An administrator ends all sessions of a user of the tenant, and of no other tenant's."""
    emulator.add_user("bob", email="bob@example.test", tenant_ids=["home"], password=PASSWORD)
    bob = await session.authentication.login(email="bob@example.test", password=PASSWORD)
    await ada.user_sessions.revoke("bob")
    assert await session.user_sessions.get_all(user_id="bob", tenant_id="home") == ()
    with pytest.raises(AuthenticationError):
        await session.authentication.refresh(bob.refresh_token or "", client_id=emulator.client_id)
    emulator.add_user("eve", tenant_ids=["elsewhere"])
    with pytest.raises(NotFoundError):
        await ada.user_sessions.revoke("eve")


async def test_older_lists_of_users(
    emulator: Emulator, session: FronteggSession, ada: FronteggSession
) -> None:
    """users/v1 and v2 list all pages, of the environment or of a tenant, v2 with roles."""
    emulator.add_user("zoe", email="zoe@example.test", tenant_ids=["far"], roles=["cook"])
    everybody = {"user-0", "user-1", "user-2", "ada", "zoe"}
    assert {user.id async for user in session.users.iterate_v1(limit=2)} == everybody
    far = [user.id async for user in session.users.iterate_v1(tenant_id="far")]
    assert far == ["zoe"]
    assert [user.id async for user in session.users.iterate_v2(limit=2)] == sorted(everybody)
    (zoe,) = await session.users.iterate_v2(text="ZOE", tenant_id="far").collect()
    assert [role.key for role in zoe.roles or ()] == ["cook"]
    assert {user.id async for user in ada.users.iterate_v2()} == everybody - {"zoe"}
    found = await session.users.iterate_v2(ids=["user-1", "zoe"], order="DESC").collect()
    assert [user.id for user in found] == ["zoe", "user-1"]


async def test_counting_users_by_tenant(
    emulator: Emulator, session: FronteggSession, ada: FronteggSession
) -> None:
    """Users of tenants are counted, those with access apart, and invisible ones if wanted."""
    await session.users.set_invisible("user-1", True)
    await session.users.disable_in_tenant("user-2", tenant_id="home")

    async def counted(exclude: Any) -> list[tuple[Any, ...]]:
        found = await ada.users.count_by_tenant(["home", "a"], exclude_invisible_users=exclude)
        return [
            (each.tenant_id, each.total_users, each.total_access_allowed_users) for each in found
        ]

    assert await counted(UNSET) == [("home", 4, 3), ("a", 0, 0)]
    assert await counted(True) == [("home", 3, 2), ("a", 0, 0)]
    with pytest.raises(InvalidRequestError, match="tenant_ids"):
        await ada.users.count_by_tenant([])


# Logins of API tokens, by the older route


async def test_the_older_login_of_an_api_token(session: FronteggSession) -> None:
    """An API token is exchanged for tokens that a view uses and renews."""
    made = await session.api_tokens.create_v1(description="d", tenant_id="home")
    client_id, secret = made.client_id or "", made.secret or ""
    login = await session.authentication.login_with_api_token_v1(client_id, secret)
    assert login.access_token is not None
    assert secret not in repr(login)
    renewed = await session.authentication.refresh_api_token(login.refresh_token or "")
    assert renewed.access_token != login.access_token
    again = await session.authentication.login_with_api_token_v1(client_id, secret)
    assert await session.as_user(again).roles.get_all() == ()
    with pytest.raises(AuthenticationError):
        await session.authentication.login_with_api_token_v1(client_id, "wrong")


# Social logins


async def test_social_logins(session: FronteggSession) -> None:
    """A provider is set up, offered, changed and taken back; the public list hides its secret."""
    logins = session.social_logins
    with pytest.raises(NotFoundError):
        await logins.get("google")
    await logins.update(
        type="google",
        redirect_url="https://r.example.test",
        client_id="c",
        secret="s",
        customised=True,
        additional_scopes=["email"],
    )
    assert await logins.get_all() == ()
    await logins.activate("google")
    (offered,) = await logins.get_all()
    assert (offered.type, offered.client_id, offered.secret) == ("google", "c", None)
    await logins.update(type="google", redirect_url="https://s.example.test")
    changed = await logins.get("google")
    assert (changed.active, changed.redirect_url) == (True, "https://s.example.test")
    await logins.deactivate("google")
    assert await logins.get_all() == ()


# Users of sub-tenants

COOK: Final = NewRole(key="cook", name="Cook", level=1)
BAKER: Final = NewRole(key="baker", name="Baker", level=2)


async def test_users_of_sub_tenants(
    emulator: Emulator, session: FronteggSession, ada: FronteggSession
) -> None:
    """A user of the tenant above lists, adds and removes users of the tenants below."""
    (cook,) = await session.roles.create([COOK])
    users = ada.sub_tenant_users
    await users.add(
        SubTenantUser(email="new@example.test", name="New"),
        [
            SubTenantMembership(tenant_id="a", role_ids=(cook.id,)),
            SubTenantMembership(tenant_id="b"),
        ],
    )
    await users.add_many(
        [SubTenantUser(email="user-0@example.test"), SubTenantUser(email="x@example.test")],
        "b",
        allow_sub_account_access=True,
    )
    assert ("user-0", "b") in emulator.memberships()
    assert emulator.user("user-0").sub_account_access is True
    listed = {user.email: user for user in await users.iterate(limit=2).collect()}
    assert {"new@example.test", "x@example.test", "ada@example.test"} < set(listed)
    new = listed["new@example.test"]
    assert set(new.tenant_ids or ()) == {"a", "b"}
    assert [user.id async for user in users.iterate(text="new@")] == [new.id]
    await users.remove(new.id, [SubTenantReference(tenant_id="b")])
    assert emulator.user(new.id).tenants.keys() == {"a"}
    with pytest.raises(NotFoundError):
        await users.remove(new.id, [SubTenantReference(tenant_id="b")])


async def test_roles_in_sub_tenants(
    emulator: Emulator, session: FronteggSession, ada: FronteggSession
) -> None:
    """Roles of users below are added, replaced and taken."""
    cook, baker = await session.roles.create([COOK, BAKER])
    emulator.add_user("low", tenant_ids=["a"])
    users = ada.sub_tenant_users

    def roles(*role_ids: str) -> list[SubTenantRoles]:
        return [SubTenantRoles(tenant_id="a", role_ids=role_ids)]

    await users.add_roles("low", roles(cook.id))
    await users.add_roles("low", roles(baker.id))
    assert emulator.user("low").roles_in("a") == (cook.id, baker.id)
    await users.remove_roles("low", roles(cook.id))
    assert emulator.user("low").roles_in("a") == (baker.id,)
    await users.set_roles("low", roles(cook.id))
    assert emulator.user("low").roles_in("a") == (cook.id,)


async def test_tenants_that_are_not_below(
    emulator: Emulator, session: FronteggSession, ada: FronteggSession
) -> None:
    """A tenant elsewhere in the environment is not within reach, and nothing is half done."""
    emulator.add_tenant("elsewhere")
    emulator.add_user("low", tenant_ids=["a", "elsewhere"])
    users = ada.sub_tenant_users
    tenants = [SubTenantMembership(tenant_id=each) for each in ("a", "elsewhere")]
    with pytest.raises(NotFoundError):
        await users.add(SubTenantUser(email="n@example.test"), tenants)
    with pytest.raises(NotFoundError):
        await users.remove(
            "low", [SubTenantReference(tenant_id=each) for each in ("a", "elsewhere")]
        )
    assert emulator.user("low").tenants.keys() == {"a", "elsewhere"}
    assert await session.users.iterate(email="n@example.test").collect() == []


# Tenants


@pytest.mark.parametrize(
    ("metadata", "kept"),
    [({"a": [1]}, {"a": [1]}), ('{"a": 2}', {"a": 2}), (42, 42), (1.5, 1.5), ("text", "text")],
)
async def test_metadata_of_a_new_tenant(
    session: FronteggSession, metadata: Any, kept: object
) -> None:
    """A tenant is created with an object, JSON in a string, a number or a text as metadata."""
    made = await session.tenants.create(tenant_id="t", metadata=metadata)
    assert made.decoded_metadata == kept
    assert (await session.tenants.get("t")).decoded_metadata == kept


async def test_deleting_metadata_returns_the_tenant(session: FronteggSession) -> None:
    """The tenant comes back without the key, and with all others."""
    await session.tenants.create(tenant_id="t", metadata={"a": 1, "b": 2})
    left = await session.tenants.delete_metadata("t", "a")
    assert (left.tenant_id, left.decoded_metadata) == ("t", {"b": 2})


async def test_parts_of_all_tenants(session: FronteggSession) -> None:
    """The list of all tenants takes a search term, a number and a page."""

    async def ids(**arguments: Any) -> list[str]:
        return [tenant.tenant_id for tenant in await session.tenants.get_all(**arguments)]

    assert await ids() == ["home", "a", "b"]
    assert await ids(text="OM") == ["home"]
    assert await ids(limit=2) == ["home", "a"]
    assert await ids(limit=2, offset=1) == ["b"]


async def test_roles_in_no_order(session: FronteggSession) -> None:
    """Roles come in pages without a sort key as well, which is not sent then."""
    await session.roles.create([COOK, BAKER])
    keys = [role.key async for role in session.roles.iterate(sort_by=UNSET, limit=1)]
    assert keys == ["cook", "baker"]
    assert [role.key async for role in session.roles.iterate()] == ["baker", "cook"]
