"""Look-ups of access tokens where a store or one of the two routes misbehaves."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any, Final, cast

import pytest

from frontegg_async import FronteggError, FronteggSession, MemoryTokenStore, UnauthorizedError
from frontegg_async.auth import TokenVerifier, access_tokens
from frontegg_async.auth.access_tokens import FRESH_S, STALE_S
from frontegg_async.auth.token_stores import StoredToken
from tests.support.clocks import FakeClock

from .issuer import AUDIENCE, ISSUER, Issuer, running_issuer

pytestmark = pytest.mark.anyio

ACTIVE, ONE = "users/active", "users/7"


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with running_issuer() as running:
        running.rights[ONE] = {"roles": ["Admin"], "permissions": []}
        yield running


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def session(issuer: Issuer, clock: FakeClock) -> AsyncIterator[FronteggSession]:
    async with FronteggSession(
        client_id=AUDIENCE, api_key="key", base_url=issuer.origin, clock=clock
    ) as opened:
        yield opened.with_options(max_attempts=1)


def access_token(issuer: Issuer) -> str:
    return issuer.sign(type="userAccessToken", sub="7", userId="user-1", roles=None)


class OddStore(MemoryTokenStore):
    """A store that returns one value for every key, or hangs."""

    def __init__(self, value: Any = None, *, hangs: bool = False) -> None:
        super().__init__()
        self.value: Any = value
        self.hangs = hangs
        self.loads = 0

    async def load(self, key: str) -> StoredToken | None:
        """Return the value."""
        self.loads += 1
        if self.hangs:
            await asyncio.Event().wait()
        return cast("StoredToken | None", self.value)


OWNER: Final = base64.urlsafe_b64encode(b'[["Owner"],[]]').decode()


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "garbage!"},
        {"value": "eyJhIjoxfQ=="},
        {"value": "é"},
        {"value": 5},
        {"expires_at": "soon"},
        {"issued_at": 1e12, "expires_at": 1e12 + FRESH_S},
        {"issued_at": 0.0, "expires_at": 1e12},
        None,
    ],
    ids=str,
)
async def test_odd_values_in_a_store(
    changes: dict[str, Any] | None, issuer: Issuer, session: FronteggSession, clock: FakeClock
) -> None:
    """A value that is no answer, or not of the last seconds, is left out: Frontegg is asked."""
    now = clock.time()
    fields: dict[str, Any] = {"value": OWNER, "issued_at": now, "expires_at": now + FRESH_S}
    token = access_token(issuer)
    good = TokenVerifier(session, issuer=ISSUER, access_token_store=OddStore(StoredToken(**fields)))
    assert (await good.verify_access_token(token)).roles == ("Owner",)

    value = fields if changes is None else StoredToken(**{**fields, **changes})
    odd = TokenVerifier(session, issuer=ISSUER, access_token_store=OddStore(value))
    assert (await odd.verify_access_token(token)).roles == ("Admin",)


async def test_a_store_that_hangs_is_left_out(
    issuer: Issuer, session: FronteggSession, clock: FakeClock
) -> None:
    """A store that hangs is waited for once, for a moment, and then left out for a while."""
    store = OddStore(hangs=True)
    verifier = TokenVerifier(session, issuer=ISSUER, access_token_store=store)
    for _ in range(2):
        assert (await verifier.verify_access_token(access_token(issuer))).roles == ("Admin",)
        clock.advance(FRESH_S)
    assert store.loads == 1


async def test_a_shared_answer_keeps_its_age(
    issuer: Issuer, session: FronteggSession, clock: FakeClock
) -> None:
    """A process that takes the answer of another asks again when that answer is old."""
    store = MemoryTokenStore()
    first = TokenVerifier(session, issuer=ISSUER, access_token_store=store)
    second = TokenVerifier(session, issuer=ISSUER, access_token_store=store)
    await first.verify_access_token(access_token(issuer))
    clock.advance(FRESH_S - 1)
    await second.verify_access_token(access_token(issuer))
    issuer.rights.clear()
    clock.advance(1)
    with pytest.raises(UnauthorizedError, match="revoked"):
        await second.verify_access_token(access_token(issuer))


async def test_a_list_that_fails_is_bounded(
    issuer: Issuer, session: FronteggSession, clock: FakeClock
) -> None:
    """While only the list of good tokens fails, a token serves no longer than ``STALE_S``."""
    verifier = TokenVerifier(session, issuer=ISSUER)
    await verifier.verify_access_token(access_token(issuer))
    issuer.answers[ACTIVE] = 503, ""
    clock.advance(STALE_S - 1)
    await verifier.verify_access_token(access_token(issuer))
    clock.advance(1)
    with pytest.raises(FronteggError) as caught:
        await verifier.verify_access_token(access_token(issuer))
    assert not isinstance(caught.value, UnauthorizedError)


async def test_an_outage_is_not_asked_at_each_call(
    issuer: Issuer, session: FronteggSession, clock: FakeClock
) -> None:
    """While look-ups fail, calls with an answer of before cost one look-up in ``FRESH_S``."""
    verifier = TokenVerifier(session, issuer=ISSUER)
    await verifier.verify_access_token(access_token(issuer))
    issuer.answer = 503, ""
    clock.advance(FRESH_S)
    before = len(issuer.lookups)
    for _ in range(10):
        await verifier.verify_access_token(access_token(issuer))
    assert issuer.lookups[before:] == [ACTIVE, ONE]
    issuer.answer = None
    del issuer.rights[ONE]
    clock.advance(FRESH_S)
    with pytest.raises(UnauthorizedError, match="revoked"):
        await verifier.verify_access_token(access_token(issuer))


async def test_a_look_up_that_hangs(
    issuer: Issuer, session: FronteggSession, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller with an answer of before is not held by a look-up that hangs."""
    monkeypatch.setattr(access_tokens, "WAIT_S", 0.05)
    verifier = TokenVerifier(session, issuer=ISSUER)
    await verifier.verify_access_token(access_token(issuer))
    issuer.answers[ACTIVE] = None
    clock.advance(FRESH_S)
    for _ in range(3):
        assert (await verifier.verify_access_token(access_token(issuer))).roles == ("Admin",)
    assert issuer.lookups.count(ACTIVE) == 2


@pytest.mark.parametrize("body", ["<html>not found</html>", '{"errors": ["Cannot GET"]}'])
async def test_a_missing_route_is_not_a_no(
    body: str, issuer: Issuer, session: FronteggSession
) -> None:
    """A host without the list says nothing of a token: it is neither revoked nor a 404."""
    issuer.answers[ACTIVE] = 404, body
    verifier = TokenVerifier(session, issuer=ISSUER)
    with pytest.raises(FronteggError) as caught:
        await verifier.verify_access_token(access_token(issuer))
    assert not isinstance(caught.value, UnauthorizedError)
    issuer.answers.clear()
    await verifier.verify_access_token(access_token(issuer))


async def test_a_look_up_that_is_cancelled(issuer: Issuer, session: FronteggSession) -> None:
    """A look-up that a program cancels before it begins harms no later call."""
    verifier = TokenVerifier(session, issuer=ISSUER)
    await verifier.verify(issuer.sign())
    before = asyncio.all_tasks()
    call = asyncio.create_task(verifier.verify_access_token(access_token(issuer)))
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - before - {call}:
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await verifier.verify_access_token(access_token(issuer))).roles == ("Admin",)
