"""Usernames: given, listed, read and taken away."""

import pytest

from .api import Api

pytestmark = pytest.mark.anyio

USERNAMES = "/identity/resources/usernames/v1"


async def test_usernames_are_given_listed_and_taken(api: Api) -> None:
    """A username lives from POST to DELETE, and pages of them are sifted and sorted."""
    for user_id, username in (("a", "neo"), ("b", "nora"), ("c", "trinity")):
        api.emulator.add_user(user_id)
        made = await api.send("POST", USERNAMES, {"username": username}, frontegg_user_id=user_id)
        assert (made.status, made.body) == (201, b"")

    async def names(query: str) -> list[str]:
        page = (await api.send("GET", f"{USERNAMES}?{query}")).json
        return [each["username"] for each in page["items"]]

    assert await names("_usernamePrefix=n") == ["neo", "nora"]
    assert await names("_sortBy=userId&_order=DESC&_limit=2") == ["trinity", "nora"]
    assert await names("userIds=c&userIds=a") == ["neo", "trinity"]
    assert await names("usernames=nora") == ["nora"]
    mine = await api.send("GET", f"{USERNAMES}/me", frontegg_user_id="a")
    assert mine.json == {"username": "neo", "userId": "a"}
    assert (await api.send("DELETE", f"{USERNAMES}/neo")).status == 200
    assert (await api.send("DELETE", f"{USERNAMES}/neo")).status == 404
    assert (await api.send("GET", f"{USERNAMES}/me", frontegg_user_id="a")).status == 404


async def test_a_username_needs_a_user_and_is_taken_once(api: Api) -> None:
    """A username without a user, one in use, and a second one are rejected."""
    for user_id in ("a", "b"):
        api.emulator.add_user(user_id)
    body = {"username": "neo"}
    assert (await api.send("POST", USERNAMES, body)).status == 403
    for user_id, status in (("a", 201), ("b", 409), ("nobody", 404)):
        result = await api.send("POST", USERNAMES, body, frontegg_user_id=user_id)
        assert result.status == status
    second = await api.send("POST", USERNAMES, {"username": "x"}, frontegg_user_id="a")
    empty = await api.send("POST", USERNAMES, {"username": ""}, frontegg_user_id="b")
    assert (second.status, empty.status) == (409, 400)
