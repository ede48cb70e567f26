"""Each fault from the client's side, and the requests that faults strike."""

import zlib

import aiohttp
import anyio
import msgspec
import pytest

from frontegg_async.emulator import (
    AnswerStatus,
    CutAfterCommit,
    CutBeforeCommit,
    CutMidBody,
    Drip,
    EmptyBody,
    ExtraFields,
    Fault,
    GzipBomb,
    HugeBody,
    MalformedJson,
    NullRiddled,
    Redirect,
    ReusedConnectionDrop,
    SetCookie,
    Stall,
    TruncatedJson,
    WrongContentLength,
)

from .api import ADD, USERS, VENDOR_ONLY, Api, until

pytestmark = pytest.mark.anyio

DONE = {("u", "t")}
BODY = {"tenantId": "t"}


@pytest.fixture
def add(api: Api) -> Api:
    """A client with a user to add."""
    api.emulator.add_user("u")
    return api


@pytest.mark.parametrize("reset", [False, True])
async def test_cut_before_commit_does_nothing(add: Api, reset: bool) -> None:
    """The connection ends without a byte, and the membership is not there."""
    add.emulator.inject(CutBeforeCommit(reset=reset), on=ADD)
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await add.add("u", "t")
    assert add.emulator.memberships() == set()
    assert add.emulator.requests[-1].status is None
    assert add.emulator.requests[-1].fault == "CutBeforeCommit"


@pytest.mark.parametrize("reset", [False, True])
async def test_cut_after_commit_does_it_and_is_silent(add: Api, reset: bool) -> None:
    """The connection ends without a byte, and the membership is there."""
    add.emulator.inject(CutAfterCommit(reset=reset), on=ADD)
    with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await add.add("u", "t")
    assert add.emulator.memberships() == DONE
    assert add.emulator.requests[-1].status is None


async def test_a_status_is_answered_before_the_commit(add: Api) -> None:
    """AnswerStatus sends its own status, body and headers, and nothing is done."""
    add.emulator.inject(AnswerStatus(503, headers={"Retry-After": "2"}), on=ADD)
    result = await add.add("u", "t")
    assert (result.status, result.headers["Retry-After"]) == (503, "2")
    assert result.headers["Content-Type"] == "text/html"
    assert result.headers["frontegg-trace-id"]
    assert add.emulator.memberships() == set()


async def test_a_status_can_come_after_the_commit(add: Api) -> None:
    """AnswerStatus after the commit reports a failure of something that worked."""
    add.emulator.inject(AnswerStatus(502, after_commit=True), on=ADD)
    assert (await add.add("u", "t")).status == 502
    assert add.emulator.memberships() == DONE


async def test_a_redirect_points_elsewhere(add: Api) -> None:
    """Redirect answers with a Location and does nothing."""
    add.emulator.inject(Redirect("http://elsewhere.invalid/"), on=ADD)
    result = await add.add("u", "t")
    assert (result.status, result.headers["Location"]) == (302, "http://elsewhere.invalid/")
    assert add.emulator.memberships() == set()


async def test_a_body_is_cut_in_the_middle(add: Api) -> None:
    """The head arrives with the full length, the body ends before it."""
    add.emulator.inject(CutMidBody(), on=ADD)
    async with add.open("POST", f"{USERS}/u/tenant", BODY) as response:
        assert response.status == 201
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert add.emulator.memberships() == DONE


async def test_a_length_can_be_too_short_or_too_long(add: Api) -> None:
    """A length that is too short or too long makes an answer that no client can take for good."""
    add.emulator.inject(WrongContentLength(-7), on=ADD)
    with pytest.raises((aiohttp.ClientError, msgspec.DecodeError)):
        _ = (await add.add("u", "t")).json
    add.emulator.inject(WrongContentLength(7), on=ADD)
    with pytest.raises(aiohttp.ClientPayloadError):
        await add.add("u", "t")


