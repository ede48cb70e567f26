"""Spans of calls: their attributes, no secrets or ids in them, and no other effect."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from frontegg_async import (
    Assignment,
    AuthenticationError,
    ClosedError,
    ConfigurationError,
    FronteggSession,
    InvalidRequestError,
    NotFoundError,
    ObservedCall,
    Operation,
    OutcomeUnknownError,
    ResponseDecodeError,
    ServerError,
    User,
    __version__,
)
from frontegg_async.emulator import (
    AnswerStatus,
    CutAfterCommit,
    Emulator,
    MalformedJson,
    Redirect,
    Stall,
)
from frontegg_async.endpoints.users import GET as GET_USER
from frontegg_async.integrations.otel import OpenTelemetryObserver

from ..support.clocks import FakeClock
from ..support.routes import ADD, AUTH, GET
from ..support.sessions import API_KEY

pytestmark = pytest.mark.anyio

ID: Final = "canary-id-77"
EMAIL: Final = "canary-mail@example.test"


def traced_on(emulator: Emulator, **settings: Any) -> FronteggSession:
    defaults: dict[str, Any] = {
        "client_id": emulator.client_id,
        "api_key": emulator.api_key,
        "base_url": emulator.url,
        "clock": FakeClock(),
    }
    return FronteggSession(observers=[OpenTelemetryObserver()], **{**defaults, **settings})


@pytest.fixture
async def traced(emulator: Emulator, spans: InMemorySpanExporter) -> AsyncIterator[FronteggSession]:
    """Give an open session that is traced, and whose pauses take no time."""
    assert not spans.get_finished_spans()
    async with traced_on(emulator) as session:
        yield session


def attributes(span: ReadableSpan) -> Mapping[str, object]:
    return dict(span.attributes or {})


def only(spans: InMemorySpanExporter) -> ReadableSpan:
    (span,) = spans.get_finished_spans()
    return span


def common(emulator: Emulator, operation: str, method: str, template: str) -> dict[str, object]:
    return {
        "frontegg.operation": operation,
        "http.request.method": method,
        "url.template": template,
        "server.address": "127.0.0.1",
        "server.port": int(emulator.url.rpartition(":")[2]),
    }


def of_get(emulator: Emulator) -> dict[str, object]:
    return common(emulator, *GET.replace("GET", "users.get GET", 1).split(" "))


async def test_a_call_is_a_client_span(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """A call that succeeds is one span with the documented attributes, and no others."""
    user = await traced.users.get("user-0")
    assert user.id == "user-0"
    span = only(spans)
    assert span.name == "users.get"
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert attributes(span).items() >= of_get(emulator).items()
    assert attributes(span).keys() - of_get(emulator) == {
        "frontegg.trace_id",
        "http.response.status_code",
    }
    assert span.instrumentation_scope is not None
    assert span.instrumentation_scope.name == "frontegg_async"
    assert span.instrumentation_scope.version == __version__


async def test_send_tells_the_status_and_the_trace_id(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """A call that returns the response itself has its status and trace id in the span, too."""
    answer = await traced.send(GET_USER, "user-0")
    assert attributes(only(spans)) == {
        **of_get(emulator),
        "http.response.status_code": 200,
        "frontegg.trace_id": answer.trace_id,
    }


async def test_an_error_is_told_and_raised(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """An error's class, status and trace id are in the span, and it reaches the caller."""
    with pytest.raises(NotFoundError) as caught:
        await traced.users.get(ID)
    span = only(spans)
    assert attributes(span) == {
        **of_get(emulator),
        "http.response.status_code": 404,
        "frontegg.trace_id": caught.value.trace_id,
        "error.type": "NotFoundError",
    }
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "not found"
    assert not span.events


