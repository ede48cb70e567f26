"""The application of a bulk run, in its calls and in its ledger."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from frontegg_async import Assignment, FronteggSession, LedgerMismatchError
from frontegg_async.bulk import Assign
from frontegg_async.emulator import Emulator

from ..support.bulk import outcomes
from ..support.routes import ADD
from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio

ROWS: Final = [Assignment(user_id=f"user-{number}", tenant_id="acme") for number in range(3)]
HEADER: Final = "frontegg-application-id"


@pytest.fixture
async def several() -> AsyncIterator[Emulator]:
    """Give a server whose environment has two applications, and three users."""
    async with Emulator(api_key=API_KEY, applications=("app-1", "app-2")) as server:
        for number in range(3):
            server.add_user(f"user-{number}", tenant_ids=["home"])
        yield server


@pytest.fixture
async def frontegg(several: Emulator) -> AsyncIterator[FronteggSession]:
    """Give an open session on it, for no application."""
    async with session_on(several) as session:
        yield session


async def test_a_run_for_an_application(several: Emulator, frontegg: FronteggSession) -> None:
    """Every call of a run names its application; without one each invite is refused."""
    refused = await frontegg.bulk.assign(ROWS, invite=True)
    assert outcomes(refused) == {"failed": 3}
    assert all("FRONTEGG_APPLICATION_ID" in each.reason for each in refused.failures)
    before = len(several.requests)
    report = await frontegg.bulk.assign(ROWS, invite=True, application_id="app-1")
    assert outcomes(report) == {"added": 3}
    assert {each.headers.get(HEADER) for each in several.requests[before:]} == {"app-1"}


async def test_a_ledger_knows_the_application(
    several: Emulator, frontegg: FronteggSession, tmp_path: Path
) -> None:
    """A run for another application, or for none, does not continue a ledger, and sends nothing."""
    ledger = tmp_path / "ledger"
    await frontegg.bulk.assign(ROWS, ledger=ledger, application_id="app-1")
    sent = several.count(ADD)
    for application_id in (None, "app-2"):
        with pytest.raises(LedgerMismatchError, match="app-1"):
            await frontegg.bulk.assign(ROWS, ledger=ledger, application_id=application_id)
    # The same application, of the session this time.
    view = frontegg.for_application("app-1")
    assert outcomes(await view.bulk.assign(ROWS, ledger=ledger)) == {"added": 3}
    assert several.count(ADD) == sent


async def test_a_retry_is_for_the_application_of_the_ledger(
    several: Emulator, frontegg: FronteggSession, tmp_path: Path
) -> None:
    """A retry names the application of its ledger, also on a session for another one."""
    ledger = tmp_path / "ledger"
    job = Assign(invite=True)
    await frontegg.bulk.run(job, ROWS, ledger=ledger, application_id="unknown")
    assert several.invites == []
    with pytest.raises(LedgerMismatchError, match=r"for the application unknown, not for app-1"):
        frontegg.bulk.retry(ledger, application_id="app-1")
    before = len(several.requests)
    again = await frontegg.for_application("app-2").bulk.retry(ledger)
    assert outcomes(again) == {"failed": 3}
    assert {each.headers.get(HEADER) for each in several.requests[before:]} == {"unknown"}


async def test_a_retry_may_name_the_application_that_was_missing(
    several: Emulator, frontegg: FronteggSession, tmp_path: Path
) -> None:
    """Rows that failed for the lack of an application are done by a retry that names one."""
    ledger = tmp_path / "ledger"
    refused = await frontegg.bulk.assign(ROWS, invite=True, ledger=ledger)
    assert outcomes(refused) == {"failed": 3}
    report = await frontegg.bulk.retry(ledger, application_id="app-2")
    assert outcomes(report) == {"added": 3}
    assert len(several.invites) == 3


async def test_a_dry_run_names_the_application(
    several: Emulator, frontegg: FronteggSession
) -> None:
    """A dry run reads users for the run's application as well."""
    plan = await frontegg.bulk.dry_run(Assign(), ROWS, application_id="app-1")
    assert plan.to_send == 3
    reads = [each for each in several.requests if each.template != "/auth/vendor"]
    assert {each.headers.get(HEADER) for each in reads} == {"app-1"}
