"""``call``: every operation as a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click import Choice, Option

from frontegg_async.emulator import AnswerStatus, CutBeforeCommit, Emulator
from frontegg_async.models import is_secret

from .shell import ADD, GET, Shell, all_commands
from .terminal import Terminal

PASSWORD = "correct horse battery staple 9"

Check = Callable[[Emulator], bool]

ANSWERED: list[tuple[tuple[str, ...], Callable[[Any], bool]]] = [
    (("users.get", "--user-id", "user-0"), lambda a: a["id"] == "user-0"),
    (("users.get_by_email", "--email", "user-1@example.test"), lambda a: a["id"] == "user-1"),
    (
        ("users.tenant_statuses", "--user-ids", "user-0", "--user-ids", "user-1"),
        lambda a: {each["userId"] for each in a} == {"user-0", "user-1"},
    ),
    (
        (
            "users.tenant_statuses",
            *("--user-ids", "user-0", "--statuses", "Activated"),
        ),
        lambda a: [each["userId"] for each in a] == ["user-0"],
    ),
    (
        ("users.add_to_tenant", "--user-id", "user-0", "--tenant-id", "acme"),
        lambda a: "acme" in a["tenantIds"],
    ),
    (
        ("users.set_active_tenant", "--user-id", "user-0", "--tenant-id", "home"),
        lambda a: a["tenantId"] == "home",
    ),
    (
        ("users.set_superuser", "--user-id", "user-0", "--super-user"),
        lambda a: a["superUser"] is True,
    ),
    (
        ("users.set_superuser", "--user-id", "user-0", "--no-super-user"),
        lambda a: a["superUser"] is False,
    ),
]

SILENT: list[tuple[tuple[str, ...], Check]] = [
    (("users.lock", "--user-id", "user-0"), lambda s: s.user("user-0").locked),
    (("users.unlock", "--user-id", "user-0"), lambda s: not s.user("user-0").locked),
    (
        ("users.remove_from_tenant", "--user-id", "user-0", "--tenant-id", "home", "--yes"),
        lambda s: ("user-0", "home") not in s.memberships(),
    ),
    (
        ("users.delete_everywhere", "--user-id", "user-2", "--yes"),
        lambda s: len(s.memberships()) == 2,
    ),
]


@pytest.mark.parametrize(("arguments", "check"), ANSWERED)
def test_answers(shell: Shell, arguments: tuple[str, ...], check: Callable[[Any], bool]) -> None:
    """Operations that return something print it as one compact JSON document."""
    result = shell.run("call", *arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout.count("\n") == 1
    assert check(json.loads(result.stdout))


@pytest.mark.parametrize(("arguments", "check"), SILENT)
def test_no_answers(
    shell: Shell, server: Emulator, arguments: tuple[str, ...], check: Check
) -> None:
    """Operations that return nothing do their work and print nothing, or null with --json."""
    result = shell.run("call", *arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert check(server)


def test_null_for_machines(shell: Shell) -> None:
    """With --json there is always one document: null where nothing is returned."""
    assert shell.run("call", "users.lock", "--user-id", "user-0", "--json").stdout == "null\n"


def test_pages(shell: Shell) -> None:
    """Paged responses are printed one object a line, over all pages or up to --max."""
    every = shell.run("call", "users.iterate", "--limit", "1")
    assert [json.loads(line)["id"] for line in every.stdout.splitlines()] == [
        "user-0",
        "user-1",
        "user-2",
    ]
    some = shell.run("call", "users.iterate", "--limit", "1", "--max", "2", "--json")
    assert some.exit_code == 0, some.output
    assert some.stdout.count("\n") == 2


def test_repeatable_options(shell: Shell) -> None:
    """A sequence is given by repeating its option."""
    result = shell.run("call", "users.iterate", "--ids", "user-0", "--ids", "user-2")
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ["user-0", "user-2"]


def test_tenant_of_the_call(shell: Shell, server: Emulator) -> None:
    """--tenant is sent as the tenant header, and exists only where an operation takes it."""
    server.add_user("other", tenant_ids=["other"])
    result = shell.run("call", "users.iterate", "--tenant", "other")
    assert result.exit_code == 0, result.output
    assert server.requests[-1].headers["frontegg-tenant-id"] == "other"
    refused = shell.run("call", "users.get", "--user-id", "user-0", "--tenant", "other")
    assert refused.exit_code == 2


def test_unset_flags_are_not_sent(shell: Shell, server: Emulator) -> None:
    """A flag that is not given is left out of the body; both of its forms are sent."""
    add = ("call", "users.add_to_tenant", "--user-id", "user-0", "--tenant-id", "acme")
    for flags, expected in (
        ((), None),
        (("--skip-invite-email",), True),
        (("--no-skip-invite-email",), False),
    ):
        assert shell.run(*add, *flags).exit_code == 0
        sent = next(r for r in reversed(server.requests) if f"{r.method} {r.template}" == ADD)
        assert json.loads(sent.body).get("skipInviteEmail") is expected


def test_help_tells_what_the_docstring_tells(bare: Shell) -> None:
    """--help shows the parameters, their descriptions and the docstring's first paragraph."""
    result = bare.run("call", "users.add_to_tenant", "--help")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "Make a user a member of a tenant, and return the user." in text
    assert "--user-id TEXT The user." in text
    assert "--skip-invite-email / --no-skip-invite-email True to send no e-mail." in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("users.get",),
        ("users.set_superuser", "--user-id", "user-0"),
        ("users.iterate", "--order", "SIDEWAYS"),
        ("users.iterate", "--limit", "many"),
        ("users.iterate", "--limit", "0"),
        ("users.get", "--user-id", ".."),
        ("users.get", "--user-id", ""),
        ("users.nonsense",),
        ("authentication.authenticate",),
    ],
)
def test_wrong_usage(shell: Shell, server: Emulator, arguments: tuple[str, ...]) -> None:
    """Arguments that are missing or cannot work exit with 2, and nothing is sent for them."""
    result = shell.run("call", *arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert server.count(GET) == 0


def test_errors_are_one_message(shell: Shell) -> None:
    """A rejected call exits with 1, in one line with status and trace id, without stdout."""
    for extra in ((), ("--json",)):
        result = shell.run("call", "users.get", "--user-id", "nobody", *extra)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("Error: users.get: ")
        assert "status 404" in result.stderr
        assert "trace id " in result.stderr
        assert result.stderr.count("\n") == 1


def test_outcome_in_doubt(shell: Shell, server: Emulator) -> None:
    """A call in doubt exits with 5."""
    server.inject(CutBeforeCommit(), on=ADD)
    server.inject(AnswerStatus(403), on=GET, times=None)
    result = shell.run("call", "users.add_to_tenant", "--user-id", "user-0", "--tenant-id", "acme")
    assert result.exit_code == 5, result.output


def test_deletion_needs_a_terminal_or_yes(shell: Shell, server: Emulator) -> None:
    """Without a terminal, a DELETE exits with 2 and is not sent."""
    for arguments in (
        ("users.delete_everywhere", "--user-id", "user-0"),
        ("users.remove_from_tenant", "--user-id", "user-0", "--tenant-id", "home"),
    ):
        result = shell.run("call", *arguments)
        assert result.exit_code == 2
        assert "--yes" in result.stderr
    assert server.count() == 0


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 1, True), ("y\n", 0, False)])
def test_deletion_asks(shell: Shell, server: Emulator, answer: str, code: int, left: bool) -> None:
    """On a terminal it asks, naming whom, and goes on only if the answer is yes."""
    with Terminal(shell, "call", "users.delete_everywhere", "--user-id", "user-0") as terminal:
        terminal.wait_for("user_id user-0. Go on?")
        assert server.count() == 0
        terminal.type(answer)
        assert terminal.finish() == code
    assert (("user-0", "home") in server.memberships()) is left


