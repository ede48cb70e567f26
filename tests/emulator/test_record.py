"""Records and counts of requests, and the headers of every response."""

import pytest

from .api import ADD, AUTH, USERS, Api
from .conftest import Connect

pytestmark = pytest.mark.anyio


async def test_requests_are_kept_as_sent(api: Api) -> None:
    """A record holds method, raw path with query, headers, body, client and status."""
    api.emulator.add_user("a b")
    await api.send("POST", f"{USERS}/a%20b/tenant?x=%2F", b'{"tenantId":"t"}', X_Mine="1")
    record = api.emulator.requests[-1]
    assert (record.method, record.raw_path) == ("POST", f"{USERS}/a%20b/tenant?x=%2F")
    assert f"{record.method} {record.template}" == ADD
    assert record.headers["x-mine"] == record.headers["X-MINE"] == "1"
    assert record.body == b'{"tenantId":"t"}'
    assert (record.status, record.fault) == (201, None)
    assert record.client_id == api.emulator.client_id


async def test_a_record_does_not_print_secrets(api: Api) -> None:
    """The repr of a record shows neither the token nor the secret."""
    api.emulator.add_user("u")
    await api.add("u", "t")
    assert api.token not in repr(api.emulator.requests)
    assert api.emulator.api_key not in repr(api.emulator.requests)


async def test_counting_goes_on_without_a_record(connect: Connect) -> None:
    """keep_record=False keeps no request but still counts them."""
    async with connect(keep_record=False) as api:
        api.emulator.add_user("u")
        await api.add("u", "t")
        await api.send("GET", "/nowhere")
        assert api.emulator.requests == []
        assert (api.emulator.count(AUTH), api.emulator.count(ADD)) == (1, 1)
        assert api.emulator.count() == 3


async def test_every_response_has_a_trace_and_a_date(connect: Connect) -> None:
    """Good and bad responses carry Date by the wall clock and a trace id of their own."""
    async with connect(wall_clock=lambda: 0.0, extra_headers={"X-Extra": "1"}) as api:
        answers = [await api.send("GET", "/nowhere"), await api.send("GET", f"{USERS}/email")]
        traces = {answer.headers["frontegg-trace-id"] for answer in answers}
        assert len(traces) == 2
        assert all(len(trace) == 32 and int(trace, 16) for trace in traces)
        for answer in answers:
            assert answer.headers["Date"] == "Thu, 01 Jan 1970 00:00:00 GMT"
            assert answer.headers["X-Extra"] == "1"
