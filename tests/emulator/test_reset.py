"""Beginning anew while the emulator runs."""

from __future__ import annotations

from pathlib import Path

import aiohttp
import anyio
import jwt
import msgspec
import pytest
from aiohttp import web

from frontegg_async.emulator import (
    AnswerStatus,
    CutBeforeCommit,
    Emulator,
    LateCommit,
    RateLimit,
    Stall,
)
from frontegg_async.emulator.routes import _router as routes

from ..clients.terraform import converge
from ..clients.terraform_resources import RESOURCES
from ..support.clocks import FakeClock
from .api import ADD, USERS, Api, Result, until
from .conftest import Connect

pytestmark = pytest.mark.anyio

CONFIGURATION = "/identity/resources/configurations/v1"
TENANTS = "/tenants/resources/tenants/v1"


async def test_nothing_is_left(api: Api) -> None:
    """Users, tenants, roles, records, counts, faults and latency are those of a new emulator."""
    emulator = api.emulator
    emulator.add_user("u", tenant_ids=["t"], roles=["Admin"])
    emulator.inject(AnswerStatus(500), times=None)
    await api.add("u", "other")
    emulator.latency = 3_600.0
    assert emulator.requests
    emulator.reset()
    assert (emulator.count(), emulator.requests, emulator.latency) == (0, [], 0.0)
    assert (set(emulator.tenants), emulator.memberships()) == (set(), set())
    assert (await api.send("GET", "/identity/resources/roles/v1")).json == []
    emulator.add_user("u", tenant_ids=["t"])
    assert (await api.add("u", "other")).status == 201
    assert len(emulator.invites) == 1


async def test_every_setting_is_back(connect: Connect) -> None:
    """After a reset each route reads as it did at first, whatever was written through the API."""
    templates = [each.template for each in routes.ROUTES if each.method == "GET"]
    paths = [each for each in templates if "{" not in each and not each.startswith("/oauth")]
    configuration = {
        "jwtAlgorithm": "HS256",
        "defaultTokenExpiration": 7,
        "defaultRefreshTokenExpiration": 7,
        "cookieSameSite": "STRICT",
        "rotateRefreshTokens": False,
    }
    async with connect(wall_clock=lambda: 1_700_000_000.0) as api:

        def begin() -> None:
            api.emulator.add_tenant("terraform")
            api.emulator.add_user("seed", tenant_ids=["terraform"], roles=["Admin"])

        async def everything() -> dict[str, tuple[int, bytes]]:
            found = [(path, await api.send("GET", path, frontegg_user_id="seed")) for path in paths]
            return {path: (each.status, each.body) for path, each in found}

        async def send(method: str, path: str, body: object, **headers: str) -> Result:
            return await api.send(method, path, body, **headers)

        begin()
        before = await everything()
        for resource in RESOURCES:
            await converge(send, resource)
        assert (await api.send("POST", CONFIGURATION, configuration)).status == 201
        assert await everything() != before
        api.emulator.reset()
        begin()
        assert await everything() == before


async def test_applications_go_on(api: Api) -> None:
    """The environment token, the URL and the signing key stay; a user's token ends."""
    emulator = api.emulator
    url, key = emulator.url, (await api.send("GET", "/.well-known/jwks.json")).json
    of_user = emulator.user_token("u", "t")
    emulator.reset()
    assert emulator.url == url
    assert (await api.send("GET", "/.well-known/jwks.json")).json == key
    assert (await api.send("GET", TENANTS)).status == 200
    api.token = of_user
    assert (await api.send("GET", "/identity/resources/users/v2/me")).status == 401


async def test_a_call_in_flight_leaves_nothing_behind(api: Api) -> None:
    """A stalled call ends with the reset, in the state before it, which nothing sees any more."""
    emulator = api.emulator
    emulator.add_user("u")
    stalled = emulator.inject(Stall(), on=ADD)
    results: list[int] = []
    async with anyio.create_task_group() as tasks:

        async def call() -> None:
            results.append((await api.add("u", "t")).status)

        tasks.start_soon(call)
        await stalled.wait()
        emulator.reset()
        emulator.add_user("u")
    assert results == [201]
    assert emulator.memberships() == set()
    assert (emulator.count(), emulator.requests, emulator.invites) == (0, [], [])


async def test_late_work_is_not_done(connect: Connect) -> None:
    """Work that was to be done later is forgotten."""
    clock = FakeClock()
    async with connect(clock=clock.monotonic, wall_clock=clock.time) as api:
        api.emulator.add_user("u")
        api.emulator.inject(LateCommit(5.0, CutBeforeCommit()), on=ADD)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await api.add("u", "t")
        api.emulator.reset()
        api.emulator.add_user("u")
        clock.advance(10.0)
        assert api.emulator.memberships() == set()


async def test_limits_count_from_zero(connect: Connect) -> None:
    """A limit that was used up lets calls through again."""
    async with connect(rate_limits=[RateLimit(1, 3_600, on=f"GET {TENANTS}")]) as api:
        assert [(await api.send("GET", TENANTS)).status for _ in range(2)] == [200, 429]
        api.emulator.reset()
        assert (await api.send("GET", TENANTS)).status == 200


