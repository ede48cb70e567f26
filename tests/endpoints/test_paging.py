"""Pages, fetched when they are needed and not before; against a stub, then against a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar, Unpack, cast

import pytest

from frontegg_async import FronteggSession, InvalidRequestError, ResponseDecodeError, User
from frontegg_async._core.clock import SystemClock
from frontegg_async.emulator import Emulator, MalformedJson
from frontegg_async.endpoints.users import ITERATE, Users
from frontegg_async.models.paging import Page, PageLinks, PageMetadata, PageWithNulls
from frontegg_async.operation import Arguments, Operation, Query
from frontegg_async.paging import Paginator

from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio
T = TypeVar("T")
LIST = f"{ITERATE.method} {ITERATE.template}"


class Pages:
    """A ``Caller`` that hands out prepared pages, and an empty one behind them."""

    def __init__(self, *pages: Page[User]) -> None:
        self.pages = pages
        self.asked: list[Query] = []
        self.clock = SystemClock()

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Note the query, and hand out the next page."""
        self.asked.append(arguments.get("query") or {})
        index = len(self.asked) - 1
        return cast("T", self.pages[index] if index < len(self.pages) else Page[User](items=()))


def page(
    *ids: str, after: str | None = "_offset=1", links: bool = True, total: int | None = None
) -> Page[User]:
    return Page[User](
        items=tuple(User(id=user_id) for user_id in ids),
        links=PageLinks(next=after) if links else None,
        metadata=None if total is None else PageMetadata(total_items=total),
    )


def paginator(caller: Pages, limit: int = 2) -> Paginator[User]:
    return Paginator(caller, ITERATE, {"_email": "a@x"}, limit=limit, max_limit=200)


async def ids_of(users: AsyncIterator[User] | Paginator[User]) -> list[str | None]:
    return [user.id async for user in users]


@pytest.mark.parametrize(
    ("pages", "ids", "asked"),
    [
        ([], [], 1),
        ([page("a", "b"), page("c", after="")], ["a", "b", "c"], 2),
        ([page("a", "b"), page("c", after=None)], ["a", "b", "c"], 2),
        ([page("a", "b"), page("c")], ["a", "b", "c"], 3),
        ([page("a", links=False), page("b", links=False)], ["a", "b"], 3),
        ([page("a"), page(), page("never")], ["a"], 2),
        ([page("a"), page("a", "b", after="")], ["a", "a", "b"], 2),
        # No link from the first page on: only a total or an empty page is an end.
        ([page("a", "b", after=""), page("c", after="")], ["a", "b", "c"], 3),
        ([page("a", "b", after=None, total=3), page("c", after=None, total=3)], ["a", "b", "c"], 2),
        ([page("a", "b", links=False, total=3), page("c", links=False, total=3)], [*"abc"], 2),
        ([page("a", "b", links=False, total=2), page("never")], ["a", "b"], 1),
        ([page("a", "b", after="", total=2), page("never")], ["a", "b"], 1),
        # A total below the number of items so far is ignored: -1 or 0 stands for unknown.
        ([page("a", "b", links=False, total=-1), page("c", links=False, total=-1)], [*"abc"], 3),
        ([page("a", "b", links=False, total=0), page("c", links=False, total=0)], [*"abc"], 3),
        # A link counts for more than a total, which may be of another moment.
        ([page("a", "b", total=2), page("c", after="", total=3)], ["a", "b", "c"], 2),
        # A user left while the pages were fetched: the latest total counts.
        ([page("a", "b", total=4), page("d", after="", total=3)], ["a", "b", "d"], 2),
    ],
)
async def test_where_a_list_ends(pages: list[Page[User]], ids: list[str], asked: int) -> None:
    """A list ends at an empty page or where nothing follows, and no page is asked for twice."""
    caller = Pages(*pages)
    assert await ids_of(paginator(caller)) == ids
    assert caller.asked == [
        {"_email": "a@x", "_limit": 2, "_offset": index} for index in range(asked)
    ]


