"""Settings of an environment and of its tenants, and objects that are configured there."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .api import VENDOR_ONLY, Api
from .clocks import MINUTE, Time
from .conftest import Connect
from .logins import log_in, user

pytestmark = pytest.mark.anyio

V1 = "/identity/resources/configurations/v1"
SESSIONS = "/identity/resources/configurations/sessions/v1"
MFA = "/identity/resources/users/v1/mfa"
SOURCES = "/identity/resources/user-sources/v1"
DOMAINS = "/identity/resources/configurations/restrictions/v1/email-domain"
ADDRESSES = f"{V1}/restrictions/ip"
APPLICATIONS = "/identity/resources/applications/v1"


@pytest.mark.parametrize(
    ("path", "body", "change"),
    [
        (f"{V1}/lockout-policy", {"enabled": True, "maxAttempts": 3}, "PATCH"),
        (f"{V1}/password-history-policy", {"enabled": True, "historySize": 3}, "PATCH"),
        (f"{V1}/mfa-policy", {"enforceMFAType": "Force"}, "PATCH"),
    ],
)
async def test_a_policy_is_made_once(
    api: Api, path: str, body: dict[str, Any], change: str
) -> None:
    """A policy is 404 before it is made and 409 after; tenants have the environment's or theirs."""
    assert (await api.send("GET", path)).status == 404
    assert (await api.send(change, path, body)).status == 404
    made = await api.send("POST", path, body)
    assert made.status == 201
    assert made.json.items() >= body.items()
    assert made.json["id"]
    assert (await api.send("POST", path, body)).status == 409
    inherited = await api.send("GET", path, frontegg_tenant_id="t")
    assert inherited.json == made.json
    own = {name: not value if isinstance(value, bool) else value for name, value in body.items()}
    theirs = await api.send("POST", path, own, frontegg_tenant_id="t")
    assert theirs.status == 201
    assert theirs.json["id"] != made.json["id"]
    assert (await api.send(change, path, own, frontegg_tenant_id="t")).status == 200
    assert (await api.send("GET", path, frontegg_tenant_id="t")).json.items() >= own.items()
    mine = await user(api, tenant_ids=("t",))
    assert (await mine.send("GET", f"{path}/vendor")).json == made.json
    assert (await mine.send("GET", path)).json["id"] == theirs.json["id"]
    assert (await api.send("GET", path)).json == made.json


async def test_session_settings_that_were_never_set(api: Api) -> None:
    """They are an empty object for the environment and for a tenant, until they are set."""
    for path in (SESSIONS, f"{SESSIONS}/vendor"):
        assert (await api.send("GET", path)).json == {}
    body = {"sessionTimeoutConfiguration": {"isActive": True, "timeout": 60}}
    made = await api.send("POST", SESSIONS, body, frontegg_tenant_id="t")
    assert (made.status, made.body) == (201, b"")
    assert (await api.send("GET", SESSIONS, frontegg_tenant_id="t")).json == body
    assert (await api.send("GET", f"{SESSIONS}/vendor")).json == {}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (V1, {"cookieSameSite": "lax"}),
        (V1, {"authStrategy": "Magic"}),
        (V1, {"jwtAlgorithm": "none"}),
        (f"{V1}/mfa-policy", {"enforceMFAType": "on"}),
        (f"{V1}/mfa/strategies", {"strategy": "Smoke", "isActive": True}),
        (f"{V1}/lockout-policy", {"enabled": True}),
        (f"{V1}/lockout-policy", {"enabled": True, "maxAttempts": -1}),
        ("/identity/resources/mail/v1/configs/templates", {"type": "Birthday"}),
        ("/identity/resources/mail/v2/configurations", {"payload": {"provider": "pigeon"}}),
        (DOMAINS, {"domain": "x.io", "type": "MAYBE"}),
        ("/webhook/custom", {"displayName": "d", "url": "x.io", "eventKeys": []}),
    ],
)
async def test_values_outside_the_enums(api: Api, path: str, body: dict[str, object]) -> None:
    """A value that is not among those documented is 400, and leaves all as it was."""
    before = (await api.send("GET", path)).body
    assert (await api.send("POST", path, body)).status == 400
    assert (await api.send("GET", path)).body == before


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/identity/resources/jwt-templates/v1/x"),
        ("DELETE", "/identity/resources/jwt-templates/v1/x"),
        ("DELETE", f"{V1}/jwt-template-targeting/x"),
        ("DELETE", "/identity/resources/mail/v1/configs/templates/x"),
        ("DELETE", f"{DOMAINS}/x"),
        ("DELETE", f"{ADDRESSES}/x"),
        ("GET", f"{SOURCES}/x"),
        ("GET", f"{SOURCES}/x/users"),
        ("DELETE", f"{SOURCES}/x"),
        ("PUT", f"{SOURCES}/federation/x"),
        ("DELETE", "/identity/resources/sso/custom/v1/x"),
        ("GET", "/applications/resources/applications/v1/x"),
        ("PATCH", "/applications/resources/applications/v1/x"),
        ("GET", f"{APPLICATIONS}/x/users"),
        ("GET", f"{APPLICATIONS}/x/apps"),
        ("PATCH", "/webhook/x"),
        ("DELETE", "/webhook/x"),
        ("DELETE", "/vendors/custom-domains/v2/x"),
        ("DELETE", "/oauth/resources/configurations/v1/redirect-uri/x"),
        ("POST", f"{VENDOR_ONLY}/x/mfa/unenroll"),
    ],
)
async def test_unknown_ids_are_not_found(api: Api, method: str, path: str) -> None:
    """Each route that names an object is there, and says that the object is not."""
    result = await api.send(method, path, {})
    assert (result.status, result.json.get("errorCode")) == (404, None)


