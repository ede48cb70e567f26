"""The ledger against a dict: after any order of operations, both hold the same."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from frontegg_async.bulk.input.columns import Row
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import Entry, LedgerRow, State

from ..support.bulk import FORM, HEADER, noted

lines = st.lists(st.integers(1, 25), max_size=4, unique=True)
ENDS = (State.DONE, State.ALREADY, State.FAILED, State.UNKNOWN)
UNENDED = (State.PENDING, State.IN_FLIGHT)


class LedgerMachine(RuleBasedStateMachine):
    """Rows that are entered, sent, ended, retried, in a file that is closed and opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.ledger = Ledger.begin(self.folder / "ledger", HEADER, FORM)
        self.rows = 0
        self.states: dict[int, State] = {}
        self.traces: dict[int, str] = {}
        self.first: dict[tuple[str, bool, str, bool], int] = {}
        self.twins: dict[int, int] = {}

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    def within(self, wanted: Sequence[int], states: Sequence[State]) -> list[int]:
        """Return those lines that stand in one of some states."""
        return [line for line in wanted if self.states.get(line) in states]

    @rule(
        user=st.sampled_from("abc"),
        by_email=st.booleans(),
        tenant=st.sampled_from(["t", "t2"]),
        flag=st.booleans(),
        invalid=st.booleans(),
        copies=st.integers(1, 3),
    )
    def enter(
        self, user: str, by_email: bool, tenant: str, flag: bool, invalid: bool, copies: int
    ) -> None:
        """Enter a row, some copies of it at a time."""
        batch: list[Row] = []
        for _ in range(copies):
            self.rows += 1
            if invalid:
                self.states[self.rows] = State.INVALID
                batch.append(noted(self.rows, problem="bad"))
                continue
            key = (user, by_email, tenant, flag)
            one = self.first.setdefault(key, self.rows)
            if one == self.rows:
                self.states[one] = State.PENDING
            else:
                self.twins[self.rows] = one
            user_id, email = (None, user) if by_email else (user, None)
            batch.append(noted(self.rows, user_id, email, tenant, flag=flag))
        self.ledger.add(batch)
        # As before rows are handed out: by address they are other users than those by id.
        named = [
            row if row.row.user_id else replace(row, found_id=f"id of {row.row.email}")
            for row in self.waiting()
        ]
        self.ledger.take_turns(named)

    def waiting(self) -> list[LedgerRow]:
        """Return all rows that are still to be sent."""
        waiting: list[LedgerRow] = []
        while found := self.ledger.pending(waiting[-1].line if waiting else 0, 999):
            waiting += found
        return waiting

    @rule(
        back=lines,
        intents=st.lists(st.tuples(st.integers(1, 25), st.integers(1, 25)), max_size=2),
        ends=st.dictionaries(st.integers(1, 25), st.sampled_from(ENDS)),
        status=st.sampled_from([200, 201, 404]),
    )
    def write(
        self,
        back: list[int],
        intents: list[tuple[int, int]],
        ends: dict[int, State],
        status: int,
    ) -> None:
        """Write withdrawn intents, outcomes and new intents in one commit."""
        back = self.within(back, UNENDED)
        ended = {line: state for line, state in ends.items() if self.within([line], UNENDED)}
        entries = [
            Entry(line, state, status, 1, f"{line:032x}", None if line % 2 else "reason")
            for line, state in ended.items()
        ]
        self.ledger.write(back, entries, intents)
        self.states.update(dict.fromkeys(back, State.PENDING))
        self.states.update(ended)
        self.traces.update({line: f"{line:032x}" for line in ended})
        for first, last in intents:
            meant = self.within(range(first, last + 1), (State.PENDING,))
            self.states.update(dict.fromkeys(meant, State.IN_FLIGHT))

    @rule()
    def retry(self) -> None:
        """Make failed rows pending, and leave rows in doubt as they are."""
        failed = self.within([*self.states], (State.FAILED,))
        unknown = self.within([*self.states], (State.UNKNOWN,))
        found = self.ledger.reopen((State.FAILED, State.UNKNOWN))
        assert found == len(failed) + len(unknown)
        self.states.update(dict.fromkeys(failed, State.PENDING))
        self.states.update(dict.fromkeys(unknown, State.IN_FLIGHT))
        for line in (*failed, *unknown):
            del self.traces[line]

    @rule()
    def open_again(self) -> None:
        """Close the file, and open it as the next run does."""
        self.ledger.close()
        self.ledger = Ledger.begin(self.folder / "ledger", HEADER, FORM)

    @invariant()
    def says_the_same(self) -> None:
        """Compare counts, rows to come and export."""
        waiting = self.waiting()
        everything = {**self.states, **{n: self.states[one] for n, one in self.twins.items()}}
        assert self.ledger.counts() == Counter(everything.values())
        exported = {row.line: row for row in self.ledger.export()}
        assert {line: row.state for line, row in exported.items()} == everything
        for line, row in exported.items():
            assert row.trace_id == self.traces.get(self.twins.get(line, line))
        assert [row.line for row in waiting] == sorted(self.within([*self.states], UNENDED))
        assert [row.line for row in waiting if row.in_doubt] == sorted(
            self.within([*self.states], (State.IN_FLIGHT,))
        )


LedgerMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=20)
TestLedgerMachine = LedgerMachine.TestCase
