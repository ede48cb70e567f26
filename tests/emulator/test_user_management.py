"""What can be changed of a user by the environment."""

from datetime import UTC, datetime

import pytest

from .api import USERS, VENDOR_ONLY, Api, Result
from .conftest import Connect

pytestmark = pytest.mark.anyio

USERS_V2 = "/identity/resources/users/v2"
TENANTS_USERS = "/identity/resources/tenants/users/v1"
TEMPORARY = "/identity/resources/users/temporary/v1"


async def _get(api: Api, user_id: str = "u") -> Result:
    return await api.send("GET", f"{VENDOR_ONLY}/{user_id}")


async def test_an_update_changes_what_it_names(api: Api) -> None:
    """PUT answers 200 with the user, leaves the rest alone, and knows null for the picture only."""
    api.emulator.add_user("u", name="Old")
    body = {
        "name": "New",
        "phoneNumber": "+49",
        "metadata": '{"a": 1}',
        "vendorMetadata": "{}",
        "mfaBypass": True,
        "externalId": "x",
        "profilePictureUrl": "https://x.io/p.png",
    }
    changed = await api.send("PUT", f"{USERS}/u", body)
    assert changed.status == 200
    assert {name: changed.json[name] for name in body} == body
    cleared = await api.send("PUT", f"{USERS}/u", {"profilePictureUrl": None})
    assert (cleared.json["profilePictureUrl"], cleared.json["name"]) == (None, "New")
    assert (await api.send("PUT", f"{USERS}/u", {"name": None})).status == 400


async def test_an_address_changes_and_leads_to_the_user(api: Api) -> None:
    """After PUT email the new address finds the user, and the old one is free."""
    api.emulator.add_user("u", email="old@x.io")
    api.emulator.add_user("v", email="v@x.io")
    changed = await api.send("PUT", f"{USERS}/u/email", {"email": "new@x.io"})
    assert (changed.status, changed.json["email"]) == (200, "new@x.io")
    for email, status in (("new@x.io", 200), ("old@x.io", 404)):
        assert (await api.send("GET", f"{USERS}/email?email={email}")).status == status
    assert (await api.send("PUT", f"{USERS}/u/email", {"email": "V@x.io"})).status == 409
    assert (await api.send("PUT", f"{USERS}/v/email", {"email": "V@x.io"})).status == 200
    assert (await api.send("PUT", f"{USERS}/u/email", {"email": "nonsense"})).status == 400


async def test_flags_of_a_user(api: Api) -> None:
    """Invisible, verified and access to sub-tenants are set and shown."""
    user_id = (await api.send("POST", VENDOR_ONLY, {"email": "u@x.io", "tenantId": "t"})).json["id"]
    hidden = await api.send("PUT", f"{USERS}/{user_id}/invisible", {"invisible": True})
    assert (hidden.status, hidden.json["invisible"]) == (200, True)
    verified = await api.send("POST", f"{USERS}/{user_id}/verify")
    target = f"/identity/resources/sub-tenants/users/v1/{user_id}/access"
    allowed = await api.send("PUT", target, {"allowAccess": True})
    for result in (verified, allowed):
        assert (result.status, result.body) == (200, b"")
    user = (await _get(api, user_id)).json
    assert (user["verified"], user["subAccountAccessAllowed"]) == (True, True)


async def test_a_user_is_disabled_in_one_tenant(api: Api) -> None:
    """Disable and enable change the membership of the tenant header, and no other."""
    api.emulator.add_user("u", tenant_ids=["a", "b"])
    for verb, disabled in (("disable", True), ("enable", False)):
        target = f"{TENANTS_USERS}/u/{verb}"
        result = await api.send("POST", target, frontegg_tenant_id="b")
        assert (result.status, result.body) == (200, b"")
        user = (await _get(api)).json
        shown = {each["tenantId"]: each["isDisabled"] for each in user["tenants"]}
        assert shown == {"a": False, "b": disabled}
        assert (await api.send("POST", target)).status == 403
        assert (await api.send("POST", target, frontegg_tenant_id="c")).status == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", f"{USERS}/nobody", {"name": "N"}),
        ("PUT", f"{USERS}/nobody/email", {"email": "n@x.io"}),
        ("PUT", f"{USERS}/nobody/invisible", {"invisible": True}),
        ("POST", f"{USERS}/nobody/verify", None),
        ("POST", f"{USERS}/nobody/links/generate-activation-token", None),
        ("POST", f"{USERS}/nobody/links/generate-password-reset-token", None),
        ("PUT", "/identity/resources/sub-tenants/users/v1/nobody/access", {"allowAccess": True}),
        ("PUT", f"{TEMPORARY}/nobody", {"expirationInSeconds": 300}),
        ("DELETE", f"{TEMPORARY}/nobody", None),
    ],
)
async def test_unknown_users_are_not_found(api: Api, method: str, path: str, body: object) -> None:
    """Every route that names a user answers 404 for one who is not there."""
    assert (await api.send(method, path, body)).status == 404


