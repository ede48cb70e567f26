"""``bulk assign``: its requests, its output and its exit codes."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from frontegg_async.bulk import Assign, Outcome, Progress
from frontegg_async.cli.bulk import progress
from frontegg_async.emulator import AnswerStatus, CutBeforeCommit, Emulator, ExtraFields
from frontegg_async.pacing import Wait

from .conftest import MakeFile
from .shell import ADD, GET, Shell
from .terminal import Terminal

KEYS = [
    "rows",
    "added",
    "already_member",
    "failed",
    "unknown",
    "invalid",
    "skipped",
    "requests",
    "throttled",
    "elapsed_s",
    "failures_path",
    "duplicates",
    "this_run",
    "all_runs",
]


def test_done(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """A run whose rows are all done has made the memberships, says so, and exits with 0."""
    result = shell.run("bulk", "assign", make_file("user-0,acme", "user-1,acme"))
    assert result.exit_code == 0, result.output
    assert {("user-0", "acme"), ("user-1", "acme")} <= server.memberships()
    assert "2 rows in" in result.stdout
    assert "2  added" in result.stdout
    assert result.stderr == ""
    assert server.invites == []


def test_json_is_one_object_with_these_keys(shell: Shell, make_file: MakeFile) -> None:
    """With --json, stdout is one object in one line, with exactly the keys promised."""
    result = shell.run("bulk", "assign", make_file("user-0,acme", "nobody"), "--json")
    assert result.exit_code == 3
    assert result.stdout.count("\n") == 1
    report = json.loads(result.stdout)
    assert list(report) == KEYS
    assert isinstance(report.pop("elapsed_s"), float)
    assert report.pop("requests") >= 1
    # There was no other run, so the figures of all runs are those of this one.
    assert report.pop("this_run") == report.pop("all_runs")
    assert report == {
        "rows": 2,
        "added": 1,
        "already_member": 0,
        "failed": 0,
        "unknown": 0,
        "invalid": 1,
        "skipped": 0,
        "throttled": 0,
        "failures_path": None,
        "duplicates": 0,
    }


def test_failures(shell: Shell, make_file: MakeFile, tmp_path: Path) -> None:
    """Rows that fail exit with 3, in the summary with line and trace id, and in the file."""
    failures = tmp_path / "failures.csv"
    result = shell.run(
        "bulk",
        "assign",
        make_file("nobody-0,acme", "user-0,acme", *(f"nobody-{n},acme" for n in range(1, 9))),
        "--failures",
        failures,
    )
    assert result.exit_code == 3
    assert "Not done, the first 5 of 9:" in result.stdout
    assert "line 2, failed: " in result.stdout
    assert "trace id " in result.stdout
    assert f"Every row that was not done: {failures}" in result.stdout
    assert "--failures" not in result.stderr
    with failures.open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 9


def test_json_names_the_failures_file(shell: Shell, make_file: MakeFile, tmp_path: Path) -> None:
    """With --json and --failures, failures_path is the path as a string."""
    failures = tmp_path / "failures.jsonl"
    result = shell.run("bulk", "assign", make_file("nobody,acme"), "--json", "--failures", failures)
    assert json.loads(result.stdout)["failures_path"] == str(failures)


def test_says_how_to_get_the_failures(shell: Shell, make_file: MakeFile) -> None:
    """A run that leaves rows undone says which command or which option would list them."""
    path = make_file("nobody,acme")
    result = shell.run("bulk", "assign", path)
    assert result.exit_code == 3
    assert f"bulk export {path}.ledger --outcome failed" in result.stderr
    result = shell.run("bulk", "assign", path, "--no-ledger")
    assert "--failures FILE" in result.stderr


def test_outcomes_in_doubt_beat_failures(
    shell: Shell, server: Emulator, make_file: MakeFile
) -> None:
    """If it cannot be found out whether a row was done, the exit code is 5, also beside 3."""
    server.inject(CutBeforeCommit(), on=ADD, times=1)
    # The look before the invite is answered, those after it are not.
    server.inject(ExtraFields(), on=GET)
    server.inject(AnswerStatus(403), on=GET, times=None)
    path = make_file("user-0,acme", "nobody,acme")
    result = shell.run("bulk", "assign", path, "--invite", "--workers", "1", "--json")
    report = json.loads(result.stdout)
    assert (report["unknown"], report["failed"]) == (1, 1)
    assert result.exit_code == 5
    assert "another run settles them" in result.stderr


def test_stopped_by_refused_credentials(
    shell: Shell, server: Emulator, make_file: MakeFile
) -> None:
    """A run that ends because its token is refused exits with 4, and the rest is skipped."""
    server.inject(AnswerStatus(401), on=ADD, times=None)
    path = make_file(*(f"user-0,tenant-{n}" for n in range(50)))
    result = shell.run("bulk", "assign", path, "--workers", "1")
    assert result.exit_code == 4, result.output
    assert "The run stopped early: " in result.stderr
    assert "49  skipped" in result.stdout


def test_credentials_refused_at_once(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Credentials that are refused exit with 4, one message, and no row sent."""
    result = shell.run("bulk", "assign", make_file("user-0,acme"), FRONTEGG_API_KEY="wrong-canary")
    assert result.exit_code == 4
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert "wrong-canary" not in result.output
    assert server.count(ADD) == 0


