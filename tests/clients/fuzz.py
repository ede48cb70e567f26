"""Schemathesis over the emulator: no request that it makes up may end in a 500.

    python -m tests.clients.fuzz --schemathesis PATH/TO/schemathesis --spec FOLDER identity tenants

The folder has Frontegg's documents as ``identity.json`` and so on. Each is run four times, with the
token of the environment and with a user's, about made-up objects and about objects that are there.
Prints what Schemathesis prints where a run fails, and ends with 1 then.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import aiohttp

from frontegg_async.emulator import Emulator

from .prism import prepare
from .tour import HEADERS, IDS

__all__ = ["Plan", "fuzz", "main"]

BASES: Final = {
    "identity": "/identity",
    "tenants": "/tenants",
    "applications": "/applications",
}


@dataclass(frozen=True)
class Plan:
    """The extent of a run; the same one makes the same requests."""

    examples: int
    seed: int
    phases: str
    only_known: bool
    """True to leave out the run about objects that are made up."""


async def fuzz(command: str, service: str, document: Mapping[str, Any], plan: Plan) -> list[str]:
    """Run Schemathesis over a service; return what it and the emulator found."""
    found: list[str] = []
    for kind in ("environment", "user"):
        for known in (True,) if plan.only_known else (False, True):
            found += await _run(command, service, document, kind, plan, known=known)
    return found


async def _run(
    command: str, service: str, document: Mapping[str, Any], kind: str, plan: Plan, *, known: bool
) -> list[str]:
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        ids, tokens = await prepare(emulator, http)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "openapi.json")
            await asyncio.to_thread(file.write_text, json.dumps(document))
            if known:
                settings = Path(folder, "schemathesis.toml")
                await asyncio.to_thread(settings.write_text, _parameters({**IDS, **ids}))
            process = await asyncio.create_subprocess_exec(
                *(command, "run", str(file), "--url", emulator.url + BASES[service]),
                *("--header", f"Authorization: Bearer {tokens[kind]}"),
                *("--checks", "not_a_server_error", "--phases", plan.phases),
                *("--max-examples", str(plan.examples), "--seed", str(plan.seed), "--no-color"),
                *("--suppress-health-check", "all", "--continue-on-failure", "--warnings", "off"),
                # Or the objects would be gone after a few requests.
                *(("--exclude-method", "DELETE") if known else ()),
                cwd=folder,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            output, _ = await process.communicate()
        failed = [each for each in emulator.requests if each.status is None or each.status >= 500]
    name = f"{service}, token of the {kind}, {'known' if known else 'made-up'} objects"
    sys.stdout.write(
        f"{name}: {len(emulator.requests)} requests, {len(failed)} without an answer\n"
    )
    if process.returncode == 0 and not failed:
        return []
    requests = [f"{name}: {each.method} {each.raw_path} {each.status}" for each in failed]
    return [*requests, output.decode()]


def _parameters(ids: Mapping[str, str]) -> str:
    """Return the settings by which Schemathesis keeps to objects that are there."""
    values = {f"path.{name}": value for name, value in ids.items()}
    values |= {f"header.{name}": value for name, value in HEADERS.items()}
    lines = (f"{json.dumps(name)} = {json.dumps(value)}" for name, value in values.items())
    return "\n".join(("[parameters]", *lines))


def main(arguments: Sequence[str]) -> int:
    """Fuzz the services that are named; return 1 if any request ended in a 500."""
    parser = argparse.ArgumentParser(description="Schemathesis over the emulator.")
    parser.add_argument("--schemathesis", default="schemathesis")
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--phases", default="examples,coverage,fuzzing")
    parser.add_argument("--only-known", action="store_true")
    parser.add_argument("services", nargs="*", default=list(BASES))
    options = parser.parse_args(arguments)
    # Its probes are no HTTP, of which aiohttp would show a traceback each.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    # It is run in another folder.
    given: str = options.schemathesis
    command = str(Path(shutil.which(given) or given).absolute())
    plan = Plan(options.examples, options.seed, options.phases, options.only_known)
    found: list[str] = []
    for service in options.services:
        document = json.loads((options.spec / f"{service}.json").read_text())
        found += asyncio.run(fuzz(command, service, document, plan))
    sys.stdout.write("".join(f"{each}\n" for each in found))
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
