"""Raises the errors of all ways in with the Sentry SDK on, and prints its events."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.transport import Transport

from frontegg_async.emulator import Emulator

from .frames import error_of
from .secret_inputs import ONCE, WAYS
from .sessions import API_KEY, session_on

TAKEN: list[dict[str, Any]] = []


class _Taking(Transport):
    """Keeps events instead of sending them."""

    def capture_envelope(self, envelope: Envelope) -> None:
        """Keep the events of an envelope."""
        TAKEN.extend(item.payload.json for item in envelope.items if item.payload.json)


async def _go() -> None:
    async with Emulator(api_key=API_KEY) as emulator:
        emulator.add_user("user-0", email="user-0@example.test", tenant_ids=["home"])
        for way in WAYS:
            async with session_on(emulator, options=ONCE) as session:
                await session.users.get("user-0")
                error = await error_of(way(emulator, session))
                emulator.clear_faults()
            sentry_sdk.capture_exception(error)
            for name in [name for name in os.environ if name.startswith("FRONTEGG_")]:
                del os.environ[name]


def main() -> None:
    """Print one event a line."""
    logging.getLogger("frontegg_async").setLevel(logging.DEBUG)
    sentry_sdk.init(
        dsn="https://key@127.0.0.1/1",
        transport=_Taking,
        include_local_variables=True,
        attach_stacktrace=True,
        max_value_length=100_000,
        traces_sample_rate=1.0,
        send_default_pii=True,
        enable_logs=True,
        # Records of any level become events of their own, with the stack they were written in.
        integrations=[LoggingIntegration(level=logging.DEBUG, event_level=logging.DEBUG)],
    )
    asyncio.run(_go())
    sentry_sdk.flush()
    for event in TAKEN:
        sys.stdout.write(json.dumps(event) + "\n")


if __name__ == "__main__":
    main()
