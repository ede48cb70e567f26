"""A web page of another origin, in a real browser, before the emulator."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web
from yarl import URL

from .api import Api
from .conftest import Connect

CHROMIUM: Final = shutil.which("chromium")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--virtual-time-budget=30000",
    "--dump-dom",
)
VENDORS: Final = "/vendors"
PAGE: Final = """<!doctype html><title>app</title><pre id="said"></pre><script>
document.cookie = 'settings={"theme": "dark"}';
const send = async (method, path, body, token) => {
  const headers = {"Content-Type": "application/json"};
  if (token) headers.Authorization = `Bearer ${token}`;
  const given = {method, headers, credentials: "include"};
  if (body) given.body = JSON.stringify(body);
  const response = await fetch(BASE + "/frontegg/identity/resources" + path, given);
  return [response.status, response.headers.get("frontegg-trace-id"), await response.text()];
};
(async () => {
  const said = [];
  try {
    const login = await send("POST", "/auth/v1/user", {email: "u@x.io", password: "pw"});
    const renewed = await send("POST", "/auth/v1/user/token/refresh", {});
    const me = await send("GET", "/users/v2/me", null, JSON.parse(renewed[2]).accessToken);
    const out = await send("POST", "/auth/v1/logout", {});
    const again = await send("POST", "/auth/v1/user/token/refresh", {});
    said.push(...[login, renewed, me, out, again].map(each => [each[0], each[1] !== null]));
    said.push(JSON.parse(me[2]).id);
  } catch (error) { said.push(String(error)); }
  document.getElementById("said").textContent = JSON.stringify(said);
})();
</script>"""

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(
        CHROMIUM is None and os.environ.get("CI") != "true", reason="there is no chromium"
    ),
]


async def said_by_page(api: Api, folder: Path) -> list[Any]:
    """Show the page to a browser, and return the text that it writes."""
    assert CHROMIUM is not None

    async def serve(request: web.BaseRequest) -> web.Response:
        page = PAGE.replace("BASE", json.dumps(api.emulator.url))
        return web.Response(text=page, content_type="text/html")

    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        process = await asyncio.create_subprocess_exec(
            *(CHROMIUM, *FLAGS, f"--user-data-dir={folder}", str(URL(site.name))),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        output, _ = await process.communicate()
    finally:
        await runner.cleanup()
    found = re.search(r'id="said">(.*?)</pre>', output.decode())
    assert found is not None
    said: list[Any] = json.loads(found[1].replace("&quot;", '"'))
    return said


@pytest.mark.parametrize("same_site", ["LAX", "NONE"])
async def test_a_page_logs_in(api: Api, tmp_path: Path, same_site: str) -> None:
    """A page of another port logs in, is known again by its cookie, and logs out."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    configuration = {"cookieSameSite": same_site}
    await api.send("POST", "/identity/resources/configurations/v1", configuration)
    good = [[200, True], [201, True], [200, True], [201, True], [401, True], "u"]
    assert await said_by_page(api, tmp_path) == good


async def test_a_page_of_an_origin_that_is_not_listed(connect: Connect, tmp_path: Path) -> None:
    """Once the environment lists origins, the browser keeps the pages of all others out."""
    async with connect() as api:
        listed = {"allowedOrigins": ["https://app.example"]}
        assert (await api.send("PUT", VENDORS, listed)).status == 200
        assert await said_by_page(api, tmp_path) == ["TypeError: Failed to fetch"]
