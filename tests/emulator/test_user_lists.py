"""Reading many users: pages, filters, statuses."""

from urllib.parse import parse_qs

import pytest

from .api import Api
from .conftest import Connect

pytestmark = pytest.mark.anyio

SEARCH = "/identity/resources/users/v1/query/phrase"
USERS_V3 = "/identity/resources/users/v3"
STATUSES = "/identity/resources/tenants/users/v1/statuses"


def _ids(page: dict[str, list[dict[str, str]]]) -> list[str]:
    return [user["id"] for user in page["items"]]


async def test_following_next_visits_every_user_once(api: Api) -> None:
    """The bare query string in _links.next leads through all pages and ends empty."""
    everyone = [api.emulator.add_user(f"u{number}") for number in range(120)]
    page = (await api.send("GET", f"{USERS_V3}?_limit=50")).json
    seen = _ids(page)
    while query := page["_links"]["next"]:
        page = (await api.send("GET", f"{USERS_V3}?{query}")).json
        seen += _ids(page)
    assert seen == everyone
    assert page["_metadata"] == {"totalItems": 120, "totalPages": 3}


async def test_the_offset_counts_pages(api: Api) -> None:
    """_offset=1 is the second page, not the second user."""
    for number in range(5):
        api.emulator.add_user(f"u{number}")
    page = (await api.send("GET", f"{USERS_V3}?_limit=2&_offset=1")).json
    assert _ids(page) == ["u2", "u3"]
    assert parse_qs(page["_links"]["prev"])["_offset"] == ["0"]


async def test_a_page_beyond_the_end_is_empty(api: Api) -> None:
    """Asking for too high a page gives no items, no next, and no error."""
    page = (await api.send("GET", f"{USERS_V3}?_offset=9")).json
    assert (page["items"], page["_links"]["next"]) == ([], "")


async def test_the_last_link_can_be_null(connect: Connect) -> None:
    """next_at_end is the link where there is no next page."""
    async with connect(next_at_end=None) as api:
        assert (await api.send("GET", USERS_V3)).json["_links"]["next"] is None


async def test_fifty_come_unless_a_limit_is_given(api: Api) -> None:
    """The default page has 50 users, the longest 200."""
    for _ in range(210):
        api.emulator.add_user()
    assert len((await api.send("GET", USERS_V3)).json["items"]) == 50
    assert len((await api.send("GET", f"{USERS_V3}?_limit=200")).json["items"]) == 200


@pytest.mark.parametrize("query", ["_limit=201", "_limit=0", "_limit=x", "_offset=-1"])
async def test_limits_out_of_range_are_rejected(api: Api, query: str) -> None:
    """Page sizes and indices that make no sense get 400."""
    assert (await api.send("GET", f"{USERS_V3}?{query}")).status == 400


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ids=c,a,nobody", ["c", "a"]),
        ("ids=a&ids=b", ["a", "b"]),
        ("ids=a,a", ["a"]),
        ("ids=", []),
        ("ids=a,b,c&_tenantId=t", ["a", "c"]),
        ("_email=B%40x.io", ["b"]),
        ("_email=none%40x.io", []),
        ("_tenantId=t", ["a", "c"]),
        ("_tenantId=none", []),
    ],
)
async def test_filters_narrow_the_list(api: Api, query: str, expected: list[str]) -> None:
    """Ids, address and tenant select, alone and together."""
    for user_id, tenant in (("a", "t"), ("b", "s"), ("c", "t")):
        api.emulator.add_user(user_id, email=f"{user_id}@x.io", tenant_ids=[tenant])
    assert _ids((await api.send("GET", f"{USERS_V3}?{query}")).json) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_sortBy=name", ["b", "c", "a"]),
        ("_sortBy=name&_order=DESC", ["a", "c", "b"]),
        ("_sortBy=isLocked&_order=DESC", ["b", "a", "c"]),
        ("_sortBy=tenantId", ["c", "a", "b"]),
        ("_namePrefix=M", ["c"]),
        ("_identifier=C%40&_identifierType=email", ["c"]),
        ("_identifier=%2B49&_identifierType=phoneNumber", ["b"]),
        ("_identifier=ne&_identifierType=username", ["a"]),
        ("_externalIds=x2,x1", ["b"]),
        ("ids=a,b&_namePrefix=a", ["b"]),
    ],
)
async def test_users_are_sorted_and_sifted(api: Api, query: str, expected: list[str]) -> None:
    """Order, prefixes, identifiers and external ids are understood, alone and together."""
    for user_id, name, tenants in (("a", "Zoe", ["t"]), ("b", "Ada", ["u"]), ("c", "Mia", [])):
        api.emulator.add_user(
            user_id, name=name, email=f"{user_id}@x.io", tenant_ids=tenants, locked=user_id == "b"
        )
    user = api.emulator.user("b")
    user.phone_number, user.external_id = "+4930", "x1"
    api.emulator.user("a").username = "neo"
    assert _ids((await api.send("GET", f"{USERS_V3}?{query}")).json) == expected


