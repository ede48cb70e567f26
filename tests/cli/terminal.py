"""A pseudo-terminal to run a command on."""

from __future__ import annotations

import errno
import os
import pty
import re
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from .shell import COMMAND, Shell

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command on a terminal: stdin, stderr and, unless it is kept apart, stdout.

    Attributes:
        seen: output of the terminal so far, escapes included.
        data: stdout of a command that has ended, if it is kept apart.
    """

    def __init__(
        self, shell: Shell, *arguments: str | Path, keep_stdout: bool = False, **variables: str
    ) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            cwd=shell.directory,
            env=shell.environment(**variables),
            stdin=slave,
            stdout=subprocess.PIPE if keep_stdout else slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.seen = ""
        self.data = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        os.close(self._master)

    def wait_for(self, text: str) -> None:
        """Read until ``text`` is in the output."""
        while text not in self.text:
            assert self._read(), f"ended without {text!r}: {self.seen!r}"

    def wait_until_it_reads(self) -> None:
        """Wait until the program sleeps in a read of its input.

        A signal between the prompt and the read would be handled only after the read.
        """
        stat = Path(f"/proc/{self.process.pid}/stat")
        while stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "S":
            os.sched_yield()

    def type(self, text: str) -> None:
        """Write to the terminal as a user would."""
        os.write(self._master, text.encode())

    def finish(self) -> int:
        """Read until the command has ended, and return its exit code."""
        while self._read():
            pass
        if self.process.stdout is not None:
            self.data = self.process.stdout.read()
        return self.process.wait()

    @property
    def text(self) -> str:
        """Output so far, without escapes."""
        return _ESCAPES.sub("", self.seen)

    def _read(self) -> bool:
        try:
            chunk = os.read(self._master, 65_536)
        except OSError as error:
            # On Linux, the error of a terminal whose other side is closed.
            if error.errno == errno.EIO:
                return False
            raise
        self.seen += chunk.decode(errors="replace")
        return bool(chunk)
