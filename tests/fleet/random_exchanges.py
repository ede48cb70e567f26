"""Random exchanges of members on random servers, played in Python and noted for a store."""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from frontegg_async.fleet.news import Grant, News
from frontegg_async.fleet.shared_limit import SharedLimit, exchange
from frontegg_async.pacing.gate import FIRST_LOOK_S
from frontegg_async.pacing.phases import Stream, Windowed
from frontegg_async.pacing.seeking import Seeking
from frontegg_async.pacing.tuning import KEPT_SHARE, VAST_TRIPS

from .records import members_of, state_of

EXCHANGES_AN_EPISODE: Final = 1_000
CALM_EPISODES: Final = 3
"""One of so many episodes is calm: bulk runs alone that meet one window again and again."""
START: Final = 1_796_000_000.0


class Exchanged(NamedTuple):
    """One exchange: what went in, and what Python made of it.

    ``state`` and ``members`` are noted after the last exchange of a batch.
    """

    episode: int
    now: float
    member: str
    news: News
    grant: Grant
    state: list[float] | None
    members: dict[str, list[float]] | None


class _Server:
    """A counter that starts again at fixed times; none at all now and then."""

    def __init__(self, chance: random.Random, *, calm: bool) -> None:
        self.window = chance.choice((1.0, 1.0, 6.0, 10.0, 60.0))
        self.limit = chance.choice((3, 20, 100, 400, 1_000, 10**9))
        self.states = chance.random() < 0.5
        self.exhausts = chance.random() < 0.2
        self.strays = chance.choice((0.0, 0.0, 0.02))
        self.nonsense = chance.choice((0.0, 0.0, 0.03))
        self.changes = chance.choice((0.0, 0.003))
        self.slowest = 0.2
        self.expected: tuple[float, ...] = (0.0, 40.0, 1_000.0)
        self.expected_seconds: tuple[float, ...] = (1.0, 60.0)
        if calm:
            self.slowest = chance.choice((0.02, 0.2))
            self.window, self.limit = chance.choice((6.0, 20.0)), 100
            self.expected, self.expected_seconds = (0.0, float(self.limit)), (self.window,)
            self.states = self.exhausts = False
            self.strays = self.nonsense = self.changes = 0.0
        self._chance = chance
        self._number = -1
        self._count = 0

    def takes(self, at: float) -> bool:
        """Return whether a call is taken."""
        number = math.floor(at / self.window)
        if number > self._number:
            self._number, self._count = number, 0
        if self._chance.random() < self.strays or self._count >= self.limit:
            return False
        self._count += 1
        return True

    @property
    def used_up(self) -> bool:
        """True if the window has no call left."""
        return self._count >= self.limit

    @property
    def reset(self) -> float:
        """Time of the next reset."""
        return (self._number + 1) * self.window


class _Process:
    """A member: it has slots, and news of the calls that it has sent."""

    def __init__(self, name: str, chance: random.Random, *, calm: bool) -> None:
        self.name = name
        self.slots: list[float] = []
        self.epoch = 0.0
        self.paced = False
        self.bulk = chance.choice((0, 0, 3, 40))
        self.interactive = chance.choice((0, 0, 1, 6)) if self.bulk else chance.choice((1, 2, 9))
        capped = chance.random() < 0.15
        self.rate = chance.choice((0.5, 15.0, 300.0)) if capped else math.inf
        self.share = chance.choice((1.0, 1.0, 1.0, 0.3))
        self.remaining = chance.choice((math.inf, math.inf, math.inf, 25.0))
        if calm:
            self.bulk, self.interactive = 40, 0
            self.rate, self.share, self.remaining = math.inf, 1.0, math.inf


