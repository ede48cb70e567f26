"""A user's own profile, tenants, sessions and passwords, and the limits of a user's token."""

from base64 import urlsafe_b64decode

import msgspec
import pytest

from .api import USERS, VENDOR_ONLY, Api
from .conftest import Connect
from .logins import AUTH, log_in, refresh, user

pytestmark = pytest.mark.anyio

V2 = "/identity/resources/users/v2/me"
V3 = "/identity/resources/users/v3/me"
SESSIONS = "/identity/resources/users/sessions/v1/me"


async def test_a_user_sees_themselves(api: Api) -> None:
    """Both versions of ``me`` show the token's user; only the older one shows roles."""
    mine = await user(api)
    second, third = await mine.send("GET", V2), await mine.send("GET", V3)
    assert (second.json["id"], third.json["id"]) == ("u", "u")
    assert [role["key"] for role in second.json["roles"]] == ["Admin"]
    assert "roles" not in third.json
    assert api.emulator.requests[-1].user_id == "u"


async def test_a_users_rights_and_tenants(api: Api) -> None:
    """A user sees roles, permissions, and every tenant, with the active one marked."""
    mine = await user(api, tenant_ids=("t", "s"))
    rights = (await mine.send("GET", f"{USERS}/me/authorization")).json
    assert [role["key"] for role in rights["roles"]] == ["Admin"]
    assert [each["key"] for each in rights["permissions"]] == ["permission-Admin"]
    tenants = (await mine.send("GET", f"{V2}/tenants")).json
    assert tenants == [{"tenantId": "t", "name": "t"}, {"tenantId": "s", "name": "s"}]
    older = (await mine.send("GET", f"{USERS}/me/tenants")).json
    assert (older["tenants"], older["activeTenant"]) == (tenants, tenants[0])
    hierarchy = (await mine.send("GET", f"{V2}/hierarchy")).json
    assert [each["tenantId"] for each in hierarchy] == ["t", "s"]


async def test_a_user_changes_their_profile(api: Api) -> None:
    """Only the fields that are sent change."""
    mine = await user(api)
    body = {"name": "New", "profilePictureUrl": None, "metadata": "{}"}
    changed = await mine.send("PUT", V2, body)
    assert (changed.status, changed.json["name"]) == (200, "New")
    await mine.send("PUT", USERS, {"phoneNumber": "+1"})
    assert api.emulator.user("u").phone_number == "+1"
    assert api.emulator.user("u").name == "New"


async def test_a_user_changes_their_tenant_and_the_next_token_follows(api: Api) -> None:
    """The new active tenant shows in the token of the next renewal; foreign ones are rejected."""
    mine = await user(api, tenant_ids=("t", "s"))
    session = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
    assert (await mine.send("PUT", f"{USERS}/tenant", {"tenantId": "nope"})).status == 400
    switched = await mine.send("PUT", f"{USERS}/tenant", {"tenantId": "s"})
    assert (switched.status, api.emulator.user("u").active_tenant) == (200, "s")
    renewed = (await refresh(api, session)).json["accessToken"]
    claims = msgspec.json.decode(urlsafe_b64decode(renewed.split(".")[1] + "=="))
    assert claims["tenantId"] == "s"


async def test_headers_do_not_override_a_users_token(api: Api) -> None:
    """Headers that name another user or tenant do not help a user's token."""
    mine = await user(api)
    await user(api, "other", tenant_ids=("o",))
    headers = {"frontegg_user_id": "other", "frontegg_tenant_id": "o"}
    assert (await mine.send("GET", f"{V2}/tenants", **headers)).json[0]["tenantId"] == "t"
    assert (await mine.send("GET", f"{USERS}/other", **headers)).status in {403, 404}


@pytest.mark.parametrize("status", [401, 403])
async def test_environment_routes_reject_a_users_token(connect: Connect, status: int) -> None:
    """Environment routes are 403 for a user's token, or 401 if so chosen, and do nothing."""
    async with connect(user_token_refusal=status) as api:
        mine = await user(api)
        assert (await mine.send("GET", f"{VENDOR_ONLY}/u")).status == status
        assert (await mine.add("u", "x")).status == status
        assert (await mine.send("POST", f"{USERS}/u/lock")).status == status
        assert api.emulator.memberships() == {("u", "t")}


async def test_user_routes_and_an_environments_token(api: Api) -> None:
    """It is 401 where only users go, and 403 without the header where that would do."""
    await user(api)
    assert (await api.send("GET", V2)).status == 401
    assert (await api.send("GET", f"{V2}/tenants")).status == 403
    named = await api.send("GET", f"{V2}/tenants", frontegg_user_id="u")
    assert named.json == [{"tenantId": "t", "name": "t"}]
    body = {"name": "New"}
    assert (await api.send("PUT", USERS, body, frontegg_user_id="u")).status == 403
    headers = {"frontegg_user_id": "u", "frontegg_tenant_id": "t"}
    assert (await api.send("PUT", USERS, body, **headers)).json["name"] == "New"


