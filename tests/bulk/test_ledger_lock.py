"""One run at a time on a ledger, by whichever name, and errors of the lock by their own name."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from frontegg_async import LedgerBusyError, LedgerError
from frontegg_async.bulk.ledger import lock as locking
from frontegg_async.bulk.ledger.ledger import Ledger
from frontegg_async.bulk.ledger.records import State

from ..support.bulk import FORM, HEADER, noted

REPOSITORY = Path(__file__).parent.parent.parent
HOLD = """
import sys
from pathlib import Path
import msgspec
from frontegg_async.bulk.ledger.records import Header
from frontegg_async.bulk.ledger.ledger import Ledger
from tests.support.bulk import FORM
try:
    ledger = Ledger.begin(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Header), FORM)
except Exception as error:
    print(type(error).__name__, flush=True)
else:
    print("open", flush=True)
    sys.stdin.read()
    ledger.close()
"""


@contextmanager
def other_process(path: Path) -> Generator[tuple[subprocess.Popen[str], str]]:
    """Run on a ledger in another process; give the process, and whether it could."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), msgspec.json.encode(HEADER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def made(path: Path) -> Path:
    """Return a ledger with rows in it, closed."""
    with closing(Ledger.begin(path, HEADER, FORM)) as ledger:
        ledger.add([noted(line, f"user-{line}", None, "t") for line in range(1, 101)])
        ledger.finish_loading()
    return path


def linked(path: Path, kind: str) -> Path:
    """Return another name of a file."""
    folder = path.parent / "elsewhere"
    folder.mkdir()
    name = folder / "name"
    match kind:
        case "symbolic":
            name.symlink_to(path)
        case "chain":
            (folder / "between").symlink_to(path)
            name.symlink_to("between")
        case "folder":
            (folder / "link").symlink_to(path.parent, target_is_directory=True)
            name = folder / "link" / path.name
        case _:
            name.hardlink_to(path)
    return name


@pytest.mark.parametrize("kind", ["symbolic", "chain", "folder"])
def test_symbolic_links(tmp_path: Path, kind: str) -> None:
    """A ledger in use is in use through links to it, in both directions; and not any more after."""
    path = made(tmp_path / "ledger")
    name = linked(path, kind)
    for one, other in ((path, name), (name, path)):
        with run_on(one):
            with other_process(other) as (_, heard):
                assert heard == "LedgerBusyError"
            with pytest.raises(LedgerBusyError, match="another process"):
                Ledger.begin(other, HEADER, FORM)
        with other_process(other) as (process, heard):
            assert heard == "open"
            with pytest.raises(LedgerBusyError, match="another process"):
                Ledger.begin(one, HEADER, FORM)
            process.kill()


def run_on(path: Path) -> closing[Ledger]:
    """Run on a ledger here."""
    return closing(Ledger.begin(path, HEADER, FORM))


def test_hard_links(tmp_path: Path) -> None:
    """A second name of a ledger is busy during a run and rejected later: the log has one name."""
    path = made(tmp_path / "ledger")
    with run_on(path) as ledger:
        name = linked(path, "hard")
        ledger.write((), (), [(1, 3)])
        with other_process(name) as (_, heard):
            assert heard == "LedgerBusyError"
    for each in (path, name):
        with pytest.raises(LedgerError, match="hard link"):
            Ledger.begin(each, HEADER, FORM)
        with pytest.raises(LedgerError, match="hard link"):
            Ledger.read(each)
    name.unlink()
    with run_on(path) as ledger:
        assert ledger.counts()[State.IN_FLIGHT] == 3


def test_there_is_no_file_to_delete(tmp_path: Path) -> None:
    """The lock is no file beside the ledger that could be deleted."""
    path = made(tmp_path / "ledger")
    with run_on(path):
        names = {each.name for each in tmp_path.iterdir()}
        assert names == {"ledger", "ledger-wal", "ledger-shm"}
        (tmp_path / "ledger.lock").touch()
        (tmp_path / "ledger.lock").unlink()
        with other_process(path) as (_, heard):
            assert heard == "LedgerBusyError"


def test_closing_the_file_gives_nothing_up(tmp_path: Path) -> None:
    """Opening and closing the ledger within the process of a run does not release its lock."""
    path = made(tmp_path / "ledger")
    with run_on(path) as ledger:
        path.read_bytes()
        with closing(Ledger.read(path)) as looking:
            assert looking.counts() == {State.PENDING: 100}
        with other_process(path) as (_, heard):
            assert heard == "LedgerBusyError"
        ledger.write((), (), [(1, 1)])
        with closing(Ledger.read(path)) as looking:
            assert looking.counts()[State.IN_FLIGHT] == 1


def test_a_ledger_that_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes the place of another while it is opened is not run on without a lock."""
    path, other = made(tmp_path / "ledger"), made(tmp_path / "other")
    lock = locking.LedgerLock.__init__

    def replaced(self: locking.LedgerLock, file: Path, ledger: Path) -> None:
        lock(self, file, ledger)
        other.replace(path)

    monkeypatch.setattr(locking.LedgerLock, "__init__", replaced)
    with pytest.raises(LedgerBusyError, match="replaced"):
        Ledger.begin(path, HEADER, FORM)
    monkeypatch.undo()
    Ledger.begin(path, HEADER, FORM).close()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.EIO])
def test_file_systems_without_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """An error of the lock is called that, and not another process; a lock is not done without."""
    path = made(tmp_path / "ledger")

    def fails(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "fcntl", fails)
    with pytest.raises(LedgerError, match="cannot be locked") as caught:
        Ledger.begin(path, HEADER, FORM)
    assert not isinstance(caught.value, LedgerBusyError)
    assert os.strerror(number) in str(caught.value)
    assert "--ledger" in str(caught.value)
    # Looking takes no lock.
    Ledger.read(path).close()
    monkeypatch.undo()
    Ledger.begin(path, HEADER, FORM).close()


def test_systems_without_locks_of_open_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With locks of processes, as on other systems, two runs exclude each other as well."""
    path = made(tmp_path / "ledger")
    monkeypatch.setattr(locking, "_OFD_SETLK", None)
    monkeypatch.setattr(locking, "_OFD_GETLK", None)
    with run_on(path):
        with pytest.raises(LedgerBusyError):
            Ledger.begin(path, HEADER, FORM)
        with other_process(path) as (_, heard):
            assert heard == "LedgerBusyError"
    with other_process(path) as (_, heard):
        assert heard == "open"
        with pytest.raises(LedgerBusyError):
            Ledger.begin(path, HEADER, FORM)
        assert locking.is_run_on(path, path)


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_files_that_are_no_files(tmp_path: Path, kind: str) -> None:
    """A pipe or a device is rejected at once, without waiting for its other end."""
    path = Path("/dev/null")
    if kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    with pytest.raises(LedgerError, match="regular file"):
        Ledger.begin(path, HEADER, FORM)
    with pytest.raises(LedgerError, match="no ledger"):
        Ledger.read(path)
