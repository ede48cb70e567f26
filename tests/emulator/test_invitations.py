"""Invitations into tenants, and the activation of new users."""

from typing import Any

import pytest

from .api import USERS, Api
from .conftest import Connect
from .logins import log_in

pytestmark = pytest.mark.anyio

INVITES = "/identity/resources/tenants/invites"
OF_USER = f"{INVITES}/v1/user"
HEADERS: dict[str, str] = {"frontegg_tenant_id": "t", "frontegg_user_id": "u"}


async def test_an_open_invitation_lets_any_user_in(api: Api) -> None:
    """Without a user it is good for any number of users, until it is deleted."""
    body = {"tenantId": "t", "roleIds": ["role-Reader"]}
    made = await api.send("POST", f"{INVITES}/v1", body)
    assert made.status == 201
    assert (made.json["tenantId"], made.json["userId"]) == ("t", None)
    assert (await api.send("GET", f"{INVITES}/v1/all")).json == [made.json]
    token = {"token": made.json["token"]}
    assert (await api.send("POST", f"{INVITES}/v1/verify", token)).json == made.json
    for user_id in ("u", "v"):
        api.emulator.add_user(user_id)
        accept = {"userId": user_id, **token}
        accepted = await api.send("POST", f"{USERS}/invitation/accept", accept, Authorization="")
        assert (accepted.status, accepted.body) == (200, b"")
    assert api.emulator.memberships() == {("u", "t"), ("v", "t")}
    assert api.emulator.user("u").roles_in("t") == ("role-Reader",)
    gone = f"{INVITES}/v1/token/{made.json['id']}"
    assert (await api.send("DELETE", gone)).status == 200
    assert (await api.send("DELETE", gone)).status == 404
    assert (await api.send("POST", f"{INVITES}/v1/verify", token)).status == 404


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_an_invitation_of_one_user(api: Api, version: str) -> None:
    """It is created, sent, changed, read, and accepted once, by its user only."""
    api.emulator.add_user("u", email="u@x.io")
    api.emulator.add_user("v")
    body: dict[str, Any] = {"expiresInMinutes": 5, "shouldSendEmail": True, "roleIds": []}
    made = await api.send("POST", f"{INVITES}/{version}/user", body, **HEADERS)
    assert (made.status, made.json["userId"]) == (201, "u")
    (mail,) = api.emulator.mails
    assert (mail.kind, mail.token) == ("invitation", made.json["token"])
    assert [invite.user_id for invite in api.emulator.invites] == ["u"]
    changed = await api.send("PATCH", OF_USER, {"shouldSendEmail": False}, **HEADERS)
    assert changed.json["shouldSendEmail"] is False
    assert (await api.send("GET", OF_USER, **HEADERS)).json == changed.json
    stolen = {"userId": "v", "token": mail.token}
    assert (await api.send("POST", f"{USERS}/invitation/accept", stolen)).status == 404
    accept = {"userId": "u", "token": mail.token}
    assert (await api.send("POST", f"{USERS}/invitation/accept", accept)).status == 200
    assert (await api.send("POST", f"{USERS}/invitation/accept", accept)).status == 404
    assert (await api.send("GET", OF_USER, **HEADERS)).status == 404
    assert api.emulator.user("u").tenants == {"t": "Activated"}


async def test_an_invitation_is_replaced_and_deleted(api: Api) -> None:
    """A second invitation of the same user ends the first; a deleted one is invalid."""
    api.emulator.add_user("u")
    body = {"expiresInMinutes": 5, "shouldSendEmail": False}
    first = (await api.send("POST", OF_USER, body, **HEADERS)).json
    second = (await api.send("POST", OF_USER, body, **HEADERS)).json
    assert [each["id"] for each in (await api.send("GET", f"{INVITES}/v1/all")).json] == [
        second["id"]
    ]
    assert (await api.send("DELETE", OF_USER, **HEADERS)).status == 200
    for token in (first["token"], second["token"]):
        accept = {"userId": "u", "token": token}
        assert (await api.send("POST", f"{USERS}/invitation/accept", accept)).status == 404
    assert api.emulator.mails == []


async def test_an_invitation_needs_headers_fields_user_and_roles(api: Api) -> None:
    """Missing headers are 403, missing fields 400, an unknown user or role 404."""
    body = {"expiresInMinutes": 5, "shouldSendEmail": False}
    assert (await api.send("POST", OF_USER, body)).status == 403
    assert (await api.send("POST", OF_USER, body, frontegg_tenant_id="t")).status == 403
    assert (await api.send("POST", OF_USER, body, **HEADERS)).status == 404
    assert (await api.send("POST", OF_USER, {}, **HEADERS)).status == 400
    assert (await api.send("POST", f"{INVITES}/v1", {})).status == 400
    unknown = {"tenantId": "t", "roleIds": ["nope"]}
    assert (await api.send("POST", f"{INVITES}/v1", unknown)).status == 404