@pytest.mark.parametrize(
    "query",
    [
        "_sortBy=color",
        "_sortBy=name&_order=up",
        "_identifier=a",
        "_identifierType=email",
        "_identifier=a&_identifierType=shoe",
    ],
)
async def test_nonsense_is_rejected(api: Api, query: str) -> None:
    """Unknown orders, and identifiers without a known type, get 400."""
    assert (await api.send("GET", f"{USERS_V3}?{query}")).status == 400


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("_phraseSearchContains=smith", ["a", "b"]),
        ("_phraseSearchContains=smith,ann", ["a"]),
        ("_phraseSearchContains=smith&_phraseSearchContains=ann", ["a"]),
        ("_phraseSearchExcludes=smith", ["c"]),
        ("_phraseSearchOptional=ann,jones", ["a", "c"]),
        ("_phraseSearchContains=.io&_phraseSearchExcludes=Bob", ["a", "c"]),
        ("_phraseSearchContains=smyth", []),
        ("_phraseSearchContains=smyth&_phraseSearchApproximate=true", ["a", "b"]),
        ("_phraseSearchContains=s.ith&_phraseSearchApproximate=true", ["a", "b"]),
        ("_phraseSearchContains=smith&_tenantId=t", ["b"]),
        ("_phraseSearchContains=smith&_sortBy=id&_order=DESC&_limit=1", ["b"]),
    ],
)
async def test_phrases_are_searched_for(api: Api, query: str, expected: list[str]) -> None:
    """All, none or any of some phrases are found, exactly or roughly, besides other filters."""
    for user_id, name, tenants in (
        ("a", "Ann Smith", []),
        ("b", "Bob Smith", ["t"]),
        ("c", "C Jones", ["t"]),
    ):
        api.emulator.add_user(user_id, name=name, email=f"{user_id}@x.io", tenant_ids=tenants)
    assert _ids((await api.send("GET", f"{SEARCH}?{query}")).json) == expected


async def test_a_tenant_header_narrows_the_list(api: Api) -> None:
    """With a tenant header only its members are listed."""
    api.emulator.add_user("a", tenant_ids=["t"])
    api.emulator.add_user("b")
    assert _ids((await api.send("GET", USERS_V3, frontegg_tenant_id="t")).json) == ["a"]


async def test_listed_tenants_have_no_roles(api: Api) -> None:
    """users/v3 leaves out tenants[].roles although the spec requires it."""
    api.emulator.add_user("a", tenant_ids=["t"], roles=["Admin"])
    (user,) = (await api.send("GET", USERS_V3)).json["items"]
    assert "roles" not in user["tenants"][0]
    assert user["tenantIds"] == ["t"]


async def test_statuses_come_in_blocks(api: Api) -> None:
    """Repeated and comma-separated ids are both understood; unknown users are left out."""
    api.emulator.add_user("a", tenant_ids=["t"])
    api.emulator.add_user("b")
    await api.add("b", "s")
    result = await api.send("GET", f"{STATUSES}?userIds=a&userIds=b,nobody")
    assert result.json == [
        {"userId": "a", "tenantsStatuses": [{"tenantId": "t", "status": "Activated"}]},
        {"userId": "b", "tenantsStatuses": [{"tenantId": "s", "status": "PendingInvitation"}]},
    ]


async def test_statuses_can_be_filtered(api: Api) -> None:
    """UserTenantStatuses keeps the tenants with that status."""
    api.emulator.add_user("a", tenant_ids=["t"])
    await api.add("a", "s")
    target = f"{STATUSES}?userIds=a&userTenantStatuses=PendingInvitation"
    (found,) = (await api.send("GET", target)).json
    assert [entry["tenantId"] for entry in found["tenantsStatuses"]] == ["s"]


async def test_statuses_of_one_can_be_an_object(connect: Connect) -> None:
    """statuses_as_object returns the spec's object for a single user."""
    async with connect(statuses_as_object=True) as api:
        api.emulator.add_user("a")
        result = await api.send("GET", f"{STATUSES}?userIds=a")
        assert result.json == {"userId": "a", "tenantsStatuses": []}


@pytest.mark.parametrize("count", [0, 201])
async def test_statuses_take_one_to_two_hundred_ids(api: Api, count: int) -> None:
    """No id and more than 200 ids get 400."""
    ids = ",".join(str(number) for number in range(count))
    assert (await api.send("GET", f"{STATUSES}?userIds={ids}")).status == 400


async def test_a_very_long_address_is_rejected(api: Api) -> None:
    """Two hundred UUIDs in one URL are more than 8 KB and get 414, not in JSON."""
    ids = "&".join("userIds=" + "0" * 36 for _ in range(200))
    result = await api.send("GET", f"{STATUSES}?{ids}")
    assert result.status == 414
    assert b"<html>" in result.body