async def test_resends_are_counted(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """A call that was given up after four requests is one span, which says that three were more."""
    emulator.inject(AnswerStatus(500), on=GET, times=None)
    with pytest.raises(ServerError) as caught:
        await traced.users.get("user-0")
    assert caught.value.attempts == emulator.count(GET) == 4
    assert attributes(only(spans))["http.request.resend_count"] == 3


async def test_no_answer_no_status(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """A call whose response is lost has a class and a message, and no made-up status."""
    emulator.inject(CutAfterCommit(), on=ADD)
    emulator.inject(AnswerStatus(403), on=GET)
    with pytest.raises(OutcomeUnknownError) as caught:
        await traced.users.add_to_tenant("user-0", "acme")
    span = only(spans)
    assert span.name == "users.add_to_tenant"
    assert attributes(span)["error.type"] == "OutcomeUnknownError"
    assert "http.response.status_code" not in attributes(span)
    assert span.status.description == caught.value.message


async def test_a_response_that_cannot_be_read_is_an_error(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """Decoding is part of the call: the span of one that fails there is an error, of status 200."""
    emulator.inject(MalformedJson(), on=GET)
    with pytest.raises(ResponseDecodeError):
        await traced.users.get("user-0")
    assert attributes(only(spans))["http.response.status_code"] == 200
    assert attributes(only(spans))["error.type"] == "ResponseDecodeError"


async def test_a_call_rejected_before_sending_is_a_span(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """A path value that cannot be sent is an error in the trace too, without the value."""
    with pytest.raises(InvalidRequestError):
        await traced.users.get(f"{ID}\n")
    span = only(spans)
    assert attributes(span) == {**of_get(emulator), "error.type": "InvalidRequestError"}
    assert span.status.description == "userId ends with a blank (U+000A): remove it"


async def test_a_session_that_is_not_open_is_an_error(
    emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """The session's own rules hold, and the span says which was broken."""
    with pytest.raises(ClosedError):
        await traced_on(emulator).users.get("user-0")
    assert attributes(only(spans))["error.type"] == "ClosedError"


async def test_a_mistake_in_the_program_is_not_quoted(
    traced: FronteggSession, spans: InMemorySpanExporter
) -> None:
    """An exception of another kind gives its class only: its message may hold anything."""
    misspelt: Any = {ID: "x"}
    with pytest.raises(TypeError, match=ID):
        await traced.call(GET_USER, "user-0", **misspelt)
    span = only(spans)
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "TypeError"
    assert ID not in span.to_json()


async def test_a_cancelled_call_ends_its_span(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """A cancelled call says so in its span, and is cancelled all the same."""
    stall = emulator.inject(Stall(), on=GET)
    task = asyncio.create_task(traced.users.get("user-0"))
    await stall.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    span = only(spans)
    assert attributes(span)["error.type"] == "CancelledError"
    assert span.status.status_code is StatusCode.ERROR


async def test_views_are_traced(traced: FronteggSession, spans: InMemorySpanExporter) -> None:
    """A view of a traced session is one, and so is a view of a view."""
    await traced.for_tenant("home").users.get("user-0")
    await traced.with_options(max_attempts=1).for_bulk().users.get("user-0")
    with pytest.raises(InvalidRequestError):
        await traced.as_user("user-token").users.get("user-0")
    assert [span.name for span in spans.get_finished_spans()] == ["users.get"] * 3


async def test_pages_are_traced(traced: FronteggSession, spans: InMemorySpanExporter) -> None:
    """Every page that an iteration fetches is a span."""
    found = [user async for user in traced.users.iterate(limit=2)]
    assert len(found) == 3
    assert [span.name for span in spans.get_finished_spans()] == ["users.iterate"] * 2


async def test_bulk_work_is_traced(traced: FronteggSession, spans: InMemorySpanExporter) -> None:
    """The calls for rows are spans, below the span that the caller is in."""
    rows = [Assignment(tenant_id="acme", user_id=f"user-{number}") for number in range(3)]
    with trace.get_tracer("a program").start_as_current_span("import") as parent:
        report = await traced.bulk.assign(rows)
    assert report.applied == 3
    *calls, outer = spans.get_finished_spans()
    assert outer.name == "import"
    assert {span.name for span in calls} >= {"users.add_to_tenant"}
    assert {span.parent.span_id if span.parent else None for span in calls} == {
        parent.get_span_context().span_id
    }


async def test_concurrent_calls_have_spans_of_their_own(
    traced: FronteggSession, spans: InMemorySpanExporter
) -> None:
    """Calls in flight together do not end up inside each other, nor in the token's fetch."""
    await asyncio.gather(*(traced.users.get("user-0") for _ in range(50)))
    found = spans.get_finished_spans()
    assert len(found) == 50
    assert not any(span.parent for span in found)
    assert trace.get_current_span() is trace.INVALID_SPAN


async def test_no_span_holds_a_secret_an_id_or_a_body(
    emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """Secrets, ids and bodies of calls stand in no span, however the calls end."""
    emulator.add_user(ID, email=EMAIL, tenant_ids=["canary-tenant"])
    echo = f'{{"errors": ["no {ID} {EMAIL} {API_KEY}"], "errorCode": "ER-00001"}}'.encode()
    async with traced_on(emulator) as session:
        view = session.for_tenant("canary-tenant")
        await view.users.get(ID)
        await view.users.get_by_email(EMAIL)
        await view.users.add_to_tenant(ID, "canary-tenant-2", skip_invite_email=True)
        await view.users.tenant_statuses([ID])
        await view.send(GET_USER, ID)
        emulator.inject(AnswerStatus(400, echo, "application/json"), on=GET)
        with pytest.raises(InvalidRequestError, match=ID):
            await view.users.get(ID)
        emulator.inject(Redirect(f"https://elsewhere.test/{ID}?token={API_KEY}"), on=GET)
        with pytest.raises(ConfigurationError, match=r"elsewhere\.test"):
            await view.users.get(ID)
    # Credentials that the auth route rejects, and repeats.
    emulator.inject(AnswerStatus(401, echo, "application/json"), on=AUTH, times=None)
    async with traced_on(emulator) as refused:
        with pytest.raises(AuthenticationError):
            await refused.users.get(ID)
    tokens = {request.headers.get("Authorization", "") for request in emulator.requests} - {""}
    assert tokens
    shown = "\n".join(span.to_json() for span in spans.get_finished_spans())
    assert len(spans.get_finished_spans()) == 8
    for canary in (API_KEY, ID, "canary", "example.test", "Bearer", *tokens):
        assert canary.removeprefix("Bearer ") not in shown
    assert not any(span.events for span in spans.get_finished_spans())


async def test_own_operations_are_traced(
    traced: FronteggSession, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    """An operation that a program defines is named as the program names it."""
    mine = Operation("mine.look", "GET", "/identity/resources/vendor-only/users/v1/{user}", User)
    await traced.call(mine, "user-0")
    span = only(spans)
    assert span.name == "mine.look"
    assert attributes(span).items() >= common(emulator, mine.name, "GET", mine.template).items()


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("https://api.example.test", ("api.example.test", 443)),
        ("http://localhost", ("localhost", 80)),
        ("https://api.example.test:8443", ("api.example.test", 8443)),
        ("http://[::1]:8400", ("::1", 8400)),
    ],
)
async def test_the_server_is_named(
    spans: InMemorySpanExporter, base_url: str, expected: tuple[str, int]
) -> None:
    """Host and port stand apart, and the port is there even where the URL leaves it out."""
    session = FronteggSession(
        client_id="id", api_key=API_KEY, base_url=base_url, observers=[OpenTelemetryObserver()]
    )
    with pytest.raises(ClosedError):
        await session.users.get("user-0")
    found = attributes(only(spans))
    assert (found["server.address"], found["server.port"]) == expected


_WITHOUT_SDK: Final = """
import asyncio, sys
sys.modules["opentelemetry.sdk"] = None
from frontegg_async import FronteggSession
from frontegg_async.emulator import Emulator
from frontegg_async.integrations.otel import OpenTelemetryObserver

async def main():
    async with Emulator() as emulator:
        emulator.add_user("user-0", tenant_ids=["home"])
        async with FronteggSession(
            client_id=emulator.client_id,
            api_key=emulator.api_key,
            base_url=emulator.url,
            observers=[OpenTelemetryObserver()],
        ) as session:
            print((await session.users.get("user-0")).id)

asyncio.run(main())
"""

_WITHOUT_EXTRAS: Final = """
import sys
for name in ("opentelemetry", "pyarrow", "redis"):
    sys.modules[name] = None
import frontegg_async, frontegg_async.bulk, frontegg_async.cli
print(frontegg_async.FronteggSession.__name__)
"""


@pytest.mark.parametrize(
    ("program", "expected"), [(_WITHOUT_SDK, "user-0"), (_WITHOUT_EXTRAS, "FronteggSession")]
)
def test_extras_that_are_not_installed_are_not_needed(program: str, expected: str) -> None:
    """Spans need the API only, and are no-ops without an SDK; the core needs no extra at all."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.strip() == expected


EARLY: Final = OpenTelemetryObserver()


def test_a_provider_that_is_set_later_counts(spans: InMemorySpanExporter) -> None:
    """The observer is made before a provider is set, as a program may do it, and uses it."""
    call = ObservedCall(GET_USER, "https://h.test", FakeClock(), [EARLY], None)
    with call:
        pass
    assert only(spans).name == "users.get"
