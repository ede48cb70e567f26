"""The control routes, by which tests in other languages use an emulator."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import anyio
import pytest

from frontegg_async.emulator import Emulator, control, faults

from .api import ADD, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio

TENANTS = "/tenants/resources/tenants/v1"


async def inject(api: Api, **fields: Any) -> dict[str, Any]:
    """Inject a fault over HTTP, and return its description."""
    result = await api.send("POST", "/emulator/faults", fields)
    assert result.status == 201, result.body
    description: dict[str, Any] = result.json
    return description


async def test_it_is_off_unless_it_is_asked_for(api: Api) -> None:
    """Without ``control`` its routes are unknown ones, and do nothing."""
    api.emulator.add_user("u", tenant_ids=["t"])
    assert (await api.send("POST", "/emulator/reset")).status == 404
    assert api.emulator.memberships() == {("u", "t")}


async def test_reset_and_seed(connect: Connect) -> None:
    """A seed of the body is set up, a mistake in it is named, and a reset ends it."""
    async with connect(control=True) as api:
        seed = {"users": [{"id": "ada", "tenants": ["acme"]}]}
        assert (await api.send("POST", "/emulator/seed", seed)).status == 204
        assert api.emulator.memberships() == {("ada", "acme")}
        refused = await api.send("POST", "/emulator/seed", b'{"users":\n[{"id": 1}]}')
        assert (refused.status, refused.json["line"]) == (400, 2)
        assert refused.json["field"] == "users[0].id"
        deep = b'{"users": [{"id": "a", "metadata": ' + b'{"a":' * 3_000
        refused = await api.send("POST", "/emulator/seed", deep)
        assert (refused.status, refused.json["error"]) == (400, "the seed: nested too deeply")
        beside = b'{"users": [], "a": ' + b"[" * 100_000 + b"]" * 100_000 + b', "b": 1}'
        refused = await api.send("POST", "/emulator/seed", beside)
        assert (refused.status, refused.json["field"]) == (400, "a")
        assert (await api.send("POST", "/emulator/reset")).status == 204
        assert api.emulator.memberships() == set()


async def test_faults(connect: Connect) -> None:
    """A fault strikes as often as it was told to, and is listed and ended by its id."""
    async with connect(control=True) as api:
        status = {"status": 503, "body": "busy", "headers": {"Retry-After": "1"}}
        once = await inject(api, fault="AnswerStatus", options=status, on=f"GET {TENANTS}", times=1)
        always = await inject(api, fault="EmptyBody", on=f"GET {TENANTS}", times=None)
        struck = await api.send("GET", TENANTS)
        assert (struck.status, struck.body, struck.headers["Retry-After"]) == (503, b"busy", "1")
        assert (await api.send("GET", TENANTS)).body == b""
        listed = (await api.send("GET", "/emulator/faults")).json
        assert {each["id"]: each["struck"] for each in listed} == {once["id"]: 1, always["id"]: 1}
        assert (await api.send("DELETE", f"/emulator/faults/{always['id']}")).status == 204
        assert (await api.send("DELETE", f"/emulator/faults/{always['id']}")).status == 404
        assert (await api.send("GET", TENANTS)).body
        await inject(api, fault="MalformedJson", times=None)
        assert (await api.send("DELETE", "/emulator/faults")).status == 204
        assert (await api.send("GET", "/emulator/faults")).json == []
        assert (await api.send("GET", TENANTS)).json == []


async def test_a_fault_within_a_fault(connect: Connect) -> None:
    """The response of a late commit is a fault of its own, as an object."""
    async with connect(control=True) as api:
        api.emulator.add_user("u")
        answer = {"fault": "AnswerStatus", "options": {"status": 504}}
        await inject(api, fault="LateCommit", options={"seconds": 3600, "answer": answer}, on=ADD)
        assert (await api.add("u", "t")).status == 504
        assert (await api.send("DELETE", "/emulator/faults")).status == 204
        assert api.emulator.memberships() == {("u", "t")}


REQUIRED: dict[str, dict[str, Any]] = {
    "AnswerStatus": {"status": 500},
    "LateCommit": {"seconds": 1},
    "Redirect": {"location": "/"},
}


@pytest.mark.parametrize("name", faults.__all__)
async def test_every_fault_has_a_name(name: str, connect: Connect) -> None:
    """Every fault of the package can be injected by the name of its class."""
    async with connect(control=True, authenticate=False) as api:
        made = await inject(api, fault=name, options=REQUIRED.get(name, {}))
        assert made["fault"] == name


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"fault": "NoSuchFault"}, "no such fault: 'NoSuchFault'; there are AnswerStatus, "),
        ({"fault": "AnswerStatus"}, "AnswerStatus needs status among its options, which are sta"),
        ({"fault": "Stall", "options": {"second": 1}}, "Stall has no option 'second'; it has sec"),
        ({"fault": "Stall", "options": {"seconds": "1"}}, "Stall.seconds: Expected `float | null`"),
        ({"fault": "Stall", "on": "GET /nowhere"}, "no such route: 'GET /nowhere'"),
        ({"fault": "Stall", "times": 0}, "times must be a positive integer or None, got 0"),
        ({"fault": "Stall", "time": 1}, "unknown field `time`"),
        ({"fault": "LateCommit", "options": {"seconds": 1, "answer": {}}}, "`fault`"),
        (b"{", "truncated"),
        ({"fault": "AnswerStatus", "options": {"status": 100}}, "between 200 and 999, got 100"),
        ({"fault": "Redirect", "options": {"location": "/", "status": 1}}, "between 200 and 999"),
        ({"fault": "Redirect", "options": {"location": "/\u2192"}}, "location must be Latin-1"),
        ({"fault": "SetCookie", "options": {"cookie": "a\nb"}}, "cookie must be one line"),
        (
            {"fault": "AnswerStatus", "options": {"status": 200, "headers": {"a": "\u2192"}}},
            "headers['a'] must be Latin-1",
        ),
        (
            b'{"fault":"LateCommit","options":{"seconds":1,"answer":' * 3_000,
            "the body is nested too deeply",
        ),
    ],
)
async def test_mistakes(body: object, error: str, connect: Connect) -> None:
    """A mistake is a 400 that says what it is, and injects nothing."""
    async with connect(control=True, authenticate=False) as api:
        refused = await api.send("POST", "/emulator/faults", body)
        assert (refused.status, error in refused.json["error"]) == (400, True), refused.body
        assert (await api.send("GET", "/emulator/faults")).json == []


async def test_tokens_and_what_was_sent(connect: Connect) -> None:
    """Tokens of users, counts, e-mails and invites are there for a test to use."""
    async with connect(control=True) as api:
        wanted = {"user": "ada", "tenant": "acme", "roles": ["Admin"]}
        made = await api.send("POST", "/emulator/user-token", wanted)
        api.emulator.add_user("u")
        await api.add("u", "t")
        path = "/identity/resources/users/v1/passwords/reset"
        await api.send("POST", path, {"email": api.emulator.user("u").email})
        counts = (await api.send("GET", "/emulator/counts")).json
        assert counts == {"POST /auth/vendor": 1, ADD: 1, f"POST {path}": 1}
        (invite,) = (await api.send("GET", "/emulator/invites")).json
        assert (invite["user_id"], invite["tenant_id"]) == ("u", "t")
        (mail,) = (await api.send("GET", "/emulator/mails")).json
        assert mail["token"] == api.emulator.mails[0].token
        api.token = made.json["token"]
        me = await api.send("GET", "/identity/resources/users/v2/me")
        assert me.json["id"] == "ada"
        refused = await api.send("POST", "/emulator/user-token", {"user": "nobody"})
        assert (refused.status, "name the tenant" in refused.json["error"]) == (400, True)


async def test_a_token_of_nothing(connect: Connect) -> None:
    """Empty ids, which no path of the API could name, make neither a user nor a tenant."""
    async with connect(control=True) as api:
        for login in ({"user": "", "tenant": "t"}, {"user": "u", "tenant": ""}):
            refused = await api.send("POST", "/emulator/user-token", login)
            assert (refused.status, "must not be empty" in refused.json["error"]) == (400, True)
        assert (api.emulator.memberships(), list(api.emulator.tenants)) == (set(), [])


async def test_it_stands_apart(connect: Connect) -> None:
    """Control routes are not counted, recorded, slowed down or struck, and take no token."""
    async with connect(control=True, authenticate=False) as api:
        await inject(api, fault="CutBeforeCommit", times=None)
        api.emulator.latency = 3_600.0
        assert (await api.send("GET", "/emulator/counts")).json == {}
        assert (await api.send("PUT", "/emulator/reset")).status == 404
        assert (await api.send("GET", "/emulator/nothing")).status == 404
        assert (api.emulator.count(), api.emulator.requests) == (0, [])


async def test_the_page_names_every_route() -> None:
    """docs/testing.md and the module list the same control routes."""
    page = (Path(__file__).parents[2] / "docs" / "testing.md").read_text()
    route = re.compile(r"\b(GET|POST|DELETE) /emulator/([\w-]+)")
    named = set(route.findall(page))
    assert len(named) > 6
    assert named == set(route.findall(control.__doc__ or ""))


async def test_a_reset_over_http_ends_stalled_calls(connect: Connect) -> None:
    """An emulator of a program in another language is reset while a call is stalled."""
    async with connect(control=True) as api:
        emulator: Emulator = api.emulator
        await inject(api, fault="Stall", on=f"GET {TENANTS}")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(api.send, "GET", TENANTS)
            (injection,) = emulator._world.injections.values()  # pyright: ignore[reportPrivateUsage]
            await injection.wait()
            await api.send("POST", "/emulator/reset")
        assert emulator.count() == 0
