"""The claims of tokens, and the ways in which an environment changes them."""

import json
from dataclasses import replace
from typing import Any

import jwt
import pytest

from .api import USERS, VENDOR_ONLY, Api, Result
from .clocks import Time
from .conftest import Connect
from .logins import AUTH, log_in, refresh, user

pytestmark = pytest.mark.anyio

CONFIGURATION = "/identity/resources/configurations/v1"
TEMPLATES = "/identity/resources/jwt-templates/v1"
TARGETING = f"{CONFIGURATION}/jwt-template-targeting"
API_TOKENS = "/identity/resources/tenants/api-tokens/v2"
PERSONAL = "/identity/resources/users/api-tokens/v1"
OPENID = {"iss": "{{iss}}", "sub": "{{sub}}", "aud": "{{clientId}}", "exp": "x", "iat": "{{iat}}"}


def read(token: str) -> dict[str, Any]:
    """Return the claims of a token without a look at its signature."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def exchange(api: Api, made: Result) -> dict[str, Any]:
    """Return the claims of the token that an API token is exchanged for."""
    body = {"clientId": made.json["clientId"], "secret": made.json["secret"]}
    result = await replace(api, token="").send("POST", f"{AUTH}/v2/api-token", body)
    return read(result.json["access_token"])


async def test_the_claims_of_a_user(api: Api) -> None:
    """A token has all claims of the documentation, and those of the user as they are now."""
    mine = await user(api)
    body = {"metadata": '{"plan": {"seats": 3}}', "profilePictureUrl": "https://x.io/p.png"}
    await api.send("PUT", f"{USERS}/u", body)
    await api.send("PUT", f"{USERS}/u/superuser", {"superUser": True})
    claims = read((await log_in(api, "u@x.io", "pw")).json["accessToken"])
    sessions = (await mine.send("GET", "/identity/resources/users/sessions/v1/me")).json
    assert claims["sid"] == sessions[-1]["id"]
    default = (await api.send("GET", "/applications/resources/applications/v1/default")).json
    assert {name: claims[name] for name in claims.keys() - {"sid", "jti", "iat", "exp"}} == {
        "sub": "u",
        "name": "U",
        "email": "u@x.io",
        "email_verified": True,
        "metadata": {"plan": {"seats": 3}},
        "roles": ["Admin"],
        "permissions": ["permission-Admin"],
        "tenantId": "t",
        "tenantIds": ["t"],
        "profilePictureUrl": "https://x.io/p.png",
        "superUser": True,
        "type": "userToken",
        "applicationId": default["id"],
        "aud": api.emulator.client_id,
        "iss": api.emulator.url,
    }


@pytest.mark.parametrize("metadata", ["not json", "[1]", "[" * 100_000])
async def test_metadata_that_is_no_object(api: Api, metadata: str) -> None:
    """A user whose metadata is no object can log in, and the claim is empty."""
    await user(api)
    await api.send("PUT", f"{USERS}/u", {"metadata": metadata})
    assert read((await log_in(api, "u@x.io", "pw")).json["accessToken"])["metadata"] == {}


async def test_an_api_token_is_not_its_user(api: Api) -> None:
    """The tokens of API tokens have their client id as subject, and name who made them."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], roles=["Admin"])
    await api.send("PUT", f"{USERS}/u", {"metadata": '{"a": 1}'})
    headers = {"frontegg_tenant_id": "t", "frontegg_user_id": "u"}
    mine = await api.send("POST", PERSONAL, {"metadata": {"b": 2}}, **headers)
    claims = await exchange(api, mine)
    assert (claims["sub"], claims["type"]) == (mine.json["clientId"], "userApiToken")
    assert (claims["createdByUserId"], claims["email"]) == ("u", "u@x.io")
    assert (claims["userMetadata"], claims["metadata"]) == ({"a": 1}, {"b": 2})
    assert claims["roles"] == ["Admin"]
    ours = await api.send("POST", API_TOKENS, {"roleIds": ["role-Admin"]}, **headers)
    claims = await exchange(api, ours)
    assert (claims["sub"], claims["type"]) == (ours.json["clientId"], "tenantApiToken")
    assert (claims["createdByUserId"], claims["permissions"]) == ("u", ["permission-Admin"])
    assert not claims.keys() & {"email", "userMetadata", "name", "tenantIds"}


