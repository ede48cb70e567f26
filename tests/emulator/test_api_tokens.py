"""API tokens and access tokens, of tenants and of users."""

from typing import Any

import pytest

from .api import Api
from .conftest import Connect
from .logins import AUTH

pytestmark = pytest.mark.anyio

TENANT = "/identity/resources/tenants"
USER = "/identity/resources/users"
VENDOR_ONLY = "/identity/resources/vendor-only"
T: dict[str, str] = {"frontegg_tenant_id": "t"}
U: dict[str, str] = {"frontegg_user_id": "u", **T}


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_tenants_api_token_shows_its_secret_once(api: Api, version: str) -> None:
    """The secret is in the response to POST and not in lists; the other fields are as given."""
    body = {"description": "d", "metadata": {"a": 1}, "roleIds": ["role-Admin"]}
    made = await api.send("POST", f"{TENANT}/api-tokens/{version}", body, **T)
    assert made.status == 201
    assert made.json["secret"]
    assert (made.json["tenantId"], made.json["roleIds"]) == ("t", ["role-Admin"])
    (listed,) = (await api.send("GET", f"{TENANT}/api-tokens/v1", **T)).json
    assert {**listed, "secret": made.json["secret"]} == made.json
    assert (await api.send("GET", f"{TENANT}/api-tokens/v1", frontegg_tenant_id="s")).json == []


async def test_an_api_token_is_changed_and_deleted_by_its_tenant_only(api: Api) -> None:
    """Only the fields sent change, and to another tenant the token does not exist."""
    made = (await api.send("POST", f"{TENANT}/api-tokens/v2", {"description": "d"}, **T)).json
    target = f"{TENANT}/api-tokens/v1/{made['clientId']}"
    changed = await api.send("PATCH", target, {"roleIds": ["role-Reader"]}, **T)
    assert (changed.json["description"], changed.json["roleIds"]) == ("d", ["role-Reader"])
    assert (await api.send("DELETE", target, frontegg_tenant_id="s")).status == 404
    assert (await api.send("DELETE", target, **T)).body == b""
    assert (await api.send("PATCH", target, {}, **T)).status == 404


async def test_unknown_roles_and_permissions_are_rejected(api: Api) -> None:
    """A token cannot have unknown roles or permissions."""
    for body in ({"roleIds": ["nope"]}, {"permissionIds": ["nope"]}):
        assert (await api.send("POST", f"{TENANT}/api-tokens/v2", body, **T)).status == 404


async def test_the_headers_are_required(api: Api) -> None:
    """Without the tenant it is 403, and so it is without the user of a personal token."""
    assert (await api.send("GET", f"{TENANT}/api-tokens/v1")).status == 403
    assert (await api.send("GET", f"{USER}/api-tokens/v1", **T)).status == 403
    assert (await api.send("POST", f"{USER}/access-tokens/v1", {}, **U)).status == 404


async def test_a_users_tokens_are_the_users(api: Api) -> None:
    """A user's token is not listed for another user or for the tenant."""
    api.emulator.add_user("u", tenant_ids=["t"])
    made = (await api.send("POST", f"{USER}/api-tokens/v1", {"description": "d"}, **U)).json
    assert set(made) == {"clientId", "description", "metadata", "createdAt", "expires", "secret"}
    assert len((await api.send("GET", f"{USER}/api-tokens/v1", **U)).json) == 1
    other: dict[str, str] = {"frontegg_user_id": "v", **T}
    assert (await api.send("GET", f"{USER}/api-tokens/v1", **other)).json == []
    assert (await api.send("GET", f"{TENANT}/api-tokens/v1", **T)).json == []
    gone = f"{USER}/api-tokens/v1/{made['clientId']}"
    assert (await api.send("DELETE", gone, **U)).status == 200


async def test_access_tokens_are_kept_and_looked_up(api: Api) -> None:
    """Both kinds are listed for their owners, and the application sees their rights."""
    api.emulator.add_user("u", tenant_ids=["t"], roles=["Reader"])
    body: dict[str, Any] = {"description": "d", "expiresInMinutes": 5}
    mine = (await api.send("POST", f"{USER}/access-tokens/v1", body, **U)).json
    body["roleIds"] = ["role-Admin"]
    ours = (await api.send("POST", f"{TENANT}/access-tokens/v1", body, **T)).json
    assert mine["secret"]
    assert ours["expires"]
    (listed,) = (await api.send("GET", f"{USER}/access-tokens/v1", **U)).json["accessTokens"]
    assert (listed["id"], "secret" in listed) == (mine["id"], False)
    target = f"{VENDOR_ONLY}/users/access-tokens/v1/active"
    assert (await api.send("GET", target)).json == [mine["id"]]
    assert (await api.send("GET", target, **T)).json == [mine["id"]]
    assert (await api.send("GET", f"{target}?frontegg-tenant-id=s")).json == []
    rights = await api.send("GET", f"{VENDOR_ONLY}/users/access-tokens/v1/{mine['id']}", **T)
    assert (rights.json["userId"], rights.json["roles"]) == ("u", ["Reader"])
    rights = await api.send("GET", f"{VENDOR_ONLY}/tenants/access-tokens/v1/{ours['id']}", **T)
    assert rights.json["permissions"] == ["permission-Admin"]
    wrong = await api.send("GET", f"{VENDOR_ONLY}/users/access-tokens/v1/{ours['id']}", **T)
    assert wrong.status == 404
    gone = f"{TENANT}/access-tokens/v1/{ours['id']}"
    assert (await api.send("DELETE", gone, **T)).status == 200


async def test_an_api_token_expires_by_the_wall_clock(connect: Connect) -> None:
    """After its minutes it cannot be exchanged any more, and an access token is not active."""
    now = 1_700_000_000.0
    async with connect(wall_clock=lambda: now) as api:
        body = {"expiresInMinutes": 1}
        made = (await api.send("POST", f"{TENANT}/api-tokens/v2", body, **T)).json
        assert made["expires"] == "2023-11-14T22:14:20.000Z"
        api.emulator.add_user("u", tenant_ids=["t"])
        await api.send("POST", f"{USER}/access-tokens/v1", body, **U)
        now += 60
        login = {"clientId": made["clientId"], "secret": made["secret"]}
        assert (await api.send("POST", f"{AUTH}/v2/api-token", login)).status == 401
        active = await api.send("GET", f"{VENDOR_ONLY}/users/access-tokens/v1/active", **T)
        assert active.json == []