async def test_the_same_page_for_ever() -> None:
    """A server that ignores ``_offset`` ends in an error, and not in an endless list."""
    same = page("a", "b")
    caller = Pages(*[same] * 100)
    users = aiter(paginator(caller))
    assert [(await anext(users)).id, (await anext(users)).id] == ["a", "b"]
    with pytest.raises(ResponseDecodeError, match="page 1 ") as caught:
        await anext(users)
    assert caught.value.operation == "users.iterate"


@pytest.mark.parametrize("limit", [2, None])
async def test_a_list_that_is_too_short(limit: int | None) -> None:
    """Pages that end before the stated total are an error after their last item."""
    caller = Pages(page("a", "b", after="", total=450))
    users = aiter(Paginator(caller, ITERATE, {}, limit=limit, max_limit=200))
    assert [(await anext(users)).id, (await anext(users)).id] == ["a", "b"]
    with pytest.raises(ResponseDecodeError, match="end after 2 of 450 items"):
        await anext(users)


async def test_nothing_is_sent_before_it_is_needed() -> None:
    """A page is asked for when its first item is wanted, and none after the last one wanted."""
    caller = Pages(page("a", "b"), page("c", "d"), page("e"))
    users = aiter(paginator(caller))
    assert len(caller.asked) == 0
    asked: list[int] = []
    for _ in range(3):
        await anext(users)
        asked.append(len(caller.asked))
    assert asked == [1, 1, 2]


async def test_a_paginator_starts_anew() -> None:
    """Iterating twice is two lists, each from the beginning."""
    caller = Pages(page("a", after="", total=1), page("a", after="", total=1))
    users = paginator(caller)
    assert await ids_of(users) == await ids_of(users) == ["a"]
    assert [query["_offset"] for query in caller.asked] == [0, 0]


@pytest.mark.parametrize("limit", [0, -1, 201, 1.5, "10", True])
def test_limits_out_of_range(limit: Any) -> None:
    """A page size that no server accepts is rejected when it is given."""
    caller = Pages()
    with pytest.raises(InvalidRequestError, match="limit must be an integer from 1 to 200"):
        Users(caller).iterate(limit=limit)
    assert caller.asked == []


@pytest.mark.parametrize("limit", [1, 200])
async def test_limits_in_range(limit: int) -> None:
    """Both ends of the range are taken."""
    caller = Pages()
    assert await ids_of(Users(caller).iterate(limit=limit)) == []
    assert caller.asked == [
        {
            **{query: value for query, value in caller.asked[0].items() if query[1:] != "limit"},
            "_limit": limit,
        }
    ]


def fill(server: Emulator, count: int = 450) -> list[str]:
    """Set up users, every third of them in ``acme``, and return their ids."""
    return [
        server.add_user(
            f"u{number}",
            email=f"u{number}@example.test",
            tenant_ids=["all", "acme"] if number % 3 == 0 else ["all"],
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("next_at_end", ["", None])
@pytest.mark.parametrize(("limit", "requests"), [(200, 3), (150, 3), (45, 10)])
async def test_450_users(next_at_end: str | None, limit: int, requests: int) -> None:
    """Every user comes once, in as many requests as there are pages, however the end is told."""
    async with Emulator(api_key=API_KEY, next_at_end=next_at_end) as server:
        ids = fill(server)
        async with session_on(server) as session:
            assert await ids_of(session.users.iterate(limit=limit)) == sorted(ids)
        assert server.count(LIST) == requests


async def test_totals(emulator: Emulator, frontegg: FronteggSession) -> None:
    """``pages()`` gives whole pages with the totals of the list."""
    fill(emulator, 7)
    sizes = [
        (len(each.items or ()), each.metadata and each.metadata.total_items)
        async for each in frontegg.users.iterate(tenant_id="all", limit=3).pages()
    ]
    assert sizes == [(3, 7), (3, 7), (1, 7)]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"tenant_id": "acme"}, ["u0", "u3", "u6"]),
        ({"tenant_id": "nobody"}, []),
        ({"email": "u4@example.test"}, ["u4"]),
        ({"email": "U4@EXAMPLE.TEST"}, ["u4"]),
        ({"ids": ["u5", "u1", "unknown"]}, ["u1", "u5"]),
        ({"ids": ["u3", "u4"], "tenant_id": "acme"}, ["u3"]),
    ],
)
async def test_filters(
    emulator: Emulator, frontegg: FronteggSession, filters: dict[str, Any], ids: list[str]
) -> None:
    """Each filter narrows the list on the server."""
    fill(emulator, 8)
    assert await ids_of(frontegg.users.iterate(**filters, limit=2)) == ids


