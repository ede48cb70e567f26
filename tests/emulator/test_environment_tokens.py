"""Environment tokens: issued, checked, expired and revoked."""

from base64 import urlsafe_b64decode

import msgspec
import pytest

from .api import USERS, VENDOR_ONLY, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/auth/vendor", "/auth/vendor/"])
async def test_a_token_is_issued_with_and_without_the_trailing_slash(api: Api, path: str) -> None:
    """Both spellings of the path that clients use give a token and its life in seconds."""
    body = {"clientId": api.emulator.client_id, "secret": api.emulator.api_key}
    result = await api.send("POST", path, body)
    assert result.status == 200
    assert result.json["expiresIn"] == 86_400
    assert result.json["token"]


async def test_a_token_reads_like_a_vendor_jwt_of_a_kilobyte(api: Api) -> None:
    """A token has three parts, says RS256 and vendor, and is as long as a real one."""
    header, payload, filler = api.token.split(".")
    claims = msgspec.json.decode(urlsafe_b64decode(payload + "=="))
    assert msgspec.json.decode(urlsafe_b64decode(header + "=="))["alg"] == "RS256"
    assert claims["type"] == "vendor"
    assert claims["vendorId"] == api.emulator.client_id
    assert claims["exp"] - claims["iat"] == 86_400
    assert filler
    assert 900 < len(api.token) < 1100


async def test_two_tokens_are_never_the_same(api: Api) -> None:
    """Asking twice within one second gives two different tokens that both work."""
    first = api.token
    await api.authenticate()
    assert api.token != first
    api.emulator.add_user("u")
    result = await api.send("GET", f"{VENDOR_ONLY}/u", Authorization=f"bearer {first}")
    assert result.status == 200


@pytest.mark.parametrize(
    ("client_id", "secret"),
    [("emulator-client", "wrong"), ("nobody", "emulator-api-key"), ("emulator-client", "é")],
)
async def test_wrong_credentials_are_rejected(api: Api, client_id: str, secret: str) -> None:
    """A wrong secret and an unknown client both get 401 and an error body."""
    result = await api.authenticate(client_id, secret)
    assert result.status == 401
    assert result.json == {"errors": ["Invalid authentication"]}


@pytest.mark.parametrize("body", [b"{", b"\xff"])
async def test_credentials_that_are_no_json_are_rejected(api: Api, body: bytes) -> None:
    """A body that is not JSON gets 400 with the code that was seen for it."""
    result = await api.send("POST", "/auth/vendor", body)
    assert result.status == 400
    assert result.json["errorCode"] == "ER-00006"


async def test_credentials_of_the_wrong_shape_are_rejected(api: Api) -> None:
    """JSON without a secret gets 400."""
    assert (await api.send("POST", "/auth/vendor", {"clientId": "x"})).status == 400


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer nonsense", "Basic dTpw"])
async def test_a_call_without_a_good_token_is_rejected(api: Api, header: str) -> None:
    """Without a valid token the call gets 401 and does nothing."""
    user_id = api.emulator.add_user()
    result = await api.send(
        "POST", f"{USERS}/{user_id}/tenant", {"tenantId": "t"}, Authorization=header
    )
    assert result.status == 401
    assert result.json["errors"]
    assert not api.emulator.memberships()


async def test_the_older_header_carries_a_token_too(api: Api) -> None:
    """A token in x-access-token is as good as one in Authorization."""
    api.emulator.add_user("u")
    result = await api.send("GET", f"{VENDOR_ONLY}/u", Authorization="", x_access_token=api.token)
    assert result.status == 200


async def test_revoked_tokens_stop_working_and_new_ones_work(api: Api) -> None:
    """Revocation ends the tokens issued before it, and only those."""
    api.emulator.add_user("u")
    api.emulator.revoke_tokens()
    assert (await api.send("GET", f"{VENDOR_ONLY}/u")).status == 401
    await api.authenticate()
    assert (await api.send("GET", f"{VENDOR_ONLY}/u")).status == 200


async def test_a_token_expires_by_the_injected_clock(connect: Connect) -> None:
    """A token works until its last moment by the clock, and not from then on."""
    now = 1_000.0
    async with connect(token_lifetime=30, clock=lambda: now) as api:
        api.emulator.add_user("u")
        now = 1_029.9
        assert (await api.send("GET", f"{VENDOR_ONLY}/u")).status == 200
        now = 1_030.0
        assert (await api.send("GET", f"{VENDOR_ONLY}/u")).status == 401
        assert (await api.authenticate()).json["expiresIn"] == 30


async def test_account_credentials_need_an_environment_per_call(connect: Connect) -> None:
    """A token for a whole account works only on calls that name the environment."""
    options = {"credentials": {"account": "s"}, "account_credentials": ["account"]}
    async with connect(**options) as api:
        api.emulator.add_user("u")
        assert (await api.authenticate("account", "s")).status == 200
        without = await api.send("GET", f"{VENDOR_ONLY}/u")
        named = await api.send("GET", f"{VENDOR_ONLY}/u", frontegg_environment_id="env")
        assert (without.status, named.status) == (403, 200)
        assert api.emulator.requests[-1].client_id == "account"
