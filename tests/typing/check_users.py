"""Types of users, pages and calls, as a checker infers them."""

from typing import assert_type

from frontegg_async import CallResult, FronteggSession, Operation, Response, User, with_response
from frontegg_async.endpoints.users import GET, TENANT_STATUSES, Users
from frontegg_async.models.paging import Page
from frontegg_async.models.users import NewUser, UserTenantStatuses
from frontegg_async.paging import Paginator


async def users(frontegg: FronteggSession) -> None:
    """Each coroutine has the type of its operation."""
    assert_type(frontegg.users, Users)
    assert_type(await frontegg.users.get("u"), User)
    assert_type(await frontegg.users.get_by_email("e"), User)
    assert_type(await frontegg.users.add_to_tenant("u", "t"), User)
    assert_type(await frontegg.users.set_active_tenant("u", "t"), User)
    assert_type(await frontegg.users.set_superuser("u", True), User)
    assert_type(await frontegg.users.tenant_statuses(["u"]), tuple[UserTenantStatuses, ...])
    assert_type((await frontegg.users.get("u")).tenant_ids, tuple[str, ...] | None)


async def pages(frontegg: FronteggSession) -> None:
    """Lists are of users, pages are of users."""
    assert_type(frontegg.users.iterate(), Paginator[User])
    async for user in frontegg.users.iterate():
        assert_type(user, User)
    async for page in frontegg.users.iterate().pages():
        assert_type(page, Page[User])
        assert_type(page.items, tuple[User, ...])
    assert_type(await frontegg.users.iterate().page(3), Page[User])
    assert_type(await frontegg.users.iterate().first(), User | None)
    assert_type(await frontegg.users.iterate().collect(max_items=3), list[User])


async def ids(frontegg: FronteggSession) -> None:
    """Ids that Frontegg always sends are strings without a look."""
    user = await frontegg.users.get("u")
    assert_type(user.id, str)
    assert_type([tenant.tenant_id for tenant in user.tenants or ()], list[str])
    assert_type([role.id for role in user.roles or ()], list[str])
    assert_type((await frontegg.tenants.create(name="n")).tenant_id, str)
    assert_type((await frontegg.groups.create("g")).id, str)
    assert_type((await frontegg.api_tokens.get_all())[0].client_id, str)
    # The specification does not promise it there.
    assert_type((await frontegg.users.invite(NewUser(email="a@x"))).id, str | None)


async def calls(frontegg: FronteggSession, own: Operation[Page[str]]) -> None:
    """A call has the type of its operation, and ``send`` returns the response itself."""
    assert_type(await frontegg.call(GET, "u"), User)
    assert_type(await frontegg.call(own), Page[str])
    assert_type(await frontegg.call(TENANT_STATUSES), tuple[UserTenantStatuses, ...])
    assert_type(await frontegg.send(GET, "u"), Response)


async def answers(frontegg: FronteggSession) -> None:
    """``with_response`` keeps the type of a method's result."""
    result = await with_response(frontegg.users.get("u"))
    assert_type(result, CallResult[User])
    assert_type(result.value, User)
    assert_type(result.status, int | None)
    assert_type(result.trace_id, str | None)
    assert_type((await with_response(frontegg.passwords.change("a", "b"))).value, None)
    statuses = await with_response(frontegg.users.tenant_statuses(["u"]))
    assert_type(statuses.value[0], UserTenantStatuses)
    assert_type((await with_response(anext(frontegg.users.iterate().pages()))).value, Page[User])
    assert_type((await with_response(frontegg.call(GET, "u"))).value, User)


class OwnSession(FronteggSession):
    """A session of another program."""


def views(own: OwnSession) -> None:
    """A view is of the class of its session."""
    assert_type(own.for_tenant("t"), OwnSession)
    assert_type(own.as_user("token"), OwnSession)
    assert_type(own.with_options(timeout=1), OwnSession)
    assert_type(own.for_bulk(), OwnSession)
    assert_type(OwnSession.from_env(), OwnSession)
