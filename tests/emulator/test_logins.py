"""Logins, renewals and logouts of users and of API tokens."""

from dataclasses import replace
from http.cookies import SimpleCookie

import pytest

from frontegg_async.emulator import RefreshTokenIn

from .api import USERS, VENDOR_ONLY, Api
from .clocks import Time
from .conftest import Connect
from .logins import AUTH, COOKIE, log_in, refresh, user

pytestmark = pytest.mark.anyio

ME = "/identity/resources/users/v2/me"
API_TOKENS = "/identity/resources/tenants/api-tokens"
REFRESH = f"{AUTH}/v1/user/token/refresh"
LOGOUT = f"{AUTH}/v1/logout"
PERSONAL = "/identity/resources/users/api-tokens/v1"


async def test_a_login_gives_tokens_and_a_cookie(api: Api) -> None:
    """The answer holds both tokens and their life, and the cookie holds the refresh token."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    result = await log_in(api, "U@x.io", "pw")
    assert result.status == 200
    assert (result.json["expiresIn"], result.json["mfaRequired"]) == (86_400, False)
    assert (result.json["userId"], result.json["userEmail"]) == ("u", "u@x.io")
    cookie = SimpleCookie(result.headers["Set-Cookie"])
    assert cookie[COOKIE].value == result.json["refreshToken"]
    assert cookie[COOKIE]["httponly"]
    assert "frontegg-emulator" not in result.headers


@pytest.mark.parametrize(
    ("email", "password"), [("u@x.io", "no"), ("v@x.io", "pw"), ("nobody@x.io", "pw"), ("", "")]
)
async def test_a_wrong_login_says_no_more_than_that(api: Api, email: str, password: str) -> None:
    """A wrong password, a user without one, and no such user are the same 401."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    api.emulator.add_user("v", email="v@x.io", tenant_ids=["t"])
    result = await log_in(api, email, password)
    assert result.status == 401
    assert result.json == {"errors": ["Incorrect email or password"]}
    assert "Set-Cookie" not in result.headers


async def test_locked_and_homeless_users_cannot_log_in(api: Api) -> None:
    """The right password helps neither a locked user nor one without a tenant."""
    api.emulator.add_user("l", email="l@x.io", tenant_ids=["t"], locked=True, password="pw")
    api.emulator.add_user("h", email="h@x.io", password="pw")
    assert (await log_in(api, "l@x.io", "pw")).status == 401
    assert (await log_in(api, "h@x.io", "pw")).status == 401


@pytest.mark.parametrize("target", [USERS, "/identity/resources/users/v2", VENDOR_ONLY])
async def test_a_user_made_with_a_password_can_log_in(api: Api, target: str) -> None:
    """Each route that makes users keeps the password, and a second one does not replace it."""
    body = {"email": "n@x.io", "name": "N", "password": "pw", "tenantId": "t"}
    headers = {} if target == VENDOR_ONLY else {"frontegg_tenant_id": "t"}
    assert (await api.send("POST", target, body, **headers)).status == 201
    assert (await log_in(api, "n@x.io", "pw")).status == 200
    await api.send("POST", USERS, {**body, "password": "other"}, frontegg_tenant_id="t2")
    assert (await log_in(api, "n@x.io", "other")).status == 401
    assert list(api.emulator.user((await log_in(api, "n@x.io", "pw")).json["userId"]).tenants) == [
        "t",
        "t2",
    ]