def test_no_credentials(bare: Shell, make_file: MakeFile) -> None:
    """Without credentials the exit code is 4, and it names the variables and --emulator."""
    result = bare.run("bulk", "assign", make_file("user-0,acme"))
    assert result.exit_code == 4
    assert result.stdout == ""
    for name in ("FRONTEGG_CLIENT_ID", "FRONTEGG_API_KEY", "FRONTEGG_SECRET_KEY", "--emulator"):
        assert name in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.csv", None, "No such file"),
        ("rows.xlsx", "user_id,tenant_id\n", ".csv, .jsonl, .ndjson or .parquet"),
        ("header.csv", "user_id,colour\n", "user_id, colour"),
        ("empty.csv", "", "needs tenant_id"),
    ],
)
def test_files_that_cannot_work(
    shell: Shell, server: Emulator, tmp_path: Path, name: str, content: str | None, said: str
) -> None:
    """A missing file, one of another kind or without its columns exits with 2, in a sentence."""
    if content is not None:
        (tmp_path / name).write_text(content)
    for extra in ((), ("--emulator",)):
        result = shell.run("bulk", "assign", tmp_path / name, *extra)
        assert result.exit_code == 2
        assert result.stdout == ""
        assert said in result.stderr
        assert result.stderr.count("\n") == 1
    assert server.count() == 0


def test_directory(shell: Shell, tmp_path: Path) -> None:
    """A directory in place of the file exits with 2, also if its name looks like a file's."""
    directory = tmp_path / "rows.csv"
    directory.mkdir()
    result = shell.run("bulk", "assign", directory)
    assert result.exit_code == 2
    assert "is a directory" in result.stderr


def test_failures_must_not_replace_the_source(shell: Shell, make_file: MakeFile) -> None:
    """--failures with the source itself exits with 2, and the source is as it was."""
    path = make_file("user-0,acme")
    before = path.read_text()
    assert shell.run("bulk", "assign", path, "--failures", path).exit_code == 2
    assert path.read_text() == before


def test_malformed_rows_are_reported(shell: Shell, make_file: MakeFile) -> None:
    """Rows that cannot be read are counted as invalid, named by their lines, and exit with 3."""
    path = make_file("user-0,acme", "user-1", ",acme", "user-2,acme")
    result = shell.run("bulk", "assign", path)
    assert result.exit_code == 3
    assert "2  added" in result.stdout
    assert "line 3, invalid: " in result.stdout
    assert "line 4, invalid: " in result.stdout


def test_throttling_is_reported(bare: Shell, make_file: MakeFile) -> None:
    """A run that the server throttles waits it out, is done, and says how often."""
    path = make_file(*(f"user-{n},acme" for n in range(4)))
    result = bare.run(
        "bulk", "assign", path, "--emulator", "--emulator-rate-limit", "2/50ms", "--json"
    )
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["added"] == 4
    assert report["throttled"] >= 1


def test_the_summary_names_what_was_waited_for(bare: Shell, make_file: MakeFile) -> None:
    """The summary says how long calls waited, and because of which operation's limit."""
    path = make_file(*(f"user-{n},acme" for n in range(4)))
    limited = ("--emulator", "--emulator-rate-limit", "2/100ms")
    result = bare.run("bulk", "assign", path, *limited)
    assert result.exit_code == 0, result.output
    assert re.search(
        r"^Calls waited [\d.]+ s because of the limit of users\.add_to_tenant\.$",
        result.stdout,
        re.MULTILINE,
    )
    assert "waited" not in bare.run("bulk", "assign", path, "--emulator").stdout


