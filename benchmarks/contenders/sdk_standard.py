"""This package over ``aiohttp.ClientSession``, as with ``over_aiohttp=True`` or a proxy."""

from __future__ import annotations

from . import sdk


class Client(sdk.Client):
    """The same, by aiohttp's own way of sending."""

    over_aiohttp = True
