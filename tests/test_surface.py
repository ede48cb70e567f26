"""The public face: exported names, their documentation, and the cost of the import."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import frontegg_async
from frontegg_async import errors

REPOSITORY = Path(__file__).parent.parent
PACKAGES = (
    "frontegg_async",
    "frontegg_async.bulk",
    "frontegg_async.emulator",
    "frontegg_async.webhooks",
)


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted(package: str) -> None:
    """``__all__`` is sorted and names nothing twice."""
    names: list[str] = importlib.import_module(package).__all__
    assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("package", "name"),
    [(each, name) for each in PACKAGES for name in importlib.import_module(each).__all__],
)
def test_every_name_is_there_and_documented(package: str, name: str) -> None:
    """Every exported name can be imported, is listed by ``dir``, and has a docstring."""
    module = importlib.import_module(package)
    value = getattr(module, name)
    assert name in dir(module)
    if name != "__version__":
        assert (value.__doc__ or "").strip()


def test_all_is_complete() -> None:
    """Every public class that the package itself imports, and every error, is exported."""
    public = {
        name
        for name, value in vars(frontegg_async).items()
        if isinstance(value, type) and not name.startswith("_")
    }
    tree = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.FronteggError)
    }
    assert public | tree | {"__version__"} <= set(frontegg_async.__all__)


def test_no_other_names() -> None:
    """A name that does not exist is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="nothing_of_this_name"):
        _ = frontegg_async.nothing_of_this_name


@pytest.mark.parametrize("kind", [frontegg_async.FronteggSession, *PACKAGES])
def test_public_methods_are_documented(kind: type | str) -> None:
    """Every public method and property of every exported class has a docstring."""
    kinds: list[type] = []
    if isinstance(kind, str):
        module = importlib.import_module(kind)
        kinds = [
            value for name in module.__all__ if isinstance(value := getattr(module, name), type)
        ]
    else:
        kinds = [*kind.__mro__[:-1]]
    silent = [
        f"{each.__name__}.{name}"
        for each in kinds
        if each.__module__.startswith("frontegg_async")
        for name, value in vars(each).items()
        if not name.startswith("_")
        and (callable(value) or isinstance(value, property))
        and not (value.__doc__ or "").strip()
    ]
    assert not silent


def test_version_of_what_is_installed() -> None:
    """The version in the code is that of the installed distribution."""
    try:
        installed = version("frontegg-async")
    except PackageNotFoundError:
        pytest.skip("frontegg-async is not installed, the tests run on the source tree")
    assert frontegg_async.__version__ == installed


def test_the_changelog() -> None:
    """The changelog has an Unreleased head, and below it no version is newer than the code."""
    path = REPOSITORY / "CHANGELOG.md"
    if not path.exists():
        pytest.skip("no CHANGELOG.md here: the tests run without the repository")
    heads = re.findall(r"^## \[(.+?)\]", path.read_text(), re.MULTILINE)
    assert heads[0] == "Unreleased"
    released = heads[1:]
    numbers = [tuple(int(part) for part in head.split(".")) for head in released]
    assert numbers == sorted(numbers, reverse=True)
    current = tuple(int(part) for part in frontegg_async.__version__.split("."))
    assert not numbers or numbers[0] <= current


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["emulator", "cli", "integrations", "bulk", "endpoints.users", "models.users", "fleet"],
)
def test_importing_is_cheap(module: str) -> None:
    """``import frontegg_async`` loads no room that only some programs need."""
    assert f"frontegg_async.{module}" not in loaded_by("import frontegg_async")


@pytest.mark.parametrize(
    "library",
    [
        *("click", "rich", "redis", "opentelemetry", "pyarrow", "csv", "jwt", "pydantic"),
        "asyncpg",
        *("fastapi", "starlette", "litestar", "django", "aiohttp.web"),
    ],
)
def test_importing_needs_no_extra(library: str) -> None:
    """No optional library is loaded by importing the package and its bulk engine's face."""
    assert library not in loaded_by("import frontegg_async")


def test_lazy_names_load_what_they_need() -> None:
    """A name of the bulk engine loads it when it is used, and is then an attribute like others."""
    loaded = loaded_by(
        "import frontegg_async\nassert frontegg_async.Report is frontegg_async.Report"
    )
    assert "frontegg_async.bulk" in loaded
    assert "frontegg_async.emulator" not in loaded
    assert "click" not in loaded


def test_the_package_is_typed() -> None:
    """The marker for type checkers is part of the package."""
    assert (Path(frontegg_async.__file__).parent / "py.typed").exists()