def test_indented_on_a_terminal(shell: Shell) -> None:
    """On a terminal an answer is indented, unless --json asks for the compact form."""
    for extra, expected in (((), '\n  "id": "user-0"'), (("--json",), '{"id":"user-0"')):
        with Terminal(shell, "call", "users.get", "--user-id", "user-0", *extra) as terminal:
            assert terminal.finish() == 0
            assert expected in terminal.text.replace("\r\n", "\n")


def test_answers_obey_nobody(shell: Shell, server: Emulator) -> None:
    """C1 controls in an answer are escaped, and the JSON still says the same."""
    server.add_user("odd", name="a\x9bb\x7f")
    result = shell.run("call", "users.get", "--user-id", "odd")
    assert "\x9b" not in result.stdout
    assert "\x7f" not in result.stdout
    assert json.loads(result.stdout)["name"] == "a\x9bb\x7f"


def test_user_token_comes_from_the_environment(bare: Shell) -> None:
    """An operation that works for a user exits with 4 without FRONTEGG_USER_TOKEN, and says so."""
    result = bare.run("call", "usernames.create", "--username", "ada")
    assert result.exit_code == 4
    assert "FRONTEGG_USER_TOKEN" in result.stderr


@pytest.mark.parametrize("operation", ["me.get", "usernames.create"])
def test_a_users_token_is_all_that_it_takes(bare: Shell, server: Emulator, operation: str) -> None:
    """With a user's token no credentials are needed, whether others would do or not."""
    token = log_in(bare, server)["accessToken"]
    options = ("--username", "ada") if "create" in operation else ()
    result = bare.run(
        "call", operation, *options, FRONTEGG_BASE_URL=server.url, FRONTEGG_USER_TOKEN=token
    )
    assert result.exit_code == 0, result.output
    assert server.requests[-1].user_id == "user-0"
    assert server.count("POST /auth/vendor") == 0


