"""Reads users before writing, to find satisfied rows in as few calls as the API allows.

A block of a hundred users costs one call, and saves a call for each satisfied row. ``auto`` reads
the first blocks; while none of their rows is satisfied it reads only one block in ten, because a
read would then cost a call and save none. A run that would send a second invite for a member always
reads. Two routes list memberships (docs/frontegg.md); where one is rejected, the other is tried.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any, Final, Literal, TypeAlias

import anyio

from ..errors import AuthenticationError, ClosedError, FronteggError, ResponseDecodeError
from ..models.users import User
from ..operation import Caller
from .jobs.job import Job
from .ledger.records import LedgerRow
from .user_reader import read_listed, read_statuses

PlanMode: TypeAlias = Literal["auto", "always", "never"]

BLOCK_USERS: Final = 100
"""Users a call: URLs with several hundred ids were rejected with 414 (docs/frontegg.md: seen)."""
FIRST_BLOCKS: Final = 3
LOOK_EVERY: Final = 10
WORTHWHILE: Final = 0.01
"""Share of checked rows that must be satisfied for a block of a hundred to be worth a call."""
_BLOCKS_AT_ONCE: Final = 8

_Block: TypeAlias = dict[str, list[LedgerRow[Any]]]
"""Rows by user."""


class Planner:
    """Finds the rows that are satisfied already.

    Attributes:
        blocks: number of calls that were made for it and succeeded.
        seen: number of rows whose users were read.
        held: number of these rows that were already satisfied.
    """

    def __init__(self, caller: Caller, job: Job[Any], mode: PlanMode) -> None:
        self._caller: Final = caller
        self._job: Final = job
        self._mode: Final = mode
        self._always: Final = mode == "always" or (mode == "auto" and not job.repeatable)
        self._refused: dict[str, str] = {}
        self._started = 0
        self._passed = 0
        self.blocks = 0
        self.seen = 0
        self.held = 0

    @property
    def reason(self) -> str:
        """Sentence about the users that were checked, and the reason."""
        if self._mode == "never":
            return "checking users in advance is turned off"
        if len(self._refused) == 2:
            why = "; ".join(f"{name}: {problem}" for name, problem in self._refused.items())
            return f"users cannot be checked in advance ({why})"
        if not self.seen:
            return "no users were checked in advance, because no row needed it"
        rows, were = ("row", "was") if self.seen == 1 else ("rows", "were")
        found = f"{self.held:,} of {self.seen:,} checked {rows} {were} already satisfied"
        if self._always:
            return f"checked users in advance ({found})"
        if self._worthwhile():
            return f"checked users in advance as long as it saves calls ({found})"
        return f"stopped checking users in advance, because it saves too few calls ({found})"

    async def holding(self, rows: Sequence[LedgerRow[Any]], busy: Collection[str] = ()) -> set[int]:
        """Return the lines of the rows that are satisfied already, as far as reading pays.

        Rows whose user was not found are left out.

        Args:
            rows: in the order of the source.
            busy: users with rows in flight, who may be about to change.
        """
        held: set[int] = set()
        if self._mode == "never":
            return held
        # A copy from before the reads: a row that ends meanwhile may not show in them.
        changing = set(busy)
        blocks = deque(_blocks(rows))
        while blocks:
            wave: list[_Block] = []
            size = _BLOCKS_AT_ONCE if self._always or self._started >= FIRST_BLOCKS else 1
            while blocks and len(wave) < size:
                block = blocks.popleft()
                if self._reads():
                    self._started += 1
                    wave.append(block)
            await self._read_wave(wave, held, changing)
        return held

    async def _read_wave(self, wave: list[_Block], held: set[int], changing: set[str]) -> None:
        failed: list[FronteggError] = []

        async def read(block: _Block) -> None:
            try:
                await self._look(block, held, changing)
            except FronteggError as error:
                failed.append(error)

        async with anyio.create_task_group() as group:
            for block in wave:
                group.start_soon(read, block)
        if failed:
            raise failed[0]

    def _reads(self) -> bool:
        """Return whether the next block is worth reading."""
        if len(self._refused) == 2:
            return False
        if self._always or self._worthwhile():
            return True
        self._passed += 1
        return self._passed % LOOK_EVERY == 0

    def _worthwhile(self) -> bool:
        return self._started < FIRST_BLOCKS or self.held >= WORTHWHILE * self.seen

    async def _look(self, block: _Block, held: set[int], changing: set[str]) -> None:
        """Read the users of a block, and find the satisfied rows."""
        whole = any(self._job.needs_user(row.wish) for rows in block.values() for row in rows)
        # A read of memberships alone is smaller; not every row can be judged by it.
        for route in ("users", "statuses") if whole else ("statuses", "users"):
            if route in self._refused:
                continue
            try:
                read = read_statuses if route == "statuses" else read_listed
                users = await read(self._caller, list(block))
            except (AuthenticationError, ClosedError):
                raise
            except ResponseDecodeError:
                continue  # the next block may be readable
            except FronteggError as error:
                self._refused[route] = error.message
                continue
            self.blocks += 1
            self.seen += sum(len(rows) for rows in block.values())
            for user in users:
                rows = block.get(user.id, ())
                held.update(self._held(user, rows, changing, whole=route == "users"))
            return

    def _held(
        self, user: User, rows: Iterable[LedgerRow[Any]], changing: set[str], *, whole: bool
    ) -> Iterator[int]:
        """Yield the lines of a user's rows that are satisfied, and still will be at their turn."""
        changes = user.id in changing
        for row in rows:
            if (whole or not self._job.needs_user(row.wish)) and self._job.holds(row.wish, user):
                # A read may lag behind an earlier row that has ended.
                if not (row.ordered and (changes or row.follows)):
                    self.held += 1
                    yield row.line
            elif row.ordered:
                changes = True


def _blocks(rows: Iterable[LedgerRow[Any]]) -> list[_Block]:
    """Group rows by user, a hundred users together, in their order."""
    blocks: list[_Block] = []
    last: _Block = {}
    for row in rows:
        # A comma separates ids in a query, so an id that holds one cannot be asked for.
        user_id = row.user_id
        if not user_id or "," in user_id:
            continue
        if user_id not in last and len(last) >= BLOCK_USERS:
            blocks.append(last)
            last = {}
        last.setdefault(user_id, []).append(row)
    return [*blocks, last] if last else blocks
