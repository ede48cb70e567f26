"""The command line as a whole: credentials, settings, secrets, streams and signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

import frontegg_async
from frontegg_async.emulator import AnswerStatus, Emulator, Stall

from ..support.sessions import API_KEY
from .conftest import MakeFile
from .shell import ADD, GET, Shell, all_commands
from .terminal import Terminal

GET_USER = ("call", "users.get", "--user-id", "user-0")


def test_version(bare: Shell) -> None:
    """--version prints the version of the package."""
    result = bare.run("--version")
    assert (result.exit_code, result.stderr) == (0, "")
    assert frontegg_async.__version__ in result.stdout


def test_help_of_every_command(bare: Shell) -> None:
    """Every command has a help, which needs no credentials."""
    for name, command in all_commands().items():
        result = bare.run(*name.split(), "--help")
        assert result.exit_code == 0
        assert result.stdout.startswith("Usage: ")
        assert command.help


def test_help_names_every_exit_code(bare: Shell) -> None:
    """The help of the program explains each exit code."""
    codes = re.findall(r"^  +(\d+)  ", bare.run("--help").stdout, re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "5", "130"]


def test_help_imports_no_command() -> None:
    """--help is quick because neither rich's progress nor the emulator is imported for it."""
    script = (
        "import sys\n"
        "from frontegg_async.cli import main\n"
        "sys.argv = ['frontegg-async', '--help']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    heavy = {'rich.progress', 'frontegg_async.emulator', 'frontegg_async.bulk'}\n"
        "    sys.stderr.write(repr(heavy & set(sys.modules)))\n"
    )
    ended = _python(script)
    assert ended.returncode == 0
    assert ended.stderr == "set()"


@pytest.mark.parametrize("missing", ["click", "jinja2", "rich"])
def test_without_the_extra(missing: str) -> None:
    """Without a library of the extra, one sentence names both, and the code is 1."""
    script = (
        f"import sys\nsys.modules[{missing!r}] = None\n"
        "from frontegg_async.cli import main\nmain()\n"
    )
    ended = _python(script)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert f"needs {missing}: pip install 'frontegg-async[cli]'" in ended.stderr
    assert ended.stderr.count("\n") == 1


def _python(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        env=Shell({}, Path()).environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({}, ("FRONTEGG_CLIENT_ID", "FRONTEGG_API_KEY", "FRONTEGG_SECRET_KEY")),
        ({"FRONTEGG_CLIENT_ID": "id"}, ("FRONTEGG_API_KEY",)),
        ({"FRONTEGG_API_KEY": API_KEY}, ("FRONTEGG_CLIENT_ID",)),
        ({"FRONTEGG_CLIENT_ID": "id", "FRONTEGG_API_KEY": " "}, ("FRONTEGG_API_KEY",)),
    ],
)
def test_no_credentials(bare: Shell, variables: dict[str, str], named: tuple[str, ...]) -> None:
    """Without credentials every command that needs them exits with 4 and names the variables."""
    for command in (("token",), GET_USER):
        result = bare.run(*command, **variables)
        assert result.exit_code == 4
        assert result.stdout == ""
        assert [name for name in named if name not in result.stderr] == []
        assert result.stderr.count("\n") == 1


def test_refused_credentials(shell: Shell) -> None:
    """Credentials that the server refuses exit with 4, with the trace id, and are not shown."""
    for command in (("token",), GET_USER):
        result = shell.run(*command, FRONTEGG_API_KEY="wrong-canary")
        assert result.exit_code == 4
        assert result.stdout == ""
        assert "trace id " in result.stderr
        assert "wrong-canary" not in result.output


def test_the_other_name_of_the_secret(shell: Shell) -> None:
    """FRONTEGG_SECRET_KEY is read where FRONTEGG_API_KEY is missing."""
    result = shell.run(*GET_USER, FRONTEGG_API_KEY="", FRONTEGG_SECRET_KEY=API_KEY)
    assert result.exit_code == 0, result.output


