"""Which benchmarks are run together, and with what."""

from __future__ import annotations

import subprocess
from pathlib import Path

import msgspec
import pytest
import running
from plots import Results
from tables import Document


def test_all_are_run_unless_some_are_chosen() -> None:
    """Without a choice every program of the folder is run."""
    assert running.chosen(None) == running.NAMES
    assert running.chosen("call, bulk") == ["call", "bulk"]


def test_a_name_that_there_is_not_is_refused() -> None:
    """The message lists those that there are."""
    with pytest.raises(ValueError, match="'cal'; there are bulk, call"):
        running.chosen("cal")


def test_quick_runs_have_arguments_of_their_own() -> None:
    """Those that are not named run one round."""
    assert running.command("call", quick=True, as_json=True)[2:] == ["--rounds", "1", "--json"]
    assert running.command("call", quick=False, as_json=False)[2:] == []
    assert set(running.QUICK) <= set(running.NAMES)


def test_one_that_fails_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is named, and the documents of the others are gathered."""
    document = Document("?", {}, {}, {}, [])
    broken = {"bench_call"}

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        failed = Path(command[1]).stem in broken
        output = b"" if failed else msgspec.json.encode(document) + b"\n"
        return subprocess.CompletedProcess(command, int(failed), output)

    monkeypatch.setattr(subprocess, "run", run)
    file = tmp_path / "results.json"
    assert running.run(["call", "engine"], quick=False, file=file) == ["call"]
    found = msgspec.json.decode(file.read_bytes(), type=Results)
    assert list(found.benchmarks) == ["engine"]
    assert msgspec.json.decode(file.read_bytes())["failed"] == ["call"]
    broken.clear()
    assert running.run(["call"], quick=False, file=file) == []
    found = msgspec.json.decode(file.read_bytes(), type=Results)
    assert list(found.benchmarks) == ["engine", "call"]
    assert msgspec.json.decode(file.read_bytes())["failed"] == []
