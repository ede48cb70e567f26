"""The layers: all imports of the package, read from its source, point down."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from hypothesis import settings

import frontegg_async

ROOT = Path(frontegg_async.__file__).parent
PACKAGE = "frontegg_async"
PLUGIN = "frontegg_async_pytest"
TESTS = Path(__file__).parent
TEST_FILES = sorted(TESTS.rglob("*.py"))

FLOORS: dict[float, tuple[str, ...]] = {
    0: (
        "errors",
        "options",
        "_version",
        "_core.clock",
        "_core.extras",
        "_core.finite",
        "_core.headers",
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
        "_core.content_coding",
        "_core.lazy_headers",
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
        "_core.aiohttp_transport",
        "_core.chunked_body",
        "_core.connecting",
        "_core.connection",
        "_core.plain_head",
        "_core.response_reader",
        "_core.socket_transport",
        "_core.transport",
        "auth.credentials",
        "auth.grants",
        "auth.oauth",
        "auth.store_access",
        "auth.token_claims",
        "auth.token_manager",
        "auth.token_stores",
        "auth.user_tokens",
    ),
    3.5: ("fleet",),
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
    6: ("frontegg", "webhooks"),
    # Verification of callers is built on sessions; what sessions are built on stands above.
    6.1: ("auth",),
    # Programs on the public session, and the face itself.
    7: ("", "cli", "integrations"),
}
"""Rooms by floor: a package with all of its modules, except those that have their own entry."""
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}

REQUIRED = frozenset({"aiohappyeyeballs", "aiohttp", "anyio", "msgspec", "multidict", "yarl"})
"""Libraries that are always there; some of them come with aiohttp."""
FOR_TYPES = frozenset({"typing_extensions"})
"""Libraries that type checkers bring, and that no module imports when it runs."""
OPTIONAL: dict[str, tuple[str, ...]] = {
    "asgiref": ("integrations.django",),
    "asyncpg": ("integrations.postgres_claims",),
    "click": ("cli",),
    "cryptography": ("auth.verifier", "emulator.state.keys"),
    "django": ("integrations.django",),
    "fastapi": ("integrations.fastapi",),
    "jinja2": ("bulk.report.page",),
    "jwt": ("auth.verifier", "emulator.state.keys", "emulator.webhooks", "webhooks.signature"),
    "litestar": ("integrations.litestar",),
    "opentelemetry": ("integrations.otel",),
    "pyarrow": ("bulk.input.arrow",),
    "pydantic": ("models._base", "models._pydantic"),
    "pydantic_core": ("models._base", "models._pydantic"),
    "redis": ("fleet", "integrations.redis_claims"),
    "rich": ("cli",),
    "starlette": ("integrations.fastapi", "integrations.starlette"),
}
"""Libraries of extras, and the only rooms or modules that import them."""
NAMES_OF = {
    "django": {"asgiref", "django"},
    "fastapi": {"fastapi", "pydantic", "pydantic_core", "starlette"},
    "opentelemetry-api": {"opentelemetry"},
    "pyjwt": {"jwt", "cryptography"},
}
"""Names to import, of distributions that are called otherwise."""


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


@cache
def tree_of(path: Path) -> ast.Module:
    """Return the syntax tree of a file; parsing all of them takes seconds."""
    return ast.parse(path.read_text())


@cache
def imports(name: str, *, at_once: bool = False) -> tuple[tuple[str, int], ...]:
    """Return the imports of a module by full dotted name, wherever they stand in its source.

    Args:
        name: of the module.
        at_once: leaves out those in functions and for types only, which importing the module does
            not execute.
    """
    tree = tree_of(MODULES[name])
    return tuple(_imports_in(executed(tree) if at_once else ast.walk(tree), package_of(name)))


def _imports_in(nodes: Iterable[ast.AST], within: list[str]) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if isinstance(node, ast.Call):
            # import_module("pyarrow") is an import as well.
            if is_import(node) and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value), node.lineno
        elif isinstance(node, ast.Import):
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


def package_of(name: str) -> list[str]:
    """Return the parts of the name that relative imports of a module start from."""
    within = [PACKAGE, *name.split(".")] if name else [PACKAGE]
    return within if MODULES[name].name == "__init__.py" else within[:-1]


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that importing a module executes."""
    for child in ast.iter_child_nodes(node):
        for_types = isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"
        if not for_types and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from executed(child)


