"""``bulk assign --emulator``: a first try without an account."""

from __future__ import annotations

import json

import pytest

from frontegg_async.emulator import Emulator

from .conftest import MakeFile
from .shell import Shell


def test_needs_no_environment(bare: Shell, make_file: MakeFile) -> None:
    """A process without any variable assigns every row, and says that nothing real is touched."""
    path = make_file("user-0,acme", "user-1,acme", "user-0,globex")
    process = bare.start("bulk", "assign", path, "--emulator", "--json")
    stdout, stderr = process.communicate()
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["added"] == 3
    assert "Nothing real is touched." in stderr
    assert "2 users" in stderr


def test_ignores_the_environment(shell: Shell, server: Emulator, make_file: MakeFile) -> None:
    """FRONTEGG_* is ignored: the server that it names gets no request."""
    result = shell.run(
        "bulk", "assign", make_file("user-0,acme"), "--emulator", FRONTEGG_REGION="nowhere"
    )
    assert result.exit_code == 0, result.output
    assert server.count() == 0


@pytest.mark.parametrize("extra", [(), ("--validate-tenants",), ("--invite",)])
def test_knows_users_by_email(bare: Shell, make_file: MakeFile, extra: tuple[str, ...]) -> None:
    """Rows that name users by e-mail, by id or by both succeed at the first try."""
    path = make_file(
        '{"email": "Ann@example.test", "tenantId": "acme"}',
        '{"email": "ann@example.test", "tenantId": "globex"}',
        '{"userId": "bob", "tenantId": "acme"}',
        '{"userId": "eve", "email": "eve@example.test", "tenantId": "acme", "setActive": true}',
        name="rows.jsonl",
        header=None,
    )
    result = bare.run("bulk", "assign", path, "--emulator", "--json", *extra)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["added"] == 4


def test_malformed_rows_stay_malformed(bare: Shell, make_file: MakeFile) -> None:
    """A row that cannot be read does not stop the seeding, and is reported by the run."""
    result = bare.run("bulk", "assign", make_file("oops", "user-0,acme"), "--emulator", "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["added"], report["invalid"]) == (1, 1)


def test_options_that_contradict_it(bare: Shell, make_file: MakeFile) -> None:
    """A host beside --emulator is refused, as are the emulator's options without it."""
    path = make_file("user-0,acme")
    refused = (
        ("--emulator", "--region", "us"),
        ("--emulator", "--base-url", "https://api.frontegg.com"),
        ("--emulator-latency", "5ms"),
        ("--emulator-rate-limit", "1/1"),
    )
    for options in refused:
        result = bare.run("bulk", "assign", path, *options)
        assert result.exit_code == 2, options
        assert "--emulator" in result.stderr
