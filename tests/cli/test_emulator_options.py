"""``emulator`` for tests in other languages: seeds, control routes, the access log, its URL."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, cast

from ..support.suites import ROOT, files_of
from .shell import Shell

SEED = files_of("testing.md")["seeded/frontegg.json"]


def announced(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the variables that the command prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    return dict(part.split("=", 1) for part in shlex.split(line)[1:])


def send(port: int, method: str, path: str, body: object = None) -> tuple[int, Any]:
    """Send a request, and return status and JSON."""
    connection = HTTPConnection("127.0.0.1", port)
    try:
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None
    finally:
        connection.close()


def test_control_seed_and_access_log(bare: Shell) -> None:
    """A seed is there again after a reset over HTTP, and each request of Frontegg's has a line."""
    (bare.directory / "frontegg.json").write_text(SEED)
    process = bare.start(
        *("emulator", "--port", "0", "--seed", "frontegg.json", "--control", "--access-log"),
    )
    port = int(announced(process)["FRONTEGG_BASE_URL"].rpartition(":")[2])
    login = {"email": "ada@acme.test", "password": "correct horse"}
    path = "/identity/resources/auth/v1/user"
    fault = {
        "fault": "AnswerStatus",
        "options": {"status": 503, "body": "{}"},
        "on": f"POST {path}",
    }
    assert send(port, "POST", "/emulator/faults", fault)[0] == 201
    assert send(port, "POST", f"{path}?secret=1", login)[0] == 503
    assert send(port, "POST", path, login)[0] == 200
    assert send(port, "GET", "/emulator/counts")[1] == {f"POST {path}": 2}
    assert send(port, "POST", "/emulator/reset")[0] == 204
    assert send(port, "GET", "/emulator/counts")[1] == {}
    assert send(port, "POST", path, login)[0] == 200
    process.terminate()
    _, stderr = process.communicate()
    lines = [re.sub(r"[\d.]+ ms", "N ms", line) for line in stderr.splitlines() if path in line]
    ok = f"POST {path} 200 N ms"
    assert lines == [f"POST {path} 503 N ms AnswerStatus", ok, ok]


def test_a_seed_with_a_mistake(bare: Shell) -> None:
    """A mistake in the seed ends the command before it listens, and says where it is."""
    file = bare.directory / "frontegg.json"
    file.write_text(SEED.replace('["Viewer"]', '["Veiwer"]'))
    result = bare.run("emulator", "--port", "0", "--seed", file)
    assert result.exit_code == 1
    assert f"{file}, line 15: users[0].tenants[1].roles[0]: " in result.stderr


def test_a_seed_of_another_kind(bare: Shell) -> None:
    """A seed in YAML is refused with the kinds of files that there are; JSON has any spelling."""
    file = bare.directory / "frontegg.yaml"
    file.write_text("users: []")
    result = bare.run("emulator", "--port", "0", "--seed", file)
    assert result.exit_code == 2
    assert "must end in one of .json, .csv" in result.stderr
    file = file.with_suffix(".JSON")
    file.write_text('{"user": []}')
    result = bare.run("emulator", "--port", "0", "--seed", file)
    assert f"{file}, line 1: user: unknown field" in result.stderr


def test_without_control(bare: Shell) -> None:
    """Without the option there are no control routes, and no request is printed."""
    process = bare.start("emulator", "--port", "0")
    port = int(announced(process)["FRONTEGG_BASE_URL"].rpartition(":")[2])
    assert send(port, "POST", "/emulator/reset")[0] == 404
    process.terminate()
    _, stderr = process.communicate()
    assert "/emulator/reset" not in stderr


def test_the_command_of_the_dockerfile(bare: Shell, tmp_path: Path) -> None:
    """The Dockerfile of the page has ten lines at most, and its command serves under its URL."""
    page = (ROOT / "docs" / "testing.md").read_text()
    (text,) = re.findall(r"```dockerfile\n(.*?)```", page, re.DOTALL)
    assert text.count("\n") <= 10
    lists = re.findall(r"^(?:ENTRYPOINT|CMD) (.*)$", text, re.MULTILINE)
    (tmp_path / "frontegg.json").write_text(SEED)
    replaced = {"8400": "0", "/frontegg.json": str(tmp_path / "frontegg.json")}
    program, *arguments = [
        replaced.get(word, word) for each in lists for word in cast("list[str]", json.loads(each))
    ]
    assert program == "frontegg-async"
    process = bare.start(*arguments)
    variables = announced(process)
    assert variables["FRONTEGG_BASE_URL"] == "http://frontegg:8400"
    process.terminate()
    assert process.wait() == 0
    process.communicate()