def test_a_wait_is_drawn(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """On a terminal the display names the limit that is used up, and when calls go again."""
    refused = AnswerStatus(429, headers={"Retry-After": "3000"})
    server.inject(refused, on=ADD, times=None)
    with Terminal(shell, "bulk", "assign", make_file("user-0,acme", "user-1,acme")) as terminal:
        terminal.wait_for("limit of users.add_to_tenant used up, next calls in ")


def test_a_wait_is_logged(
    bare: Shell, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal a line names the limit, and tells the time left and no rate of zero."""
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.01)
    path = make_file(*(f"user-{n},acme" for n in range(13)))
    limited = ("--emulator", "--emulator-rate-limit", "12/5", "--plan", "never")
    result = bare.run("bulk", "assign", path, *limited)
    assert result.exit_code == 0, result.output
    named = "limit of users.add_to_tenant used up, next calls in "
    lines = [line for line in result.stderr.splitlines() if named in line]
    assert any("12 of 13 rows; about " in line for line in lines)
    assert not [line for line in lines if " a second" in line]


class Told:
    """The live part of a progress, which changes while no row ends."""

    def __init__(self) -> None:
        self.waits: Wait | None = None
        self.left: float | None = None

    def wait(self) -> Wait | None:
        """Return the wait of now."""
        return self.waits

    def left_s(self) -> float | None:
        """Return the seconds left."""
        return self.left

    def waited_s(self) -> float:
        """Return no seconds."""
        return 0.0


def test_the_rate_is_that_of_the_time_without_waits() -> None:
    """While calls wait no rate is shown, and afterwards one that leaves the wait out."""
    now = 100.0
    live, told = Progress(Assign.labels), Told()
    live.follow(told)
    live.total = 1_000
    shown = progress.RunProgress(None, now=lambda: now)
    shown.watch(live)
    shown(live)

    def second(rows: int) -> str:
        nonlocal now
        now += 1.0
        live.counts[Outcome.APPLIED] += rows
        shown.look()
        return shown.headline()

    assert second(0) == "0 of 1,000 rows"
    assert second(100) == "100 of 1,000 rows, 100 a second"
    told.waits, told.left = Wait("users.add_to_tenant", 41.2, 64), 940.0
    assert {second(0) for _ in range(20)} == {"100 of 1,000 rows"}
    assert shown.wait() == "limit of users.add_to_tenant used up, next calls in 41 s"
    assert shown.left() == "about 15 min 40 s left"
    told.waits, told.left = None, None
    assert second(10) == "110 of 1,000 rows, 10.0 a second"
    assert (shown.wait(), shown.left()) == ("", "")


def test_invites_are_asked_for(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """With --invite, new members get an e-mail."""
    assert shell.run("bulk", "assign", make_file("user-0,acme"), "--invite").exit_code == 0
    assert [invite.user_id for invite in server.invites] == ["user-0"]


def test_tenants_are_validated(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """With --validate-tenants, an unknown tenant is a failed row and no new tenant."""
    result = shell.run("bulk", "assign", make_file("user-0,acme"), "--validate-tenants")
    assert result.exit_code == 3
    assert "acme" not in server.tenants


def test_reasons_obey_nobody(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """Control characters in a server's message reach the terminal as visible escapes."""
    server.inject(
        AnswerStatus(400, b'{"errors": ["\\u001b[31mred [bold]"]}', "application/json"), on=ADD
    )
    result = shell.run("bulk", "assign", make_file("user-0,acme"))
    assert "\x1b" not in result.output
    assert "\\x1b[31mred [bold]" in result.stdout


def test_literal_ids(shell: Shell, server: Emulator, make_file: MakeFile, tmp_path: Path) -> None:
    """An id that stands for a lost value is invalid, unless --literal-ids says that it is one."""
    path = make_file("user-0,#N/A", "user-0,NULL")
    result = shell.run("bulk", "assign", path, "--no-ledger", "--failures", tmp_path / "f.csv")
    assert result.exit_code == 3
    assert "2  invalid" in result.stdout
    with (tmp_path / "f.csv").open(newline="") as file:
        assert [row["tenant_id"] for row in csv.DictReader(file)] == ["#N/A", "NULL"]
    assert not {("user-0", "#N/A"), ("user-0", "NULL")} & server.memberships()
    result = shell.run("bulk", "assign", tmp_path / "f.csv", "--literal-ids")
    assert result.exit_code == 0, result.output
    assert {("user-0", "#N/A"), ("user-0", "NULL")} <= server.memberships()


def test_an_export_begins_no_formula(shell: Shell, make_file: MakeFile) -> None:
    """An exported CSV has no cell that a spreadsheet would run."""
    path = make_file("=user,@acme")
    shell.run("bulk", "assign", path)
    exported = shell.run("bulk", "export", f"{path}.ledger").stdout
    (row,) = csv.DictReader(exported.splitlines())
    assert (row["user_id"], row["tenant_id"]) == ("'=user", "'@acme")


def test_the_application_of_a_run(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """--application names the application in each call, and a retry keeps to the ledger's."""
    file = make_file("user-0,acme", "nobody,acme")
    result = shell.run("bulk", "assign", file, "--application", "app-1")
    assert result.exit_code == 3, result.output
    assert {each.headers["frontegg-application-id"] for each in server.requests} == {"app-1"}
    retry = ("bulk", "retry", f"{file}.ledger")
    refused = shell.run(*retry, "--application", "app-2")
    assert refused.exit_code == 2
    assert "was begun for the application app-1, not for app-2" in refused.stderr
    again = shell.run(*retry, FRONTEGG_APPLICATION_ID="app-2")
    assert again.exit_code == 3, again.output
    assert server.requests[-1].headers["frontegg-application-id"] == "app-1"
    emulated = shell.run("bulk", "assign", file, "--emulator", "--application", "app-1")
    assert emulated.exit_code == 2
    assert "leave out --application" in emulated.stderr