def test_logging_in_needs_no_credentials(bare: Shell, server: Emulator) -> None:
    """A login takes a host and --body, prints the tokens, and the refresh token goes on."""
    login = log_in(bare, server)
    assert login["userId"] == "user-0"
    body = json.dumps({"refreshToken": login["refreshToken"]})
    again = bare.run(
        *("call", "authentication.refresh", "--body", "-"),
        *("--header-client-id", server.client_id, "--base-url", server.url),
        stdin=body,
    )
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["accessToken"] not in {None, login["accessToken"]}


def test_a_refused_login(bare: Shell, server: Emulator) -> None:
    """A wrong password exits with 4 and is nowhere in the output."""
    server.set_password("user-0", PASSWORD)
    body = json.dumps({"email": "user-0@example.test", "password": "wrong-canary"})
    result = bare.run(
        *("call", "authentication.login", "--body", "-", "--base-url", server.url), stdin=body
    )
    assert (result.exit_code, result.stdout) == (4, "")
    assert "trace id " in result.stderr
    assert "wrong-canary" not in result.stderr


def log_in(shell: Shell, server: Emulator) -> dict[str, Any]:
    """Log user-0 in by the command line."""
    server.set_password("user-0", PASSWORD)
    body = json.dumps({"email": "user-0@example.test", "password": PASSWORD})
    result = shell.run(
        *("call", "authentication.login", "--body", "-", "--base-url", server.url), stdin=body
    )
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (("roles.get_all",), None),
        (("account_settings.get",), "--tenant"),
        (("account_settings.get", "--tenant", "home"), None),
        (("account_settings.get", "--tenant-id", "home"), None),
        (("users.invite", "--set", "email=new@example.test"), "--tenant"),
    ],
)
def test_required_headers(shell: Shell, arguments: tuple[str, ...], needed: str | None) -> None:
    """A tenant that the environment's token has to name is asked for before anything is sent."""
    result = shell.run("call", *arguments)
    assert result.exit_code == (0 if needed is None else 2), result.output
    assert needed is None or needed in result.stderr


