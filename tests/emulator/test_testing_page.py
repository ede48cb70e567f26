"""The test suites of docs/testing.md, run by pytest as they are printed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..support.suites import AUTO, STRICT, WITHOUT_ASYNCIO, files_of, run_pytest

OLD_CLIENT = ("-W", "ignore:Using `httpx` with `starlette.testclient` is deprecated")


@pytest.mark.parametrize(
    ("suite", "options", "tests"),
    [
        ("anyio", WITHOUT_ASYNCIO, 2),
        ("anyio", (*STRICT, "-n", "2"), 2),
        ("asyncio", STRICT, 1),
        ("asyncio", AUTO, 1),
        ("none", WITHOUT_ASYNCIO, 1),
        ("seeded", WITHOUT_ASYNCIO, 2),
        ("fastapi", (*WITHOUT_ASYNCIO, *OLD_CLIENT), 2),
        ("litestar", WITHOUT_ASYNCIO, 1),
        ("django", WITHOUT_ASYNCIO, 2),
    ],
)
def test_suites_of_the_page(
    suite: str, options: tuple[str, ...], tests: int, tmp_path: Path
) -> None:
    """A suite of the page passes as it is printed, under the plugin that it is written for."""
    for name, text in files_of("testing.md").items():
        kind, _, file = name.partition("/")
        if kind == suite:
            (tmp_path / file).write_text(text)
    if suite in {"fastapi", "litestar", "django"}:
        for name, text in files_of(f"{suite}.md").items():
            if not name.startswith("test_"):
                (tmp_path / name).write_text(text)
    done = run_pytest(tmp_path, *options)
    assert f"\n{tests} passed" in done.stdout, done.stdout + done.stderr


def test_no_suite_is_left_out() -> None:
    """Each suite of the page is among those that are run."""
    (parameters,) = (
        mark.args[1]
        for mark in test_suites_of_the_page.pytestmark  # type: ignore[attr-defined]
    )
    suites = {name.partition("/")[0] for name in files_of("testing.md")}
    assert suites == {suite for suite, _, _ in parameters}
