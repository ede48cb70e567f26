"""The emulator sends events of its routes, and the example receives them, over real sockets."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from frontegg_async import FronteggSession, NotFoundError
from frontegg_async.emulator import Emulator
from frontegg_async.models.users import NewTenantUser
from frontegg_async.webhooks import Event, GroupEvent, allow, unwrap

from ..support.hooks import BODY, SECRET, signed
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

EXAMPLE = Path(__file__).parents[2] / "examples" / "webhooks.py"


def load_example() -> Any:
    spec = importlib.util.spec_from_file_location("example_of_webhooks", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@asynccontextmanager
async def served(app: web.Application) -> AsyncGenerator[str]:
    """Serve an application on a free port."""
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@dataclass
class Receiver:
    """An application that keeps the events that it receives."""

    url: str = ""
    events: list[Event] = field(default_factory=list[Event])
    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    status: int = 204

    async def receive(self, request: web.Request) -> web.Response:
        """Keep an event."""
        settings: dict[str, Any] = {"secret": SECRET, **self.settings}
        self.events.append(unwrap(request.headers, await request.read(), **settings))
        return web.Response(status=self.status)

    @property
    def keys(self) -> list[str]:
        """Keys of the events, in the order of their arrival."""
        return [event.key.removeprefix("frontegg.") for event in self.events]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/", found.receive)
    async with served(app) as url:
        found.url = url + "/"
        yield found


async def test_events_of_routes(
    emulator: Emulator, frontegg: FronteggSession, receiver: Receiver
) -> None:
    """Changes by routes are sent in order, with the tenant and the user as they were then."""
    emulator.webhooks.add(receiver.url, secret=SECRET)
    emulator.add_user("set-up", tenant_ids=["home"])  # sends nothing
    await frontegg.tenants.create(name="Acme", tenant_id="acme")
    user = await frontegg.users.create(NewTenantUser(tenant_id="acme", email="ada@example.test"))
    await frontegg.users.update(user.id, name="Ada")
    await frontegg.users.add_to_tenant(user.id, "home")
    await frontegg.users.remove_from_tenant(user.id, "home")
    await frontegg.users.delete_everywhere(user.id)
    await frontegg.tenants.delete("acme")
    await emulator.webhooks.drain()
    assert receiver.keys == [
        "tenant.created",
        "user.created",
        "user.invitedToTenant",
        "user.updated",
        "user.invitedToTenant",
        "user.removedFromTenant",
        "user.deleted",
        "tenant.deleted",
    ]
    tenants = [event.tenant_id for event in receiver.events]
    assert tenants == ["acme"] * 4 + ["home"] * 2 + ["acme"] * 2
    assert {event.user_id for event in receiver.events[1:-1]} == {user.id}
    invited = receiver.events[4].user
    assert invited is not None
    assert (invited.email, invited.is_member_of("home")) == ("ada@example.test", True)
    removed = receiver.events[5].user
    assert removed is not None
    assert not removed.is_member_of("home")
    assert [delivery.status for delivery in emulator.webhooks.deliveries] == [204] * 8


async def test_groups_and_tokens(
    emulator: Emulator, frontegg: FronteggSession, receiver: Receiver
) -> None:
    """Events of groups and API tokens have the ids of these."""
    emulator.webhooks.add(receiver.url, secret=SECRET)
    home = frontegg.for_tenant("home")
    group = await home.groups.create("editors")
    await home.groups.add_users(group.id, ["user-0"])
    token = await home.api_tokens.create()
    await home.api_tokens.delete(token.client_id or "")
    await emulator.webhooks.drain()
    assert receiver.keys == [
        "group.created",
        "group.users.added",
        "tenantApiToken.created",
        "tenantApiToken.deleted",
    ]
    added = receiver.events[1]
    assert isinstance(added, GroupEvent)
    assert (added.group_id, added.tenant_id) == (group.id, "home")


@pytest.mark.parametrize("signature", ["jwt", "plain"])
@pytest.mark.parametrize("form", ["eventKey", "key"])
async def test_both_signatures_and_forms(
    emulator: Emulator, receiver: Receiver, signature: Any, form: Any
) -> None:
    """Whichever of the ways that are known the emulator sends in, the same event arrives."""
    receiver.settings = {"signature": signature}
    emulator.webhooks.add(receiver.url, secret=SECRET, signature=signature, form=form)
    user = {"id": "u", "email": "u@example.test"}
    (delivery,) = await emulator.webhooks.send(
        "frontegg.user.signedUp", tenant_id="t", user_id="u", user=user, applicationId="a"
    )
    assert (delivery.status, delivery.failure) == (204, None)
    (event,) = receiver.events
    assert (event.key, event.tenant_id) == ("frontegg.user.signedUp", "t")
    assert (event.user_id, event.application_id) == ("u", "a")
    assert event.environment_id == "emulator-vendor"
    assert event.user is not None
    assert event.user.email == "u@example.test"


async def test_failures_stop_nothing(
    emulator: Emulator, frontegg: FronteggSession, receiver: Receiver
) -> None:
    """A receiver that refuses, or is not there, loses its event; the route and the rest go on."""
    gone = emulator.webhooks.add("http://127.0.0.1:1/", secret=SECRET)
    emulator.webhooks.add(receiver.url, secret=SECRET, lifetime=60)
    emulator.webhooks.add(receiver.url, secret=SECRET, events=["frontegg.tenant.deleted"])
    receiver.status = 500
    await frontegg.users.update("user-0", name="Ada")
    await frontegg.users.update("user-1", name="Bea")
    await emulator.webhooks.drain()
    deliveries = [(each.status, each.failure) for each in emulator.webhooks.deliveries]
    assert deliveries == [(None, "ClientConnectorError"), (500, None)] * 2
    emulator.webhooks.remove(gone)
    (delivery,) = await emulator.webhooks.send("frontegg.user.updated")
    assert delivery.status == 500


async def test_hooks_are_set_up_over_the_api(emulator: Emulator, receiver: Receiver) -> None:
    """A hook that is created over the API gets its events until it is deleted; lists hide it."""
    path = emulator.url + "/event/resources/configurations/v1"
    async with aiohttp.ClientSession() as http:
        credentials = {"clientId": emulator.client_id, "secret": emulator.api_key}
        async with http.post(emulator.url + "/auth/vendor", json=credentials) as response:
            token = (await response.json())["token"]
        http.headers["Authorization"] = f"Bearer {token}"
        new = {"url": receiver.url, "events": ["frontegg.tenant.created"], "displayName": "Mine"}
        async with http.post(path, json={**new, "secret": SECRET}) as response:
            assert response.status == 400  # key is missing
        async with http.post(path, json={**new, "key": "mine", "secret": SECRET}) as response:
            assert response.status == 201
            made = await response.json()
        assert (made["url"], made["events"], "secret" in made) == (new["url"], new["events"], False)
        async with http.get(path) as response:
            (listed,) = await response.json()
        assert (listed["displayName"], listed.keys() & {"url", "events", "secret"}) == (
            "Mine",
            set(),
        )
        tenants = emulator.url + "/tenants/resources/tenants/v1"
        for status, tenant in ((200, "one"), (404, "two")):
            async with http.post(tenants, json={"tenantId": tenant, "name": tenant}) as response:
                assert response.status == 201
            await emulator.webhooks.drain()
            async with http.delete(f"{path}/{made['id']}") as response:
                assert response.status == status
    assert [(event.key, event.tenant_id) for event in receiver.events] == [
        ("frontegg.tenant.created", "one")
    ]


async def test_restarts(receiver: Receiver) -> None:
    """An emulator that has sent events can be stopped and started again, and sends on."""
    emulator = Emulator()
    emulator.webhooks.add(receiver.url, secret=SECRET)
    for _ in range(2):
        async with emulator:
            await emulator.webhooks.send("frontegg.user.updated")
    assert receiver.keys == ["user.updated"] * 2


async def test_the_example(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The example keeps a true copy of users and tenants, and believes no body."""
    example = load_example()
    app = example.make_app(session_on(emulator), SECRET)
    async with served(app) as url, aiohttp.ClientSession() as http:
        emulator.webhooks.add(url + "/webhooks", secret=SECRET)
        await frontegg.tenants.create(name="Acme", tenant_id="acme")
        await frontegg.users.add_to_tenant("user-0", "acme")
        await frontegg.users.delete_everywhere("user-1")
        await emulator.webhooks.drain()
        assert [each.status for each in emulator.webhooks.deliveries] == [204] * 3
        copy = app[example.COPY]
        assert copy.keys() == {"acme", "user-0"}
        assert copy["acme"].name == "Acme"
        assert copy["user-0"].is_member_of("acme")

        # A body that lies, though its signature is good: one was seen, and used for another.
        lie = {
            "eventKey": "frontegg.user.updated",
            "eventContext": {"userId": "user-0"},
            "user": {"id": "user-0", "superUser": True, "email": "eve@example.test"},
        }
        async with http.post(url + "/webhooks", json=lie, headers=signed()) as response:
            assert response.status == 204
        assert copy["user-0"].email == "user-0@example.test"
        assert not copy["user-0"].super_user
        lie["eventKey"] = "frontegg.user.deleted"
        async with http.post(url + "/webhooks", json=lie, headers=signed()) as response:
            assert response.status == 204
        assert "user-0" in copy

        for headers, body, status in (
            ({}, BODY, 401),
            (signed("x" * 40), BODY, 401),
            (signed(), b"[]", 400),
            (signed(), b"{" + b" " * 2_000_000, 413),
        ):
            sent = http.post(url + "/webhooks", data=BytesIO(body), headers=headers)
            async with sent as response:
                assert response.status == status

        await frontegg.tenants.delete("acme")
        await emulator.webhooks.drain()
        assert "acme" not in copy
        with pytest.raises(NotFoundError):
            await frontegg.tenants.get("acme")


async def test_prehooks_of_the_example(emulator: Emulator) -> None:
    """The example lets its own people sign up, stops others, and refuses unsigned requests."""
    example = load_example()
    async with (
        served(example.make_app(session_on(emulator), SECRET)) as url,
        aiohttp.ClientSession() as http,
    ):
        path = url + "/prehooks/sign-up"
        verdicts: list[Any] = []
        for email in ("ada@example.com", "eve@example.net"):
            body = msgspec.json.encode({"data": {"user": {"email": email}}})
            async with http.post(path, data=body, headers=signed()) as response:
                assert response.status == 200
                verdicts.append(await response.json())
        assert verdicts[0] == allow()
        assert (verdicts[1]["verdict"], verdicts[1]["continue"]) == ("block", False)
        async with http.post(path, data=b"{}", headers=signed("x" * 40)) as response:
            assert response.status == 401