def test_no_option_is_there_twice() -> None:
    """No parameter of an operation hides an option that all commands have."""
    for name, command in all_commands().items():
        flags = [
            flag
            for option in command.params
            if isinstance(option, Option)
            for flag in (*option.opts, *option.secondary_opts)
        ]
        assert len(flags) == len(set(flags)), name


def test_a_parameter_whose_option_is_taken(shell: Shell) -> None:
    """A parameter with the name of another option has its place in its flag."""
    text = " ".join(shell.run("call", "api_tokens.delete", "--help").stdout.split())
    assert "--path-client-id TEXT" in text
    assert "--client-id TEXT Client id of the environment" in text


def test_no_option_takes_a_secret() -> None:
    """No command has an option whose name speaks of a secret, but those with a few fixed values."""
    for name, command in all_commands().items():
        for option in command.params:
            for flag in option.opts:
                word = flag.strip("-").replace("-", "_")
                assert not is_secret(word) or isinstance(option.type, Choice), f"{name} {flag}"


def test_the_headers_of_tenant_and_user(shell: Shell, server: Emulator) -> None:
    """--tenant and --user are the two headers, whatever the parameters are called."""
    result = shell.run("call", "user_sessions.get_all", "--user", "user-0", "--tenant", "home")
    assert (result.exit_code, result.stdout) == (0, "[]\n"), result.output
    sent = server.requests[-1].headers
    assert (sent["frontegg-user-id"], sent["frontegg-tenant-id"]) == ("user-0", "home")
    result = shell.run("call", "users.iterate", "--tenant", "home", "--max", "1")
    assert result.exit_code == 0, result.output
    assert server.requests[-1].headers["frontegg-tenant-id"] == "home"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("users.get", "--tenant", "home"), "takes no --tenant: it sends no frontegg-tenant-id"),
        (("users.lock", "--user", "user-0"), "no frontegg-user-id. Name its user with --user-id."),
        (("users.delete_everywhere", "--tenant", "home"), "reaches beyond one tenant"),
    ],
)
def test_a_header_that_an_operation_does_not_have(
    shell: Shell, server: Emulator, arguments: tuple[str, ...], problem: str
) -> None:
    """The tenant or user of an operation that takes none is an error that says so."""
    result = shell.run("call", *arguments, "--user-id", "user-0")
    assert result.exit_code == 2
    assert problem in result.stderr
    assert server.requests == []


def test_the_application_of_a_call(shell: Shell, server: Emulator) -> None:
    """--application beats FRONTEGG_APPLICATION_ID, and an operation's own option beats both."""
    named = Shell({**shell.variables, "FRONTEGG_APPLICATION_ID": "app-1"}, shell.directory)
    add = ("call", "users.add_to_tenant", "--user-id", "user-0", "--tenant-id", "acme")
    assert named.run(*add).exit_code == 0
    assert named.run(*add, "--application", "app-2").exit_code == 0
    assert named.run(*add, "--application", "app-2", "--application-id", "app-3").exit_code == 0
    sent = [each.headers["frontegg-application-id"] for each in server.requests]
    assert [each for each in sent if each != sent[-1]] == ["app-1"] * 2 + ["app-2"] * 3


def test_a_file_as_an_option(shell: Shell, server: Emulator) -> None:
    """A parameter of bytes is a file, or stdin; one that cannot be read is named."""
    path = shell.directory / "users.csv"
    path.write_text("mail,org\nnew@example.test,acme\n")
    upload = ("call", "migrations.migrate_users_from_csv", "--fields-mapper")
    mapper = '{"mail": "email", "org": "tenantId"}'
    result = shell.run(*upload, mapper, "--csv", str(path))
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["migrationId"]
    server.finish_tasks()
    assert any(tenant == "acme" for _, tenant in server.memberships())
    result = shell.run(*upload, mapper, "--csv", str(path) + "x")
    assert result.exit_code == 2
    assert "users.csvx cannot be read: No such file" in result.stderr
