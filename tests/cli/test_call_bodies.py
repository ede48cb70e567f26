"""``call --body`` and ``--set``: merging, decoding and rejected documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from frontegg_async.emulator import Emulator

from ..drift.recording import CALLABLE
from .command_lines import parameters_by_name
from .shell import Shell

UPDATE = ("call", "users.update", "--user-id", "user-0")
CANARY = "canary-4d1e"


def sent(server: Emulator) -> Any:
    """Return the body that arrived last."""
    return json.loads(server.requests[-1].body)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a body in a file."""
    path = tmp_path / "body.json"
    path.write_text(json.dumps({"name": "of the file", "phoneNumber": "+441234567890"}))
    return path


def test_a_body_from_a_file_or_from_stdin(shell: Shell, server: Emulator, file: Path) -> None:
    """--body reads a file, or stdin for a dash, by the names that Frontegg has."""
    for source, stdin in ((str(file), None), ("-", file.read_text())):
        result = shell.run(*UPDATE, "--body", source, stdin=stdin)
        assert result.exit_code == 0, result.output
        assert sent(server) == json.loads(file.read_text())


@pytest.mark.parametrize(
    "options",
    [("--set", "name=other"), ("--set", 'name="other"'), ("--name", "other")],
)
def test_what_beats_the_file(
    shell: Shell, server: Emulator, file: Path, options: tuple[str, ...]
) -> None:
    """A field by --set or by its own option beats the one in --body; the rest stays."""
    result = shell.run(*UPDATE, "--body", file, *options)
    assert result.exit_code == 0, result.output
    assert sent(server) == {"name": "other", "phoneNumber": "+441234567890"}


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (["name=Ada"], {"name": "Ada"}),
        (["name=Ada King"], {"name": "Ada King"}),
        (["name=a=b"], {"name": "a=b"}),
        (["name="], {"name": ""}),
        (['name="17"'], {"name": "17"}),
        (["profilePictureUrl=null"], {"profilePictureUrl": None}),
        (["mfaBypass=true"], {"mfaBypass": True}),
        (["name=one", "name=two"], {"name": "two"}),
        (['metadata={"plan":"gold"}'], {"metadata": '{"plan":"gold"}'}),
        (["metadata.a.b=1", "metadata.a.c=x"], {"metadata": '{"a":{"b":1,"c":"x"}}'}),
        (["metadata.token=gold"], {"metadata": '{"token":"gold"}'}),
    ],
)
def test_settings(
    shell: Shell, server: Emulator, settings: list[str], expected: dict[str, Any]
) -> None:
    """A value that is not JSON is a string; dots reach into objects."""
    options = [option for each in settings for option in ("--set", each)]
    result = shell.run(*UPDATE, *options)
    assert result.exit_code == 0, result.output
    assert sent(server) == expected


def test_dots_reach_into_what_the_file_has(shell: Shell, server: Emulator) -> None:
    """--set changes one field of an object in --body and leaves its others."""
    body = json.dumps({"metadata": {"a": 1, "b": {"c": 2}}})
    result = shell.run(*UPDATE, "--body", "-", "--set", "metadata.b.c=3", stdin=body)
    assert result.exit_code == 0, result.output
    assert json.loads(sent(server)["metadata"]) == {"a": 1, "b": {"c": 3}}


def test_a_struct_is_taken_as_a_whole(shell: Shell, server: Emulator) -> None:
    """If a parameter is the whole body, the fields of the body are those of its Struct."""
    body = json.dumps({"tenantId": "home", "email": "new@example.test", "password": "Canary-17"})
    result = shell.run("call", "users.create", "--body", "-", "--set", "name=New", stdin=body)
    assert result.exit_code == 0, result.output
    assert sent(server) == {**json.loads(body), "name": "New"}


def test_an_array(shell: Shell, server: Emulator) -> None:
    """A body that is an array is given as one; there is no field to set in it."""
    roles = [{"key": "a", "name": "A", "level": 1}, {"key": "b", "name": "B", "level": 2}]
    result = shell.run("call", "roles.create", "--body", "-", stdin=json.dumps(roles))
    assert result.exit_code == 0, result.output
    assert sent(server) == roles
    refused = shell.run("call", "roles.create", "--set", "key=a")
    assert refused.exit_code == 2
    assert "No such option '--set'" in refused.stderr


def test_a_free_form_object(shell: Shell, server: Emulator) -> None:
    """A body without documented fields may be any object, but --set still takes no secret."""
    update = ("call", "sms_templates.update", "--template-type", "Any")
    result = shell.run(*update, "--set", "a.b=1", "--set", "c=[true]")
    assert result.exit_code == 0, result.output
    assert sent(server) == {"a": {"b": 1}, "c": [True]}
    refused = shell.run(*update, "--set", 'a=[{"apiKey":"' + CANARY + '"}]')
    assert refused.exit_code == 2
    assert "apiKey in --body only" in refused.stderr
    assert CANARY not in refused.output


def test_a_secret_in_the_query(shell: Shell, server: Emulator) -> None:
    """A secret comes by --body also where it does not go into the body."""
    body = json.dumps({"token": CANARY})
    get = ("call", "activations.get_strategy", "--user-id", "user-0")
    result = shell.run(*get, "--body", "-", stdin=body)
    assert CANARY not in result.stderr
    assert f"token={CANARY}" in server.requests[-1].raw_path
    assert server.requests[-1].body == b""


