"""The cost of verifying a caller's token, once the keys are there.

    python benchmarks/bench_verify.py [--rounds 15] [--calls 500] [--json]

CPU microseconds for one check of one token of the emulator: by ``jwt.decode`` of PyJWT with the
same key, audience and issuer (the reference of the ratios), by ``TokenVerifier.verify``, which
should be within 10 % of it, and by one that remembers tokens, which should take at most 5 µs.
All of them take turns in one process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import jwt
from figures import Figure, show_figures
from measuring import Report, machine, median, parser, ratio, versions

from frontegg_async import FronteggSession, Operation, TokenKind
from frontegg_async.auth import TokenVerifier
from frontegg_async.emulator import Emulator
from frontegg_async.operation import JSON

BARE: Final = "jwt.decode"
VERIFIER: Final = "TokenVerifier.verify"
REMEMBERING: Final = "TokenVerifier.verify, remember=1000"
WITHIN: Final = 1.10
MOST_US: Final = 5.0
PASSWORD: Final = "pw-Ada-1"  # noqa: S105  # of a user of the emulator
JWKS: Final = Operation("bench.jwks", "GET", "/.well-known/jwks.json", JSON, token=TokenKind.NONE)


async def contenders(
    emulator: Emulator, frontegg: FronteggSession
) -> dict[str, Callable[[], Awaitable[Any]]]:
    """Return the ways to check one token, each of which has checked it once."""
    emulator.add_user("ada", email="ada@example.com", tenant_ids=["t1"], password=PASSWORD)
    login = await frontegg.authentication.login(email="ada@example.com", password=PASSWORD)
    token = login.access_token or ""
    key = jwt.PyJWK.from_dict((await frontegg.call(JWKS))["keys"][0]).key
    verifier, remembering = TokenVerifier(frontegg), TokenVerifier(frontegg, remember=1_000)

    async def bare() -> dict[str, Any]:
        return jwt.decode(
            token, key, algorithms=["RS256"], audience=emulator.client_id, issuer=emulator.url
        )

    found: dict[str, Callable[[], Awaitable[Any]]] = {
        BARE: bare,
        VERIFIER: lambda: verifier.verify(token),
        REMEMBERING: lambda: remembering.verify(token),
    }
    expected = await bare()
    for check in (verifier.verify, remembering.verify):
        assert (await check(token)).raw == expected
    return found


async def timed(check: Callable[[], Awaitable[Any]], calls: int) -> float:
    """Return seconds of CPU for one check."""
    before = time.process_time()
    for _ in range(calls):
        await check()
    return (time.process_time() - before) / calls


async def measure(rounds: int, calls: int) -> list[Figure]:
    """Compare all of them."""
    async with (
        Emulator() as emulator,
        FronteggSession(
            client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
        ) as frontegg,
    ):
        found = await contenders(emulator, frontegg)
        runs: dict[str, list[float]] = {name: [] for name in found}
        for turn in range(rounds):
            for name in found if turn % 2 == 0 else reversed(found):
                runs[name].append(await timed(found[name], calls))
    return [figure(name, runs) for name in runs]


def figure(name: str, runs: dict[str, list[float]]) -> Figure:
    """Return the row of a contender."""
    compared = ratio(runs[name], runs[BARE], lambda value: value)
    cost_us = median(runs[name], lambda value: value) * 1e6
    targets = {
        VERIFIER: (f"ratio {WITHIN:.2f}", compared <= WITHIN),
        REMEMBERING: (f"{MOST_US:.0f} µs", cost_us <= MOST_US),
    }
    target, met = targets.get(name, ("", None))
    return Figure(
        what="a check with warm keys",
        contender=name,
        value=cost_us,
        unit="µs",
        ratio=compared,
        target=target,
        met=met,
    )


def main() -> None:
    """Read the command line, measure, and print."""
    reading = parser(__doc__, rounds=15)
    reading.add_argument("--calls", type=int, default=500, help="checks that are timed at once")
    given = reading.parse_args()
    rows = asyncio.run(measure(given.rounds, given.calls))
    settings = {"rounds": given.rounds, "calls": given.calls}
    title = "the cost of verifying a caller's token"
    report = Report(title, versions("pyjwt", "cryptography"), machine(), settings, rows)
    show_figures(report, as_json=given.json)


if __name__ == "__main__":
    main()