def is_import(call: ast.Call) -> bool:
    """Return whether a call imports the module that its first argument names."""
    return ast.unparse(call.func).rpartition(".")[2] in {"import_module", "__import__"}


def computed_imports(name: str) -> Iterator[str]:
    """Yield the names that a module computes in order to import them, as source code."""
    for node in ast.walk(tree_of(MODULES[name])):
        if (
            isinstance(node, ast.Call)
            and is_import(node)
            and not isinstance(node.args[0], ast.Constant)
        ):
            yield ast.unparse(node.args[0])


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
    assert "aiohttp" in {name for name, _ in imports("_core.connecting")}
    assert "errors" in {name for name, _ in own_imports("bulk.input.file")}
    assert len(MODULES) > 30


def test_every_module_has_a_floor() -> None:
    """No module stands outside of the layers."""
    assert not {name for name in MODULES if floor(name) not in FLOORS}


def test_imports_point_down() -> None:
    """A module imports from its own floor or from one below, also in functions and for types."""
    upwards = [
        f"{MODULES[name]}:{line} imports {target}"
        for name in MODULES
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
    """Its session, its resolver and its parser have a module each; one checks a session of it."""
    found = {name for name in users_of("aiohttp") if room(name) != "emulator"}
    sending = {"_core.aiohttp_transport", "_core.connecting", "_core.response_reader"}
    sending |= {"_core.settings"}
    assert found == sending | {"integrations.aiohttp_web"}


def test_libraries_are_required_or_have_a_place() -> None:
    """A library that is not always there is imported only where the table says."""
    always = {*sys.stdlib_module_names, *REQUIRED, *FOR_TYPES, PACKAGE}
    misplaced = [
        f"{MODULES[name]}:{line} imports {library}"
        for name in MODULES
        for target, line in imports(name)
        if (library := target.partition(".")[0]) not in always
        if not any(f"{name}.".startswith(f"{place}.") for place in OPTIONAL.get(library, ()))
    ]
    assert not misplaced


def test_libraries_for_types_are_not_imported() -> None:
    """Importing a module does not execute the imports that only types need."""
    assert not {
        (name, target)
        for name in MODULES
        for target, _ in imports(name, at_once=True)
        if target in FOR_TYPES
    }


def test_optional_libraries_are_imported_late() -> None:
    """Modules import without the extras, but for commands, bridges and what is loaded late."""
    loaded_late = {
        "auth.verifier",
        "fleet.redis_exchanges",
        "fleet.redis_tokens",
        "models._pydantic",
    }
    assert not {
        (name, target)
        for name in MODULES
        if not name.startswith(("cli.", "integrations.")) and name not in loaded_late
        for target, _ in imports(name, at_once=True)
        if target.partition(".")[0] in OPTIONAL
    }


def test_a_missing_library_names_its_extra() -> None:
    """Imports of optional libraries that are executed at once stand below ``imports_of``."""
    guarded = {
        (name, target)
        for name in MODULES
        for node in ast.walk(tree_of(MODULES[name]))
        if isinstance(node, ast.With)
        and ast.unparse(node.items[0].context_expr).startswith("imports_of(")
        for target, _ in _imports_in(ast.walk(node), package_of(name))
    }
    assert guarded >= {
        (name, target)
        for name in MODULES
        # The command looks for its libraries first; pydantic is there, or its module is not used.
        if not name.startswith("cli.") and name != "models._pydantic"
        for target, _ in imports(name, at_once=True)
        if target.partition(".")[0] in OPTIONAL
    }


def test_the_table_of_optional_libraries_is_whole() -> None:
    """The table holds the libraries that the extras for users install, and each one is used."""
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    installed: set[str] = set()
    for extra in extras.keys() - {"bench", "engines", "lint", "mutants", "test"}:
        for requirement in extras[extra]:
            distribution = requirement.partition(">")[0].partition("[")[0]
            installed |= NAMES_OF.get(distribution, {distribution})
    assert installed == OPTIONAL.keys()
    assert all(users_of(library) for library in OPTIONAL)


def test_computed_imports_stay_in_the_package() -> None:
    """A module whose name is computed is one of the package, and no layer is evaded by it."""
    found = {(name, source) for name in MODULES for source in computed_imports(name)}
    assert found == {
        ("", "f'{__name__}.{module}'"),
        ("auth", "f'{__name__}.{module}'"),
        ("bulk.jobs", "f'{__name__}.{module.name}'"),
        ("cli.app", "f'{__package__}.{module}'"),
        ("cli.call.signatures", "f'frontegg_async.endpoints.{name}'"),
        ("endpoints", "f'{__name__}.{group}'"),
    }


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


def test_the_plugin_of_pytest_costs_nothing() -> None:
    """The module that pytest loads in every suite imports only pytest and the standard library.

    It stands beside the package, whose own module would bring aiohttp, and its name is the one of
    its entry point, so that ``-p`` and the entry point load it once.
    """
    source = ROOT.parent / f"{PLUGIN}.py"
    nodes = [*executed(tree_of(source))]
    at_once = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    at_once |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in at_once} - sys.stdlib_module_names == {"pytest"}
    assert ast.get_docstring(tree_of(source))
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}
    targets = project["tool"]["hatch"]["build"]["targets"]
    assert f"{PLUGIN}.py" in targets["wheel"]["only-include"]
    assert f"{PLUGIN}.py" in targets["sdist"]["include"]


