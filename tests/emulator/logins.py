"""Logging in as a user."""

from dataclasses import replace

from .api import Api, Result

AUTH = "/identity/resources/auth"
COOKIE = "fe_refresh_emulatorclient"


async def log_in(api: Api, email: str, password: str) -> Result:
    """Send a login, without any token."""
    body = {"email": email, "password": password}
    return await replace(api, token="").send("POST", f"{AUTH}/v1/user", body)


async def user(api: Api, user_id: str = "u", *, tenant_ids: tuple[str, ...] = ("t",)) -> Api:
    """Set a user up, and return a client that is logged in as them."""
    email = f"{user_id}@x.io"
    api.emulator.add_user(
        user_id, email=email, name="U", tenant_ids=tenant_ids, password="pw", roles=["Admin"]
    )
    result = await log_in(api, email, "pw")
    return replace(api, token=result.json["accessToken"])


async def refresh(api: Api, refresh_token: str | None, **body: str) -> Result:
    """Renew a session with a refresh token in the cookie, or in the body."""
    headers = {} if refresh_token is None else {"Cookie": f"{COOKIE}={refresh_token}"}
    anonymous = replace(api, token="")
    return await anonymous.send("POST", f"{AUTH}/v1/user/token/refresh", body, **headers)
