"""The Rust client of Materialize before the emulator, by a replay of its requests and its types.

The Structs are what it needs of a response: UUIDs, times, and metadata as JSON in a string. It
reads nothing of the response to a deletion, and takes no other body there than none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import msgspec
import pytest

from frontegg_async import FronteggSession, NotFoundError
from frontegg_async.models.users import NewUser

from .api import USERS, VENDOR_ONLY, Api

pytestmark = pytest.mark.anyio

TENANTS: Final = "/tenants/resources/tenants/v1"
T = TypeVar("T")


class _Read(msgspec.Struct, rename="camel"):
    pass


class _Role(_Read):
    id: UUID
    key: str
    name: str
    level: int
    is_default: bool
    permissions: list[UUID]
    created_at: datetime
    description: str | None = None


class _Permission(_Read):
    id: UUID
    category_id: str
    key: str
    name: str
    created_at: datetime
    updated_at: datetime
    description: str | None = None


class _Binding(_Read):
    tenant_id: UUID
    roles: list[_Role]


class _User(_Read):
    id: UUID
    name: str
    email: str
    created_at: datetime
    tenants: list[_Binding]
    metadata: str | None = None


class _CreatedUser(_Read):
    id: UUID
    name: str
    email: str
    created_at: datetime
    roles: list[_Role]
    permissions: list[_Permission]
    metadata: str | None = None


class _Tenant(_Read):
    tenant_id: UUID
    name: str
    created_at: datetime
    updated_at: datetime
    creator_name: str | None = None
    creator_email: str | None = None
    deleted_at: datetime | None = None
    metadata: str | None = "{}"

    @property
    def nested(self) -> Any:
        """Decode the metadata."""
        return None if self.metadata is None else msgspec.json.decode(self.metadata)


class _Pages(_Read):
    total_pages: int


class _Page(msgspec.Struct):
    items: list[_User]
    pages: _Pages = msgspec.field(name="_metadata")


class _Client:
    """Sends as the Rust client does."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def ask(self, kind: type[T], method: str, path: str, body: object = None) -> T:
        """Return a response as the client's type; one that is no success fails the test."""
        return await self.ask_of(None, kind, method, path, body)

    async def ask_of(
        self, tenant_id: UUID | None, kind: type[T], method: str, path: str, body: object = None
    ) -> T:
        """Return a response for a tenant."""
        headers = {} if tenant_id is None else {"frontegg_tenant_id": str(tenant_id)}
        result = await self.api.send(method, path, body, **headers)
        assert 200 <= result.status < 300, result.body
        return msgspec.json.decode(result.body, type=kind)

    async def delete(self, path: str) -> None:
        """Delete, which has no body."""
        result = await self.api.send("DELETE", path)
        assert 200 <= result.status < 300, result.body
        assert result.body == b""

    async def users(self, tenant_id: UUID | None = None, size: int = 50) -> AsyncIterator[_User]:
        """Yield users page by page; the offset counts pages, and the last is known by the total."""
        page = 0
        while True:
            path = f"{USERS}?_limit={size}&_offset={page}"
            found = await self.ask_of(tenant_id, _Page, "GET", path)
            for user in found.items:
                yield user
            page += 1
            if page >= found.pages.total_pages:
                return