async def test_a_renewal_rotates_the_refresh_token(api: Api) -> None:
    """A renewal is 201 with new tokens, and the used refresh token is invalid."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    first = (await log_in(api, "u@x.io", "pw")).json
    second = await refresh(api, first["refreshToken"])
    assert second.status == 201
    assert second.json["accessToken"] != first["accessToken"]
    assert second.json["refreshToken"] != first["refreshToken"]
    assert (await refresh(api, first["refreshToken"])).status == 401
    assert (await refresh(api, second.json["refreshToken"])).status == 201


async def test_a_refresh_token_may_stay_the_same(connect: Connect) -> None:
    """Without rotation the same refresh token works again and again."""
    async with connect(rotate_refresh_tokens=False) as api:
        api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
        token = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
        for _ in range(2):
            assert (await refresh(api, token)).json["refreshToken"] == token


@pytest.mark.parametrize(
    ("where", "cookie_works", "body_works"),
    [
        (RefreshTokenIn.COOKIE, True, False),
        (RefreshTokenIn.BODY, False, True),
        (RefreshTokenIn.EITHER, True, True),
    ],
)
async def test_where_a_refresh_token_is_looked_for(
    connect: Connect, where: RefreshTokenIn, cookie_works: bool, body_works: bool
) -> None:
    """The refresh token is found where the policy has it, and nowhere else."""
    async with connect(refresh_token_in=where, rotate_refresh_tokens=False) as api:
        api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
        token = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
        assert ((await refresh(api, token)).status == 201) is cookie_works
        assert ((await refresh(api, None, refreshToken=token)).status == 201) is body_works
        assert (await refresh(api, None)).status == 401


async def test_cookies_of_other_programs(api: Api) -> None:
    """Those of other programs on the same host, whatever is in them, do not hide the token."""
    await user(api)
    session = (await log_in(api, "u@x.io", "pw")).json
    cookie = f'theme={{"dark": true}}; [a]=b c; =; {COOKIE}={session["refreshToken"]}'
    assert (await api.send("POST", REFRESH, {}, Cookie=cookie)).status == 201


async def test_a_cookie_for_all_sites(api: Api) -> None:
    """It is secure, without which no browser takes it, and so is the one that ends it."""
    await user(api)
    await api.send("POST", "/identity/resources/configurations/v1", {"cookieSameSite": "NONE"})
    for answer in (await log_in(api, "u@x.io", "pw"), await api.send("POST", LOGOUT)):
        assert "; SameSite=None; Secure" in answer.headers["Set-Cookie"]


async def test_a_renewal_that_is_refused_moves_nothing(api: Api) -> None:
    """A session whose renewal into another's tenant was refused stays where it was."""
    await user(api, tenant_ids=("a",))
    refresh_token = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
    api.emulator.user("u").active_tenant = None
    assert (await refresh(api, refresh_token, tenantId="b")).status == 401
    assert (await refresh(api, refresh_token)).status == 201


async def test_a_logout_ends_the_session_and_the_cookie(api: Api) -> None:
    """After a logout the refresh token is invalid, and a second logout is no error."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    token = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
    for _ in range(2):
        result = await api.send("POST", f"{AUTH}/v1/logout", Cookie=f"{COOKIE}={token}")
        assert (result.status, result.body) == (201, b"")
        assert "Max-Age=0" in result.headers["Set-Cookie"]
    assert (await refresh(api, token)).status == 401


async def test_tokens_of_users_expire_by_the_clock(connect: Connect) -> None:
    """An access token and a session end at their last moment, each by its own life."""
    time = Time()
    options = {"access_token_lifetime": 60, "refresh_token_lifetime": 600, "clock": time.clock}
    async with connect(**options) as api:
        mine = await user(api)
        session = (await log_in(api, "u@x.io", "pw")).json
        assert session["expiresIn"] == 60
        time.passed += 59
        assert (await mine.send("GET", ME)).status == 200
        time.passed += 1
        assert (await mine.send("GET", ME)).status == 401
        renewed = await refresh(api, session["refreshToken"])
        assert renewed.status == 201
        time.passed += 600
        assert (await refresh(api, renewed.json["refreshToken"])).status == 401


async def test_revoking_a_user_leaves_the_others_alone(api: Api) -> None:
    """revoke_user ends one user's tokens and, unless told otherwise, their sessions."""
    one, two = await user(api, "one"), await user(api, "two")
    session = (await log_in(api, "one@x.io", "pw")).json["refreshToken"]
    api.emulator.revoke_user("one", sessions=False)
    assert (await one.send("GET", ME)).status == 401
    assert (await two.send("GET", ME)).status == 200
    assert (await api.send("GET", f"{VENDOR_ONLY}/one")).status == 200
    renewed = await refresh(api, session)
    assert renewed.status == 201
    api.emulator.revoke_user("one")
    assert (await refresh(api, renewed.json["refreshToken"])).status == 401


