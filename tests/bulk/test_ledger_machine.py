"""The ledger against a dict: whatever is done to it in whatever order, both say the same."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from frontegg_async.bulk.entries import Entry, NewRow, State
from frontegg_async.bulk.ledger import Ledger

from .world import HEADER

lines = st.lists(st.integers(1, 25), max_size=4, unique=True)
ENDS = (State.DONE, State.ALREADY, State.FAILED, State.UNKNOWN)
UNENDED = (State.PENDING, State.IN_FLIGHT)


class LedgerMachine(RuleBasedStateMachine):
    """Rows that are entered, sent, ended, retried, in a file that is closed and opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.ledger = Ledger.begin(self.folder / "ledger", HEADER)
        self.rows = 0
        self.states: dict[int, State] = {}
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
        batch: list[NewRow] = []
        for _ in range(copies):
            self.rows += 1
            if invalid:
                self.states[self.rows] = State.INVALID
                batch.append(NewRow(self.rows, problem="bad"))
                continue
            key = (user, by_email, tenant, flag)
            one = self.first.setdefault(key, self.rows)
            if one == self.rows:
                self.states[one] = State.PENDING
            else:
                self.twins[self.rows] = one
            user_id, email = (None, user) if by_email else (user, None)
            batch.append(NewRow(self.rows, user_id, email, tenant, flag))
        self.ledger.add(batch)

    @rule(
        back=lines, intents=lines, ends=st.dictionaries(st.integers(1, 25), st.sampled_from(ENDS))
    )
    def write(self, back: list[int], intents: list[int], ends: dict[int, State]) -> None:
        """Write what is taken back, sent and ended, in one commit."""
        back, intents = self.within(back, UNENDED), self.within(intents, UNENDED)
        ended = {line: state for line, state in ends.items() if self.within([line], UNENDED)}
        entries = [
            Entry(line, state, 200, line, None, None if line % 2 else "reason")
            for line, state in ended.items()
        ]
        self.ledger.write(back, intents, entries)
        self.states.update(dict.fromkeys(back, State.PENDING))
        self.states.update(dict.fromkeys(intents, State.IN_FLIGHT))
        self.states.update(ended)

    @rule()
    def retry(self) -> None:
        """Make what failed pending, and leave in doubt what is."""
        failed = self.within([*self.states], (State.FAILED,))
        unknown = self.within([*self.states], (State.UNKNOWN,))
        found = self.ledger.reopen((State.FAILED, State.UNKNOWN))
        assert found == len(failed) + len(unknown)
        self.states.update(dict.fromkeys(failed, State.PENDING))
        self.states.update(dict.fromkeys(unknown, State.IN_FLIGHT))

    @rule()
    def open_again(self) -> None:
        """Close the file, and open it as the next run does."""
        self.ledger.close()
        self.ledger = Ledger.begin(self.folder / "ledger", HEADER)

    @rule()
    def forget(self) -> None:
        """Start over."""
        self.ledger.forget_rows()
        self.rows = 0
        for each in (self.states, self.first, self.twins):
            each.clear()

    @invariant()
    def says_the_same(self) -> None:
        """Compare counts, rows to come and export."""
        everything = {**self.states, **{n: self.states[one] for n, one in self.twins.items()}}
        assert self.ledger.counts() == Counter(everything.values())
        assert {row.line: row.state for row in self.ledger.export()} == everything
        waiting = self.ledger.pending(0, 999)
        assert [row.line for row in waiting] == sorted(self.within([*self.states], UNENDED))
        assert [row.line for row in waiting if row.in_doubt] == sorted(
            self.within([*self.states], (State.IN_FLIGHT,))
        )


LedgerMachine.TestCase.settings = settings(deadline=None, max_examples=40, stateful_step_count=20)
TestLedgerMachine = LedgerMachine.TestCase
