"""Temporary users, and their configuration."""

from datetime import UTC, datetime

import pytest

from .api import VENDOR_ONLY, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio

TEMPORARY = "/identity/resources/users/temporary/v1"


async def test_a_temporary_user_has_an_end_until_made_permanent(connect: Connect) -> None:
    """The end is counted from the moment of the call, and shown with each tenant."""
    start = datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    async with connect(wall_clock=lambda: start) as api:
        api.emulator.add_user("u", tenant_ids=["t"])
        made = await api.send("PUT", f"{TEMPORARY}/u", {"expirationInSeconds": 390})
        assert (made.status, made.json) == (201, {"expirationInSeconds": 390})
        (tenant,) = (await api.send("GET", f"{VENDOR_ONLY}/u")).json["tenants"]
        assert tenant["temporaryExpirationDate"] == "2030-01-01T00:06:30.000Z"
        assert (await api.send("DELETE", f"{TEMPORARY}/u")).status == 200
        (tenant,) = (await api.send("GET", f"{VENDOR_ONLY}/u")).json["tenants"]
        assert "temporaryExpirationDate" not in tenant


async def test_the_configuration_of_temporary_users_is_kept(api: Api) -> None:
    """The configuration that was put is returned."""
    target = f"{TEMPORARY}/configuration"
    assert (await api.send("GET", target)).json == {"enabled": False}
    put = await api.send("PUT", target, {"enabled": True})
    assert (put.status, put.json) == (200, {"enabled": True})
    assert (await api.send("GET", target)).json == {"enabled": True}
