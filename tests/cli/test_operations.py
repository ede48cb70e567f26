"""``operations``: the list, the description of one, and the page in docs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from frontegg_async.cli.descriptions import describe, in_lines
from frontegg_async.endpoints import GROUPS, operations

from .shell import Shell
from .terminal import Terminal

KEYS = ["name", "method", "path", "token", "tenant", "user", "repeat", "deprecated"]
PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


def rows(shell: Shell, *arguments: str) -> list[dict[str, Any]]:
    """Return the operations that a filter keeps."""
    result = shell.run("operations", "--json", *arguments)
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def described(shell: Shell, name: str) -> dict[str, Any]:
    """Return the description of an operation."""
    result = shell.run("operations", name, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_for_machines(bare: Shell) -> None:
    """--json is one array with every operation, in the order of the table."""
    found = rows(bare)
    assert [row["name"] for row in found] == [operation.name for operation in operations()]
    assert all(list(row) == KEYS for row in found)


def test_for_people(bare: Shell) -> None:
    """Without --json each operation is a line that shows method, path, token and repeat."""
    lines = bare.run("operations").stdout.splitlines()
    assert len(lines) == 1 + len(operations())
    line = next(line for line in lines if line.startswith("users.set_superuser "))
    assert line.split()[1:] == [
        "PUT",
        "/identity/resources/users/v1/{userId}/superuser",
        "environment",
        "idempotent",
        "deprecated",
    ]


def test_on_a_narrow_terminal(shell: Shell) -> None:
    """On a narrow terminal an operation has two lines, neither padded."""
    with Terminal(shell, "operations", "--group", "sms_templates", COLUMNS="80") as terminal:
        assert terminal.finish() == 0
        lines = terminal.text.replace("\r\n", "\n").splitlines()
    assert lines[0] == "sms_templates.delete  environment  idempotent"
    assert lines[1].startswith("    DELETE /identity/")


def test_filters(bare: Shell) -> None:
    """A filter keeps operations that contain it in name, method or path; options narrow it."""
    found = rows(bare, "SUPERUSER")
    assert [row["name"] for row in found] == ["users.set_superuser"]
    for option, key, value in (
        ("--method", "method", "PATCH"),
        ("--token", "token", "user"),
        ("--token", "token", "either"),
        ("--token", "token", "none"),
    ):
        found = rows(bare, option, value)
        assert {row[key] for row in found} == {value}
        assert len(found) == sum(row[key] == value for row in rows(bare))
    found = rows(bare, "tenant", "--group", "users", "--method", "get")
    assert found
    assert all(row["name"].startswith("users.") for row in found)
    assert {row["method"] for row in found} == {"GET"}


def test_nothing_found(bare: Shell) -> None:
    """Nothing found is an empty array, or a word on stderr."""
    result = bare.run("operations", "--json", "zebra")
    assert (result.exit_code, result.stdout) == (0, "[]\n")
    result = bare.run("operations", "zebra")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--group", "nonsense"),
        ("--token", "nonsense"),
        ("--method", "TRACE"),
        ("--markdown", "users"),
        ("--markdown", "--json"),
        ("--markdown", "--token", "user"),
    ],
)
def test_wrong_usage(bare: Shell, arguments: tuple[str, ...]) -> None:
    """Filters that cannot keep anything, and a page of less than all, exit with 2."""
    result = bare.run("operations", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")


def test_every_description_is_readable(bare: Shell) -> None:
    """Every operation has a description in lines that fit a terminal."""
    for operation in operations():
        lines = list(in_lines(describe(operation), 80))
        assert lines[0] == operation.name
        assert f"  {operation.method} {operation.template}" in lines
        # Only an unbreakable word is longer: a path, or a type.
        assert [line for line in lines if len(line) > 80 and " " in line.strip(" ")[8:]] == []
        assert all(line == line.rstrip() and line.isprintable() for line in lines)
    printed = bare.run("operations", "users.get").stdout
    assert printed.splitlines() == list(in_lines(describe(find_one("users.get")), 80))


def find_one(name: str) -> Any:
    """Return an operation of the table."""
    return next(operation for operation in operations() if operation.name == name)


def test_a_description_in_full(bare: Shell) -> None:
    """A description has summary, route, headers, parameters and result."""
    text = bare.run("operations", "roles.set_permissions").stdout
    assert text.startswith(
        "roles.set_permissions\n"
        "  Replace the permissions of a role, and return it.\n"
        "\n"
        "  PUT /identity/resources/roles/v1/{roleId}/permissions\n"
        "  token       either\n"
        "  tenant      optional, as header frontegg-tenant-id\n"
        "  repeat      idempotent: twice leaves what once leaves\n"
        "\n"
        "Parameters\n"
        "  role_id: str; path; required\n"
        "      the role.\n"
        "  permission_ids: list[str]; body, as permissionIds; required\n"
        "      all its permissions from now on; an empty list takes all away.\n"
        "  tenant_id: str; header frontegg-tenant-id\n"
        "      the tenant whose role it is.\n"
        "\n"
        "Returns Role\n"
    )
    assert "\n  key" in text


def test_kinds_of_answers(bare: Shell) -> None:
    """Pages, tasks, empty and undocumented results can be told apart."""
    for name, kind, type_name in (
        ("roles.iterate", "pages", "Role"),
        ("roles.get_all", "answer", "list[Role]"),
        ("users.lock", "answer", "nothing"),
        ("tenant_migrations.start", "task", "TenantMigrationStatus"),
        ("bulk_users.invite", "tasks", "BulkInviteStatus"),
    ):
        returns = described(bare, name)["returns"]
        assert (returns["kind"], returns["type"]) == (kind, type_name)
    undescribed = described(bare, "sms_templates.get_all")["returns"]
    assert undescribed == {"kind": "answer", "type": "JSON", "described": False, "structs": []}
    text = bare.run("operations", "sms_templates.get_all").stdout
    assert "does not document its fields" in text


def test_secrets_and_deprecation_are_marked(bare: Shell) -> None:
    """A description marks secrets, and names the replacement of a deprecated operation."""
    parameters = {
        each["name"]: each for each in described(bare, "authentication.login")["parameters"]
    }
    assert parameters["password"]["secret"]
    assert not parameters["email"]["secret"]
    assert "password: str; body, as password; required; secret" in (
        bare.run("operations", "authentication.login").stdout
    )
    assert "deprecated  " in bare.run("operations", "users.set_superuser").stdout


def test_bodies_are_described(bare: Shell) -> None:
    """Of a Struct that is the body, or a field of it, the fields are shown; of several, each."""
    text = bare.run("operations", "users.create").stdout
    assert "  user: NewTenantUser; the whole body; required\n" in text
    assert "\n        tenantId: str; required\n" in text
    text = bare.run("operations", "email_configuration.update").stdout
    assert '\n      Mailgun\n        provider: "mailgun"; required\n' in text
    assert '\n        region: "us" | "eu"; required\n' in text


def test_what_programs_do_not_call(bare: Shell) -> None:
    """The session's own operation is described without parameters."""
    assert described(bare, "authentication.authenticate")["parameters"] == []


def test_the_page_in_docs(bare: Shell) -> None:
    """docs/operations.md equals the output of ``operations --markdown``."""
    if not PAGE.exists():
        pytest.skip("no docs here: the tests run without the repository")
    result = bare.run("operations", "--markdown")
    assert result.exit_code == 0, result.output
    assert PAGE.read_text(encoding="utf-8") == result.stdout


def test_the_page_is_whole(bare: Shell) -> None:
    """The page has every group with its sentence and every operation once, in cells that hold."""
    text = bare.run("operations", "--markdown").stdout
    lines = text.splitlines()
    assert [line[3:] for line in lines if line.startswith("## ")] == list(GROUPS)
    for operation in operations():
        (line,) = (each for each in lines if each.startswith(f"| `{operation.name}`"))
        assert line.replace("\\|", "").count("|") == 6
        assert ("*deprecated*" in line) is (operation.deprecated is not None)
    assert f"| {len(operations())} |" in text