async def test_what_a_login_page_reads(api: Api) -> None:
    """Pages before a login see what they need of the settings, and no secret."""
    body = {"enabled": True, "siteKey": "site", "secretKey": "hidden", "minScore": 0.5}
    await api.send("POST", f"{V1}/captcha-policy", body)
    await api.send("POST", V1, {"allowSignups": False})
    nobody = Api(api.emulator, api.http)
    captcha = await nobody.send("GET", f"{V1}/captcha-policy/public")
    assert captcha.json == {"enabled": True, "siteKey": "site"}
    assert (await nobody.send("GET", f"{V1}/public")).json["allowSignups"] is False
    for path in (f"{V1}/captcha-policy", V1):
        assert (await nobody.send("GET", path)).status == 401


async def test_strategies_of_mfa(api: Api) -> None:
    """A strategy that is turned on is on, and the others stay as they were."""
    await api.send("POST", f"{V1}/mfa/strategies", {"strategy": "SMS", "isActive": True})
    found = (await api.send("GET", f"{V1}/mfa/strategies")).json["strategies"]
    on = {each["strategy"] for each in found if each["isActive"]}
    assert on == {"AuthenticatorApp", "SMS"}


async def test_domains_that_are_restricted(api: Api) -> None:
    """A domain is listed until it is deleted, and a list of one type replaces that type only."""
    await api.send("POST", DOMAINS, {"domain": "a.io", "type": "ALLOW"})
    made = await api.send("POST", DOMAINS, {"domain": "b.io", "type": "BLOCK"})
    assert (await api.send("POST", DOMAINS, {"domain": "b.io", "type": "ALLOW"})).status == 409
    await api.send("POST", f"{DOMAINS}/replace-bulk", {"type": "ALLOW", "domains": ["c.io"]})
    listed = (await api.send("GET", DOMAINS)).json["items"]
    assert [each["domain"] for each in listed] == ["b.io", "c.io"]
    assert (await api.send("DELETE", f"{DOMAINS}/{made.json['id']}")).status == 200
    await api.send("POST", f"{DOMAINS}/config", {"active": True, "type": "ALLOW"})
    found = (await api.send("GET", f"{DOMAINS}/config")).json
    assert found == {"active": True, "listType": "ALLOW", "blockPublicDomains": False}


async def test_addresses_that_are_restricted(api: Api) -> None:
    """The caller's address is allowed as the list and its strategy say, for each tenant."""
    headers = {"frontegg_tenant_id": "t"}

    async def valid() -> bool:
        return bool((await api.send("POST", f"{ADDRESSES}/verify", **headers)).json["valid"])

    assert await valid()
    await api.send("POST", f"{ADDRESSES}/config", {"isActive": True}, **headers)
    assert not await valid()
    body = {"ip": "127.0.0.1", "strategy": "ALLOW"}
    for description in ("one", "two"):
        sent = {**body, "description": description}
        assert (await api.send("POST", ADDRESSES, sent, **headers)).status == 201
    assert await valid()
    (kept,) = (await api.send("GET", f"{ADDRESSES}?_filter=127", **headers)).json["items"]
    assert kept["description"] == "two"
    await api.send("POST", f"{ADDRESSES}/config", {"strategy": "BLOCK"}, **headers)
    assert not await valid()
    assert (await api.send("GET", ADDRESSES, frontegg_tenant_id="s")).json["items"] == []


def code_at(secret: str, seconds: float) -> str:
    """Return the code that an authenticator app shows (RFC 6238)."""
    step = int(seconds) // 30
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"


