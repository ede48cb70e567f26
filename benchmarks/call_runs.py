"""One contender of ``bench_call.py`` in this process: calls, and their cost.

    python benchmarks/call_runs.py JSON

Started by the benchmark, with a ``Job`` as its only argument; writes a ``Run`` as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from typing import cast

import msgspec
from contenders import BlockingContender, Contender, Target
from loops import LoopName, new_loop

WARM_UP_S = 0.4
WARM_UP_CALLS = 3
# As in real work each call is about another user, and no cache of URLs knows it.
USER_IDS = [f"34a82e16-9a58-404d-8fee-{number:012d}" for number in range(10_000)]


class Job(msgspec.Struct, frozen=True):
    """The calls to make: so many ``calls``, or as many as fit into ``seconds`` if that is 0."""

    module: str
    target: Target
    loop: LoopName
    blocking: bool
    seconds: float
    calls: int = 0


class Run(msgspec.Struct, frozen=True):
    """The cost of so many calls to this process, counted from after the warm-up.

    ``loop_s`` is the CPU of the thread of the event loop alone: of a client that works in threads
    of its own it is the smaller part, but the part that delays the application's other tasks.
    """

    calls: int
    right: int
    cpu_s: float
    wall_s: float
    loop_s: float


class Clocks:
    """The clocks of a run, from now on."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        self._loop = time.thread_time()

    def result(self, work: Work) -> Run:
        """Return the counts, and the times since."""
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        return Run(work.ended, work.right, cpu, wall, time.thread_time() - self._loop)


class Work:
    """Calls to be made by several workers, counted in ``ended`` and ``right``.

    They are so many ``calls``, or as many as ``seconds`` have time for, but ``least`` at any rate.
    """

    def __init__(self, *, seconds: float, calls: int, least: int, user_id: str) -> None:
        self._user_id = user_id
        self.ended = 0
        self.right = 0
        deadline = time.perf_counter() + seconds
        clock = time.perf_counter
        # Shared by the workers: each takes the next one, until there is none.
        ids = itertools.cycle(USER_IDS)
        self.user_ids: Iterator[str] = (
            itertools.islice(ids, calls)
            if calls
            else itertools.takewhile(lambda _: clock() < deadline or self.ended < least, ids)
        )

    def check(self, user_id: str | None, asked: str) -> None:
        """Count a call that returned ``user_id``; other vendors' servers have one user only."""
        self.ended += 1
        self.right += user_id in (asked, self._user_id)


async def drive(contender: Contender, work: Work, workers: int) -> None:
    """Let so many tasks make the calls."""

    async def worker() -> None:
        for user_id in work.user_ids:
            work.check(await contender.call(user_id), user_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(workers):
            group.create_task(worker())


def drive_blocking(contender: BlockingContender, work: Work, workers: int) -> None:
    """Let so many threads make the calls."""
    lock = threading.Lock()
    errors: list[Exception] = []

    def worker() -> None:
        try:
            for user_id in work.user_ids:
                found = contender.call_blocking(user_id)
                with lock:
                    work.check(found, user_id)
        except Exception as error:  # noqa: BLE001  # raised below, where it can be seen
            errors.append(error)

    threads = [threading.Thread(target=worker) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def warm_up(job: Job) -> Work:
    """Return the calls that open the connections and fill the caches."""
    least = WARM_UP_CALLS * job.target.concurrency
    calls = least if job.calls else 0
    return Work(seconds=WARM_UP_S, calls=calls, least=least, user_id=job.target.user_id)


def counted(job: Job) -> Work:
    """Return the calls that count; their seconds begin now."""
    return Work(seconds=job.seconds, calls=job.calls, least=1, user_id=job.target.user_id)


def forget_start_up() -> None:
    """Keep objects of the start-up out of the garbage collections that are measured."""
    gc.collect()
    gc.freeze()


async def run(job: Job) -> Run:
    """Make the calls on this event loop."""
    contender: Contender = import_module(f"contenders.{job.module}").Client()
    await contender.setup(job.target)
    try:
        await drive(contender, warm_up(job), job.target.concurrency)
        forget_start_up()
        work = counted(job)
        clocks = Clocks()
        await drive(contender, work, job.target.concurrency)
        return clocks.result(work)
    finally:
        await contender.close()


def run_blocking(job: Job) -> Run:
    """Make the calls in threads."""
    contender = cast(
        "BlockingContender", import_module(f"contenders.{job.module}").BlockingClient()
    )
    contender.setup_blocking(job.target)
    workers = min(contender.threads, job.target.concurrency)
    drive_blocking(contender, warm_up(job), workers)
    forget_start_up()
    work = counted(job)
    clocks = Clocks()
    drive_blocking(contender, work, workers)
    return clocks.result(work)


def main() -> None:
    """Do the job on the command line."""
    job = msgspec.json.decode(sys.argv[1], type=Job)
    if job.blocking:
        made = run_blocking(job)
    else:
        with asyncio.Runner(loop_factory=new_loop(job.loop)) as runner:
            made = runner.run(run(job))
    sys.stdout.buffer.write(msgspec.json.encode(made))
    sys.stdout.buffer.flush()
    # The measurement is over; threads of some clients crash now and then while Python ends.
    os._exit(0)


if __name__ == "__main__":
    main()