def _news(chance: random.Random, process: _Process, server: _Server, now: float) -> News:
    if chance.random() < server.changes:
        server.limit = chance.choice((20, 100, 400, 1_000))
    if chance.random() < server.nonsense:
        return _nonsense(chance, now)
    due = [at for at in process.slots if at <= now]
    process.slots = [at for at in process.slots if at > now]
    unleased = 0
    if process.interactive and not process.paced and chance.random() < 0.6:
        unleased = chance.randrange(1, 1 + process.interactive)
    taken = refused = 0
    taken_sent = refused_sent = -math.inf
    for at in [*due, *(now - chance.uniform(0.0, 0.1) for _ in range(unleased))]:
        if server.takes(at):
            taken, taken_sent = taken + 1, max(taken_sent, at)
        else:
            refused, refused_sent = refused + 1, max(refused_sent, at)
    returned = len(process.slots) if chance.random() < 0.05 else 0
    if returned:
        process.slots = []
    exhausts = server.exhausts and taken and server.used_up
    waits = chance.random() < 0.95
    return News(
        taken=taken,
        taken_sent=taken_sent,
        took=chance.uniform(0.02, server.slowest) if taken else 0.0,
        refused=refused,
        refused_sent=refused_sent,
        stated_until=server.reset + 0.3 if refused and server.states else math.nan,
        exhausted_sent=taken_sent if exhausts else math.nan,
        exhausted_until=server.reset if exhausts else math.nan,
        unleased=unleased,
        returned=returned,
        flight=chance.randrange(4) if chance.random() < 0.9 else chance.randrange(40),
        held=len(process.slots),
        interactive=process.interactive * waits,
        bulk=process.bulk * waits,
        trip=chance.choice((0.001, 0.2)),
        rate=process.rate,
        share=process.share,
        remaining=process.remaining,
        calls=chance.choice(server.expected),
        seconds=chance.choice(server.expected_seconds),
        met=chance.random() < 0.5,
        leaves=chance.random() < 0.005,
    )


def _nonsense(chance: random.Random, now: float) -> News:
    """Return news that no member would send together."""
    return News(
        taken=chance.choice((0, 1, 7)),
        taken_sent=now + chance.uniform(-5.0, 1.0),
        took=chance.choice((0.0, 0.5, 20.0)),
        refused=chance.choice((0, 1, 30)),
        refused_sent=now + chance.uniform(-5.0, 1.0),
        stated_until=chance.choice((math.nan, now + 100.0, now - 3.0, 1e12)),
        exhausted_sent=now,
        exhausted_until=chance.choice((math.nan, now + 1.5, now + 30.0)),
        unleased=chance.choice((0, 5)),
        returned=chance.choice((0, 9)),
        flight=chance.randrange(200),
        held=chance.randrange(50),
        interactive=chance.choice((0, 50)),
        bulk=chance.choice((0, 1, 500)),
        rate=chance.choice((math.inf, 0.01)),
        share=chance.choice((1.0, 0.01)),
        remaining=chance.choice((math.inf, 0.0)),
    )


def random_exchanges(number: int, batch: int, visited: Counter[str]) -> Iterator[Exchanged]:
    """Yield exchanges, and count the situations that were visited.

    Args:
        number: how many.
        batch: after so many the state is noted.
        visited: counts, by situation.
    """
    done = episode = 0
    while done < number:
        episode += 1
        chance = random.Random(episode)
        calm = episode % CALM_EPISODES == 1
        server = _Server(chance, calm=calm)
        members = range(chance.randrange(1, 4 if calm else 12))
        processes = [_Process(f"m{each}", chance, calm=calm) for each in members]
        now = START + chance.uniform(0.0, 100.0)
        pace = 0.6 * server.window / server.limit if calm else chance.choice((0.002, 0.02, 0.2))
        limit: SharedLimit | None = None
        for _ in range(min(EXCHANGES_AN_EPISODE, number - done)):
            done += 1
            now += chance.expovariate(1.0 / pace) if calm else _passed(chance, pace, visited)
            process = chance.choice(processes)
            news = _news(chance, process, server, now)
            before = limit
            known = 0 if limit is None else len(limit._members)
            window = None if limit is None else _window_of(limit)
            limit, grant = exchange(limit, now, process.name, news)
            if before is not None and limit is not before:
                visited["clock set back"] += 1
            if len(limit._members) < known and not news.leaves:
                visited["members gone"] += 1
            if grant.gate.epoch != process.epoch:
                process.slots, process.epoch = [], grant.gate.epoch
            process.slots += [*grant.interactive, *grant.bulk, *([now] if grant.look else [])]
            process.paced = grant.paced
            _visit(visited, limit, news, grant)
            _visit_window(visited, limit, window)
            if chance.random() < 0.002:
                processes[chance.randrange(len(processes))] = _Process(
                    f"n{done}", chance, calm=calm
                )
            noted = done % batch == 0
            yield Exchanged(
                episode,
                now,
                process.name,
                news,
                grant,
                state_of(limit) if noted else None,
                members_of(limit) if noted else None,
            )


