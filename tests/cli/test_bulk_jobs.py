"""Parts of every bulk job: dry runs, confirmation, pages, rates, progress lines."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

from frontegg_async.cli.bulk import progress
from frontegg_async.emulator import Emulator, Stall

from .bulk_runs import many_users, signal_until, status_of
from .conftest import MakeFile
from .shell import ADD, Shell
from .terminal import Terminal

REMOVE = "DELETE /identity/resources/users/v1/{userId}"
KEYS_BEHIND = [
    *("failed", "unknown", "invalid", "skipped"),
    *("requests", "throttled", "elapsed_s", "failures_path"),
    *("duplicates", "this_run", "all_runs"),
]
JOBS = [
    ("assign", "user_id,tenant_id", "acme", ["added", "already_member"]),
    ("activate", "user_id,tenant_id", "acme", ["activated", "already_active"]),
    ("remove", "user_id,tenant_id", "home", ["removed", "not_member"]),
    ("superuser", "user_id,super_user", "true", ["changed", "unchanged"]),
]
PLAN_KEYS = [
    *("job", "rows", "to_send", "already", "invalid", "duplicates", "failed"),
    *("requests", "elapsed_s", "reason", "failures"),
]


@pytest.mark.parametrize(("job", "header", "value", "own"), JOBS)
def test_json_of_every_job(
    shell: Shell, make_file: MakeFile, job: str, header: str, value: str, own: list[str]
) -> None:
    """The object has the two outcomes of the job, and else the same keys in the same order."""
    path = make_file(f"user-0,{value}", f"user-1,{value}", "oops", header=header)
    yes = ("--yes",) * (job == "remove")
    result = shell.run("bulk", job, path, "--json", *yes)
    assert result.exit_code == 3, result.output
    report = json.loads(result.stdout)
    assert list(report) == ["rows", *own, *KEYS_BEHIND]
    assert (report["rows"], report[own[0]], report["invalid"]) == (3, 2, 1)
    again = shell.run("bulk", job, path, "--json", "--no-ledger", *yes)
    assert json.loads(again.stdout)[own[1]] == 2


@pytest.mark.parametrize(("job", "header", "value", "own"), JOBS)
def test_every_job_on_the_emulator(
    bare: Shell,
    make_file: MakeFile,
    job: str,
    header: str,
    value: str,
    own: list[str],
) -> None:
    """Without an account every row of every job has something to do, and nothing is kept."""
    name = header.replace("user_id", "email")
    path = make_file(f"Ann@example.test,{value}", f"bob@example.test,{value}", header=name)
    options: list[tuple[str, ...]] = [(), ("--validate-tenants",)]
    for extra in options if job in {"assign", "activate"} else options[:1]:
        result = bare.run("bulk", job, path, "--emulator", "--json", *extra)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)[own[0]] == 2
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_emulator_keeps_a_ledger_that_is_asked_for(
    bare: Shell, make_file: MakeFile, tmp_path: Path
) -> None:
    """With --emulator and --ledger, the ledger can be looked into afterwards."""
    ledger = tmp_path / "mine"
    path = make_file("user-0,acme")
    assert bare.run("bulk", "assign", path, "--emulator", "--ledger", ledger).exit_code == 0
    assert status_of(bare, ledger)["outcomes"]["added"] == 1


@pytest.mark.parametrize(("job", "header", "value", "own"), JOBS)
def test_dry_run(
    shell: Shell,
    server: Emulator,
    make_file: MakeFile,
    tmp_path: Path,
    job: str,
    header: str,
    value: str,
    own: list[str],
) -> None:
    """A dry run counts the rows that would be sent, asks nothing, and writes nothing."""
    path = make_file(f"user-0,{value}", f"user-1,{value}", f"user-1,{value}", "x", header=header)
    files = ("--failures", tmp_path / "f.csv", "--report", tmp_path / "r.html")
    result = shell.run("bulk", job, path, "--dry-run", "--json", *files)
    assert result.exit_code == 0, result.output
    plan = json.loads(result.stdout)
    assert list(plan) == PLAN_KEYS
    numbers = {name: plan[name] for name in PLAN_KEYS[1:6]}
    assert numbers == {"rows": 4, "to_send": 2, "already": 0, "invalid": 1, "duplicates": 1}
    text = shell.run("bulk", job, path, "--dry-run").stdout
    for part in (f"Dry run of {job}: 4 rows", "2  to be sent", "Plan: ", "Nothing was written."):
        assert part in text
    (failure,) = plan["failures"]
    assert (failure["line"], failure["outcome"]) == (5, "invalid")
    assert f"Not to be sent:\n  line 5, invalid: {failure['reason']}\n" in text
    writes = [
        each for each in server.requests if each.method != "GET" and "auth" not in each.raw_path
    ]
    assert (writes, own[0] in text) == ([], False)
    assert list(tmp_path.iterdir()) == [path]


def test_removal_needs_a_terminal_or_yes(
    shell: Shell, server: Emulator, make_file: MakeFile
) -> None:
    """Without a terminal it exits with 2, names file and rows, and sends nothing."""
    path = make_file("user-0,home", "user-1,home", "oops")
    result = shell.run("bulk", "remove", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"2 rows in {path}" in result.stderr
    assert "--yes" in result.stderr
    assert server.count() == 0
    assert not Path(f"{path}.ledger").exists()


@pytest.mark.parametrize(("answer", "code", "removed"), [("n\n", 1, 0), ("y\n", 0, 2)])
def test_removal_asks(
    shell: Shell,
    server: Emulator,
    make_file: MakeFile,
    answer: str,
    code: int,
    removed: int,
) -> None:
    """On a terminal it asks, naming file, rows and environment, and begins only after a yes."""
    path = make_file("user-0,home", "user-1,home", "oops, no row")
    path.write_text(path.read_text().replace("oops, no row", "user-2,acme"))
    with Terminal(shell, "bulk", "remove", path, COLUMNS="400") as terminal:
        terminal.wait_for("Go on?")
        question = terminal.text.replace("\r\n", "")
        for part in ("3 rows", str(path), server.client_id, server.url):
            assert part in question
        assert server.count() == 0
        terminal.type(answer)
        assert terminal.finish() == code
    assert server.count(REMOVE) == removed
    assert len(server.memberships()) == 3 - removed


def test_report_page(shell: Shell, make_file: MakeFile, tmp_path: Path) -> None:
    """--report writes one page that loads nothing, with counts, host and failures."""
    page = tmp_path / "report.html"
    page.write_text("an older one")
    path = make_file("user-0,acme", "nobody,acme")
    result = shell.run("bulk", "assign", path, "--report", page)
    assert result.exit_code == 3
    assert f"Report page: {page}" in result.stderr
    text = page.read_text()
    assert text.lower().startswith("<!doctype html>")
    for part in (shell.variables["FRONTEGG_BASE_URL"], path.name, "nobody", "bulk retry"):
        assert part in text
    assert not re.search(r"<script|<link|\bsrc=|@import|url\(", text)
    assert {each.name for each in tmp_path.iterdir() if "tmp" in each.name} == set()


def test_failures_must_not_replace_the_ledger(shell: Shell, make_file: MakeFile) -> None:
    """--failures with the ledger itself exits with 2, and the ledger is as it was."""
    path = make_file("user-0,acme")
    shell.run("bulk", "assign", path)
    ledger = Path(f"{path}.ledger")
    assert shell.run("bulk", "assign", path, "--failures", ledger).exit_code == 2
    assert status_of(shell, ledger)["rows"] == 1


@pytest.mark.parametrize(
    "where",
    [
        *("missing/failures.csv", "failures.xlsx", "failures", "folder.csv", "rows.csv"),
        "rows.csv.ledger",
    ],
)
@pytest.mark.parametrize("command", [("remove",), ("assign", "--emulator")], ids=" ".join)
def test_failures_that_cannot_be_written(
    shell: Shell,
    server: Emulator,
    make_file: MakeFile,
    tmp_path: Path,
    command: tuple[str, ...],
    where: str,
) -> None:
    """They are refused with 2 before anything is asked, played or sent."""
    path = make_file("user-0,home")
    (tmp_path / "folder.csv").mkdir()
    job, *more = command
    result = shell.run("bulk", job, path, *more, "--failures", tmp_path / where)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert "failures" in result.stderr
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    assert "Emulator:" not in result.stderr
    assert "--yes" not in result.stderr
    assert server.count() == 0


def test_files_among_the_rows_of_a_folder(
    shell: Shell, server: Emulator, make_file: MakeFile, tmp_path: Path
) -> None:
    """A page, failures or a ledger that the same command would find among its rows are refused."""
    folder = tmp_path / "rows"
    folder.mkdir()
    make_file("user-0,home").rename(folder / "a.csv")
    for option, name in (("--report", "r.html"), ("--failures", "f.csv"), ("--ledger", "l.db")):
        result = shell.run("bulk", "assign", folder, option, folder / name)
        assert result.exit_code == 2, result.output
        assert "would read" in result.stderr
    assert server.count() == 0


def test_files_of_a_retry_that_would_replace_the_source(
    shell: Shell, server: Emulator, make_file: MakeFile
) -> None:
    """A retry writes neither its failures nor its page over the file that its ledger is of."""
    path = make_file("nobody,acme")
    shell.run("bulk", "assign", path)
    page = make_file("nobody,acme", name="rows.html")
    before, content = server.count(), path.read_text()
    ledger = Path(f"{path}.ledger")
    for option, target in (("--failures", path), ("--report", path)):
        result = shell.run("bulk", "retry", ledger, option, target)
        assert result.exit_code == 2, result.output
    assert (server.count(), path.read_text()) == (before, content)
    assert shell.run("bulk", "retry", ledger, "--report", page).exit_code == 3
    assert "<!DOCTYPE html>" in page.read_text()


@pytest.mark.parametrize(
    "where",
    [
        *("missing/report.html", ".", "rows.csv", "rows.csv.ledger", "report.xlsx", "report"),
        "folder.html",
    ],
)
def test_report_that_cannot_be_written(
    shell: Shell, server: Emulator, make_file: MakeFile, tmp_path: Path, where: str
) -> None:
    """A page that cannot be written, or would replace something, exits with 2 before any call."""
    path = make_file("user-0,acme")
    (tmp_path / "folder.html").mkdir()
    before = path.read_text()
    result = shell.run("bulk", "assign", path, "--report", tmp_path / where)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert "--report" in result.stderr
    assert server.count() == 0
    assert path.read_text() == before


def test_rate_is_kept(
    shell: Shell, server: Emulator, portal: BlockingPortal, make_file: MakeFile
) -> None:
    """With --rate, no more is sent than that, however many workers there are."""
    stall = server.inject(Stall(after_commit=True), on=ADD, times=None)
    path = make_file(*many_users(server, 5))
    process = shell.start("bulk", "assign", path, "--rate", "1/1h")
    portal.call(stall.wait)
    signal_until(process, signal.SIGINT, "Stopping: ")
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert server.count(ADD) == 1
    portal.call(server.clear_faults)


@pytest.mark.parametrize(
    "options",
    [
        ("--rate", "many"),
        ("--rate", "0/60"),
        ("--max-share", "0"),
        ("--max-share", "1.5"),
        ("--plan", "perhaps"),
        ("--conflicts", "shrug"),
        ("--ledger", "x", "--no-ledger"),
    ],
)
def test_options_that_cannot_work(
    shell: Shell, server: Emulator, make_file: MakeFile, options: tuple[str, ...]
) -> None:
    """Invalid options exit with 2, and nothing is sent."""
    result = shell.run("bulk", "assign", make_file("user-0,acme"), *options)
    assert result.exit_code == 2
    assert server.count() == 0


def test_lines_without_a_terminal(
    bare: Shell, make_file: MakeFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal, how far it is comes as a line now and then, beside clean data."""
    monkeypatch.setattr(progress, "LOG_EVERY_S", 0.01)
    path = make_file(*(f"user-{number},acme" for number in range(20)))
    result = bare.run(
        *("bulk", "assign", path, "--emulator", "--json", "--workers", "1"),
        *("--emulator-latency", "20ms", "--emulator-rate-limit", "8/1s"),
    )
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    lines = [line for line in result.stderr.splitlines() if " of 20 rows" in line]
    assert len(lines) > 2
    assert any(
        re.search(r"rows, [\d.]+ a second; about .+ left; \d+ added", line) for line in lines
    )
    assert any("limit of users.add_to_tenant used up, next calls in 1 s" in line for line in lines)
    assert any("waited " in line and "throttled " in line for line in lines)


def test_help_tells_about_exit_codes(bare: Shell) -> None:
    """The help of every bulk command explains the exit codes of ledgers."""
    for name in ("assign", "activate", "remove", "superuser", "status", "export", "retry"):
        text = bare.run("bulk", name, "--help").stdout
        assert "that another process is using" in text, name
        assert "a ledger of another input" in text, name
