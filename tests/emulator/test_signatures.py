"""Signatures of tokens, and responses where signing is not installed."""

import subprocess
import sys
from typing import Any

import jwt
import pytest

from frontegg_async.emulator import CannotSignError, Emulator

from .api import Api
from .conftest import Connect
from .logins import log_in

pytestmark = pytest.mark.anyio

JWKS = "/.well-known/jwks.json"


async def _verified(api: Api, token: str, **options: Any) -> dict[str, Any]:
    keys = jwt.PyJWKSet.from_dict((await api.send("GET", JWKS, Authorization="")).json)
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], **options)
    return claims


async def test_a_users_token_verifies_against_the_jwks(api: Api) -> None:
    """The token of a login is signed with the published key, and names user and tenants."""
    api.emulator.add_user(
        "u", email="u@x.io", name="U", tenant_ids=["t", "s"], roles=["Admin"], password="pw"
    )
    token = (await log_in(api, "u@x.io", "pw")).json["accessToken"]
    claims = await _verified(api, token, audience=api.emulator.client_id, issuer=api.emulator.url)
    assert {name: claims[name] for name in ("sub", "name", "email", "email_verified", "type")} == {
        "sub": "u",
        "name": "U",
        "email": "u@x.io",
        "email_verified": True,
        "type": "userToken",
    }
    assert (claims["tenantId"], claims["tenantIds"]) == ("t", ["t", "s"])
    assert (claims["roles"], claims["permissions"]) == (["Admin"], ["permission-Admin"])
    assert claims["exp"] - claims["iat"] == 86_400


async def test_environment_tokens_are_signed_once_there_is_a_key(api: Api) -> None:
    """Before the JWKS was asked for a token has filler, and after it a signature."""
    filler = api.token
    with pytest.raises(KeyError):
        await _verified(api, filler)
    await api.authenticate()
    claims = await _verified(api, api.token)
    assert (claims["type"], claims["vendorId"]) == ("vendor", api.emulator.client_id)


async def test_signed_tokens_signs_the_first_token(connect: Connect) -> None:
    """With signed_tokens the very first environment token verifies."""
    async with connect(signed_tokens=True) as api:
        assert (await _verified(api, api.token))["type"] == "vendor"


async def test_two_emulators_have_two_keys(connect: Connect) -> None:
    """The token of one does not verify against the keys of the other."""
    async with connect(signed_tokens=True) as one, connect() as two:
        with pytest.raises(KeyError):
            await _verified(two, one.token)


async def test_without_the_extra_logins_name_it(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without PyJWT a login is 501 and names the extra; other routes work."""
    monkeypatch.setitem(sys.modules, "jwt.algorithms", None)
    async with connect() as api:
        api.emulator.add_user("u", email="u@x.io", tenant_ids=["t"], password="pw")
        login = await log_in(api, "u@x.io", "pw")
        jwks = await api.send("GET", JWKS)
        assert (login.status, jwks.status) == (501, 501)
        assert "frontegg-async[jwt]" in login.json["errors"][0]
        assert (await api.add("u", "other")).status == 201
        with pytest.raises(CannotSignError, match="frontegg-async"):
            await Emulator(signed_tokens=True).start()


def test_importing_the_emulator_imports_no_cryptography() -> None:
    """Neither PyJWT nor cryptography is loaded before the first login."""
    code = (
        "import sys, frontegg_async.emulator; "
        "print([name for name in ('jwt', 'cryptography') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