def test_modules_are_documented_and_of_a_readable_length() -> None:
    """Each module has a docstring and at most 500 lines."""
    assert not [path for path in MODULES.values() if not ast.get_docstring(tree_of(path))]
    assert not [path for path in MODULES.values() if path.read_text().count("\n") > 500]


def test_no_test_imports_a_test() -> None:
    """No test module is imported by another one: the helpers that they share are found by name."""
    imported = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in TEST_FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        and (node.level or f"{node.module}.".startswith("tests."))
        for name in (node.module or "", *(alias.name for alias in node.names))
        if any(part.startswith("test_") for part in name.split("."))
    ]
    assert not imported


def test_tests_are_of_a_readable_length() -> None:
    """Each module of tests, helpers included, has at most 500 lines."""
    lengths = {path: path.read_text().count("\n") for path in TEST_FILES}
    assert len(lengths) > 100
    assert not {path for path, length in lengths.items() if length > 500}


def test_no_property_has_a_deadline() -> None:
    """Every ``@given`` runs under the profile of tests/conftest.py, and none sets a deadline."""
    assert settings.get_current_profile_name() == "frontegg_async"
    assert settings().deadline is None
    set_here = [
        f"{path.relative_to(TESTS)}:{node.lineno}"
        for path in TEST_FILES
        if path != TESTS / "conftest.py"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "deadline" and ast.unparse(node.func).endswith("settings")
    ]
    assert not set_here


def test_no_private_name_of_aiohttp() -> None:
    """Own connections are made of public names of aiohttp, whatever its version."""
    made_of = ("_core.connecting", "_core.connection", "_core.response_reader")
    assert not [
        target
        for name in MODULES
        for target, _ in imports(name)
        if target.startswith("aiohttp.") and "._" in target
    ]
    assert not [
        f"{name}: {ast.unparse(node)}"
        for name in made_of
        for node in ast.walk(tree_of(MODULES[name]))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not node.attr.endswith("__")
        and ast.unparse(node.value) != "self"
    ]
