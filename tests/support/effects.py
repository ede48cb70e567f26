"""Effects of bulk runs: the emulator's requests and invites, and the ledger's rows."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from frontegg_async import Assignment
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import ExportedRow, State
from frontegg_async.emulator import Emulator, RecordedRequest

from .routes import ADD

Pair: TypeAlias = tuple[str, str]


class Trapped(list[RecordedRequest]):
    """The emulator's record, with a trap that snaps when some number of requests has come."""

    def __init__(self) -> None:
        super().__init__()
        self._at = 0
        self._snap: Callable[[], object] | None = None

    def set(self, after: int, snap: Callable[[], object]) -> None:
        """Call ``snap`` when this many more requests have come; before the last is served."""
        self._at = len(self) + after
        self._snap = snap

    def disarm(self) -> None:
        """Remove the trap."""
        self._snap = None

    def append(self, record: RecordedRequest, /) -> None:
        """Record a request."""
        super().append(record)
        if self._snap is not None and len(self) >= self._at:
            snap, self._snap = self._snap, None
            snap()


def trapped(server: Emulator) -> Trapped:
    """Give an emulator a record with a trap."""
    record = Trapped()
    server.requests = record
    return record


class _Body(msgspec.Struct, rename="camel"):
    tenant_id: str


def is_post(record: RecordedRequest) -> bool:
    """Return whether a request adds a user to a tenant."""
    return f"{record.method} {record.template}" == ADD


def pair_of(record: RecordedRequest) -> Pair:
    """Return the user and the tenant of a request that adds."""
    tenant = msgspec.json.decode(record.body, type=_Body).tenant_id
    return record.raw_path.split("/")[5], tenant


def posted(records: Iterable[RecordedRequest]) -> Counter[Pair]:
    """Count how often each pair was posted."""
    return Counter(pair_of(record) for record in records if is_post(record))


def invited(server: Emulator) -> Counter[Pair]:
    """Count the invites of each pair."""
    return Counter((invite.user_id, invite.tenant_id) for invite in server.invites)


def twice(counter: Counter[Pair]) -> set[Pair]:
    """Return the pairs that were counted more than once."""
    return {pair for pair, count in counter.items() if count > 1}


def ledger_rows(path: Path) -> list[ExportedRow]:
    """Return the rows of a ledger, as ``bulk export`` shows them; none if there is no ledger."""
    if not path.exists() or not path.stat().st_size:
        return []
    with closing(sqlite3.connect(path)) as database:
        if database.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            return []  # killed before there was a single table
    ledger = Ledger.read(path)
    try:
        return list(ledger.export())
    finally:
        ledger.close()


def pairs_in(rows: Iterable[ExportedRow], *states: State) -> set[Pair]:
    """Return the pairs of the rows in one of these states."""
    return {(who(row), row.values.get("tenant_id", "")) for row in rows if row.state in states}


def who(row: ExportedRow) -> str:
    """Return the id of the row's user, which stands before the @ of an address."""
    return row.user_id or (row.email or "").partition("@")[0]


def write_csv(path: Path, rows: Iterable[Assignment | None]) -> Path:
    """Write a file of rows; None stands for a malformed one."""
    with path.open("w", newline="") as file:
        writer: Any = csv.writer(file)
        writer.writerow(["user_id", "email", "tenant_id", "set_active"])
        for row in rows:
            if row is None:
                writer.writerow(["somebody", "", "", "false"])
            else:
                active = "true" if row.set_active else "false"
                writer.writerow([row.user_id or "", row.email or "", row.tenant_id, active])
    return path