def test_flags_beat_the_environment(shell: Shell, server: Emulator) -> None:
    """--client-id, --base-url and --environment-id are used in place of the variables."""
    result = shell.run(
        *GET_USER,
        *("--client-id", server.client_id, "--base-url", server.url, "--environment-id", "flag"),
        FRONTEGG_CLIENT_ID="wrong",
        FRONTEGG_BASE_URL="http://127.0.0.1:9",
        FRONTEGG_REGION="us",
        FRONTEGG_ENVIRONMENT_ID="variable",
    )
    assert result.exit_code == 0, result.output
    assert server.requests[-1].headers["frontegg-environment-id"] == "flag"


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        (("--region", "eu", "--base-url", "https://example.test"), {}),
        (("--region", "atlantis"), {}),
        (("--base-url", "http://example.test"), {}),
        (("--timeout", "0"), {}),
        (("--timeout", "soon"), {}),
        ((), {"FRONTEGG_REGION": "eu"}),
        ((), {"FRONTEGG_BASE_URL": "", "FRONTEGG_REGION": "atlantis"}),
    ],
)
def test_settings_that_cannot_work(
    shell: Shell, server: Emulator, options: tuple[str, ...], variables: dict[str, str]
) -> None:
    """Settings that contradict each other or make no sense exit with 2, and nothing is sent."""
    result = shell.run("token", *options, **variables)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert server.count() == 0


def test_unknown_region(shell: Shell) -> None:
    """The message about a region in the environment names its variable."""
    result = shell.run("token", FRONTEGG_BASE_URL="", FRONTEGG_REGION="EU")
    assert result.exit_code == 2
    assert "FRONTEGG_REGION must be one of eu, us, ca, au, got 'EU'" in result.stderr


def test_timeout(shell: Shell, server: Emulator, portal: BlockingPortal) -> None:
    """--timeout ends a call that gets no answer, in 1 and with a message."""
    server.inject(Stall(), on=GET, times=None)
    result = shell.run(*GET_USER, "--timeout", "50ms")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: users.get: ")
    portal.call(server.clear_faults)


def test_unreachable_server(bare: Shell) -> None:
    """A server that is not there exits with 1, in one sentence without a traceback."""
    process = bare.start(
        *("token", "--base-url", "http://127.0.0.1:9", "--timeout", "200ms"),
        FRONTEGG_CLIENT_ID="id",
        FRONTEGG_API_KEY=API_KEY,
    )
    stdout, stderr = process.communicate()
    assert process.returncode == 1
    assert stdout == ""
    assert stderr.startswith("Error: ")
    assert "Traceback" not in stderr