async def test_an_invitation_expires(connect: Connect) -> None:
    """After its minutes the token is 404."""
    now = 1_700_000_000.0
    async with connect(wall_clock=lambda: now) as api:
        body = {"tenantId": "t", "expiresInMinutes": 1}
        token = (await api.send("POST", f"{INVITES}/v1", body)).json["token"]
        now += 60
        assert (await api.send("POST", f"{INVITES}/v1/verify", {"token": token})).status == 404


async def test_invitations_are_sent_again(api: Api) -> None:
    """A resend makes a new token for one tenant, or for all that are still open."""
    api.emulator.add_user("u", email="u@x.io", tenant_ids=["home"])
    for tenant in ("t", "s"):
        await api.add("u", tenant)
    body = {"email": "u@x.io"}
    target = f"{USERS}/invitation/reset"
    once = await api.send("POST", target, body, frontegg_tenant_id="t")
    assert (once.status, once.json["token"]) == (200, api.emulator.mails[0].token)
    every = await api.send("POST", f"{target}/all", body, frontegg_tenant_id="t")
    assert [each["tenantId"] for each in every.json] == ["t", "s"]
    assert len(api.emulator.invites) == 5
    assert (await api.send("POST", target, body, frontegg_tenant_id="home")).status == 404
    mail = api.emulator.mails[-1]
    accept = {"userId": "u", "token": mail.token}
    wrong = {**accept, "code": "x"}
    assert (await api.send("POST", f"{USERS}/invitation/accept/code", accept)).status == 400
    assert (await api.send("POST", f"{USERS}/invitation/accept/code", wrong)).status == 400
    right = {**accept, "code": mail.code}
    assert (await api.send("POST", f"{USERS}/invitation/accept/code", right)).status == 200
    assert api.emulator.user("u").tenants["s"] == "Activated"


async def test_activation_sets_the_password_and_logs_in(api: Api) -> None:
    """A new user follows the link, sets a password, is verified and active, and logged in."""
    body = {"email": "n@x.io", "name": "N"}
    made = (await api.send("POST", USERS, body, frontegg_tenant_id="t")).json
    again: dict[str, Any] = {"email": "n@x.io", "emailMetadata": {}}
    assert (await api.send("POST", f"{USERS}/activate/reset", again)).status == 201
    (mail,) = api.emulator.mails
    strategy = f"{USERS}/activate/strategy?userId={made['id']}&token={mail.token}"
    assert (await api.send("GET", strategy)).json == {"shouldSetPassword": True}
    activate = {"userId": made["id"], "token": mail.token}
    assert (await api.send("POST", f"{USERS}/activate", activate)).status == 400
    activate["password"] = "pw"
    result = await api.send("POST", f"{USERS}/activate", activate, Authorization="")
    assert (result.status, result.json["emailVerified"]) == (200, True)
    assert "Set-Cookie" in result.headers
    user = api.emulator.user(made["id"])
    assert (user.verified, user.tenants) == (True, {"t": "Activated"})
    assert (await log_in(api, "n@x.io", "pw")).status == 200
    assert (await api.send("POST", f"{USERS}/activate", activate)).status == 404


async def test_activation_by_code(api: Api) -> None:
    """With a code, the code has to be the one that goes with the link."""
    body = {"email": "n@x.io", "name": "N", "password": "pw"}
    made = (await api.send("POST", USERS, body, frontegg_tenant_id="t")).json
    await api.send("POST", f"{USERS}/activate/reset", {"email": "n@x.io"})
    mail = api.emulator.mails[0]
    activate = {"userId": made["id"], "token": mail.token, "code": "wrong"}
    target = f"{USERS}/activate/code"
    assert (await api.send("POST", target, activate)).status == 400
    assert (await api.send("POST", target, {**activate, "code": mail.code})).status == 200


async def test_a_generated_activation_link_works(api: Api) -> None:
    """The token that the application asked for is as good as a mailed one."""
    api.emulator.add_user("u", tenant_ids=["t"], password="pw")
    made = await api.send("POST", f"{USERS}/u/links/generate-activation-token")
    body = {"userId": "u", "token": made.json["token"]}
    assert (await api.send("POST", f"{USERS}/activate", body)).status == 200


async def test_the_strategies_are_kept(api: Api) -> None:
    """The settings of activations and of invitations are kept apart."""
    base = "/identity/resources/configurations/v1"
    target = f"{base}/activation/strategies"
    assert (await api.send("POST", target, {"strategy": "nope"})).status == 400
    assert (await api.send("POST", target, {"strategy": "code"})).status == 200
    assert (await api.send("GET", target)).json == {"strategy": "code", "codeExpiration": 600}
    other = f"{base}/invitation/strategies"
    assert (await api.send("POST", other, {"codeExpiration": 60})).status == 200
    assert (await api.send("GET", other)).json == {"strategy": "link", "codeExpiration": 60}
    settings = (await api.send("GET", f"{INVITES}/v1/configuration")).json
    assert settings == {"tenantInvitationsAllowed": True, "emailsEnabled": True}
