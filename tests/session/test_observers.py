"""Observers of calls, and the responses behind typed methods."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import re
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client import REGISTRY

from frontegg_async import (
    Assignment,
    Attempt,
    ConfigurationError,
    FronteggSession,
    InvalidRequestError,
    InvitedUser,
    NotFoundError,
    ObservedCall,
    Observer,
    OutcomeUnknownError,
    ResponseDecodeError,
    UserTokens,
    with_response,
)
from frontegg_async._core.response import recorded
from frontegg_async.emulator import AnswerStatus, CutAfterCommit, Emulator, MalformedJson, Stall
from frontegg_async.endpoints.users import GET as GET_USER

from ..support.clocks import FakeClock
from ..support.routes import ADD, EITHER, GET
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

DOCS: Final = Path(__file__).parents[2] / "docs" / "integrations.md"


class Noting(Observer):
    """Records its calls."""

    def __init__(self, name: str = "", notes: list[str] | None = None) -> None:
        self.name: Final = name
        self.notes: Final[list[str]] = [] if notes is None else notes
        self.calls: Final[list[ObservedCall]] = []
        self.errors: Final[list[BaseException | None]] = []
        self.attempts: Final[list[Attempt]] = []

    def call_started(self, call: ObservedCall) -> None:
        """Record the start."""
        self.calls.append(call)
        self.notes.append(f"{self.name}start {call.operation.name}")

    def attempt_ended(self, call: ObservedCall, attempt: Attempt) -> None:
        """Record the outcome."""
        self.attempts.append(attempt)
        outcome = attempt.status or attempt.failure
        self.notes.append(f"{self.name}attempt {attempt.number}: {outcome}")

    def call_ended(self, call: ObservedCall, error: BaseException | None) -> None:
        """Record the end."""
        self.errors.append(error)
        self.notes.append(f"{self.name}end {type(error).__name__ if error else call.status}")


def observed_on(emulator: Emulator, *observers: Observer, **settings: Any) -> FronteggSession:
    """Return a session with observers, whose pauses take no time."""
    return session_on(emulator, observers=observers, clock=FakeClock(), **settings)


# Observers


async def test_two_observers_hear_every_step(emulator: Emulator) -> None:
    """Both hear start, attempts and end of a call, in order, and the one told first ends last."""
    notes: list[str] = []
    emulator.inject(AnswerStatus(500), on=GET)
    async with observed_on(emulator, Noting("a ", notes), Noting("b ", notes)) as session:
        await session.users.get("user-0")
    assert notes == [
        *("a start users.get", "b start users.get"),
        *("a attempt 1: 500", "b attempt 1: 500", "a attempt 2: 200", "b attempt 2: 200"),
        *("b end 200", "a end 200"),
    ]


async def test_a_call_says_what_came_of_it(emulator: Emulator) -> None:
    """Operation, host, attempts, status, trace id and seconds are there at the end."""
    noting = Noting()
    async with observed_on(emulator, noting) as session:
        result = await with_response(session.users.get("user-0"))
    (call,) = noting.calls
    assert call.operation is GET_USER
    assert call.base_url == emulator.url
    assert (call.attempts, call.throttled, call.status) == (1, 0, 200)
    assert call.trace_id == result.trace_id is not None
    assert call.seconds >= noting.attempts[0].seconds >= 0.0


def refused(session: FronteggSession) -> Any:
    return session.users.get("a\nb")


def missing(session: FronteggSession) -> Any:
    return session.users.get("nobody")


def garbled(session: FronteggSession) -> Any:
    return session.users.get("user-0")


def lost(session: FronteggSession) -> Any:
    return session.users.add_to_tenant("user-0", "acme")


@pytest.mark.parametrize(
    ("call", "kind", "notes"),
    [
        (refused, InvalidRequestError, []),
        (missing, NotFoundError, ["attempt 1: 404"]),
        (garbled, ResponseDecodeError, ["attempt 1: 200"]),
        (lost, OutcomeUnknownError, ["attempt 1: the connection ended", "attempt 2: 403"]),
    ],
)
async def test_errors(
    emulator: Emulator,
    call: Callable[[FronteggSession], Any],
    kind: type[Exception],
    notes: list[str],
) -> None:
    """Observers get the error that the call raises, for each kind of failure."""
    noting = Noting()
    if call is garbled:
        emulator.inject(MalformedJson(), on=GET)
    if call is lost:
        emulator.inject(CutAfterCommit(), on=ADD)
        emulator.inject(AnswerStatus(403), on=GET)
    async with observed_on(emulator, noting) as session:
        with pytest.raises(kind) as caught:
            await call(session)
    assert noting.errors == [caught.value]
    assert noting.notes[0].startswith("start users.")
    assert noting.notes[-1] == f"end {kind.__name__}"
    assert len(noting.attempts) == len(notes)


async def test_a_cancelled_call_ends(emulator: Emulator) -> None:
    """A call that is cancelled ends for its observers too."""
    noting = Noting()
    stall = emulator.inject(Stall(), on=GET)
    async with observed_on(emulator, noting) as session:
        work = asyncio.create_task(session.users.get("user-0"))
        await stall.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        emulator.clear_faults()
    assert noting.notes == ["start users.get", "end CancelledError"]


async def test_views_pages_and_bulk_work(emulator: Emulator) -> None:
    """Calls of views, of pages and of bulk rows are told, and rows end as without an observer."""
    noting = Noting()
    async with observed_on(emulator, noting) as session:
        await session.for_tenant("home").with_options(max_attempts=1).users.get("user-0")
        assert len([user async for user in session.users.iterate(limit=2)]) == 3
        await session.send(EITHER)
        report = await session.bulk.assign([Assignment(user_id="user-0", tenant_id="acme")])
    assert report.applied == 1
    names = [call.operation.name for call in noting.calls]
    assert names[:4] == ["users.get", "users.iterate", "users.iterate", "test.either"]
    assert "users.add_to_tenant" in names[4:]


async def test_throttling_is_told(emulator: Emulator) -> None:
    """Observers are told a throttled attempt as such, and the call goes on."""
    noting = Noting()
    emulator.inject(AnswerStatus(429, headers={"Retry-After": "1"}), on=GET)
    async with observed_on(emulator, noting) as session:
        await session.users.get("user-0")
    told = [(each.status, each.throttled) for each in noting.attempts]
    assert told == [(429, True), (200, False)]
    assert noting.calls[0].throttled == 1


async def test_tokens_are_the_sessions_own_affair(emulator: Emulator) -> None:
    """Neither fetching the environment token nor renewing a user's is told as a call."""
    noting = Noting()
    emulator.add_user("anna", email="anna@x.io", password="pw", tenant_ids=["home"])
    async with observed_on(emulator, noting) as session:
        login = await session.authentication.login(email="anna@x.io", password="pw")
        ended = UserTokens(access_token="ended", refresh_token=login.refresh_token)
        result = await with_response(session.as_user(ended).me.get())
        emulator.revoke_tokens()
        await with_response(session.users.get("user-0"))
    assert [call.operation.name for call in noting.calls] == [
        "authentication.login",
        "me.get",
        "users.get",
    ]
    assert emulator.count("POST /identity/resources/auth/v1/user/token/refresh") == 1
    assert len(result.answers) == 1