async def test_a_list_of_one_tenant_by_its_view(
    emulator: Emulator, frontegg: FronteggSession
) -> None:
    """On a view of a tenant the list is that tenant's."""
    fill(emulator, 8)
    found = await ids_of(frontegg.for_tenant("acme").users.iterate())
    assert found == ["u0", "u3", "u6"]
    assert emulator.requests[-1].headers["frontegg-tenant-id"] == "acme"


async def test_links_are_followed() -> None:
    """An operation without limits is paged by the queries of its links alone."""
    caller = Pages(
        page("a", after="?_offset=1&_limit=2"), page("b", after="_offset=2"), page("c", after="")
    )
    listed = Paginator(caller, ITERATE, {"_email": "a@x"}, limit=None, max_limit=None)
    assert await ids_of(listed) == ["a", "b", "c"]
    assert caller.asked == [
        {"_email": "a@x"},
        {"_email": "a@x", "_offset": ["1"], "_limit": ["2"]},
        {"_email": "a@x", "_offset": ["2"]},
    ]


@pytest.mark.parametrize("last", [page("b", links=False), page("b", after=None), page()])
async def test_links_end(last: Page[User]) -> None:
    """Without a link to the next page, or with nothing on it, the list has ended."""
    caller = Pages(page("a"), last)
    listed = Paginator(caller, ITERATE, {}, limit=None, max_limit=None)
    assert await ids_of(listed) == ["a"] + (["b"] if last.items else [])
    assert len(caller.asked) == 2


async def test_no_maximum() -> None:
    """A page of any size is requested if the API states no maximum."""
    caller = Pages()
    await ids_of(Paginator(caller, ITERATE, {}, limit=100_000, max_limit=None))
    assert caller.asked == [{"_limit": 100_000, "_offset": 0}]
    with pytest.raises(InvalidRequestError, match="limit must be a positive integer"):
        Paginator(caller, ITERATE, {}, limit=0, max_limit=None)


def test_paths_are_checked_at_once() -> None:
    """A path value that leads elsewhere is rejected when the list is made."""
    inner = Operation("a.b", "GET", "/a/{id}/b", Page[User])
    with pytest.raises(InvalidRequestError, match="another path"):
        Paginator(Pages(), inner, {}, "..", limit=1, max_limit=None)


@pytest.mark.parametrize(
    "body", [b"{}", b"", b"null", b'{"items": null}', b'{"_links": {"next": ""}}']
)
async def test_a_page_without_items(
    emulator: Emulator, frontegg: FronteggSession, body: bytes
) -> None:
    """A page without items is an error, on whichever page of the list, and no end of it."""
    fill(emulator, 4)
    users = aiter(frontegg.users.iterate(tenant_id="all", limit=2))
    assert [(await anext(users)).id, (await anext(users)).id] == ["u0", "u1"]
    emulator.inject(MalformedJson(body), on=LIST)
    with pytest.raises(ResponseDecodeError):
        await anext(users)
    emulator.inject(MalformedJson(body), on=LIST)
    with pytest.raises(ResponseDecodeError):
        await frontegg.users.iterate(limit=2).collect()


async def test_an_empty_list_with_a_total() -> None:
    """A first page that is empty, and states a total, is an error: an empty list has none."""
    empty = Page[User](items=(), metadata=PageMetadata(total_items=450))
    with pytest.raises(ResponseDecodeError, match="end after 0 of 450 items"):
        await paginator(Pages(empty)).collect()
    with pytest.raises(ResponseDecodeError, match="end after 0 of 450 items"):
        await paginator(Pages(empty)).first()


async def test_one_page(emulator: Emulator, frontegg: FronteggSession) -> None:
    """``page`` sends one request, for the page of that index; behind the last one it is empty."""
    fill(emulator, 5)
    listed = frontegg.users.iterate(tenant_id="all", limit=2)
    found = [[user.id for user in (await listed.page(index)).items] for index in (1, 2, 3)]
    assert found == [["u2", "u3"], ["u4"], []]
    assert emulator.count(LIST) == 3


