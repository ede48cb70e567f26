"""What Frontegg's own SDKs read before they take a token: keys and hosts."""

from urllib.parse import urlsplit

import jwt
import pytest

from .api import Api
from .logins import user

pytestmark = pytest.mark.anyio

CONFIGURATION = "/identity/resources/configurations/v1"


@pytest.mark.parametrize("path", [CONFIGURATION, CONFIGURATION + "/"])
async def test_a_token_verifies_with_the_key_of_the_configuration(api: Api, path: str) -> None:
    """The key is PEM, with a slash at the end of the path and without, and with either header."""
    mine = await user(api)
    found = await api.send("GET", path)
    older = Api(api.emulator, api.http)
    assert (await older.send("GET", path, x_access_token=api.token)).json == found.json
    claims = jwt.decode(
        mine.token, found.json["publicKey"], algorithms=["RS256"], audience=api.emulator.client_id
    )
    assert claims["sub"] == "u"
    assert (await older.send("GET", path)).status == 401


async def test_a_token_verifies_by_discovery(api: Api) -> None:
    """The issuer of a token leads to its key, as OpenID Connect has it."""
    mine = await user(api)
    issuer = jwt.decode(mine.token, options={"verify_signature": False})["iss"]
    assert issuer == api.emulator.url
    found = (await api.send("GET", "/.well-known/openid-configuration")).json
    keys = (await api.send("GET", urlsplit(str(found["jwks_uri"])).path)).json
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(mine.token)["kid"]]
    jwt.decode(mine.token, key, algorithms=["RS256"], audience=api.emulator.client_id)


async def test_the_host_of_the_environment(api: Api) -> None:
    """The base URL is the emulator's own, for environment tokens; the name is for everybody."""
    found = await api.send("GET", "/vendors/base-url", x_access_token=api.token)
    assert found.json == {"baseURL": api.emulator.url}
    nobody = Api(api.emulator, api.http)
    assert (await nobody.send("GET", "/vendors/base-url")).status == 401
    assert (await nobody.send("GET", "/vendors/public")).json["name"] == "Emulator"


async def test_pages_that_are_registered(api: Api) -> None:
    """Hosted login takes the pages that are registered, and any local one while there is none."""
    target = "/oauth/authorize?response_type=code&client_id=emulator-client&redirect_uri="
    registered = "/oauth/resources/configurations/v1/redirect-uri"

    async def shown() -> list[int]:
        pages = ("https%3A%2F%2Fa.io%2Fcb", "http%3A%2F%2Flocalhost%2Fcb")
        return [(await api.send("GET", target + each)).status for each in pages]

    assert await shown() == [400, 200]
    assert (await api.send("POST", registered, {"redirectUri": "https://a.io/cb"})).status == 201
    assert await shown() == [200, 400]
    (page,) = (await api.send("GET", registered)).json["redirectUris"]
    assert (await api.send("DELETE", f"{registered}/{page['id']}")).status == 200
    assert await shown() == [400, 200]