class Broken(Observer):
    """Raises wherever it can."""

    def call_started(self, call: ObservedCall) -> None:
        """Fail, as code does."""
        raise ValueError("not now")

    def call_ended(self, call: ObservedCall, error: BaseException | None) -> None:
        """Fail louder: this one was left out."""
        raise AssertionError("it was left out")


async def test_a_broken_observer_harms_nobody(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """A call whose observer raises goes on, others hear of it, and the log says it once aloud."""
    noting = Noting()
    with caplog.at_level(logging.INFO, logger="frontegg_async"):
        async with observed_on(emulator, Broken(), noting) as session:
            for _ in range(3):
                assert (await session.users.get("user-0")).id == "user-0"
    assert noting.notes.count("end 200") == 3
    (record,) = (each for each in caplog.records if "Broken" in each.getMessage())
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None


@pytest.mark.parametrize("observers", [5, [Noting], ["log"], Noting()])
async def test_what_is_no_observer(emulator: Emulator, observers: Any) -> None:
    """Objects that are no observers are rejected when the session is made."""
    with pytest.raises(ConfigurationError, match="observers"):
        session_on(emulator, observers=observers)


async def test_errors_are_not_kept_alive(emulator: Emulator) -> None:
    """An observed call that failed leaves no cycle: its error goes when the caller lets go."""
    gc.collect()
    gc.disable()
    try:
        async with observed_on(emulator, Observer()) as session:
            errors: list[weakref.ref[NotFoundError]] = []
            try:
                await session.users.get("nobody")
            except NotFoundError as error:
                errors.append(weakref.ref(error))
            assert [error() for error in errors] == [None]
    finally:
        gc.enable()


async def test_a_session_without_observers_makes_nothing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without observers no ``ObservedCall`` is made."""

    def refuse(*_: object) -> None:
        raise AssertionError("made for nobody")

    monkeypatch.setattr(ObservedCall, "__init__", refuse)
    async with session_on(emulator) as session:
        await session.users.get("user-0")
        await session.send(GET_USER, "user-0")


def example(name: str) -> dict[str, Any]:
    """Run an example of the documentation, and return its names."""
    pattern = rf"<!-- example: {name} -->\n```python\n(.*?)```"
    (source,) = re.findall(pattern, DOCS.read_text(), re.DOTALL)
    defined: dict[str, Any] = {"__name__": "example"}
    exec(compile(source, str(DOCS), "exec"), defined)  # noqa: S102
    return defined


async def test_the_examples_of_the_documentation(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The documented metrics and log run together, and count and log two calls."""
    observers = [example("metrics")["CallMetrics"](), example("logs")["SlowCalls"]()]
    emulator.inject(AnswerStatus(500), on=GET)
    async with observed_on(emulator, *observers) as session:
        await session.users.get("user-0")
        with pytest.raises(NotFoundError):
            await session.users.get("nobody")
    counts = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in REGISTRY.collect()
        for sample in metric.samples
        if sample.name.startswith("frontegg_") and "le" not in sample.labels
    }
    assert counts["frontegg_calls_total", "users.get", "ok"] == 1
    assert counts["frontegg_calls_total", "users.get", "NotFoundError"] == 1
    assert counts["frontegg_requests_total", "users.get", "500"] == 1
    assert counts["frontegg_requests_total", "users.get", "200"] == 1
    assert counts["frontegg_call_seconds_count", "users.get"] == 2
    (said,) = (each for each in caplog.records if each.name == "myapp.frontegg")
    wanted = r"users\.get took .* and 2 requests: ok, trace id [0-9a-f]{32}$"
    assert re.match(wanted, said.getMessage())


