"""Every operation as a command: the server receives the request that the coroutine sends."""

from __future__ import annotations

import json
from base64 import b64encode
from email import message_from_bytes
from email.message import Message
from typing import Any, cast

import msgspec
import pytest

from frontegg_async import Operation, TokenKind
from frontegg_async.emulator import Emulator
from frontegg_async.emulator.http.record import RecordedRequest
from frontegg_async.operation import encode_query

from ..drift.recording import CALLABLE, Sent, full_arguments, sent_by
from .command_lines import Way, spelled
from .shell import Shell, all_commands

PASSWORD = "correct horse battery staple 9"
HEADERS = ("frontegg-tenant-id", "frontegg-user-id")


CASES = [
    pytest.param(operation, way, id=f"{operation.name}-{way.value}")
    for operation in CALLABLE
    for way in Way
    if way is Way.OPTIONS or operation.body is not None
]


def test_every_operation_has_a_command() -> None:
    """There is a command for everything that programs can call, and for nothing else."""
    commands = {name[5:] for name in all_commands() if name.startswith("call ")}
    assert commands == {operation.name for operation in CALLABLE}


@pytest.mark.parametrize(("operation", "way"), CASES)
def test_what_is_given_arrives(
    shell: Shell, server: Emulator, operation: Operation[Any], way: Way
) -> None:
    """Path, query, headers, body and token arrive as given, by options, --body or --set."""
    token = user_token(shell, server) if operation.token is TokenKind.USER else ""
    for arguments in full_arguments(operation):
        options, document = spelled(operation, arguments, way)
        more = [] if document is None else ["--body", "-"]
        more += ["--yes"] if operation.method == "DELETE" else []
        before = len(server.requests)
        result = shell.run(
            "call",
            operation.name,
            *options,
            *more,
            stdin=msgspec.json.encode(document).decode(),
            FRONTEGG_USER_TOKEN=token,
        )
        # The server may reject values that were made up.
        assert result.exit_code in {0, 1, 4}, result.output
        arrived = [each for each in server.requests[before:] if each.template != "/auth/vendor"]
        assert_is(arrived[0], sent_by(operation, arguments))


def user_token(shell: Shell, server: Emulator) -> str:
    """Log a user in by the command line, and return the token."""
    server.set_password("user-0", PASSWORD)
    body = {"email": "user-0@example.test", "password": PASSWORD}
    result = shell.run("call", "authentication.login", "--body", "-", stdin=json.dumps(body))
    assert result.exit_code == 0, result.output
    return str(json.loads(result.stdout)["accessToken"])


def read(request: RecordedRequest) -> Any:
    """Return the body of a request."""
    return json.loads(request.body or b"null")


def parts_of(request: RecordedRequest) -> Any:
    """Return the parts of a form by their names, a file in base64 as JSON has it."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n"
    form = message_from_bytes(head.encode() + request.body)
    found: dict[str, Any] = {}
    for part in cast("list[Message]", form.get_payload()):
        content = cast("bytes", part.get_payload(decode=True))
        name = str(part.get_param("name", header="content-disposition"))
        is_file = part.get_filename() is not None
        found[name] = b64encode(content).decode() if is_file else json.loads(content)
    return found


def assert_is(request: RecordedRequest, sent: Sent) -> None:
    """Check that a request equals the recorded one."""
    operation = sent.operation
    query = encode_query(sent.query or {})
    assert request.method == operation.method
    assert request.raw_path == operation.path(sent.path) + (f"?{query}" if query else "")
    body = b"null" if sent.body is None else msgspec.json.encode(sent.body)
    assert (parts_of if operation.multipart else read)(request) == json.loads(body)
    expected = {
        HEADERS[0]: sent.arguments.get("tenant_id"),
        HEADERS[1]: sent.arguments.get("user_id"),
        **(sent.headers or {}),
    }
    assert {name: request.headers.get(name) for name in expected} == expected
    assert (request.headers.get("Authorization") is None) is (operation.token is TokenKind.NONE)
    assert (request.user_id is not None) is (operation.token is TokenKind.USER)
