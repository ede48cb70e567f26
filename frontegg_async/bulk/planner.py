"""Reading before writing: which rows hold already, in as few calls as the API allows.

A block of a hundred users costs one call, and saves a call for each row that holds. ``auto`` looks
at the first blocks; while none of their rows holds it only looks at one block in ten, because
reading would then cost a call and save none. A run that would send a second invite for a member
always reads. Two routes tell memberships (docs/frontegg.md); where one is refused, the other is
tried.
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
"""Users a call: URLs with several hundred ids were refused with 414 (docs/frontegg.md: seen)."""
FIRST_BLOCKS: Final = 3
LOOK_EVERY: Final = 10
WORTHWHILE: Final = 0.01
"""Share of rows that must hold, of those looked at, for a block of a hundred to be worth a call."""
_BLOCKS_AT_ONCE: Final = 8

_Block: TypeAlias = dict[str, list[LedgerRow[Any]]]
"""Rows by user."""


class Planner:
    """Finds out which rows hold already.

    Attributes:
        blocks: calls that were made for it, and succeeded.
        seen: rows that were looked at.
        held: how many of them held already.
    """

    def __init__(self, caller: Caller, job: Job[Any], mode: PlanMode) -> None:
        self._caller: Final = caller
        self._job: Final = job
        self._mode: Final = mode
        self._always: Final = mode == "always" or (mode == "auto" and not job.harmless_twice)
        self._refused: dict[str, str] = {}
        self._started = 0
        self._passed = 0
        self.blocks = 0
        self.seen = 0
        self.held = 0

    @property
    def reason(self) -> str:
        """Say what is read and why, in a sentence."""
        if self._mode == "never":
            return "memberships are not read, as asked"
        if len(self._refused) == 2:
            why = "; ".join(f"{name}: {problem}" for name, problem in self._refused.items())
            return f"memberships cannot be read here ({why})"
        if not self.seen:
            return "no memberships were read, because no row called for it"
        rows = "row" if self.seen == 1 else "rows"
        looked = f"{self.held:,} of the {self.seen:,} {rows} looked at held already"
        if self._always:
            return f"memberships are read before writing: {looked}"
        if self._worthwhile():
            return f"memberships are read before writing, while that saves calls: {looked}"
        return f"memberships are no longer read, because it would save no calls: {looked}"

    async def holding(self, rows: Sequence[LedgerRow[Any]], busy: Collection[str] = ()) -> set[int]:
        """Return the lines of those rows that hold already, as far as reading pays.

        Rows whose user was not found are left out.

        Args:
            rows: in the order of the source.
            busy: users with rows under way, who may be about to change.
        """
        held: set[int] = set()
        if self._mode == "never":
            return held
        # Taken down before anything is read: what ends meanwhile may not be in what is read.
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
        """Whether the next block is worth reading."""
        if len(self._refused) == 2:
            return False
        if self._always or self._worthwhile():
            return True
        self._passed += 1
        return self._passed % LOOK_EVERY == 0

    def _worthwhile(self) -> bool:
        return self._started < FIRST_BLOCKS or self.held >= WORTHWHILE * self.seen

    async def _look(self, block: _Block, held: set[int], changing: set[str]) -> None:
        """Read the users of a block, and find the rows that hold."""
        whole = any(self._job.needs_user(row.wish) for rows in block.values() for row in rows)
        # Memberships alone are less to read; they are not enough for every row.
        for route in ("users", "statuses") if whole else ("statuses", "users"):
            if route in self._refused:
                continue
            try:
                read = read_statuses if route == "statuses" else read_listed
                users = await read(self._caller, list(block))
            except (AuthenticationError, ClosedError):
                raise
            except ResponseDecodeError:
                continue  # of this block, and not of the next
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
        """Yield the lines of a user's rows that hold, and go on holding until it is their turn."""
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
        user_id = row.who
        if not user_id or "," in user_id:
            continue
        if user_id not in last and len(last) >= BLOCK_USERS:
            blocks.append(last)
            last = {}
        last.setdefault(user_id, []).append(row)
    return [*blocks, last] if last else blocks
