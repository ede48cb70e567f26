"""The canary on the command line: no frame of ours shows a secret when a command fails."""

from __future__ import annotations

import io
import json
import sys

import click
import pytest

from frontegg_async.cli import exit_codes
from frontegg_async.cli.app import app
from frontegg_async.emulator import AnswerStatus, Emulator
from frontegg_async.errors import FronteggError

from ..support.frames import CANARY, assert_hidden
from ..support.secret_inputs import LOGIN
from .shell import Shell

ME = "GET /identity/resources/users/v2/me"
BODY = {"email": "user-0@example.test", "password": CANARY}

COMMANDS: dict[str, tuple[list[str], str]] = {
    "wrong password": (["authentication.login"], json.dumps(BODY)),
    "unknown field": (["authentication.login"], json.dumps({**BODY, "emial": ""})),
    "wrong type": (["authentication.login"], json.dumps({**BODY, "username": 5})),
    "half a body": (["authentication.login"], json.dumps(BODY)[:-1]),
    "a list": (["authentication.login"], json.dumps([BODY])),
    "a field that is missing": (["passwords.change"], json.dumps({"password": CANARY})),
}


def failure_of(
    monkeypatch: pytest.MonkeyPatch, shell: Shell, arguments: list[str], stdin: str
) -> BaseException:
    """Run a command in this process, and return the error with all the frames it passed."""
    caught: list[BaseException] = []

    def of_error(error: FronteggError) -> int:
        caught.append(error)
        return exit_codes.ERROR

    for name, value in shell.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(exit_codes, "of_error", of_error)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
    try:
        app.main(["call", *arguments], standalone_mode=False)
    except click.ClickException as error:
        return error
    return caught[0]


@pytest.mark.parametrize("case", COMMANDS)
def test_bodies(shell: Shell, server: Emulator, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    """A password in --body stands in no variable, whether the server refuses it or the command."""
    echo = json.dumps({"errors": [f"no: {CANARY}"]}).encode()
    server.inject(AnswerStatus(401, echo, "application/json"), on=LOGIN, times=None)
    arguments, stdin = COMMANDS[case]
    error = failure_of(monkeypatch, shell, [*arguments, "--body", "-"], stdin)
    assert_hidden(error)


def test_user_token(shell: Shell, server: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token in FRONTEGG_USER_TOKEN stands in no variable when the server refuses it."""
    monkeypatch.setenv("FRONTEGG_USER_TOKEN", CANARY)
    error = failure_of(monkeypatch, shell, ["me.get"], "")
    assert isinstance(error, FronteggError)
    assert_hidden(error)


def test_credentials(shell: Shell, server: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The api key stands in no variable when the auth route refuses it, or a setting is wrong."""
    shell.variables["FRONTEGG_API_KEY"] = CANARY
    for arguments in (["users.get", "--user-id", "u"], ["users.get", "--user-id", "u\n"]):
        assert_hidden(failure_of(monkeypatch, shell, arguments, ""))