async def test_sessions_are_seen_and_ended(api: Api) -> None:
    """Each login is a session; ending one, or all, ends its refresh token."""
    mine = await user(api)
    second = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
    listed = (await mine.send("GET", SESSIONS)).json
    assert [session["current"] for session in listed] == [True, False]
    assert (await mine.send("DELETE", f"{SESSIONS}/{listed[1]['id']}")).status == 200
    assert (await mine.send("DELETE", f"{SESSIONS}/{listed[1]['id']}")).status == 404
    assert (await refresh(api, second)).status == 401
    third = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
    assert (await api.send("DELETE", f"{SESSIONS}/all", frontegg_user_id="u")).status == 200
    assert (await refresh(api, third)).status == 401
    assert (await mine.send("GET", SESSIONS)).json == []


async def test_sessions_may_need_a_tenant(connect: Connect) -> None:
    """By policy an environment's token has to name user and tenant; a user's token names both."""
    async with connect(tenant_of_sessions=True) as api:
        mine = await user(api)
        disable, either = f"{USERS}/mfa/disable", {"frontegg_user_id": "u"}
        requests = (
            ("GET", SESSIONS, 200),
            ("DELETE", f"{SESSIONS}/all", 200),
            ("POST", disable, 400),
        )
        for method, path, status in requests:
            body: object = {} if method == "POST" else None
            assert (await api.send(method, path, body, **either)).status == 403
            foreign = await api.send(method, path, body, **either, frontegg_tenant_id="other")
            assert foreign.status == 404
            named = await api.send(method, path, body, **either, frontegg_tenant_id="t")
            assert named.status == status
        assert (await mine.send("GET", SESSIONS)).status == 200


async def test_a_deleted_user_is_not_found(api: Api) -> None:
    """The token of a deleted user gets 404, and the emulator goes on."""
    mine = await user(api)
    await api.send("DELETE", f"{USERS}/u")
    assert (await mine.send("GET", V2)).status == 404
    assert (await log_in(api, "u@x.io", "pw")).status == 401


async def test_passwords_are_changed_and_reset(api: Api) -> None:
    """A change wants the old password; a reset wants the token of the mail, once."""
    mine = await user(api)
    passwords = f"{USERS}/passwords"
    wrong = {"password": "no", "newPassword": "new"}
    assert (await mine.send("POST", f"{passwords}/change", wrong)).status == 400
    right = {"password": "pw", "newPassword": "new"}
    assert (await mine.send("POST", f"{passwords}/change", right)).status == 201
    assert (await log_in(api, "u@x.io", "new")).status == 200
    for email in ("u@x.io", "nobody@x.io"):
        body = {"identifier": email, "identifierType": "email"}
        assert (await api.send("POST", f"{passwords}/reset", body)).status == 201
    (mail,) = api.emulator.mails
    assert (mail.kind, mail.user_id) == ("password", "u")
    assert mail.token not in repr(mail)
    reset = {"userId": "u", "token": mail.token, "password": "newest"}
    assert (await api.send("POST", f"{passwords}/reset/verify", reset)).status == 201
    assert (await api.send("POST", f"{passwords}/reset/verify", reset)).status == 404
    assert (await log_in(api, "u@x.io", "newest")).status == 200
    check = {"email": "u@x.io", "password": "newest"}
    verify = "/identity/resources/vendor-only/users/v1/passwords/verify"
    assert (await api.send("POST", verify, check)).json == {"valid": True}
    assert (await api.send("POST", verify, {**check, "password": "x"})).json == {"valid": False}


async def test_a_reset_by_a_generated_link_works_too(api: Api) -> None:
    """The token of a password link that the application asked for is as good as a mailed one."""
    await user(api)
    made = await api.send("POST", f"{USERS}/u/links/generate-password-reset-token")
    body = {"userId": "u", "token": made.json["token"], "password": "linked"}
    target = f"{USERS}/passwords/reset/verify"
    assert (await api.send("POST", target, body, Authorization="")).status == 201
    assert (await log_in(api, "u@x.io", "linked")).status == 200


async def test_a_bad_token_is_not_looked_at_by_a_login(api: Api) -> None:
    """A route that takes no token ignores a bad one."""
    await user(api)
    body = {"email": "u@x.io", "password": "pw"}
    result = await api.send("POST", f"{AUTH}/v1/user", body, Authorization="Bearer nonsense")
    assert result.status == 200