async def test_roles_and_permissions_may_be_left_out(api: Api) -> None:
    """The configuration decides about both claims, from the next token on."""
    await user(api)
    for names, left in (
        ({"addRolesToJwt": False}, {"permissions"}),
        ({"addPermissionsToJwt": False}, set[str]()),
    ):
        assert (await api.send("POST", CONFIGURATION, names)).status == 201
        claims = read((await log_in(api, "u@x.io", "pw")).json["accessToken"])
        assert claims.keys() & {"roles", "permissions"} == left
    assert (await api.send("GET", f"{USERS}/u", frontegg_tenant_id="t")).json["roles"]


async def test_lives_and_rotation_are_configured(connect: Connect) -> None:
    """Lives of tokens and the rotation of refresh tokens hold from the change on."""
    time = Time()
    async with connect(clock=time.clock) as api:
        await user(api)
        body = {
            "defaultTokenExpiration": 60,
            "defaultRefreshTokenExpiration": 600,
            "rotateRefreshTokens": False,
            "cookieSameSite": "STRICT",
        }
        changed = await api.send("POST", CONFIGURATION, body)
        assert changed.json.items() >= body.items()
        assert (await api.send("GET", CONFIGURATION)).json == changed.json
        session = await log_in(api, "u@x.io", "pw")
        assert session.json["expiresIn"] == 60
        assert "SameSite=Strict" in session.headers["Set-Cookie"]
        token = session.json["refreshToken"]
        assert (await refresh(api, token)).json["refreshToken"] == token
        time.passed += 600
        assert (await refresh(api, token)).status == 401


@pytest.mark.parametrize("by_argument", [True, False])
async def test_tokens_signed_with_the_secret(connect: Connect, by_argument: bool) -> None:
    """HS256 tokens verify with the secret of the configuration, which users do not see."""
    options = {"jwt_algorithm": "HS256"} if by_argument else {}
    async with connect(**options) as api:
        if not by_argument:
            await api.send("POST", CONFIGURATION, {"jwtAlgorithm": "HS256"})
        mine = await user(api)
        found = (await api.send("GET", CONFIGURATION)).json
        claims = jwt.decode(
            mine.token, found["jwtSecret"], algorithms=["HS256"], audience=api.emulator.client_id
        )
        assert (claims["sub"], found["jwtAlgorithm"]) == ("u", "HS256")
        seen = await mine.send("GET", CONFIGURATION)
        assert (seen.status, "jwtSecret" in seen.json) == (200, False)
        assert (await mine.send("GET", "/identity/resources/users/v2/me")).json["id"] == "u"


async def test_a_template_decides_about_claims(connect: Connect) -> None:
    """The first rule that holds gives the token its template: claims, life and algorithm."""
    time = Time()
    async with connect(clock=time.clock) as api:
        await user(api, "one")
        await user(api, "two")
        body: dict[str, Any] = {
            "key": "short",
            "name": "Short",
            "expiration": 10,
            "algorithm": "RS256",
            "templateSchema": {
                "claims": {
                    **OPENID,
                    "exp": "{{exp}}",
                    "who": "{{user.name}} of {{user.tenantId}}",
                    "mail": "{{user.email}}",
                    "roles": "{{user.tenant.roles}}",
                    "fixed": {"a": [1]},
                    "nothing": "{{user.nothing.at.all}}",
                }
            },
        }
        assert (await api.send("POST", TEMPLATES, body)).status == 201
        condition = {"attribute": "userEmail", "op": "ends_with", "negate": False}
        rule = {"conditions": [{**condition, "value": {"list": ["one@x.io"]}}]}
        rules = [{**rule, "treatment": "short", "conditionLogic": "and"}]
        assert (await api.send("POST", TARGETING, {"rules": rules})).status == 201
        session = (await log_in(api, "one@x.io", "pw")).json
        claims = read(session["accessToken"])
        assert session["expiresIn"] == claims["exp"] - claims["iat"] == 10
        assert claims.keys() == {
            *OPENID, "who", "mail", "roles", "fixed", "type", "tenantId", "jti"
        }  # fmt: skip
        assert (claims["who"], claims["roles"], claims["fixed"]) == (
            "U of t",
            ["Admin"],
            {"a": [1]},
        )
        other = read((await log_in(api, "two@x.io", "pw")).json["accessToken"])
        assert "email" in other
        mine = replace(api, token=session["accessToken"])
        assert (await mine.send("GET", "/identity/resources/users/v2/me")).status == 200
        time.passed += 10
        assert (await mine.send("GET", "/identity/resources/users/v2/me")).status == 401


