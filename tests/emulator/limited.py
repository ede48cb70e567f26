"""Counting the requests that a rate limit lets through."""

from .api import VENDOR_ONLY, Api

READ = "GET /identity/resources/vendor-only/users/v1/{userId}"


async def read(api: Api) -> int:
    """Read a user, and return the status."""
    return (await api.send("GET", f"{VENDOR_ONLY}/u")).status


async def taken(api: Api, tries: int = 10) -> int:
    """Send reads until one is refused, and return how many were let through."""
    for number in range(tries):
        if await read(api) == 429:
            return number
    return tries