async def test_webhooks_are_broken_off(api: Api) -> None:
    """A delivery in flight is broken off, events that wait are not sent, and others are later."""
    arrived: list[bytes] = []
    never, gone = anyio.Event(), anyio.Event()

    async def receive(request: web.BaseRequest) -> web.Response:
        arrived.append(await request.read())
        try:
            if len(arrived) == 1:
                await never.wait()
        finally:
            gone.set()
        return web.Response()

    runner = web.ServerRunner(web.Server(receive, handler_cancellation=True))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hook = f"http://127.0.0.1:{runner.addresses[0][1]}"
        webhooks = api.emulator.webhooks
        webhooks.add(hook)
        for tenant in ("a", "b"):
            await api.send("POST", TENANTS, {"tenantId": tenant})
        await until(lambda: len(arrived) == 1)
        api.emulator.reset()
        assert api.emulator.webhooks is webhooks
        with anyio.fail_after(10):
            await gone.wait()
        await api.send("POST", TENANTS, {"tenantId": "c"})
        webhooks.add(hook)
        await api.send("POST", TENANTS, {"tenantId": "d"})
        await webhooks.drain()
        tenants = [msgspec.json.decode(body)["eventContext"]["tenantId"] for body in arrived]
        assert tenants == ["a", "d"]
        assert [delivery.status for delivery in webhooks.deliveries] == [200]
    finally:
        await runner.cleanup()


async def test_the_seed_comes_back(tmp_path: Path, connect: Connect) -> None:
    """What the seed holds is as it was, and what came later is gone, passwords included."""
    file = tmp_path / "seed.json"
    user = {"id": "ada", "email": "ada@x.io", "password": "pw", "tenants": ["acme"]}
    file.write_bytes(msgspec.json.encode({"users": [user]}))
    async with connect(seed=file) as api:
        api.emulator.set_password("ada", "another")
        api.emulator.add_user("eve", tenant_ids=["acme"])
        await api.send("DELETE", f"{USERS}/ada")
        api.emulator.reset()
        assert api.emulator.memberships() == {("ada", "acme")}
        login = {"email": "ada@x.io", "password": "pw"}
        assert (await api.send("POST", "/identity/resources/auth/v1/user", login)).status == 200


async def test_a_token_of_a_user_in_one_step(api: Api) -> None:
    """The token is signed, names user, tenant and roles, and the API takes it."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["home"], roles=["Viewer"])
    at_home = api.emulator.user_token("u")
    token = api.emulator.user_token("u", "acme", roles=["Admin", "Auditor"])
    key = jwt.PyJWKSet.from_dict((await api.send("GET", "/.well-known/jwks.json")).json).keys[0]
    audience = api.emulator.client_id
    claims = jwt.decode(token, key, algorithms=["RS256"], audience=audience)
    assert (claims["sub"], claims["email"], claims["tenantId"]) == ("u", "u@x.io", "acme")
    assert claims["roles"] == ["Admin", "Auditor"]
    assert claims["permissions"] == ["permission-Admin", "permission-Auditor"]
    assert (claims["iss"], claims["type"]) == (api.emulator.url, "userToken")
    home = jwt.decode(at_home, key, algorithms=["RS256"], audience=audience)
    assert (home["tenantId"], home["roles"]) == ("home", ["Viewer"])
    api.token = token
    me = (await api.send("GET", "/identity/resources/users/v2/me")).json
    assert (me["id"], me["tenantId"]) == ("u", "acme")


async def test_a_token_of_a_user_by_address(api: Api) -> None:
    """An address is that of the user who has it, and a new user's if there is none."""
    ada = api.emulator.add_user(email="Ada@acme.test", tenant_ids=["acme"])
    api.emulator.add_user("id@acme.test", tenant_ids=["acme"])
    for named, user_id in (("ada@ACME.test", ada), ("id@acme.test", "id@acme.test")):
        api.token = api.emulator.user_token(named)
        me = (await api.send("GET", "/identity/resources/users/v2/me")).json
        assert me["id"] == user_id
    api.token = api.emulator.user_token("new@acme.test", "acme")
    me = (await api.send("GET", "/identity/resources/users/v2/me")).json
    assert (me["email"], "@" in me["id"]) == ("new@acme.test", False)
    assert len(api.emulator.memberships()) == 3


async def test_a_token_of_a_user_who_may_not_log_in() -> None:
    """A user who is locked or in no tenant gets an error, and nothing is made."""
    emulator = Emulator()
    emulator.add_user("locked", tenant_ids=["t"], locked=True)
    with pytest.raises(ValueError, match="User is locked"):
        emulator.user_token("locked")
    with pytest.raises(ValueError, match="name the tenant"):
        emulator.user_token("nobody")
    with pytest.raises(KeyError):
        emulator.user("nobody")


async def test_the_access_log(connect: Connect) -> None:
    """There is a line for each request with its end and its fault, and never its query."""
    lines: list[str] = []
    async with connect(access_log=lines.append) as api:
        lines.clear()
        api.emulator.inject(AnswerStatus(503), on=f"POST {TENANTS}")
        api.emulator.inject(CutBeforeCommit(), on=f"POST {TENANTS}")
        stalled = api.emulator.inject(Stall(), on=f"POST {TENANTS}")
        await api.send("POST", f"{TENANTS}?token=secret", {})
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await api.send("POST", TENANTS, {})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(api.send, "POST", TENANTS, b"{}")
            await stalled.wait()
            tasks.cancel_scope.cancel()
        await until(lambda: len(lines) == 3)
        await api.send("GET", "/no%0Asuch/route")
    ends = [line.rpartition(" ms") for line in lines]
    assert [(head.rpartition(" ")[0], fault) for head, _, fault in ends] == [
        (f"POST {TENANTS} 503", " AnswerStatus"),
        (f"POST {TENANTS} cut", " CutBeforeCommit"),
        (f"POST {TENANTS} gone", " Stall"),
        ("GET /no%0Asuch/route 404", ""),
    ]


async def test_a_public_url() -> None:
    """Tokens and links name the URL by which clients reach it, and not that of the socket."""
    async with Emulator(public_url="http://frontegg:8400/") as emulator:
        assert emulator.url == "http://frontegg:8400"
        token = emulator.user_token("u", "t")
    assert jwt.decode(token, options={"verify_signature": False})["iss"] == "http://frontegg:8400"
