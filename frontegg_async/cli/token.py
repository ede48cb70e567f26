"""``frontegg-async token``: the owner and the lifetime of the token, which is never shown."""

from __future__ import annotations

import asyncio

import click

from ..auth.token_claims import TokenInfo
from . import output
from .connection import Connection, connected


async def _ask(connection: Connection) -> tuple[str, TokenInfo]:
    async with connection.session() as frontegg:
        return frontegg.base_url, await frontegg.token_info()


@click.command("token")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@connected
def token(connection: Connection, *, as_json: bool) -> None:
    """Show whose credentials are used, and when the token expires.

    The token itself is never shown.
    """
    base_url, info = asyncio.run(_ask(connection))
    client_id = connection.resolved_client_id()
    if as_json:
        output.json(
            {
                "client_id": client_id,
                "base_url": base_url,
                "vendor_id": info.vendor_id,
                "kind": info.kind,
                "expires_in": round(info.expires_in, 3),
            }
        )
        return
    output.data(f"client id   {client_id}")
    output.data(f"host        {base_url}")
    output.data(f"vendor id   {info.vendor_id or 'unknown'}")
    output.data(f"kind        {info.kind or 'unknown'}")
    output.data(f"expires in  {info.expires_in:.0f} s")
