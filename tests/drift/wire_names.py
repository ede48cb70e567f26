"""The names that go over the wire, as a table of facts, so that a renaming by mistake is noticed.

``python -m tests.drift.wire_names`` writes ``wire_names.json`` anew; a change of it is to be looked
at line by line, because Frontegg knows no other names.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final

import msgspec

from frontegg_async import models
from frontegg_async.endpoints import operations

from .sdk import record

TABLE: Final = Path(__file__).with_suffix(".json")


def wire_names() -> dict[str, Any]:
    """Return method, path and parameters of each operation, and the fields of each Struct."""
    return {
        "operations": {
            operation.name: _of_operation(record(operation))
            for operation in sorted(operations(), key=lambda each: each.name)
        },
        "structs": dict(sorted(_structs().items())),
    }


def _of_operation(recorded: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"route": f"{recorded.method} {recorded.template}"}
    for place in ("query", "header"):
        names = sorted(name for where, name in recorded.parameters if where == place)
        if names:
            found[place] = names
    return found


def _structs() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in iter_modules(models.__path__):
        module = import_module(f"{models.__name__}.{each.name}")
        for name, value in vars(module).items():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, msgspec.Struct):
                tag = value.__struct_config__.tag_field
                fields = [field.encode_name for field in msgspec.structs.fields(value)]
                found[f"{each.name}.{name}"] = [
                    *([f"{tag}={value.__struct_config__.tag}"] if tag else []),
                    *fields,
                ]
    return found


def main() -> None:
    """Write the table."""
    TABLE.write_text(json.dumps(wire_names(), indent=1) + "\n")


if __name__ == "__main__":
    main()
