"""Requests as no client should send them: each has a proper response, and never a 500."""

import asyncio
from urllib.parse import quote

import pytest

from .api import USERS, Api
from .conftest import Connect
from .logins import user

pytestmark = pytest.mark.anyio

USERS_V3 = "/identity/resources/users/v3"
ROLES_V2 = "/identity/resources/roles/v2"
SETTINGS = "/tenants/resources/account-settings/v1"
ODD = ["NaN", "1e999", "-1", "1.5", "٣", "１", "1_0", " 1", "+1", "0x1", "", "9" * 5_000, "inf"]  # noqa: RUF001 - digits that are not ASCII are the point


@pytest.mark.parametrize("number", ODD)
@pytest.mark.parametrize("name", ["_limit", "_offset"])
async def test_odd_pages_are_rejected(connect: Connect, name: str, number: str) -> None:
    """A page is named by decimal digits: anything else that Python takes for a number is 400."""
    async with connect(max_url_length=20_000) as api:
        found = await api.send("GET", f"{USERS_V3}?{name}={quote(number)}")
        assert found.status == 400
        assert found.json["errors"]


@pytest.mark.parametrize("offset", ["9" * 15, "1000000"])
async def test_a_page_behind_the_last_is_empty(api: Api, offset: str) -> None:
    """An offset that leads nowhere has no items and no error."""
    found = await api.send("GET", f"{USERS_V3}?_offset={offset}")
    assert (found.status, found.json["items"]) == (200, [])


@pytest.mark.parametrize("level", [each for each in ODD if each not in ("-1", "1.5", "")])
async def test_odd_levels_are_rejected(connect: Connect, level: str) -> None:
    """A level is a decimal number."""
    async with connect(max_url_length=20_000) as api:
        assert (await api.send("GET", f"{ROLES_V2}?_levels={quote(level)}")).status == 400


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (USERS, b'{"email": "a@x.io", "expirationInSeconds": 1e308}'),
        (USERS, b'{"email": "a@x.io", "expirationInSeconds": 1e999}'),
        (USERS, b'{"email": "\\ud800@x.io"}'),
        ("/identity/resources/tenants/api-tokens/v1", b'{"expiresInMinutes": 1e300}'),
        ("/identity/resources/users/access-tokens/v1", b'{"expiresInMinutes": -1}'),
        ("/identity/resources/tenants/invites/v1/user", b'{"expiresInMinutes": 1e300}'),
        ("/identity/resources/configurations/v1", b'{"defaultTokenExpiration": 1e18}'),
    ],
)
async def test_odd_numbers_in_bodies_are_rejected(api: Api, path: str, body: bytes) -> None:
    """A number that no time can be made of is 400, and nothing is done."""
    api.emulator.add_user("u", tenant_ids=["t"])
    headers = {"frontegg_tenant_id": "t", "frontegg_user_id": "u"}
    if path.endswith("configurations/v1"):
        headers = {}
    assert (await api.send("POST", path, body, **headers)).status == 400
    assert len(api.emulator.memberships()) == 1


async def test_json_that_is_too_deep(api: Api) -> None:
    """JSON that is deeper than anybody reads is no JSON."""
    api.emulator.add_tenant("t")
    body = b'{"x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    result = await api.send("PUT", SETTINGS, body, frontegg_tenant_id="t")
    assert (result.status, result.json["errorCode"]) == (400, "ER-00006")


async def raw(api: Api, *lines: bytes, body: bytes = b"") -> tuple[bytes, bytes]:
    """Send a request as it is and close; return head and body of all that comes back."""
    host, _, port = api.emulator.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    token = f"Authorization: Bearer {api.token}".encode()
    writer.write(b"\r\n".join([*lines, token, b"Connection: close", b"", body]))
    await writer.drain()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, rest = answer.partition(b"\r\n\r\n")
    return head, rest


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_headers_that_are_no_text(api: Api) -> None:
    """A header of any bytes is text in responses, where it is shown."""
    body = b'{"email": "a@x.io"}'
    head, _ = await raw(
        api,
        b"POST /identity/resources/users/v1 HTTP/1.1",
        b"Host: x",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        b"frontegg-tenant-id: \xff\xfe",
        body=body,
    )
    assert head.startswith(b"HTTP/1.1 201")
    listed = await api.send("GET", "/tenants/resources/tenants/v2")
    assert [each["tenantId"] for each in listed.json["items"]] == ["\ufffd\ufffd"]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_body_that_waits_to_be_asked_for(api: Api) -> None:
    """A client that expects 100 gets it before it sends the body, and then the response."""
    host, _, port = api.emulator.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = b'{"email": "a@x.io"}'
    head = (
        "POST /identity/resources/users/v1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
        f"Authorization: Bearer {api.token}\r\nContent-Type: application/json\r\n"
        f"frontegg-tenant-id: t\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
    writer.close()
    await writer.wait_closed()


async def test_head_is_get_without_its_body(api: Api) -> None:
    """HEAD has the status and the length of GET, and the connection stays in step."""
    mine = await user(api)
    shown = await mine.send("GET", "/identity/resources/users/v2/me")
    head = await mine.send("HEAD", "/identity/resources/users/v2/me")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(shown.body))
    assert (await mine.send("HEAD", f"{USERS}/u/tenant")).status == 404
    assert len({request.connection for request in api.emulator.requests}) == 1


async def test_an_empty_body_of_json(api: Api) -> None:
    """Clients that name JSON with every request need no body where nothing is required."""
    api.emulator.add_user("u", tenant_ids=["t"])
    made = await api.send(
        "POST",
        "/identity/resources/tenants/api-tokens/v1",
        b"",
        frontegg_tenant_id="t",
    )
    assert made.status == 201
    assert (await api.send("POST", USERS, b"", frontegg_tenant_id="t")).status == 400
