"""The layers: all imports of the package, read from its source, point down."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import frontegg_async

ROOT = Path(frontegg_async.__file__).parent
PACKAGE = "frontegg_async"

FLOORS: dict[float, tuple[str, ...]] = {
    0: (
        "errors",
        "options",
        "_version",
        "_core.clock",
        "_core.finite",
        "_core.ids",
        "_core.json_text",
        "_core.logs",
        "_core.printable",
        "_core.proxies",
        "_core.secret",
    ),
    1: (
        "operation",
        "paging",
        "tasks",
        "_core.response",
        "_core.error_body",
        "_core.lenient",
        "_core.redaction",
        "_core.decoding",
        "_core.rate_limit_headers",
        "_core.retry",
        "pacing",
        "models",
    ),
    2: ("endpoints",),
    3: (
        "_core.transport",
        "_core.direct",
        "auth.credentials",
        "auth.grants",
        "auth.oauth",
        "auth.token_claims",
        "auth.token_manager",
        "auth.token_stores",
        "auth.user_tokens",
    ),
    4: ("_core", "observing", "session"),
    5: ("bulk.caller_errors", "bulk.input", "emulator"),
    5.1: ("bulk.ledger",),
    5.2: (
        "bulk.jobs",
        "bulk.late_writes",
        "bulk.outcome",
        "bulk.user_reader",
        "bulk.private_files",
    ),
    5.3: ("bulk.report",),
    5.4: ("bulk",),
    6: ("frontegg",),
    # Verification of callers is built on sessions; what sessions are built on stands above.
    6.1: ("auth",),
    # Programs on the public session, and the face itself.
    7: ("", "cli", "integrations"),
}
"""Rooms by floor: a package with all of its modules, except those that have their own entry."""
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name, without the package's own."""
    found: dict[str, Path] = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = list(path.relative_to(ROOT).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[tuple[str, int]]:
    """Yield the imports of a module by full dotted name and line, also those in functions."""
    path = MODULES[name]
    within = [PACKAGE, *name.split(".")] if name else [PACKAGE]
    if path.name != "__init__.py":
        within.pop()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            base = within[: len(within) - node.level + 1] if node.level else []
            source = ".".join([*base, *((node.module or "").split(".") if node.module else [])])
            for alias in node.names:
                # A module of ours is imported as such; anything else is a name within one.
                inner = f"{source}.{alias.name}"
                yield (
                    (inner if inner.removeprefix(f"{PACKAGE}.") in MODULES else source),
                    (node.lineno),
                )


def own_imports(name: str) -> Iterator[tuple[str, int]]:
    """Yield the package's own modules that a module imports, without the package's name."""
    for target, line in imports(name):
        if target == PACKAGE or target.startswith(f"{PACKAGE}."):
            yield target.removeprefix(PACKAGE).removeprefix("."), line


def room(name: str) -> str:
    """Return the package that a module stands in, or the module beside the packages."""
    return name.partition(".")[0]


def floor(name: str) -> float:
    """Return the floor of a module: its own if it is named, or else that of its room."""
    while name not in FLOOR_OF and "." in name:
        name = name.rpartition(".")[0]
    return FLOOR_OF[name]


def test_the_reader_sees_imports() -> None:
    """The test itself works: it finds imports at the top, in functions, and for types only."""
    assert {"bulk", "endpoints.users", "session"} <= {name for name, _ in own_imports("frontegg")}
    assert "aiohttp" in {name for name, _ in imports("_core.transport")}
    assert "errors" in {name for name, _ in own_imports("bulk.input.file")}
    assert len(MODULES) > 30


@pytest.mark.parametrize("name", MODULES)
def test_every_module_has_a_floor(name: str) -> None:
    """No module stands outside of the layers."""
    assert floor(name) in FLOORS


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str) -> None:
    """A module imports from its own floor or from one below, also in functions and for types."""
    upwards = [
        f"{MODULES[name]}:{line} imports {target}"
        for target, line in own_imports(name)
        if floor(target) > floor(name)
    ]
    assert not upwards


def test_no_cycles() -> None:
    """No module imports itself, directly or through others."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join([*way, name])
        if name in done:
            return
        for target, _ in own_imports(name):
            # A package's own module that names its rooms is no user of them.
            if target in MODULES and target != name:
                visit(target, (*way, name))
        done.add(name)

    for name in MODULES:
        visit(name, ())


def test_limits_are_read_without_the_package() -> None:
    """The reader of rate-limit headers imports the standard library only."""
    found = {target.partition(".")[0] for target, _ in imports("_core.rate_limit_headers")}
    assert found <= sys.stdlib_module_names


def users_of(library: str) -> set[str]:
    return {
        name
        for name in MODULES
        for target, _ in imports(name)
        if target == library or target.startswith(f"{library}.")
    }


def test_who_touches_aiohttp() -> None:
    """Two modules send with aiohttp, one checks a session of it; the emulator is apart."""
    found = {name for name in users_of("aiohttp") if room(name) != "emulator"}
    assert found == {"_core.transport", "_core.direct", "_core.settings"}


def test_who_touches_the_terminal() -> None:
    """Only the command line needs click and rich."""
    assert {room(name) for name in users_of("click") | users_of("rich")} == {"cli"}


@pytest.mark.parametrize("library", ["redis", "opentelemetry", "pyarrow", "jwt"])
def test_who_touches_optional_libraries(library: str) -> None:
    """Libraries of extras are imported by integrations only, so that the rest runs without them."""
    rooms = {"integrations", "emulator", "auth"} if library == "jwt" else {"integrations"}
    assert {room(name) for name in users_of(library)} <= rooms


def test_the_emulator_is_a_second_opinion() -> None:
    """The emulator shares nothing with the SDK, so that the two can contradict each other.

    Only its stateless answers, marked as such, are made from the SDK's table.
    The limits that Frontegg publishes are figures, and stand in one place for both.
    """
    shared = {
        (name, target)
        for name in MODULES
        if room(name) == "emulator"
        for target, _ in own_imports(name)
        if room(target) != "emulator"
    }
    assert {name for name, _ in shared} <= {"emulator.routes._fallback", "emulator.presets"}
    assert {target for name, target in shared if name == "emulator.presets"} == {"pacing.published"}


def test_nothing_below_knows_the_emulator() -> None:
    """Only the command line may start the emulator."""
    found = {
        room(name)
        for name in MODULES
        for target, _ in own_imports(name)
        if room(target) == "emulator" and room(name) != "emulator"
    }
    assert found <= {"cli"}


@pytest.mark.parametrize("name", MODULES)
def test_modules_are_documented_and_of_a_readable_length(name: str) -> None:
    """Each module has a docstring and at most 500 lines."""
    source = MODULES[name].read_text()
    assert ast.get_docstring(ast.parse(source))
    assert source.count("\n") <= 500