# Responses of typed methods


async def test_with_response(emulator: Emulator) -> None:
    """``with_response`` adds status, trace id, headers and attempts to a method's result."""
    emulator.inject(AnswerStatus(500), on=GET)
    async with session_on(emulator, clock=FakeClock()) as session:
        result = await with_response(session.users.get("user-0"))
        assert result.value.id == "user-0"
        assert (result.status, result.attempts) == (200, 2)
        assert result.trace_id == result.answers[0].headers["frontegg-trace-id"]
        assert result.answers[0].body.startswith(b"{")
        added = await with_response(session.users.add_to_tenant("user-0", "acme"))
        assert added.status == 201
        assert added.trace_id != result.trace_id
        page = await with_response(anext(session.users.iterate().pages()))
        assert page.value.items
        assert page.status == 200
        raw = await with_response(session.send(GET_USER, "user-0"))
        assert raw.answers == (raw.value,)


async def test_with_response_of_several_calls(emulator: Emulator) -> None:
    """A method that splits a long list has all its responses recorded, in order."""
    users = [InvitedUser(email=f"u{number}@x.io") for number in range(1_001)]
    async with session_on(emulator) as session:
        result = await with_response(session.for_tenant("home").bulk_users.invite(users))
        assert len(result.answers) == 2
        assert result.status == result.answers[1].status
        assert result.attempts == 2


