"""Schemathesis over the emulator: no request that it makes up may end in a 500.

    python -m tests.clients.fuzz --schemathesis PATH/TO/schemathesis --spec FOLDER identity tenants

The folder has Frontegg's documents as ``identity.json`` and so on. Each is run twice, with the
token of the environment and with a user's. Prints what Schemathesis prints, and ends with its
status.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from frontegg_async.emulator import Emulator

from .prism import prepare

__all__ = ["fuzz", "main"]

BASES: Final = {
    "identity": "/identity",
    "tenants": "/tenants",
    "applications": "/applications",
}


async def fuzz(
    command: str, service: str, document: Mapping[str, Any], *, examples: int, seed: int
) -> tuple[int, int]:
    """Run Schemathesis over a service; return its worst status, and the number of 500s."""
    worst = 0
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        _, tokens = await prepare(emulator, http)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "openapi.json")
            await asyncio.to_thread(file.write_text, json.dumps(document))
            for token in tokens.values():
                process = await asyncio.create_subprocess_exec(
                    *(command, "run", str(file), "--url", emulator.url + BASES[service]),
                    *("--header", f"Authorization: Bearer {token}"),
                    *("--checks", "not_a_server_error", "--phases", "examples,coverage,fuzzing"),
                    *("--max-examples", str(examples), "--seed", str(seed), "--no-color"),
                    *("--suppress-health-check", "all"),
                    cwd=folder,
                )
                worst = max(worst, await process.wait())
        failed = [each for each in emulator.requests if each.status is None or each.status >= 500]
    return worst, len(failed)


def main(arguments: Sequence[str]) -> int:
    """Fuzz the services that are named; return 1 if any request ended in a 500."""
    parser = argparse.ArgumentParser(description="Schemathesis over the emulator.")
    parser.add_argument("--schemathesis", default="schemathesis")
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("--examples", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("services", nargs="*", default=list(BASES))
    options = parser.parse_args(arguments)
    bad = 0
    for service in options.services:
        document = json.loads((options.spec / f"{service}.json").read_text())
        worst, failed = asyncio.run(
            fuzz(
                options.schemathesis,
                service,
                document,
                examples=options.examples,
                seed=options.seed,
            )
        )
        sys.stdout.write(f"{service}: {failed} requests without a proper response\n")
        bad += failed + worst
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