async def test_an_authenticator_app(connect: Connect) -> None:
    """An app is a factor once its code was right, and until it is disabled or unenrolled."""
    async with connect(**Time().options) as api:
        mine = await user(api)
        refused = await mine.send("POST", f"{MFA}/disable", {})
        assert (refused.status, refused.json["errorCode"]) == (400, "ER-01097")
        for end in ("disable", "device", "unenroll"):
            shown = await mine.send("POST", f"{MFA}/authenticator/enroll")
            (secret,) = parse_qs(urlsplit(str(shown.json["qrCode"])).query)["secret"]
            verify = f"{MFA}/authenticator/enroll/verify"
            late = {"token": code_at(secret, MINUTE + 90)}
            assert (await mine.send("POST", verify, late)).status == 401
            good = {"token": code_at(secret, MINUTE + 30)}
            assert (await mine.send("POST", verify, good)).json["recoveryCode"]
            (device,) = (await mine.send("GET", f"{MFA}/devices")).json["authenticators"]
            assert (await api.send("GET", f"{VENDOR_ONLY}/u")).json["mfaEnrolled"] is True
            assert (await log_in(api, "u@x.io", "pw")).json["mfaEnrolled"] is True
            if end == "disable":
                assert (await mine.send("POST", f"{MFA}/disable", late)).status == 401
                assert (await mine.send("POST", f"{MFA}/disable", good)).status == 200
            elif end == "device":
                path = f"{MFA}/authenticator/{device['id']}/disable/verify"
                assert (await mine.send("POST", path, good)).status == 200
                assert (await mine.send("POST", path, good)).status == 404
            else:
                assert (await api.send("POST", f"{VENDOR_ONLY}/u/mfa/unenroll")).status == 200
            assert (await api.send("GET", f"{VENDOR_ONLY}/u")).json["mfaEnrolled"] is False


async def test_users_of_applications(api: Api) -> None:
    """Users are assigned in a tenant, seen from both sides, and unknown ones change nothing."""
    api.emulator.add_user("u", tenant_ids=["t"])
    app_id = (await api.send("GET", "/applications/resources/applications/v1/default")).json["id"]
    body = {"appId": app_id, "tenantId": "t", "userIds": ["u"]}
    made = await api.send("POST", APPLICATIONS, body)
    assert (made.status, made.json[0]["appId"]) == (201, app_id)
    bad = {**body, "userIds": ["u", "nobody"]}
    assert (await api.send("DELETE", APPLICATIONS, bad)).status == 404
    assert (await api.send("GET", f"{APPLICATIONS}/{app_id}/users")).json == ["u"]
    assert (await api.send("GET", f"{APPLICATIONS}/u/apps")).json == [app_id]
    assert (await api.send("DELETE", APPLICATIONS, body)).status == 200
    assert (await api.send("GET", f"{APPLICATIONS}/u/apps")).json == []


async def test_one_application_is_the_default(api: Api) -> None:
    """A new default application takes the place of the old one, whose secret can be renewed."""
    path = "/applications/resources/applications/v1"
    old = (await api.send("GET", f"{path}/default")).json
    body = {"name": "Shop", "appURL": "https://x.io", "loginURL": "https://x.io", "isDefault": True}
    new = (await api.send("POST", path, body)).json
    assert (await api.send("GET", f"{path}/default")).json == new
    listed = (await api.send("GET", f"{path}?_isDefault=false")).json
    assert [each["id"] for each in listed] == [old["id"]]
    before = (await api.send("GET", f"{path}/credentials/{new['id']}")).json
    await api.send("POST", f"{path}/credentials/shared/regenerate", {"appId": new["id"]})
    after = (await api.send("GET", f"{path}/credentials/{new['id']}")).json
    assert after["clientSecret"] == before["clientSecret"]
    assert after["sharedSecret"] != before["sharedSecret"]


async def test_applications_of_a_user_source(api: Api) -> None:
    """Applications are assigned and taken, and a source of one kind is not changed as another."""
    body = {"name": "N", "configuration": {"clientId": "c"}, "index": 0}
    made = (await api.send("POST", f"{SOURCES}/federation", body)).json
    assert "configuration" not in made
    for verb, app_ids in (("assign", ["a", "b"]), ("unassign", ["b"])):
        sent = {"appIds": ["a", "b"] if verb == "assign" else ["a"], "userSourceId": made["id"]}
        assert (await api.send("POST", f"{SOURCES}/{verb}", sent)).status == 201
        assert (await api.send("GET", f"{SOURCES}/{made['id']}")).json["appIds"] == app_ids
    assert (await api.send("PUT", f"{SOURCES}/external/auth0/{made['id']}", {})).status == 404
    await api.send("PUT", f"{SOURCES}/federation/{made['id']}", {"configuration": {"secret": "s"}})
    kept = (await api.send("GET", f"{SOURCES}/{made['id']}")).json["configuration"]
    assert kept == {"clientId": "c", "secret": "s"}


async def test_an_inactive_webhook_gets_nothing(api: Api) -> None:
    """Both services show a webhook, and one that is turned off gets no event."""
    body = {"displayName": "d", "url": api.emulator.url + "/nowhere", "eventKeys": ["x"]}
    made = (await api.send("POST", "/webhook/custom", {**body, "isActive": False})).json
    listed = (await api.send("GET", "/event/resources/configurations/v1")).json
    assert [each["id"] for each in listed] == [made["_id"]]
    assert await api.emulator.webhooks.send("x") == []
    await api.send("PATCH", f"/webhook/{made['_id']}", {"isActive": True})
    (delivery,) = await api.emulator.webhooks.send("x")
    assert delivery.status == 404