@pytest.mark.parametrize("fault", [TruncatedJson(), MalformedJson()])
async def test_json_can_be_broken(add: Api, fault: Fault) -> None:
    """Broken JSON comes with the real status, and the work is done."""
    add.emulator.inject(fault, on=ADD)
    result = await add.add("u", "t")
    assert result.status == 201
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        msgspec.json.decode(result.body)
    assert add.emulator.memberships() == DONE


async def test_every_field_can_be_null(add: Api) -> None:
    """NullRiddled keeps the fields of an object and takes all their values."""
    add.emulator.inject(NullRiddled(), on=ADD)
    result = await add.add("u", "t")
    assert "tenantIds" in result.json
    assert set(result.json.values()) == {None}


async def test_nulls_stay_inside_the_items_of_a_list(add: Api) -> None:
    """NullRiddled leaves a list its items."""
    add.emulator.inject(NullRiddled())
    result = await add.send("GET", "/identity/resources/tenants/users/v1/statuses?userIds=u")
    assert result.json == [{"userId": None, "tenantsStatuses": None}]


async def test_unknown_fields_and_enum_values_can_come(add: Api) -> None:
    """ExtraFields adds fields at every depth and values no enum has."""
    add.emulator.inject(ExtraFields(), on=ADD)
    user = (await add.add("u", "t")).json
    assert user["id"] == "u"
    assert user["managedBy"] == user["provider"] == "emulator-has-a-new-one"
    assert "emulatorUnknown" in user
    assert "emulatorUnknown" in user["tenants"][0]


async def test_a_body_can_be_empty(add: Api) -> None:
    """EmptyBody sends the status alone."""
    add.emulator.inject(EmptyBody(), on=ADD)
    result = await add.add("u", "t")
    assert (result.status, result.body) == (201, b"")
    assert add.emulator.memberships() == DONE


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (8 << 20) + 12_345])
async def test_a_gzip_bomb_is_small_and_unpacks_to_its_size(add: Api, size: int) -> None:
    """The bomb is proper gzip of exactly the size asked for, and tiny on the wire."""
    add.emulator.inject(GzipBomb(size), on=ADD)
    async with aiohttp.ClientSession(auto_decompress=False) as raw:
        result = await Api(add.emulator, raw, add.token).add("u", "t")
    assert result.headers["Content-Encoding"] == "gzip"
    assert len(result.body) < 64 + size / 500
    assert len(zlib.decompress(result.body, wbits=31)) == size


async def test_a_huge_body_is_as_huge_as_asked_for(add: Api) -> None:
    """HugeBody announces and sends its size, as one valid JSON string."""
    add.emulator.inject(HugeBody(3_000_001), on=ADD)
    result = await add.add("u", "t")
    assert len(result.body) == int(result.headers["Content-Length"]) == 3_000_001
    assert len(result.json) == 2_999_999


async def test_a_client_may_leave_a_huge_body(add: Api) -> None:
    """A client that closes after some bytes of a body without end frees its connection."""
    add.emulator.inject(HugeBody(1 << 40), on=ADD)
    async with add.open("POST", f"{USERS}/u/tenant", BODY) as response:
        assert await response.content.read(1) == b'"'
        response.close()
    await until(lambda: add.emulator.open_connections == 0)


async def test_a_drip_goes_on_until_the_client_leaves(add: Api) -> None:
    """Drip sends byte after byte, and ends with its client."""
    add.emulator.inject(Drip(interval=0.001), on=ADD)
    async with add.open("POST", f"{USERS}/u/tenant", BODY) as response:
        for _ in range(3):
            assert await response.content.readexactly(1) == b" "
        response.close()
    await until(lambda: add.emulator.open_connections == 0)
    assert add.emulator.memberships() == DONE


async def test_a_drip_ends_when_cleared(add: Api) -> None:
    """Clearing a drip closes the chunked body properly."""
    injection = add.emulator.inject(Drip(interval=30), on=ADD)
    async with add.open("POST", f"{USERS}/u/tenant", BODY) as response:
        assert await response.content.readexactly(1) == b" "
        injection.clear()
        assert await response.read() == b""


