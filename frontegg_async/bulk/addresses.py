"""Finds the users that rows name by e-mail address, before the rows are compared and sent.

Each address is looked up once in a run: ids are kept in the ledger, so that memory does not grow
with the input. The next run looks up again, because an address may belong to somebody else by then.

A look-up is a call for one address, a page of the list of all users a call for two hundred users,
out of a limit that is a tenth of the other and shared by everybody in the environment
(docs/frontegg.md: 100 and 1,000 calls a minute). The users are listed as soon as the addresses that
were or are to be looked up would have cost as much, whatever is still to come: no order of the rows
makes that more than twice the least. An address that is not in the list is looked up.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, ParamSpec, Protocol, TypeVar

import msgspec

from ..errors import FronteggError, NotFoundError
from ..operation import Caller
from .ledger.ledger import Ledger
from .ledger.people import forget_people, keep_people, known_people
from .ledger.records import LedgerRow, address_of
from .stops import FATAL, OutageWatch, leaves_no_room
from .user_reader import read_page, read_user_by_email
from .workers import SharedSource, run_workers

P = ParamSpec("P")
R = TypeVar("R")

PAGE_WORTH: Final = 10
"""Look-ups that a page of users may cost."""
PAGES_AT_ONCE: Final = 4
AHEAD: Final = 2
"""Addresses for every worker that are looked up at a time, while the workers are busy with the rows
that were handed out before."""


class InThread(Protocol):
    """Calls a method of the ledger in a thread."""

    def __call__(
        self, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> Coroutine[Any, Any, R]:
        """Return what it returns."""
        ...


class Found(msgspec.Struct, frozen=True):
    """Rows with their users.

    Args:
        rows: as many of those that were asked about as could be looked up at once.
        errors: why the user of an address is not known, by address.
    """

    rows: list[LedgerRow[Any]]
    errors: dict[str, FronteggError]


class Addresses:
    """Finds users by their addresses, for one run."""

    def __init__(self, caller: Caller, ledger: Ledger, in_thread: InThread, workers: int) -> None:
        self._caller: Final = caller
        self._ledger: Final = ledger
        self._in_thread: Final = in_thread
        self._workers: Final = workers
        self._outage: Final = OutageWatch(workers)
        self._begun = False
        self._looked_up = 0
        self._pages = 0.0
        self._listed = False

    async def find(self, rows: Sequence[LedgerRow[Any]]) -> Found:
        """Return rows with their users, from the first one on.

        Raises:
            FronteggError: no other address could be looked up either.
        """
        wanted: dict[str, str] = {}
        for row in rows:
            if not row.row.user_id:
                wanted.setdefault(address_of(row.row.email), row.row.email or "")
        if not wanted:
            return Found(list(rows), {})
        known = await self._known(wanted)
        rows, missing = self._first(rows, {each: wanted[each] for each in wanted.keys() - known})
        errors = await self._look_up(missing, known)
        for address, user_id in known.items():
            if not user_id:
                errors.setdefault(address, _nobody())
        return Found(
            [
                row
                if row.row.user_id
                else msgspec.structs.replace(
                    row, found_id=known.get(address_of(row.row.email)) or None
                )
                for row in rows
            ],
            errors,
        )

    async def _known(self, wanted: Mapping[str, str]) -> dict[str, str]:
        """Return the ids that are known already, or can be had at a better price."""
        if not self._begun:
            self._begun = True
            await self._within(forget_people)
        known = await self._within(lambda database: known_people(database, wanted))
        if await self._list(self._looked_up + len(wanted) - len(known)):
            known = await self._within(lambda database: known_people(database, wanted))
        return known

    async def _within(self, function: Callable[[sqlite3.Connection], R]) -> R:
        return await self._in_thread(lambda: self._ledger.within(function))

    def _first(
        self, rows: Sequence[LedgerRow[Any]], missing: Mapping[str, str]
    ) -> tuple[Sequence[LedgerRow[Any]], dict[str, str]]:
        """Return rows up to where enough addresses are to be looked up, and these."""
        ahead: dict[str, str] = {}
        for number, row in enumerate(rows):
            address = address_of(row.row.email)
            if row.row.user_id or address not in missing or address in ahead:
                continue
            if len(ahead) == AHEAD * self._workers:
                return rows[:number], ahead
            ahead[address] = missing[address]
        return rows, ahead

    async def _look_up(
        self, missing: Mapping[str, str], known: dict[str, str]
    ) -> dict[str, FronteggError]:
        errors: dict[str, FronteggError] = {}
        found: list[tuple[str, str]] = []

        async def look_up(one: tuple[str, str]) -> None:
            address, email = one
            try:
                user = await read_user_by_email(self._caller, email)
                user_id = user.id
            except NotFoundError as error:
                errors[address] = error
                user_id = ""
            except FronteggError as error:
                if isinstance(error, FATAL) or leaves_no_room(error):
                    raise
                if self._outage.is_outage(error):
                    raise
                errors[address] = error
                return
            self._outage.worked()
            found.append((address, user_id))

        await run_workers(SharedSource(missing.items()), look_up, self._workers)
        self._looked_up += len(missing)
        if found:
            await self._within(lambda database: keep_people(database, found, listed=False))
            known.update(found)
        return errors

    async def _list(self, cost: int) -> bool:
        """List all users if that is worth as many look-ups; return whether something was read."""
        if self._listed or cost < PAGE_WORTH * max(self._pages, 1):
            return False
        try:
            if not self._pages:
                await self._read_page(0)
            if cost >= PAGE_WORTH * self._pages:
                rest = SharedSource(range(1, int(self._pages)))
                await run_workers(rest, self._read_page, PAGES_AT_ONCE)
                self._listed = True
        except FronteggError as error:
            if isinstance(error, FATAL) or leaves_no_room(error):
                raise
            self._pages = math.inf  # they are looked up, one by one
        return True

    async def _read_page(self, index: int) -> None:
        users, pages = await read_page(self._caller, index)
        if not self._pages:
            self._pages = math.inf if pages is None else max(1.0, pages)
        people = [(address_of(user.email), user.id) for user in users if user.id and user.email]
        await self._within(lambda database: keep_people(database, people, listed=True))


def _nobody() -> NotFoundError:
    return NotFoundError(
        "no user has this e-mail address", operation="users.get_by_email", status=404
    )