async def test_its_tenants(api: Api) -> None:
    """Metadata of any JSON comes back as it was, key by key; an unknown id is an empty list."""
    client, ids = _Client(api), [uuid4(), uuid4()]
    wishes: list[dict[str, object]] = [
        {"metadata": {"number": 1}, "creatorName": "one", "creatorEmail": "one@x.io"},
        {"metadata": 42, "creatorName": None, "creatorEmail": None},
    ]
    for tenant_id, wish in zip(ids, wishes, strict=True):
        body = {"tenantId": str(tenant_id), "name": "rust", **wish}
        made = await client.ask(_Tenant, "POST", TENANTS, body)
        assert made.tenant_id == tenant_id
    listed = await client.ask(list[_Tenant], "GET", TENANTS)
    mine = {each.tenant_id: each for each in listed if each.name == "rust"}
    shown = [(mine[each].nested, mine[each].creator_name, mine[each].deleted_at) for each in ids]
    assert shown == [({"number": 1}, "one", None), (42, None, None)]

    path = f"{TENANTS}/{ids[0]}"
    for given, expected in (
        ({"title": "a"}, {"number": 1, "title": "a"}),
        ({"title": "b"}, {"number": 1, "title": "b"}),
    ):
        await client.ask(_Tenant, "POST", f"{path}/metadata", {"metadata": given})
        (found,) = await client.ask(list[_Tenant], "GET", path)
        assert found.nested == expected
    left = await client.ask(_Tenant, "DELETE", f"{path}/metadata/title")
    assert left.nested == {"number": 1}

    assert await client.ask(list[_Tenant], "GET", f"{TENANTS}/{uuid4()}") == []
    for tenant_id in ids:
        await client.delete(f"{TENANTS}/{tenant_id}")
    assert await client.ask(list[_Tenant], "GET", path) == []


async def test_its_users(api: Api) -> None:
    """Users are created without mail, read, listed by pages of 1, 2 and 10, and deleted."""
    client, ids = _Client(api), [uuid4(), uuid4()]
    made: list[UUID] = []
    for tenant_id in ids:
        await client.ask(_Tenant, "POST", TENANTS, {"tenantId": str(tenant_id), "name": "rust"})
        for number in range(3):
            email = f"{number}@{tenant_id}.io"
            body = {"name": "u", "email": email, "metadata": None, "skipInviteEmail": True}
            created = await client.ask_of(tenant_id, _CreatedUser, "POST", USERS, body)
            assert (created.name, created.email) == ("u", email)
            user = await client.ask(_User, "GET", f"{VENDOR_ONLY}/{created.id}")
            assert (user.id, user.name, user.email) == (created.id, "u", email)
            assert [binding.tenant_id for binding in user.tenants] == [tenant_id]
            made.append(user.id)
    for size in (1, 2, 10):
        assert sorted([user.id async for user in client.users(size=size)]) == sorted(made)
    assert {user.id async for user in client.users(ids[0])} == set(made[:3])
    for user_id in made:
        await client.delete(f"{USERS}/{user_id}")
    assert [user async for user in client.users()] == []


async def test_the_same_with_the_sdk(api: Api) -> None:
    """The SDK does all that the Rust client does."""
    emulator, ids = api.emulator, [str(uuid4()), str(uuid4())]
    async with FronteggSession(
        base_url=emulator.url, client_id=emulator.client_id, api_key=emulator.api_key
    ) as frontegg:
        tenants, users = frontegg.tenants, frontegg.users
        await tenants.create(
            tenant_id=ids[0], name="rust", metadata={"number": 1}, creator_name="one"
        )
        await tenants.create(tenant_id=ids[1], name="rust", metadata=42)
        mine = {each.tenant_id: each for each in await tenants.get_all()}
        assert [mine[each].decoded_metadata for each in ids] == [{"number": 1}, 42]
        await tenants.set_metadata(ids[0], {"title": "a"})
        left = await tenants.delete_metadata(ids[0], "title")
        assert left.decoded_metadata == {"number": 1}
        with pytest.raises(NotFoundError):
            await tenants.get(str(uuid4()))

        made: list[str] = []
        for tenant_id in ids:
            for number in range(3):
                wish = NewUser(email=f"{number}@{tenant_id}.io", name="u", skip_invite_email=True)
                user = await users.invite_v1(wish, tenant_id=tenant_id)
                made.append(user.id or "")
        for size in (1, 2, 10):
            assert sorted([each.id async for each in users.iterate_v1(limit=size)]) == sorted(made)
        of_first = {each.id async for each in users.iterate_v1(tenant_id=ids[0])}
        assert of_first == set(made[:3])
        for user_id in made:
            await users.delete_everywhere(user_id)
        assert [each async for each in users.iterate_v1()] == []
        for tenant_id in ids:
            await tenants.delete(tenant_id)
