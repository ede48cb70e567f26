"""An emulator in a thread of its own, used from others, from loops, and after a fork."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, RemoteDisconnected
from typing import Any

import anyio
import pytest

from frontegg_async import FronteggSession
from frontegg_async.emulator import (
    AnswerStatus,
    CutBeforeCommit,
    Emulator,
    EmulatorThread,
    Fault,
    Stall,
)

from ..support.sessions import session_on

ADD = "POST /identity/resources/users/v1/{userId}/tenant"


def threads() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name == "frontegg_async emulator"}


def get(emulator: Emulator, path: str) -> int:
    """Return the status of a request that is sent without a loop."""
    connection = HTTPConnection(emulator.url.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_it_serves_a_program_without_a_loop() -> None:
    """It serves while its block lasts, and leaves no thread, no socket and no warning."""
    before = threads()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Emulator.in_thread(extra_headers={"X-Own": "1"}) as emulator:
            assert get(emulator, "/.well-known/jwks.json") == 200
            assert emulator.count() == 1
            port = int(emulator.url.rpartition(":")[2])
        gc.collect()
    assert threads() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.url
    assert emulator.count() == 1


def test_several_at_once() -> None:
    """Emulators in threads share nothing, and each can be started again after its stop."""
    one, two = Emulator.in_thread(), Emulator.in_thread()
    first, second = one.start(), two.start()
    first.add_user("u", tenant_ids=["t"])
    assert (first.memberships(), second.memberships()) == ({("u", "t")}, set())
    with pytest.raises(RuntimeError, match="already running"):
        one.start()
    one.stop()
    one.stop()
    assert one.start().memberships() == {("u", "t")}
    assert get(first, "/.well-known/jwks.json") == get(second, "/.well-known/jwks.json") == 200
    one.stop()
    two.stop()


def test_errors_are_raised_where_the_call_was() -> None:
    """An error of a method, and one of the start, is raised in the calling thread."""
    with Emulator.in_thread() as emulator:
        emulator.add_user("u")
        with pytest.raises(ValueError, match="already exists"):
            emulator.add_user("u")
        with pytest.raises(KeyError):
            emulator.user("nobody")
        port = int(emulator.url.rpartition(":")[2])
        before = threads()
        with pytest.raises(OSError, match="address already in use"):
            Emulator.in_thread(port=port).start()
        assert threads() == before


class _Exit(Fault):
    """Ends the thread, as a bug of the emulator might."""

    async def before(self, injection: Any) -> Any:
        raise SystemExit(3)


def test_a_thread_that_an_error_ends() -> None:
    """Methods raise the error that ended the thread, and do not wait; the stop raises it too."""
    thread = Emulator.in_thread()
    emulator = thread.start()
    (running,) = [each for each in threads() if each is thread._thread]  # pyright: ignore[reportPrivateUsage]
    emulator.inject(_Exit())
    with pytest.raises(ConnectionError):
        get(emulator, "/")
    running.join(30)
    with pytest.raises(RuntimeError, match="has stopped") as raised:
        emulator.count()
    assert isinstance(raised.value.__cause__, SystemExit)
    with pytest.raises(RuntimeError, match="ended by an error") as raised:
        thread.stop()
    assert isinstance(raised.value.__cause__, SystemExit)
    with thread as emulator:
        assert get(emulator, "/.well-known/jwks.json") == 200


def test_methods_of_many_threads() -> None:
    """Threads change the state while requests do, and no change is lost or seen half done."""
    with Emulator.in_thread(implicit_users=True) as emulator, ThreadPoolExecutor(8) as pool:

        def work(number: int) -> None:
            emulator.add_user(f"user-{number}", tenant_ids=[f"tenant-{number % 7}"])
            assert get(emulator, "/.well-known/jwks.json") == 200
            assert (f"user-{number}", f"tenant-{number % 7}") in emulator.memberships()
            assert f"tenant-{number % 7}" in [*emulator.tenants]

        list(pool.map(work, range(200)))
        assert len(emulator.memberships()) == 200
        assert emulator.count() == len(emulator.requests) == 200


@pytest.mark.anyio
async def test_inside_a_running_loop() -> None:
    """A loop that runs starts it, calls it and awaits its coroutines, as a notebook does."""
    with Emulator.in_thread() as emulator:
        emulator.add_user("u")
        stalled = emulator.inject(Stall(), on=ADD)
        async with session_on(emulator) as frontegg, anyio.create_task_group() as tasks:
            tasks.start_soon(frontegg.users.add_to_tenant, "u", "t")
            await stalled.wait()
            emulator.clear_faults()
        assert emulator.memberships() == {("u", "t")}


@pytest.mark.anyio
async def test_a_reset_from_another_thread_ends_stalled_calls() -> None:
    """A call that is stalled when another thread resets the emulator gets its response."""
    with Emulator.in_thread() as emulator:
        stalled = emulator.inject(Stall(), on="GET /identity/resources/roles/v1")
        async with session_on(emulator) as frontegg, anyio.create_task_group() as tasks:
            tasks.start_soon(frontegg.roles.get_all)
            await stalled.wait()
            emulator.reset()
        assert emulator.count() == 0


def test_webhooks_without_a_loop() -> None:
    """A program without a loop waits for deliveries, and gets the error of a coroutine."""
    with Emulator.in_thread() as receiver, Emulator.in_thread() as emulator:
        receiver.inject(AnswerStatus(200), times=None)
        emulator.webhooks.add(f"{receiver.url}/hook")
        sent = emulator.run(emulator.webhooks.send("frontegg.user.created", user_id="u"))
        assert [each.status for each in sent] == [200]
        assert [each.raw_path for each in receiver.requests] == ["/hook"]

        async def fail() -> None:
            raise LookupError("here")

        with pytest.raises(LookupError, match="here"):
            emulator.run(fail())
    with pytest.raises(RuntimeError, match="not running"):
        emulator.run(fail())


@pytest.mark.anyio
async def test_run_in_its_own_thread_is_refused() -> None:
    """Waiting in the thread of the loop, which would never end, is an error."""
    async with Emulator() as emulator:
        with pytest.raises(RuntimeError, match="await the coroutine"):
            emulator.run(emulator.webhooks.drain())


@pytest.mark.anyio
async def test_an_emulator_of_this_loop_and_other_threads() -> None:
    """Methods of an emulator that runs in this loop may be called from threads."""
    async with Emulator() as emulator:
        await asyncio.to_thread(emulator.add_user, "u", tenant_ids=["t"])
        token = await asyncio.to_thread(emulator.user_token, "u")
        async with FronteggSession.for_users(
            client_id=emulator.client_id, base_url=emulator.url
        ) as frontegg:
            assert (await frontegg.as_user(token).me.get()).id == "u"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fork() -> None:
    """A forked process uses the URL, cannot call methods, and keeps no socket of its parent."""
    with Emulator.in_thread() as emulator:
        connection = HTTPConnection(emulator.url.removeprefix("http://"), timeout=30)
        connection.request("GET", "/.well-known/jwks.json")
        connection.getresponse().read()
        ready, told = os.pipe()
        child = os.fork()
        if not child:
            try:
                _in_child(emulator, told)
            finally:
                os._exit(1)
        try:
            os.close(told)
            with open(ready, "rb") as pipe:  # noqa: PTH123 - a descriptor
                assert pipe.readline() == b"the emulator runs in the parent of this process\n"
                assert pipe.readline() == b"200\n"
            # The child holds neither the connection nor the port, or these would wait for it.
            port = int(emulator.url.rpartition(":")[2])
            emulator.inject(CutBeforeCommit())
            connection.request("GET", "/")
            with pytest.raises(RemoteDisconnected):
                connection.getresponse()
            connection.close()
        finally:
            alive = os.waitpid(child, os.WNOHANG)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert alive == (0, 0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def _in_child(emulator: Emulator, told: int) -> None:
    try:
        emulator.count()
    except RuntimeError as error:
        os.write(told, f"{str(error).partition(',')[0]}\n".encode())
    os.write(told, f"{get(emulator, '/.well-known/jwks.json')}\n".encode())
    os.close(told)
    signal.pause()


@pytest.mark.anyio
async def test_a_stop_while_others_wait() -> None:
    """Those who wait for something in the loop get an error when another thread stops it."""
    thread = Emulator.in_thread()
    emulator = thread.start()
    injection = emulator.inject(Stall())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(emulator.run, injection.wait())
        stopping = asyncio.create_task(asyncio.to_thread(thread.stop))
        with pytest.raises(RuntimeError, match=r"has stopped|not running"):
            await injection.wait()
        await stopping
        with pytest.raises(RuntimeError, match=r"has stopped|not running"):
            waiting.result(30)


def test_a_program_that_never_stops_it() -> None:
    """The end of the interpreter ends an emulator that was not stopped, without a warning."""
    source = (
        "from frontegg_async.emulator import Emulator\n"
        "emulator = Emulator.in_thread().start()\n"
        "emulator.add_user('u')\n"
        "print(emulator.url)\n"
    )
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", source],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.startswith("http://127.0.0.1:")
    assert "Warning" not in done.stderr
    assert "Traceback" not in done.stderr


def test_the_arguments_are_those_of_the_class() -> None:
    """A wrong argument is an error before any thread starts."""
    before = threads()
    with pytest.raises(TypeError, match="no_such_argument"):
        Emulator.in_thread(no_such_argument=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert isinstance(Emulator.in_thread(), EmulatorThread)
    assert threads() == before
