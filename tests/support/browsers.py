"""A browser of a few lines, for login pages."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import aiohttp


class Browser:
    """Keeps cookies, and goes where it is sent only if asked to."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http: Final = http

    async def open(self, url: str) -> tuple[int, str]:
        """Request a page; return its status, and the URL that it redirects to, or nothing."""
        async with self.http.get(url, allow_redirects=False) as response:
            return response.status, response.headers.get("Location", "")

    async def submit(self, url: str, **form: str) -> tuple[int, str]:
        """Send the form of a page that has no URL of its own."""
        async with self.http.post(url, data=form, allow_redirects=False) as response:
            return response.status, response.headers.get("Location", "")


@asynccontextmanager
async def browser() -> AsyncGenerator[Browser]:
    """Open a browser without cookies."""
    # Cookies of addresses are refused by default, and the servers of tests have no names.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Browser(http)


def query_of(url: str) -> dict[str, str]:
    """Return the query of a URL."""
    return dict(parse_qsl(urlsplit(url).query))


def inputs_of(page: str) -> set[str]:
    """Return the names of the fields of a page's form."""
    return set(re.findall(r'name="(\w+)"', page))
