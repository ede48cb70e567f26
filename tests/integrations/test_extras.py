"""Modules whose library is not installed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MISSING = (
    ("auth.verifier", "jwt", "jwt"),
    ("auth.verifier", "cryptography", "jwt"),
    ("fleet.redis_exchanges", "redis", "redis"),
    ("fleet.redis_tokens", "redis", "redis"),
    ("integrations.aiohttp_web", "jwt", "jwt"),
    ("integrations.callers", "jwt", "jwt"),
    ("integrations.django", "asgiref", "django"),
    ("integrations.django", "django", "django"),
    ("integrations.django", "jwt", "jwt"),
    ("integrations.fastapi", "fastapi", "fastapi"),
    ("integrations.fastapi", "pydantic", "fastapi"),
    ("integrations.fastapi", "starlette", "fastapi"),
    ("integrations.litestar", "litestar", "litestar"),
    ("integrations.otel", "opentelemetry", "otel"),
    ("integrations.postgres_claims", "asyncpg", "postgres"),
    ("integrations.redis", "redis", "redis"),
    ("integrations.redis_claims", "redis", "redis"),
    ("integrations.starlette", "jwt", "jwt"),
)
"""A module, a library that it cannot be imported without, and the extra that brings it."""
SCRIPT = """
import json, sys
from importlib import import_module

messages = []
for name, library in json.loads(sys.argv[1]):
    loaded = {each for each in sys.modules if each.partition(".")[0] == library}
    kept = {each: sys.modules.pop(each) for each in loaded}
    sys.modules[library] = None
    try:
        import_module(f"frontegg_async.{name}")
    except ModuleNotFoundError as error:
        messages.append(str(error))
    else:
        messages.append("")
    del sys.modules[library]
    sys.modules.update(kept)
print(json.dumps(messages))
"""


def test_an_error_names_the_extra() -> None:
    """Each module that is imported without its library says which extra to install."""
    pairs = [(name, library) for name, library, _ in MISSING]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(pairs)],
        capture_output=True,
        text=True,
        check=True,
    )
    for (name, library, extra), message in zip(MISSING, json.loads(done.stdout), strict=True):
        needs = f" needs {library}: pip install 'frontegg-async[{extra}]'"
        assert message.startswith("frontegg_async."), (name, library, message)
        assert message.endswith(needs), (name, library, message)


@pytest.mark.parametrize(
    ("library", "code"),
    [
        ("redis", "from frontegg_async import RedisFleet; RedisFleet.from_url('redis://a')"),
        ("redis", "import frontegg_async.integrations.redis_claims"),
        ("jwt", "import frontegg_async.auth.verifier"),
    ],
)
def test_a_broken_library_is_not_a_missing_one(tmp_path: Path, library: str, code: str) -> None:
    """If a library is there and cannot be loaded, the error is its own."""
    (tmp_path / library).mkdir()
    (tmp_path / library / "__init__.py").write_text("raise ImportError('libssl is too old')")
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.stderr.strip().endswith("ImportError: libssl is too old")
