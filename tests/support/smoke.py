"""Smoke test of an installed wheel with the core dependencies only. Run it as a script."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import sysconfig
from pathlib import Path

import frontegg_async
from frontegg_async.bulk import Assignment
from frontegg_async.emulator import Emulator


async def assign() -> None:
    """Send a small bulk run and the three central operations through a real server."""
    async with Emulator() as emulator:
        users = [emulator.add_user() for _ in range(50)]
        async with frontegg_async.FronteggSession(
            client_id=emulator.client_id, api_key=emulator.api_key, base_url=emulator.url
        ) as frontegg:
            report = await frontegg.bulk.assign(
                Assignment(user_id=user, tenant_id="acme") for user in users
            )
            await frontegg.users.add_to_tenant(users[0], "other", skip_invite_email=True)
            await frontegg.users.set_active_tenant(users[0], "other")
            await frontegg.users.set_superuser(users[0], True)
        check(report.applied == 50, f"all rows added: {report}")
        check(len(emulator.memberships()) == 51, "the server has every membership")
        check(emulator.user(users[0]).super_user, "the user is a super-user")


def check(holds: bool, claim: str) -> None:
    """Fail loudly, also where assertions are switched off."""
    if not holds:
        raise SystemExit(f"smoke test: not so: {claim}")


def main() -> None:
    """Check the installation, the session and the command without its extra."""
    package = Path(frontegg_async.__file__).parent
    check(Path(sysconfig.get_path("purelib")) in package.parents, f"installed, not {package}")
    for name in ("py.typed", "bulk/report/page.html.jinja", "bulk/report/page.css"):
        check((package / name).is_file(), f"the wheel holds {name}")
    check(importlib.util.find_spec("click") is None, "only the core is installed")
    asyncio.run(assign())
    command = Path(sys.executable).with_name("frontegg-async")
    ended = subprocess.run([command, "--help"], capture_output=True, text=True, check=False)
    check(ended.returncode == 1, f"without its extra the command exits 1: {ended}")
    check("frontegg-async[cli]" in ended.stderr, f"it says what to install: {ended.stderr}")
    check("Traceback" not in ended.stderr, "it shows no traceback")
    sys.stdout.write(f"smoke test passed: {frontegg_async.__version__} from the wheel\n")


if __name__ == "__main__":
    main()
