"""Frontegg's REST client for browsers before the emulator.

    python -m tests.clients.rest --modules PATH/TO/node_modules

The folder has ``@frontegg/rest-api`` 7. Runs ``rest_api/login.cjs``, the flow of a login, and asks
for every route that ``rest_api/routes.cjs`` finds in the client: the emulator answers one if it
does not say that there is no such route. Ends with 1 if the flow fails, or fewer than 200 routes
are answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from frontegg_async.emulator import Emulator

__all__ = ["answered", "log_in", "main"]

SCRIPTS: Final = Path(__file__).parent / "rest_api"
WANTED: Final = 200
NO_ROUTE: Final = "ER-00004"


async def _node(modules: Path, script: str, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *("node", str(SCRIPTS / script), *arguments),
        env={**os.environ, "NODE_PATH": str(modules)},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{script} ended with {process.returncode}")
    return out.decode()


async def log_in(modules: Path) -> dict[str, Mapping[str, Any]]:
    """Run the flow of a login; return what each step saw."""
    async with Emulator() as emulator:
        emulator.add_tenant("acme")
        emulator.add_tenant("globex")
        emulator.add_user(
            "ada",
            email="ada@x.io",
            name="Ada",
            tenant_ids=["acme", "globex"],
            roles=["Admin"],
            password="pw",
        )
        said = await _node(modules, "login.cjs", emulator.url)
    return {each.pop("step"): each for each in map(json.loads, said.splitlines())}


async def answered(modules: Path) -> tuple[list[str], list[str]]:
    """Return the client's routes that the emulator answers, and the others."""
    routes = (await _node(modules, "routes.cjs")).split("\n")
    there: list[str] = []
    others: list[str] = []
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        for each in filter(None, routes):
            method, _, path = each.partition(" ")
            async with http.request(method, emulator.url + path, json={}) as response:
                body = await response.text()
                if response.status >= 500:
                    raise RuntimeError(f"{each} is {response.status}")
                (others if NO_ROUTE in body else there).append(each)
    return there, others


def main(arguments: Sequence[str]) -> int:
    """Run both; return 1 if the flow fails or too few routes are answered."""
    parser = argparse.ArgumentParser(description="@frontegg/rest-api before the emulator.")
    parser.add_argument("--modules", type=Path, required=True)
    options = parser.parse_args(arguments)
    there, others = asyncio.run(answered(options.modules))
    lines = [f"{len(there)} routes answered, {len(others)} unknown", *others]
    sys.stdout.write("\n".join(lines) + "\n")
    steps = asyncio.run(log_in(options.modules))
    sys.stdout.write("\n".join(f"{step}: {dict(seen)}" for step, seen in steps.items()) + "\n")
    return int(len(there) < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
