"""The canary in variables: reports of errors with the variables of frames show no secret.

Each way in which a secret reaches the SDK ends in an error, which is shown to the standard
library, to rich and to structlog with all variables, and to the Sentry SDK
(``support.sentry_program``). Frames of the tests themselves are left out: they hold the canaries.
"""
# pyright: reportPrivateUsage=false

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from frontegg_async import FronteggError, TokenKind
from frontegg_async._core.secret import is_secret
from frontegg_async.emulator import AnswerStatus, Emulator

from ..drift.recording import CALLABLE, parameters_of, value_for
from ..support.frames import CANARIES, CANARY, assert_hidden, error_of
from ..support.secret_inputs import ONCE, WAYS
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio


# How errors are shown


# Ways in


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the variables that a way in sets."""
    for name in (
        "API_KEY",
        "SECRET_KEY",
        "CLIENT_ID",
        "REGION",
        "BASE_URL",
        "ENVIRONMENT_ID",
        "PROXY",
    ):
        monkeypatch.setenv(f"FRONTEGG_{name}", "")


@pytest.mark.usefixtures("either_transport", "own_environment")
async def test_no_variable_shows_a_secret(emulator: Emulator) -> None:
    """Whichever way a secret came in, no frame of ours shows it in any traceback of the error."""
    for way in WAYS:
        async with session_on(emulator, options=ONCE) as session:
            await session.users.get("user-0")
            error = await error_of(way(emulator, session))
            emulator.clear_faults()
        tokens = {each.headers.get("Authorization", "") for each in emulator.requests}
        pieces = [token.removeprefix("Bearer ")[340:370] for token in tokens if "." in token]
        assert_hidden(error, *pieces)


async def test_every_coroutine_hides_its_secrets(emulator: Emulator) -> None:
    """No frame of any coroutine with a secret argument shows it when the server rejects the call.

    Nor do the frames of a coroutine that rejects its arguments.
    """
    emulator.inject(AnswerStatus(400), times=None)
    looked_at = 0
    async with session_on(emulator, options=ONCE) as session:
        for operation in CALLABLE:
            parameters = parameters_of(operation)
            secrets = [each.name for each in parameters if is_secret(each.name)]
            if not secrets:
                continue
            looked_at += 1
            given = {
                each.name: value_for(each)
                for each in parameters
                if each.required or each.shown_default is not None
            }
            given |= dict.fromkeys(secrets, f"{CANARY}-secret")
            group, _, verb = operation.name.partition(".")
            view = session.as_user(CANARY) if operation.token is TokenKind.USER else session
            error = await error_of(getattr(getattr(view, group), verb)(**given))
            assert isinstance(error, FronteggError), operation.name
            assert_hidden(error)
    assert looked_at > 50


def test_sentry_is_sent_no_secret() -> None:
    """Neither events with variables, nor breadcrumbs or logs with stacks, hold one in Sentry's SDK.

    In a process of its own, because the SDK puts itself into much.
    """
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.sentry_program"],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(events) > len(WAYS)
    frames = [frame for event in events for frame in frames_in(event)]
    ours = [frame for frame in frames if frame["module"].startswith("frontegg_async")]
    assert len(ours) > 100
    assert any(frame.get("vars") for frame in ours)
    for event in events:
        for frame in frames_in(event):
            # Variables of the test's own program.
            if frame["module"].startswith(("tests", "__main__")):
                for part in ("vars", "context_line", "pre_context", "post_context"):
                    frame.pop(part, None)
        text = json.dumps(event)
        for canary in CANARIES:
            at = text.find(canary)
            assert at < 0, f"…{text[max(at - 300, 0) : at]}"


def frames_in(value: object) -> Iterator[dict[str, Any]]:
    """Yield the frames of all stacks in an event."""
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        if "lineno" in found and "function" in found:
            yield found
        for inner in found.values():
            yield from frames_in(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from frames_in(inner)