def _passed(chance: random.Random, pace: float, visited: Counter[str]) -> float:
    which = chance.random()
    if which < 0.05:
        visited["clock stood still"] += 1
        return 0.0
    if which < 0.06:
        visited["clock went back a little"] += 1
        return -0.01
    if which < 0.0605:
        return -10.0
    if which < 0.07:
        return chance.uniform(1.0, 15.0)
    return chance.expovariate(1.0 / pace)


class _Window(NamedTuple):
    """What was known of a window before an exchange."""

    phase: Windowed
    quota: float
    reset: float
    seconds_error: float


def _window_of(limit: SharedLimit) -> _Window | None:
    phase = limit._phase
    if not isinstance(phase, Windowed) or phase._resets is None:
        return None
    return _Window(phase, phase.quota, phase._resets._at, phase._resets._seconds_error)


def _visit_window(visited: Counter[str], limit: SharedLimit, before: _Window | None) -> None:
    """Count what an exchange has told of a window that was known before it."""
    now = _window_of(limit)
    if before is None or now is None or now.phase is not before.phase:
        return
    phase, gate, opening = now.phase, limit._gate, limit._opening
    seen = now.reset != before.reset
    visited["Windowed, length narrowed"] += seen and now.seconds_error < before.seconds_error
    visited["Windowed, reset disproves what was known"] += (
        seen and now.seconds_error > before.seconds_error
    )
    visited["Windowed, quota kept"] += now.quota == KEPT_SHARE * before.quota
    visited["Windowed, vast"] += seen and phase.period > VAST_TRIPS * limit._answers.mean
    visited["Windowed, reset narrowed"] += opening is not None and opening.last_refused > max(
        gate.refused_sent, gate.stated_until - 1.0
    )
    wait = phase.reset_after(limit.now, limit._answers.mean) - limit.now
    visited["Windowed, reset waited for"] += (
        gate.closed
        and gate.closed_at == limit.now
        and wait > min(max(FIRST_LOOK_S, 2.0 / phase.rate), 1.0)
        and gate.next_look_at == limit.now + wait
    )


def _visit(visited: Counter[str], limit: SharedLimit, news: News, grant: Grant) -> None:
    phase = limit._phase
    name = type(phase).__name__
    visited[name] += 1
    visited[f"{name}, closed"] += grant.gate.closed
    visited["careful Seeking"] += isinstance(phase, Seeking) and phase.careful
    visited["doubtful Seeking"] += isinstance(phase, Seeking) and phase._doubtful
    if isinstance(phase, Stream):
        visited["Stream beyond the refused rate"] += phase._doublings > 0.0
        visited["Stream refused in a calm"] += phase._refused_since_rest > 0
        visited["Stream with odd calms"] += phase._odd_calms > 1
        visited["Stream that is no window"] += not phase._may_be_window
    if isinstance(phase, Windowed):
        visited["Windowed, expected"] += not phase.limited
        visited["Windowed, sprint"] += phase._over_quota_at < math.inf
        visited["Windowed, astray"] += phase._astray_resets > 0
        visited["Windowed, eased after a burst"] += phase._eased_share < 1.0
        visited["Windowed, sprints skipped"] += phase._sprints_to_skip > 0
    visited["stated wait"] += grant.gate.stated_until > grant.gate.now
    visited["exhausted"] += news.exhausted_until > grant.gate.now
    visited["look"] += grant.look
    visited["opening not certain"] += limit._opening is not None
    visited["surveying"] += grant.surveying
    visited["interactive slots"] += bool(grant.interactive)
    visited["interactive in advance"] += any(at > grant.gate.now for at in grant.interactive)
    visited["bulk slots"] += bool(grant.bulk)
    visited["bulk waits its turn"] += news.bulk > 0 and not grant.bulk and not grant.gate.closed
    visited["capped"] += news.bulk > 0 and news.rate < math.inf
    visited["last rows"] += bool(grant.bulk) and news.remaining <= 25.0
    visited["slots returned"] += news.returned > 0
    visited["member leaves"] += news.leaves
    visited["refused and taken at once"] += news.refused > 0 and news.taken > 0
