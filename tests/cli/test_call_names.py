"""``call``: finding an operation by its name, by a similar name, and by TAB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from frontegg_async.endpoints import GROUPS, find, operations

from .shell import COMMAND, Shell


def modules_of(*arguments: str) -> set[str]:
    """Return the endpoint modules that a process has imported for a command."""
    script = (
        "import json, sys\n"
        "from frontegg_async.cli import main\n"
        f"sys.argv = ['frontegg-async', *{arguments!r}]\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    sys.stderr.write(json.dumps(list(sys.modules)))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env=Shell({}, Path()).environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    prefix = "frontegg_async.endpoints."
    names = {name for name in json.loads(ended.stderr) if name.startswith(prefix)}
    return {name.removeprefix(prefix).partition(".")[0] for name in names}


def test_one_group_is_imported() -> None:
    """A call imports its own group, and authentication, which every session needs."""
    for name in ("roles", "users"):
        loaded = modules_of("call", f"{name}.create", "--help")
        assert {each for each in loaded if not each.startswith("_")} == {"authentication", name}


def test_finding() -> None:
    """Every operation is found by its name, and nothing by another one."""
    assert all(find(each.name) is each for each in operations())
    for name in ("", "users", "users.", ".get", "nonsense.get", "users.get.more", "os.path"):
        assert find(name) is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("users.gte", "users.get"),
        ("user.get", "users.get"),
        ("roles.crete", "roles.create"),
        ("get_by_email", "users.get_by_email"),
        ("users.zzzzzzzz", "users."),
    ],
)
def test_nearly_a_name(bare: Shell, typed: str, meant: str) -> None:
    """A name that does not exist exits with 2 and suggests similar ones."""
    result = bare.run("call", typed)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "did you mean " in result.stderr
    assert meant in result.stderr.partition("did you mean ")[2]


def test_not_even_nearly_a_name(bare: Shell) -> None:
    """Without a similar name, the message names the command that lists all."""
    result = bare.run("call", "qqqqqqqqqqqq")
    assert result.exit_code == 2
    assert "see 'operations'" in result.stderr


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("op",), {"operations"}),
        (
            ("call", "sms_templates.get_"),
            {f"sms_templates.{v}" for v in ("get_all", "get_default", "get_defaults")},
        ),
        (("call", "users.get", "--user"), {"--user-id"}),
        (("call", "roles.create", "--bo"), {"--body"}),
    ],
)
def test_completion(words: tuple[str, ...], found: set[str]) -> None:
    """A shell that asks gets commands, operations and options."""
    ended = subprocess.run(
        COMMAND,
        env=Shell({}, Path()).environment(
            _FRONTEGG_ASYNC_COMPLETE="bash_complete",
            COMP_WORDS=" ".join(("frontegg-async", *words)),
            COMP_CWORD=str(len(words)),
        ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert {line.partition(",")[2] for line in ended.stdout.splitlines()} == found


def test_groups_are_sorted() -> None:
    """The table of groups has every group once, in order."""
    assert list(GROUPS) == sorted(set(GROUPS))
