"""The code of the pages on frameworks, run as it is printed there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_FILE = re.compile(r"<!-- file: ([\w.]+) -->\n```python\n(.*?)```", re.DOTALL)

TEST_OF_HOOKS = """
import jwt
from test_app import *
from hooks import hooks

SECRET = "a secret of a webhook, of a usual length"


async def test_hook(client, monkeypatch):
    monkeypatch.setenv("FRONTEGG_WEBHOOK_SECRET", SECRET)
    if hasattr(app, "include_router"):
        app.include_router(hooks)
    else:
        app.router.routes += hooks
    body = {"eventKey": "frontegg.user.created", "eventContext": {"userId": "ada"}, "user": {}}
    for secret, status, text in ((SECRET, 200, "ada@example.com"), (SECRET + "x", 401, "")):
        headers = {"x-webhook-secret": jwt.encode({}, secret, algorithm="HS256")}
        response = await client.post("/webhooks/frontegg", json=body, headers=headers)
        assert response.status_code == status
        assert text in response.text
"""


def files_of(page: str) -> dict[str, str]:
    """Return the files of a page, by name; parts of one file follow each other."""
    files: dict[str, str] = {}
    for name, text in _FILE.findall((ROOT / "docs" / page).read_text()):
        files[name] = files.get(name, "") + text
    return files


def run(folder: Path, *names: str) -> str:
    """Run tests in a folder, and return the last line of the output."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", *names],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.parametrize("page", ["fastapi.md", "starlette.md"])
def test_pages(page: str, tmp_path: Path) -> None:
    """The application of a page passes the tests of the page."""
    files = files_of(page)
    for name in ("app.py", "test_app.py"):
        (tmp_path / name).write_text(files[name])
    assert run(tmp_path, "test_app.py").startswith("2 passed")


@pytest.mark.parametrize("page", ["fastapi.md", "starlette.md"])
def test_webhooks_of_pages(page: str, tmp_path: Path) -> None:
    """The webhook of a page takes a signed event, and refuses another one."""
    pytest.importorskip("frontegg_async.webhooks")
    for name, text in files_of(page).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "test_hooks.py").write_text(TEST_OF_HOOKS)
    assert "passed" in run(tmp_path, "test_hooks.py", "-k", "test_hook")