REFUSED: list[tuple[tuple[str, ...], str, tuple[str, ...]]] = [
    # Unknown and missing fields, however deep.
    (UPDATE, '{"nick":"a","name":"b","foo":1}', ("no field nick and no foo", "takes name, phone")),
    (("call", "users.create"), '{"pasword":"x"}', ("no field pasword", "tenantId, email")),
    (("call", "users.create"), "{}", ("needs tenantId",)),
    (("call", "roles.create"), '[{"key":"a"}]', ("needs [0].name and [0].level",)),
    (("call", "roles.create"), '[{"keys":"a"}]', ("no field [0].keys",)),
    (
        ("call", "email_configuration.update"),
        '{"payload":{"provider":"ses","secret":"x","zone":"y"}}',
        ("no field payload.zone", "id, secret, region, provider"),
    ),
    (("call", "email_configuration.update"), '{"payload":{"provider":"post"}}', ("payload",)),
    # Other types.
    (UPDATE, '{"name":17}', ("cannot take name", "`str`", "`int`")),
    (UPDATE, "[]", ("takes a JSON object",)),
    (("call", "roles.create"), "{}", ("`array`", "`object`")),
    (("call", "users.create"), "[]", ("`object`", "`array`")),
    # No JSON.
    (UPDATE, "nope", ("--body is not valid JSON",)),
    (UPDATE, "", ("--body is not valid JSON",)),
    (UPDATE, "[" * 100_000, ("--body is not valid JSON",)),
]


@pytest.mark.parametrize(("command", "body", "named"), REFUSED)
def test_refused_bodies(
    shell: Shell, server: Emulator, command: tuple[str, ...], body: str, named: tuple[str, ...]
) -> None:
    """An invalid body exits with 2 and names the problem, and nothing is sent."""
    result = shell.run(*command, "--body", "-", stdin=body)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert [each for each in named if each not in result.stderr] == []
    assert server.count() == 0


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--set", "name"), "FIELD=VALUE"),
        (("--set", "=x"), "FIELD=VALUE"),
        (("--set", "metadata..a=x"), "FIELD=VALUE"),
        (("--set", "nick=x"), "no field nick"),
        (("--set", "name=17"), "quote a string"),
        (("--set", "name=x", "--name", "y"), "from --name and from --set"),
        (("--set", "metadata=1", "--set", "metadata.a=2"), "metadata is no object"),
        (("--body", "/nowhere/at/all.json"), "does not exist"),
    ],
)
def test_refused_settings(
    shell: Shell, server: Emulator, options: tuple[str, ...], named: str
) -> None:
    """--set that cannot work exits with 2 and says why, and nothing is sent."""
    result = shell.run(*UPDATE, *options)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert named in result.stderr
    assert server.count() == 0


def test_no_field_of_an_array(shell: Shell) -> None:
    """--set has nothing to set in a --body that is no object."""
    result = shell.run(*UPDATE, "--body", "-", "--set", "name=x", stdin="[]")
    assert result.exit_code == 2
    assert "no JSON object" in result.stderr


SECRETS = [
    ("mfa_login.verify_authenticator_code", ("--set", f"value={CANARY}"), "value"),
    ("authentication.login", ("--set", f"password={CANARY}"), "password"),
    ("authentication.login", (f"--password={CANARY}",), "password"),
    ("authentication.login", ("--password", CANARY), "password"),
    ("users.create", ("--set", f"password={CANARY}"), "password"),
    ("email_configuration.update", ("--set", f"payload.secret={CANARY}"), "secret"),
    ("email_configuration.update", ("--set", f'payload={{"secret":"{CANARY}"}}'), "secret"),
    ("bulk_users.invite", ("--set", f'users=[{{"password":"{CANARY}"}}]'), "password"),
]


@pytest.mark.parametrize(("operation", "options", "named"), SECRETS)
def test_secrets_on_the_command_line(
    shell: Shell, server: Emulator, operation: str, options: tuple[str, ...], named: str
) -> None:
    """A secret on the command line is refused, and the message says where it belongs."""
    result = shell.run("call", operation, *options)
    assert result.exit_code == 2, result.output
    assert f"{operation} takes {named} in --body only." in result.stderr
    assert CANARY not in result.output
    assert server.count() == 0


def test_no_secret_by_set(bare: Shell) -> None:
    """No operation takes a secret parameter by --set, under its name in JSON or Python."""
    for operation in CALLABLE:
        for parameter in parameters_by_name(operation).values():
            if parameter.secret:
                setting = f"{parameter.document_name}={CANARY}"
                result = bare.run("call", operation.name, "--set", setting)
                assert result.exit_code == 2
                assert CANARY not in result.output


def test_what_is_missing(bare: Shell) -> None:
    """The message about a missing field names every way to give it."""
    for operation, sentence in (
        ("authentication.login", "needs password: give it in --body."),
        ("permission_categories.create", "needs name: give it with --name, or in --body or --set"),
        (
            "authentication.login_with_api_token",
            "needs clientId: give it with --body-client-id, or",
        ),
        ("email_configuration.update", "needs payload: give it in --body or --set"),
        ("users.create", "give it with --body, or field by field with --set"),
        ("roles.create", "needs a body: give it with --body."),
    ):
        result = bare.run("call", operation)
        assert result.exit_code == 2
        assert sentence in " ".join(result.stderr.split())


def test_operations_without_a_body(shell: Shell, server: Emulator) -> None:
    """An operation without a body has neither option."""
    for options in (("--body", "-"), ("--set", "a=1")):
        result = shell.run("call", "users.get", "--user-id", "user-0", *options)
        assert result.exit_code == 2
        assert "No such option" in result.stderr
    assert server.count() == 0


def test_help_says_where_secrets_go(bare: Shell) -> None:
    """The help of --body names the secrets that only it takes, and fields without an option."""
    text = " ".join(bare.run("call", "authentication.login", "--help").stdout.split())
    assert "Here only, being secret: password, recaptchaToken, invitationToken." in text
    text = " ".join(bare.run("call", "email_configuration.update", "--help").stdout.split())
    assert "without an option of its own: payload." in text