async def test_a_cookie_comes_along(add: Api) -> None:
    """SetCookie changes nothing but that header."""
    add.emulator.inject(SetCookie(), on=ADD)
    result = await add.add("u", "t")
    assert (result.status, result.json["id"]) == (201, "u")
    assert result.headers["Set-Cookie"].startswith("emulator=")


async def test_a_stalled_request_goes_on_when_cleared(add: Api) -> None:
    """A stall holds the work back until it is cleared, and then all happens as usual."""
    injection = add.emulator.inject(Stall(), on=ADD)
    statuses: list[int] = []

    async def call() -> None:
        statuses.append((await add.add("u", "t")).status)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await injection.wait()
        assert add.emulator.memberships() == set()
        injection.clear()
    assert statuses == [201]
    assert add.emulator.memberships() == DONE


@pytest.mark.parametrize(("after_commit", "expected"), [(False, set[object]()), (True, DONE)])
async def test_a_client_that_leaves_a_stall_finds_it_done_or_not(
    add: Api,
    after_commit: bool,
    expected: set[object],
) -> None:
    """Leaving during a stall leaves nothing behind before the commit, everything after it."""
    injection = add.emulator.inject(Stall(after_commit=after_commit), on=ADD)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(add.add, "u", "t")
        await injection.wait()
        tasks.cancel_scope.cancel()
    await until(lambda: add.emulator.open_connections == 0)
    assert add.emulator.memberships() == expected
    assert add.emulator.requests[-1].status is None


async def test_a_short_stall_ends_by_itself(add: Api) -> None:
    """A stall of no length changes nothing."""
    add.emulator.inject(Stall(0.0), on=ADD)
    assert (await add.add("u", "t")).status == 201


async def test_only_a_used_connection_is_dropped(add: Api) -> None:
    """A stale keep-alive dies on its second request, a fresh connection lives."""
    add.emulator.inject(ReusedConnectionDrop(), on=ADD)
    async with aiohttp.ClientSession() as fresh:
        first = Api(add.emulator, fresh, add.token)
        assert (await first.add("u", "a")).status == 201
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await first.add("u", "b")
        assert (await first.add("u", "b")).status == 201
    assert add.emulator.memberships() == {("u", "a"), ("u", "b")}


async def test_a_fault_strikes_as_often_as_told(add: Api) -> None:
    """Times counts the strikes, every picks each n-th, and the route is respected."""
    injection = add.emulator.inject(AnswerStatus(500), on=ADD, times=2, every=3)
    assert (await add.send("GET", f"{VENDOR_ONLY}/u")).status == 200
    statuses = [(await add.add("u", "t")).status for _ in range(9)]
    assert statuses == [201, 201, 500, 201, 201, 500, 201, 201, 201]
    assert injection.struck == 2
    assert injection.spent


async def test_a_fault_without_end_is_cleared(add: Api) -> None:
    """times=None strikes on every route until the faults are cleared."""
    add.emulator.inject(AnswerStatus(500), times=None)
    assert (await add.add("u", "t")).status == 500
    assert (await add.send("GET", "/nowhere")).status == 500
    add.emulator.clear_faults()
    assert (await add.add("u", "t")).status == 201


async def test_faults_strike_one_after_another(add: Api) -> None:
    """Of several faults each request is struck by one, the first that applies."""
    add.emulator.inject(AnswerStatus(500), on=ADD)
    add.emulator.inject(AnswerStatus(502), on=ADD)
    assert [(await add.add("u", "t")).status for _ in range(3)] == [500, 502, 201]


@pytest.mark.parametrize(
    "options", [{"times": 0}, {"every": 0}, {"on": "POST /typo"}, {"on": USERS}]
)
async def test_a_fault_that_could_never_strike_is_rejected(
    api: Api, options: dict[str, int]
) -> None:
    """Numbers below one and routes that do not exist are mistakes."""
    with pytest.raises(ValueError, match=r"must be|no such route"):
        api.emulator.inject(EmptyBody(), **options)  # type: ignore[arg-type]