@pytest.mark.parametrize(
    ("condition", "hit"),
    [
        ({"attribute": "tenantId", "op": "in_list", "value": {"list": ["t", "s"]}}, True),
        ({"attribute": "tenantId", "op": "in_list", "value": {"list": ["s"]}}, False),
        ({"attribute": "roleIds", "op": "in_list", "value": {"list": ["role-Admin"]}}, True),
        ({"attribute": "tokenType", "op": "contains", "value": {"list": ["Api"]}}, False),
        ({"attribute": "userId", "op": "contains", "value": {}}, False),
    ],
)
async def test_conditions_of_rules(api: Api, condition: dict[str, Any], hit: bool) -> None:
    """Each operator looks at its attribute, and a negated condition is the opposite."""
    await user(api)
    claims = {**OPENID, "templated": True}
    body = {
        "name": "N",
        "expiration": 9,
        "algorithm": "RS256",
        "templateSchema": {"claims": claims},
    }
    await api.send("POST", TEMPLATES, {**body, "key": "k"})
    for negate in (False, True):
        rule = {"conditions": [{**condition, "negate": negate}], "treatment": "k"}
        assert (await api.send("PUT", TARGETING, {"rules": [rule]})).status == 200
        made = read((await log_in(api, "u@x.io", "pw")).json["accessToken"])
        assert made.get("templated", False) is (hit is not negate)


@pytest.mark.parametrize(
    "claims", [{"sub": "{{sub}}"}, {**OPENID, "type": "x"}, {**OPENID, "tenantId": "x"}]
)
async def test_templates_have_the_claims_of_openid(api: Api, claims: dict[str, str]) -> None:
    """A template without a claim that OpenID needs, or with one of Frontegg's own, is rejected."""
    body = {"key": "k", "name": "N", "expiration": 9, "algorithm": "RS256"}
    made = await api.send("POST", TEMPLATES, {**body, "templateSchema": {"claims": claims}})
    assert made.status == 400


@pytest.mark.parametrize("value", [{"list": 5}, {"list": "t"}, {"list": [1]}, {"list": {}}, None])
async def test_conditions_that_compare_nothing(api: Api, value: object) -> None:
    """A condition whose values are no list of texts is rejected, and no later login fails."""
    await user(api)
    condition = {"attribute": "tenantId", "op": "contains", "value": value, "negate": False}
    rule = {"conditions": [condition], "treatment": "k"}
    assert (await api.send("POST", TARGETING, {"rules": [rule]})).status == 400
    assert (await log_in(api, "u@x.io", "pw")).status == 200


@pytest.mark.parametrize("issuer", [5, {"a": "b"}, "{{user.tenant}}"])
async def test_an_issuer_that_is_no_text(api: Api, issuer: object) -> None:
    """A template may say anything of the issuer, and a login with it gives a token."""
    await user(api)
    body = {"key": "k", "name": "N", "expiration": 9, "algorithm": "RS256"}
    claims = {**OPENID, "iss": issuer}
    await api.send("POST", TEMPLATES, {**body, "templateSchema": {"claims": claims}})
    rule: dict[str, object] = {"conditions": [], "treatment": "k"}
    await api.send("POST", TARGETING, {"rules": [rule]})
    assert "iss" not in read((await log_in(api, "u@x.io", "pw")).json["accessToken"])


async def test_who_acts_as_another_user(connect: Connect) -> None:
    """A token of an impersonation is the user's, names the actor, and ends within the hour."""
    time = Time()
    async with connect(**time.options) as api:
        actor = await user(api, "support", tenant_ids=("ours",))
        await user(api, "u")
        body = {"impersonatedUserId": "u", "actorToken": actor.token}
        made = await api.send("POST", "/identity/resources/impersonation/v1", body)
        claims = read(made.json["accessToken"])
        assert (made.status, claims["sub"], claims["act"]) == (201, "u", {"sub": "support"})
        mine = replace(api, token=made.json["accessToken"])
        sessions = (await mine.send("GET", "/identity/resources/users/sessions/v1/me")).json
        assert [each["impersonated"] for each in sessions] == [False, True]
        renewed = await refresh(api, made.json["refreshToken"])
        assert read(renewed.json["accessToken"])["act"] == {"sub": "support"}
        time.passed += 3_600
        assert (await refresh(api, renewed.json["refreshToken"])).status == 401
        for token, status in ((api.token, 401), ("nonsense", 401)):
            bad = {**body, "actorToken": token}
            sent = await api.send("POST", "/identity/resources/impersonation/v1", bad)
            assert sent.status == status
        assert json.loads((await api.send("GET", f"{VENDOR_ONLY}/u")).body)["id"] == "u"