async def test_links_differ_and_say_whose_they_are(api: Api) -> None:
    """Each link has a token of its own, and no e-mail goes out."""
    api.emulator.add_user("u")
    tokens: set[str] = set()
    for kind in ("activation", "password-reset", "activation"):
        result = await api.send("POST", f"{USERS}/u/links/generate-{kind}-token")
        assert (result.status, result.json["userId"]) == (201, "u")
        assert result.json["token"] in result.json["link"]
        tokens.add(result.json["token"])
    assert len(tokens) == 3
    assert api.emulator.invites == []


async def test_a_temporary_user_has_an_end_until_made_permanent(connect: Connect) -> None:
    """The end is counted from the moment of the call, and shown with each tenant."""
    start = datetime(2030, 1, 1, tzinfo=UTC).timestamp()
    async with connect(wall_clock=lambda: start) as api:
        api.emulator.add_user("u", tenant_ids=["t"])
        made = await api.send("PUT", f"{TEMPORARY}/u", {"expirationInSeconds": 390})
        assert (made.status, made.json) == (201, {"expirationInSeconds": 390})
        (tenant,) = (await _get(api)).json["tenants"]
        assert tenant["temporaryExpirationDate"] == "2030-01-01T00:06:30.000Z"
        assert (await api.send("DELETE", f"{TEMPORARY}/u")).status == 200
        (tenant,) = (await _get(api)).json["tenants"]
        assert "temporaryExpirationDate" not in tenant


async def test_the_configuration_of_temporary_users_is_kept(api: Api) -> None:
    """What is put is got."""
    target = f"{TEMPORARY}/configuration"
    assert (await api.send("GET", target)).json == {"enabled": False}
    put = await api.send("PUT", target, {"enabled": True})
    assert (put.status, put.json) == (200, {"enabled": True})
    assert (await api.send("GET", target)).json == {"enabled": True}


async def test_the_second_invite_route_is_like_the_first(api: Api) -> None:
    """POST users/v2 makes a user in the tenant of the header, with roles there."""
    body = {"email": "n@x.io", "metadata": "{}", "roleIds": ["role-x"], "expirationInSeconds": 300}
    assert (await api.send("POST", USERS_V2, body)).status == 403
    made = await api.send("POST", USERS_V2, body, frontegg_tenant_id="t")
    assert (made.status, made.json["roles"]) == (201, ["role-x"])
    assert made.json["temporaryExpirationDate"]
    assert [invite.tenant_id for invite in api.emulator.invites] == ["t"]


async def test_invited_roles_are_of_that_tenant(api: Api) -> None:
    """Inviting somebody to a second tenant with other roles leaves the first roles alone."""
    for tenant_id, role_id in (("a", "role-x"), ("b", "role-y")):
        body = {"email": "n@x.io", "roleIds": [role_id]}
        made = await api.send("POST", USERS_V2, body, frontegg_tenant_id=tenant_id)
        assert made.json["roles"] == [role_id]
    (user_id,) = {user_id for user_id, _ in api.emulator.memberships()}
    user = (await _get(api, user_id)).json
    shown = {each["tenantId"]: [role["id"] for role in each["roles"]] for each in user["tenants"]}
    assert shown == {"a": ["role-x"], "b": ["role-y"]}


async def test_a_username_stands_in_for_an_address(api: Api) -> None:
    """Without an address a username is needed, and it is taken once."""
    body = {"username": "neo", "tenantId": "t"}
    made = await api.send("POST", VENDOR_ONLY, body)
    assert (made.status, made.json["email"], made.json["name"]) == (201, None, "neo")
    assert (await api.send("POST", VENDOR_ONLY, body)).status == 409
    assert (await api.send("POST", VENDOR_ONLY, {"tenantId": "t"})).status == 400
    assert (await api.send("POST", USERS_V2, {}, frontegg_tenant_id="t")).status == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "nonsense"},
        {"username": "a b"},
        {"username": "a" * 256},
        {"email": "n@x.io", "profilePictureUrl": "p" * 4096},
        {"email": "n@x.io", "expirationInSeconds": 299},
    ],
)
async def test_limits_of_what_a_user_can_be(api: Api, fields: dict[str, object]) -> None:
    """Neither an invite nor a creation takes what the specification rules out."""
    assert (await api.send("POST", USERS_V2, fields, frontegg_tenant_id="t")).status == 400
    assert (await api.send("POST", VENDOR_ONLY, {"tenantId": "t", **fields})).status == 400
    assert not api.emulator.tenants


async def test_unknown_roles_make_no_user(api: Api) -> None:
    """A role that does not exist stops an invite and a creation before anything is done."""
    body = {"email": "n@x.io", "tenantId": "t", "roleIds": ["unknown"]}
    assert (await api.send("POST", VENDOR_ONLY, body)).status == 404
    assert (await api.send("POST", USERS_V2, body, frontegg_tenant_id="t")).status == 404
    assert not api.emulator.tenants
    assert (await api.send("GET", f"{USERS}/email?email=n@x.io")).status == 404