def test_secrets_are_never_printed(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """At any verbosity, and after any error, neither the key nor a token is printed."""
    server.inject(AnswerStatus(400, b'{"errors": ["no"]}', "application/json"), on=ADD)
    commands: tuple[tuple[str | Path, ...], ...] = (
        ("token", "-vv"),
        ("token", "-vv", "--json"),
        (*GET_USER, "-vv"),
        ("call", "users.get", "--user-id", "nobody", "-vv"),
        ("bulk", "assign", make_file("user-0,acme", "user-1,acme"), "-vv"),
    )
    results = [shell.run(*command) for command in commands]
    results.append(shell.run("token", "-vv", FRONTEGG_CLIENT_ID="refused"))
    assert "attempt 1" in results[-1].stderr
    for result in results:
        assert API_KEY not in result.output
        assert "Bearer" not in result.output
        # How every JWT begins.
        assert "eyJ" not in result.output


def test_logs_go_to_stderr_and_end(shell: Shell) -> None:
    """-vv logs to stderr, not to stdout, and leaves no handler behind for the next command."""
    unknown = ("call", "users.get", "--user-id", "nobody")
    logged = shell.run(*unknown, "-vv")
    assert "DEBUG frontegg_async: users.get, attempt 1" in logged.stderr
    assert logged.stdout == ""
    assert shell.run(*unknown).stderr.count("\n") == 1


def test_colours_need_a_terminal(shell: Shell, make_file: MakeFile) -> None:
    """Without a terminal there is not one escape sequence, on neither stream, and no progress."""
    process = shell.start("bulk", "assign", make_file("user-0,acme", "nobody,acme"))
    stdout, stderr = process.communicate()
    assert process.returncode == 3
    assert "\x1b" not in stdout + stderr
    assert "a second" not in stderr


def test_progress_on_a_terminal(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """On a terminal, progress shows rows, total and counts, and the summary takes its place."""
    stall = server.inject(Stall(), on=ADD)
    path = make_file("user-0,acme", "user-1,acme", "nobody,acme")
    with Terminal(shell, "bulk", "assign", path) as terminal:
        terminal.wait_for("2 of 3 rows")
        terminal.wait_for("1 added, 1 failed")
        assert stall.struck == 1
        portal.call(server.clear_faults)
        assert terminal.finish() == 3
        assert "3 rows in " in terminal.text
        assert "\x1b[3" in terminal.seen


def test_no_color(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """With NO_COLOR, progress and summary on a terminal have no colour."""
    server.inject(Stall(), on=ADD)
    path = make_file("user-0,acme", "user-1,acme", "nobody,acme")
    with Terminal(shell, "bulk", "assign", path, NO_COLOR="1") as terminal:
        terminal.wait_for("2 of 3 rows")
        portal.call(server.clear_faults)
        assert terminal.finish() == 3
        sequences: list[str] = re.findall(r"\x1b\[([0-9;]*)m", terminal.seen)
        colours = {int(part) for each in sequences for part in each.split(";") if part}
        assert not {code for code in colours if code >= 30}


def test_data_stays_clean_beside_progress(shell: Shell, make_file: MakeFile) -> None:
    """With --json into a file or pipe, progress on the terminal does not get into the data."""
    path = make_file("user-0,acme")
    with Terminal(shell, "bulk", "assign", path, "--json", keep_stdout=True) as terminal:
        assert terminal.finish() == 0
        assert terminal.data.startswith(b'{"rows":1,')
        assert terminal.data.count(b"\n") == 1
        assert "rows" in terminal.text


def test_logs_stand_above_progress(shell: Shell, make_file: MakeFile) -> None:
    """Log lines that come while progress is shown are whole lines of their own."""
    with Terminal(shell, "bulk", "assign", make_file("nobody,acme"), "-vv") as terminal:
        assert terminal.finish() == 3
        lines = terminal.text.replace("\r", "\n").splitlines()
        assert any(
            re.match(r"\S+ \S+ DEBUG frontegg_async: users\.add_to_tenant, attempt 1", line)
            for line in lines
        )


def test_interrupted_run(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """Ctrl-C ends a run in 130 by itself, although the server gives no answer any more."""
    stall = server.inject(Stall(), on=ADD, times=None)
    process = shell.start("bulk", "assign", make_file("user-0,acme", "oops"))
    portal.call(stall.wait)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()
    assert process.returncode == 130
    assert "1  in doubt" in stdout
    assert stderr.startswith("Stopping: ")
    assert "To continue: frontegg-async bulk assign " in stderr


def test_interrupted_call(shell: Shell, server: Emulator, portal: BlockingPortal) -> None:
    """Ctrl-C ends a call in 130, with one line and no traceback."""
    stall = server.inject(Stall(), on=GET)
    process = shell.start(*GET_USER)
    portal.call(stall.wait)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate()
    assert (process.returncode, stdout, stderr) == (130, "", "Interrupted.\n")


def test_interrupted_question(shell: Shell) -> None:
    """Ctrl-C at a question exits with 130."""
    with Terminal(shell, "call", "users.delete_everywhere", "--user-id", "user-0") as terminal:
        terminal.wait_for("Go on?")
        terminal.wait_until_it_reads()
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 130
        assert "Traceback" not in terminal.text


@pytest.mark.parametrize("command", [("operations",), ("call", "users.iterate"), ("--help",)])
def test_nobody_reads_stdout(shell: Shell, command: tuple[str, ...]) -> None:
    """A reader of stdout who has left, as head does, is met without a traceback."""
    read, write = os.pipe()
    os.close(read)
    process = shell.start(*command, stdout=write)
    os.close(write)
    _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a full device")
def test_full_disk(shell: Shell) -> None:
    """Data that cannot be written is an error in one sentence, never a success."""
    with Path("/dev/full").open("w") as full:
        process = shell.start("operations", "--json", stdout=full.fileno())
        _, stderr = process.communicate()
    assert process.returncode == 1
    assert stderr == "Error: No space left on device\n"


def test_bugs_are_one_line(bare: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug exits with 1 and one line; the traceback is shown with -vv."""

    def broken() -> None:
        raise RuntimeError("oops")

    monkeypatch.setattr("frontegg_async.cli.operations.all_operations", broken)
    result = bare.run("operations")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: unexpected RuntimeError: oops")
    assert result.stderr.count("\n") == 1
    assert "Traceback" in bare.run("operations", "-vv").stderr
