"""E-mail addresses of users: given, listed, made primary, and free again."""

from typing import Any

import pytest

from .api import USERS, VENDOR_ONLY, Api

pytestmark = pytest.mark.anyio

EMAILS = "/identity/resources/users/emails/v1"
USERNAMES = "/identity/resources/usernames/v1"


async def _emails(api: Api, query: str = "", **headers: str) -> list[str]:
    page = (await api.send("GET", f"{EMAILS}?{query}", **headers)).json
    return [each["email"] for each in page["items"]]


async def _add(api: Api, user_id: str, email: str, **fields: object) -> Any:
    result = await api.send("POST", f"{EMAILS}/vendor/{user_id}", {"email": email, **fields})
    assert result.status == 201
    return result.json


async def test_a_user_gets_a_second_address_and_loses_it(api: Api) -> None:
    """A second address is shown, leads to its user, and is free after its deletion."""
    api.emulator.add_user("u", email="u@x.io")
    added = await _add(api, "u", "second@x.io", isVerified=True)
    assert (added["userId"], added["verified"], added["isPrimary"]) == ("u", True, False)
    assert await _emails(api) == ["u@x.io", "second@x.io"]
    assert (await api.send("GET", f"{USERS}/email?email=Second@x.io")).json["id"] == "u"
    gone = await api.send("DELETE", f"{EMAILS}/vendor/u/{added['id']}")
    assert (gone.status, gone.body) == (200, b"")
    assert (await api.send("GET", f"{USERS}/email?email=second@x.io")).status == 404


async def test_an_address_belongs_to_one_user(api: Api) -> None:
    """An address in use cannot be added, and no new user can be created with it."""
    api.emulator.add_user("u", email="u@x.io")
    api.emulator.add_user("v", email="v@x.io")
    await _add(api, "u", "second@x.io")
    for email in ("V@x.io", "second@x.io", "u@x.io"):
        result = await api.send("POST", f"{EMAILS}/vendor/u", {"email": email})
        assert result.status == 409
    body = {"email": "second@x.io", "tenantId": "t"}
    assert (await api.send("POST", VENDOR_ONLY, body)).status == 409
    assert (await api.send("POST", f"{EMAILS}/vendor/u", {"email": "nonsense"})).status == 400


async def test_another_address_becomes_the_primary_one(api: Api) -> None:
    """The primary address changes places with the other, and cannot be deleted."""
    api.emulator.add_user("u", email="u@x.io")
    await _add(api, "u", "second@x.io")
    target = f"{EMAILS}/vendor/u/primary"
    assert (await api.send("POST", target, {"email": "third@x.io"})).status == 404
    changed = await api.send("POST", target, {"email": "second@x.io"})
    assert (changed.status, changed.body) == (200, b"")
    user = (await api.send("GET", f"{VENDOR_ONLY}/u")).json
    assert (user["email"], user["verified"]) == ("second@x.io", False)
    primary, other = (await api.send("GET", f"{EMAILS}/me", frontegg_user_id="u")).json
    assert [(each["email"], each["isPrimary"]) for each in (primary, other)] == [
        ("second@x.io", True),
        ("u@x.io", False),
    ]
    kept = await api.send("DELETE", f"{EMAILS}/vendor/u/{primary['id']}")
    assert kept.status == 400


async def test_addresses_are_sifted_and_sorted(api: Api) -> None:
    """The list of addresses knows tenant, users and address, and an order."""
    for user_id, tenant_id in (("b", "t"), ("a", "s")):
        api.emulator.add_user(user_id, email=f"{user_id}@x.io", tenant_ids=[tenant_id])
    await _add(api, "b", "c@x.io")
    assert await _emails(api, "_sortBy=email") == ["a@x.io", "b@x.io", "c@x.io"]
    assert await _emails(api, "_sortBy=userId&_order=DESC") == ["b@x.io", "c@x.io", "a@x.io"]
    assert await _emails(api, "userIds=a,nobody") == ["a@x.io"]
    assert await _emails(api, "_email=C@x.io") == ["c@x.io"]
    assert await _emails(api, frontegg_tenant_id="t") == ["b@x.io", "c@x.io"]
    assert await _emails(api, "_limit=2&_offset=1") == ["a@x.io"]


async def test_an_address_of_ones_own(api: Api) -> None:
    """The routes about oneself act on the user of the header, and need one."""
    api.emulator.add_user("u", email="u@x.io")
    added = await _add(api, "u", "second@x.io")
    assert (await api.send("GET", f"{EMAILS}/me")).status == 403
    body = {"email": "second@x.io"}
    primary = await api.send("POST", f"{EMAILS}/me/primary", body, frontegg_user_id="u")
    assert primary.status == 200
    gone = await api.send("DELETE", f"{EMAILS}/{added['id']}", frontegg_user_id="u")
    assert gone.status == 404
    mine = (await api.send("GET", f"{EMAILS}/me", frontegg_user_id="u")).json
    gone = await api.send("DELETE", f"{EMAILS}/{mine[1]['id']}", frontegg_user_id="u")
    assert gone.status == 200
    assert await _emails(api) == ["second@x.io"]


async def test_a_deleted_user_frees_every_name(api: Api) -> None:
    """Addresses and usernames of a deleted user can be taken again."""
    api.emulator.add_user("u", email="u@x.io")
    await _add(api, "u", "second@x.io")
    await api.send("POST", USERNAMES, {"username": "neo"}, frontegg_user_id="u")
    assert (await api.send("DELETE", f"{USERS}/u")).status == 200
    assert await _emails(api) == []
    api.emulator.add_user("v", email="second@x.io")
    assert (await api.send("GET", f"{USERS}/email?email=second@x.io")).json["id"] == "v"
    taken = await api.send("POST", USERNAMES, {"username": "neo"}, frontegg_user_id="v")
    assert taken.status == 201