async def test_a_user_who_is_locked_cannot_renew(api: Api) -> None:
    """A locked user's refresh token gets 401."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
    token = (await log_in(api, "u@x.io", "pw")).json["refreshToken"]
    await api.send("POST", f"{USERS}/u/lock")
    assert (await refresh(api, token)).status == 401


async def _exchange(api: Api, made: dict[str, str]) -> Api:
    body = {"clientId": made["clientId"], "secret": made["secret"]}
    result = await replace(api, token="").send("POST", f"{AUTH}/v2/api-token", body)
    assert result.status == 200
    assert set(result.json) == {"access_token", "refresh_token", "expires_in", "expires"}
    return replace(api, token=result.json["access_token"])


async def test_a_tenants_api_token_acts_in_its_tenant(api: Api) -> None:
    """A tenant's token reads the tenant's objects without any header, and has no ``me``."""
    api.emulator.add_user("u", tenant_ids=["t"])
    made = await api.send("POST", f"{API_TOKENS}/v2", {}, frontegg_tenant_id="t")
    tenant = await _exchange(api, made.json)
    listed = await tenant.send("GET", f"{API_TOKENS}/v1")
    assert [each["clientId"] for each in listed.json] == [made.json["clientId"]]
    assert (await tenant.send("GET", ME)).status in {401, 403}
    assert (await tenant.send("GET", f"{VENDOR_ONLY}/u")).status == 403


async def test_a_users_api_token_acts_as_the_user(api: Api) -> None:
    """A user's API token reads the user's own profile."""
    api.emulator.add_user("u", tenant_ids=["t"])
    headers = {"frontegg_tenant_id": "t", "frontegg_user_id": "u"}
    made = await api.send("POST", PERSONAL, {"description": "d"}, **headers)
    mine = await _exchange(api, made.json)
    assert (await mine.send("GET", ME)).json["id"] == "u"


async def test_an_api_tokens_session_rotates_and_ends_with_it(api: Api) -> None:
    """Its refresh token is good once, and for nothing when the API token is gone."""
    made = (await api.send("POST", f"{API_TOKENS}/v2", {}, frontegg_tenant_id="t")).json
    body = {"clientId": made["clientId"], "secret": made["secret"]}
    first = (await api.send("POST", f"{AUTH}/v2/api-token", body)).json["refresh_token"]
    target = f"{AUTH}/v2/api-token/token/refresh"
    second = await api.send("POST", target, {"refreshToken": first})
    assert second.status == 200
    assert (await api.send("POST", target, {"refreshToken": first})).status == 401
    gone = f"{API_TOKENS}/v1/{made['clientId']}"
    assert (await api.send("DELETE", gone, frontegg_tenant_id="t")).status == 200
    again = {"refreshToken": second.json["refresh_token"]}
    assert (await api.send("POST", target, again)).status == 401
    assert (await api.send("POST", f"{AUTH}/v2/api-token", body)).status == 401


async def test_the_hundred_and_first_session_of_an_api_token_ends_the_first(api: Api) -> None:
    """At most a hundred sessions of an API token are good at a time."""
    made = (await api.send("POST", f"{API_TOKENS}/v2", {}, frontegg_tenant_id="t")).json
    body = {"clientId": made["clientId"], "secret": made["secret"]}
    tokens = [
        (await api.send("POST", f"{AUTH}/v2/api-token", body)).json["refresh_token"]
        for _ in range(101)
    ]
    target = f"{AUTH}/v2/api-token/token/refresh"
    assert (await api.send("POST", target, {"refreshToken": tokens[0]})).status == 401
    assert (await api.send("POST", target, {"refreshToken": tokens[1]})).status == 200
