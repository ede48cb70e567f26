"""Frontegg's official SDK for Node before the emulator.

    python -m tests.clients.node --modules PATH/TO/node_modules

The folder has ``@frontegg/client`` 5. It validates tokens of users, of API tokens and access
tokens, refuses a forged one and one without a role, and finds the host of hosted login. Ends with
1 if it cannot.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import aiohttp

from frontegg_async.emulator import Emulator

from ..support.every_token import every_token

__all__ = ["main", "validate"]

SCRIPT: Final = Path(__file__).parent / "node_sdk" / "validate.cjs"


async def validate(modules: Path) -> list[dict[str, Any]]:
    """Return what the SDK saw, check by check."""
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        tokens = await every_token(emulator, http)
        process = await asyncio.create_subprocess_exec(
            *("node", str(SCRIPT), emulator.client_id, emulator.api_key, json.dumps(tokens)),
            env={
                **os.environ,
                "NODE_PATH": str(modules),
                "FRONTEGG_API_GATEWAY_URL": emulator.url,
            },
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"validate.cjs ended with {process.returncode}")
    lines = [line for line in out.decode().splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]


def main(arguments: Sequence[str]) -> int:
    """Print what the SDK saw; return 1 if it refused nothing that it should."""
    parser = argparse.ArgumentParser(description="@frontegg/client before the emulator.")
    parser.add_argument("--modules", type=Path, required=True)
    options = parser.parse_args(arguments)
    seen = asyncio.run(validate(options.modules))
    sys.stdout.write("\n".join(map(str, seen)) + "\n")
    refused = [each["refused"] for each in seen if each["check"] == "refused"]
    return int(not all(refused))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