async def test_with_response_side_by_side(emulator: Emulator) -> None:
    """Calls at the same time, and within each other, each have their own responses."""
    async with session_on(emulator) as session:

        async def two() -> str | None:
            await session.users.get("user-0")
            inner = await with_response(session.users.get("user-1"))
            return inner.trace_id

        outer, other = await asyncio.gather(
            with_response(two()), with_response(session.users.get("user-2"))
        )
        assert len(outer.answers) == 2
        assert outer.trace_id == outer.value
        assert len(other.answers) == 1
        assert len({answer.trace_id for answer in (*outer.answers, *other.answers)}) == 3
        alone = await with_response(asyncio.sleep(0, "nothing"))
        assert (alone.value, alone.answers) == ("nothing", ())
        assert alone.status is None
        assert alone.trace_id is None


async def test_with_response_raises_as_the_method(emulator: Emulator) -> None:
    """An error is the method's own, and nothing is recorded after it."""
    async with session_on(emulator) as session:
        with pytest.raises(NotFoundError):
            await with_response(session.users.get("nobody"))
        task = asyncio.create_task(session.users.get("user-0"))
        with pytest.raises(TypeError, match="coroutine"):
            await with_response(task)
        assert (await task).id == "user-0"


async def test_results_show_nothing(emulator: Emulator) -> None:
    """A result shows neither tokens nor bodies, and cannot be pickled."""
    async with session_on(emulator) as session:
        emulator.add_user("anna", email="anna@x.io", password="pw", tenant_ids=["home"])
        result = await with_response(session.authentication.login(email="anna@x.io", password="pw"))
        token = result.value.access_token
        assert token
        assert token not in repr(result)
        with pytest.raises(TypeError, match="holds a secret"):
            pickle.dumps(result)


@dataclass
class Failing(Observer):
    """An observer without a hash, which equals every other one of its kind, and fails."""

    heard: list[str] = field(default_factory=list[str], compare=False)

    def call_started(self, call: ObservedCall) -> None:
        """Fail from the second call on."""
        self.heard.append(call.operation.name)
        if len(self.heard) > 1:
            raise ValueError

    def call_ended(self, call: ObservedCall, error: BaseException | None) -> None:
        """Note the end."""
        self.heard.append("end")


async def test_observers_without_a_hash(emulator: Emulator) -> None:
    """An observer that is a dataclass and fails harms neither the call nor one that equals it."""
    good, bad = Failing(), Failing(["before"])
    async with observed_on(emulator, good, bad) as session:
        assert (await session.users.get("user-0")).id == "user-0"
    assert good.heard == ["users.get", "end"]
    assert bad.heard == ["before", "users.get"]


async def test_tasks_that_outlive_with_response(emulator: Emulator) -> None:
    """A background task's calls after the end of ``with_response`` are not recorded."""
    async with session_on(emulator) as session:
        go_on = asyncio.Event()

        async def background() -> int:
            await go_on.wait()
            await session.users.get("user-0")
            recording = recorded.get()
            assert recording is not None
            return len(recording.answers)

        async def start() -> asyncio.Task[int]:
            task = asyncio.create_task(background())
            await session.users.get("user-0")
            return task

        result = await with_response(start())
        go_on.set()
        assert await result.value == 0
    assert len(result.answers) == 1
