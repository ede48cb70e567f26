"""This package over ``aiohttp.ClientSession``: with an aiohttp that it does not know yet."""

from __future__ import annotations

from unittest.mock import patch

from frontegg_async._core import direct

from . import Target, sdk


class Client(sdk.Client):
    """The same, by the transport that is used with any version of aiohttp."""

    async def setup(self, target: Target) -> None:
        """Open a session that does not use connections of its own."""
        with patch.object(direct, "is_usable", return_value=False):
            await super().setup(target)