async def test_pages_from_one_on(emulator: Emulator, frontegg: FronteggSession) -> None:
    """``pages(start=)`` begins there, asks for none before it, and ends where the list ends."""
    fill(emulator, 5)
    listed = frontegg.users.iterate(tenant_id="all", limit=2)
    found = [[user.id for user in page.items] async for page in listed.pages(start=1)]
    assert found == [["u2", "u3"], ["u4"]]
    assert emulator.count(LIST) == 2
    assert [page async for page in listed.pages(start=7)] == []


async def test_pages_from_one_on_without_links() -> None:
    """A list that starts at a later page and has only a total ends at the right item."""
    # The server gives one item a page where two were asked for.
    caller = Pages(*[page(each, links=False, total=6) for each in "cdef"])
    found = [page.items[0].id async for page in paginator(caller).pages(start=2)]
    assert found == [*"cdef"]
    assert [query["_offset"] for query in caller.asked] == [2, 3, 4, 5, 6]


async def test_the_first_item(emulator: Emulator, frontegg: FronteggSession) -> None:
    """``first`` asks for a page of one item, and gives None where there is none."""
    fill(emulator, 5)
    first = await frontegg.users.iterate(tenant_id="all").first()
    assert first is not None
    assert first.id == "u0"
    assert await frontegg.users.iterate(tenant_id="nobody").first() is None
    assert emulator.count(LIST) == 2
    caller = Pages(page("a", "b"))
    assert await paginator(caller).first() == User(id="a")
    assert [query["_limit"] for query in caller.asked] == [1]


@pytest.mark.parametrize(
    ("most", "ids", "requests"),
    [(None, "01234", 3), (1, "0", 1), (2, "01", 1), (3, "012", 2), (99, "01234", 3)],
)
async def test_collecting(
    emulator: Emulator, frontegg: FronteggSession, most: int | None, ids: str, requests: int
) -> None:
    """``collect`` gives a list of all, or of as many as wanted, and asks for no page behind it."""
    fill(emulator, 5)
    found = await frontegg.users.iterate(tenant_id="all", limit=2).collect(max_items=most)
    assert [user.id for user in found] == [f"u{each}" for each in ids]
    assert emulator.count(LIST) == requests


@pytest.mark.parametrize("odd", [-1, 2**31, 1.0, "1", True, None])
async def test_indexes_that_are_none(odd: Any) -> None:
    """An invalid index of a page, or number of items, is rejected before sending."""
    caller = Pages(page("a"))
    listed = paginator(caller)
    with pytest.raises(InvalidRequestError, match="an integer from 0"):
        await listed.page(odd)
    with pytest.raises(InvalidRequestError, match="an integer from 0"):
        listed.pages(start=odd)
    if odd not in {None, 2**31}:
        with pytest.raises(InvalidRequestError, match="max_items"):
            await listed.collect(max_items=odd)
    assert caller.asked == []


async def test_lists_without_numbered_pages() -> None:
    """A list that is paged by links alone has no numbered pages except the first."""
    caller = Pages(page("a"), page("a"))
    listed = Paginator(caller, ITERATE, {"_email": "a@x"}, limit=None, max_limit=None)
    with pytest.raises(InvalidRequestError, match="no numbered pages"):
        await listed.page(1)
    with pytest.raises(InvalidRequestError, match="no numbered pages"):
        listed.pages(start=1)
    assert (await listed.page(0)).items == (User(id="a"),)
    assert await listed.first() == User(id="a")
    assert caller.asked == [{"_email": "a@x"}] * 2


async def test_pages_of_nulls() -> None:
    """Pages whose entries are all null are neither an end, nor the same page again, nor a first."""
    nothing = PageWithNulls[User](items=(), left_out=2)
    assert await ids_of(paginator(Pages(nothing, nothing, page("a", after="")))) == ["a"]
    first = await paginator(
        Pages(PageWithNulls[User](items=(), left_out=1), nothing, page("a"))
    ).first()
    assert first is not None
    assert first.id == "a"
