"""All that a reset makes anew: the state, the faults, the counts, and work that is late.

A request belongs to the world in which it arrived. If a reset comes while it is in flight, it ends
in the old world, which nothing sees any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import count

from .home import Home
from .http.record import RecordedRequest
from .http.request import Call
from .http.response import Response
from .injection import Fault, Injection
from .limits import Limiter
from .routes import _router as routes
from .routes._route import Route
from .service import Service
from .state.environment import State
from .state.store import Store

__all__ = ["World"]


class World:
    """One life of an emulator, from its start or a reset to the next reset.

    Attributes:
        state: Users, tenants, memberships, webhooks.
        store: The rest of the state.
        service: The checks and handlers of calls.
        limiter: The rate limits, or None without any.
        counts: Requests by the key of their route; None counts those without a route.
        injections: Those that were not cleared, by a number; ones that strike no more included.
    """

    def __init__(
        self,
        state: State,
        store: Store,
        service: Service,
        limiter: Limiter | None,
        home: Home,
        clock: Callable[[], float],
    ) -> None:
        self.state = state
        self.store = store
        self.service = service
        self.limiter = limiter
        self.counts: Counter[str | None] = Counter()
        self._home = home
        self._clock = clock
        self.injections: dict[str, Injection] = {}
        self._striking: list[Injection] = []
        self._numbers = count(1)
        self._late: list[tuple[float, Route, Call]] = []

    def inject(
        self, fault: Fault, on: str | None, times: int | None, every: int | None
    ) -> Injection:
        """Let a fault strike the requests to come."""
        key = None if on is None else routes.known(on)
        injection = Injection(fault, key, times, every, self._home)
        self.injections[str(next(self._numbers))] = injection
        self._striking.append(injection)
        return injection

    def clear_faults(self) -> None:
        """End every fault: stalled requests go on, and late work is done now."""
        self.catch_up(everything=True)
        self.end()

    def end(self) -> None:
        """End every fault, so that stalled requests go on, and leave late work undone."""
        self._late.clear()
        for injection in self.injections.values():
            injection.clear()
        self.injections.clear()
        self._striking.clear()

    def count_of(self, on: str | None) -> int:
        """Return the number of requests for a route, or of all."""
        return self.counts.total() if on is None else self.counts[routes.known(on)]

    def catch_up(self, *, everything: bool = False) -> None:
        """Do the work of calls that were answered before it was done, as far as it is due."""
        if not self._late:
            return
        now = self._clock()
        due = [each for each in self._late if everything or each[0] <= now]
        self._late = [each for each in self._late if not (everything or each[0] <= now)]
        for at, route, call in sorted(due, key=lambda each: each[0]):
            self.service.commit_late(route, call, min(at, now))

    def strike(self, key: str | None, *, reused: bool) -> Injection | None:
        """Return the injection that strikes a request, if one does."""
        for injection in self._striking:
            if injection.strikes(key, reused=reused):
                if injection.spent:
                    # Not searched for every request, but still within reach of clear_faults.
                    self._striking.remove(injection)
                return injection
        return None

    async def answer_under(
        self,
        injection: Injection,
        route: Route | None,
        call: Call,
        length: int,
        record: RecordedRequest | None,
    ) -> Response:
        """Handle a call that a fault strikes."""
        if record is not None:
            record.fault = type(injection.fault).__name__
        late = injection.fault.commits_after
        if late is not None and route is not None:
            self._late.append((self._clock() + late, route, call))
        early = await injection.fault.before(injection)
        if early is not None:
            return early
        response = self.service.answer(route, call, length, record)
        return await injection.fault.after(response, injection)
