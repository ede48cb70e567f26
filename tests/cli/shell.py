"""Runs commands: in this process where that is enough, else in one of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import click
from click.testing import CliRunner, Result

import frontegg_async
from frontegg_async.cli.app import app

# Wherever the package that is tested was imported from, its processes import it from there.
_ROOT = Path(frontegg_async.__file__).parents[1]
ADD = "POST /identity/resources/users/v1/{userId}/tenant"
GET = "GET /identity/resources/vendor-only/users/v1/{userId}"
COMMAND = (sys.executable, "-W", "error", "-m", "frontegg_async.cli")


class Shell:
    """An environment and a directory to run commands in."""

    def __init__(self, variables: Mapping[str, str], directory: Path) -> None:
        self.variables = dict(variables)
        self.directory = directory

    def run(self, *arguments: str | Path, stdin: str | None = None, **variables: str) -> Result:
        """Run a command in this process, where stdin, stdout and stderr are no terminals."""
        return CliRunner().invoke(
            app,
            [str(argument) for argument in arguments],
            input=stdin,
            env={**self.variables, **variables},
        )

    def environment(self, **variables: str) -> dict[str, str]:
        """Return the whole environment of a process."""
        inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        path = os.pathsep.join(filter(None, (*inherited, str(_ROOT))))
        return {**os.environ, "PYTHONPATH": path, **self.variables, **variables}

    def start(
        self, *arguments: str | Path, stdout: int = subprocess.PIPE, **variables: str
    ) -> subprocess.Popen[str]:
        """Start a command in a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=self.directory,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )


def all_commands() -> dict[str, click.Command]:
    """Return every command by its whole name."""
    found: dict[str, click.Command] = {}
    open_groups: list[tuple[str, click.Group]] = [("", app)]
    while open_groups:
        prefix, group = open_groups.pop()
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            found[f"{prefix}{name}"] = command
            if isinstance(command, click.Group):
                open_groups.append((f"{prefix}{name} ", command))
    return found
