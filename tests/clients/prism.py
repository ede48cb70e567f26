"""Prism as a validating proxy before the emulator: which successes violate the OpenAPI?

    python -m tests.clients.prism --prism PATH/TO/prism --spec FOLDER identity tenants

Prism is ``@stoplight/prism-cli``; the folder has Frontegg's documents as ``identity.json`` and so
on. Prints the violations of responses with 2xx, by operation; those are counted apart that the
document contradicts itself in, or that were seen on the wire (``EXPLAINED``).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp

from frontegg_async.emulator import Emulator

from .tour import Step, steps

__all__ = ["EXPLAINED", "Violation", "main", "reason_of", "violations"]

BASES: Final = {
    "identity": "/identity",
    "tenants": "/tenants",
    "applications": "/applications",
}
EXPLAINED: Final[Mapping[str, tuple[str, str]]] = {
    "A field without a value is null on the wire (seen for metadata), which no schema allows.": (
        ".",
        "^null: ",
    ),
    "users/v3 leaves the roles of tenants out (seen); query/phrase has the same schema.": (
        r"GET /identity/resources/users/(v3|v1/query/phrase)$",
        r"tenants\.0 must have required property 'roles'",
    ),
    "An array on the wire (seen, or a list by its parameters), one object in the document.": (
        "(/users/v3/(roles|groups)|/statuses|/usernames/v1|/users/v2/me/hierarchy)$",
        r"Response body must (be object|have required property)",
    ),
    "The roles of a new user are objects (seen), and ids in the document.": (
        r"POST /identity/resources/users/v2$",
        r"(roles|permissions)\.\d+ must be string",
    ),
    "The document has the request as its own response.": (
        r"POST /identity/resources/users/v1/signUp$",
        "must have required property",
    ),
    "The type of a template is a string when it is written, and an object when it is read.": (
        r"GET /identity/resources/mail/",
        "property (0\\.)?type must be object",
    ),
    "The document has no success for the operation.": (
        "^(GET|POST|DELETE) /tenants/resources/",
        r"Unable to match the returned status code with those defined in the document: [^2]*$",
    ),
}
"""Why a violation is no fault of the emulator, by operation and message."""
_SELF: Final = re.compile("^/resources/(users/v[123]/me|users/sessions/v1|users/v1/me)")
_START_S: Final = 60

Violation = dict[str, str]


@asynccontextmanager
async def proxy(prism: str, document: Mapping[str, Any], upstream: str) -> AsyncGenerator[str]:
    """Run Prism before an upstream, and yield its URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "openapi.json")
        # Prism matches paths below a server's own path; here they begin at the root.
        content = json.dumps({**document, "servers": [{"url": "/"}]})
        await asyncio.to_thread(file.write_text, content)
        process = await asyncio.create_subprocess_exec(
            *(prism, "proxy", str(file), upstream, "--port", str(port), "--host", "127.0.0.1"),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            await _listening(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            await process.wait()


async def _listening(port: int) -> None:
    async with asyncio.timeout(_START_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def violations(
    prism: str, service: str, document: Mapping[str, Any]
) -> tuple[list[Violation], int]:
    """Return the violations of successful responses, and the number of successes."""
    found: list[Violation] = []
    successes = 0
    async with Emulator() as emulator, aiohttp.ClientSession() as http:
        ids, tokens = await prepare(emulator, http)
        upstream = emulator.url + BASES[service]
        async with proxy(prism, document, upstream) as url:
            for step in steps(document, ids):
                token = tokens["user" if _SELF.match(step.path) else "environment"]
                said = await _send(http, url, step, token)
                if said is not None:
                    successes += 1
                    name = f"{step.method} {BASES[service]}{step.template}"
                    found += [{"operation": name, "message": each} for each in said]
    return found, successes


async def prepare(
    emulator: Emulator, http: aiohttp.ClientSession
) -> tuple[dict[str, str], dict[str, str]]:
    """Set up the objects that a tour is about; return their ids, and a token of each kind."""
    emulator.add_tenant("t", name="Acme")
    emulator.add_tenant("sub", name="Below")
    emulator.add_user(
        "u", email="ada@x.io", name="Ada", tenant_ids=["t"], roles=["Admin"], password="pw"
    )
    credentials = {"clientId": emulator.client_id, "secret": emulator.api_key}
    async with http.post(f"{emulator.url}/auth/vendor", json=credentials) as response:
        environment = (await response.json())["token"]
    login = {"email": "ada@x.io", "password": "pw"}
    async with http.post(f"{emulator.url}/identity/resources/auth/v1/user", json=login) as response:
        user = (await response.json())["accessToken"]
    headers = {"Authorization": f"Bearer {environment}", "frontegg-tenant-id": "t"}

    async def make(path: str, body: object, **more: str) -> Any:
        async with http.post(emulator.url + path, json=body, headers=headers | more) as made:
            return await made.json()

    identity = "/identity/resources"
    group = await make(f"{identity}/groups/v1", {"name": "Friends"})
    await make(f"{identity}/roles/v1", [{"key": "own", "name": "Own", "level": 1}])
    await make(f"{identity}/tenants/api-tokens/v1", {"description": "d"})
    await make(f"{identity}/users/api-tokens/v1", {"description": "d"}, **{"frontegg-user-id": "u"})
    await make(f"{identity}/tenants/invites/v1/user", {"shouldSendEmail": False})
    for policy, body in (
        ("lockout-policy", {"enabled": True, "maxAttempts": 3}),
        ("mfa-policy", {"enforceMFAType": "Force"}),
        ("password-history-policy", {"enabled": True, "historySize": 3}),
    ):
        await make(f"{identity}/configurations/v1/{policy}", body)
    found = f"{emulator.url}/applications/resources/applications/v1/default"
    async with http.get(found, headers={"Authorization": f"Bearer {environment}"}) as response:
        application = (await response.json())["id"]
    ids = {"groupId": group["id"], "id": group["id"], "appId": application}
    return ids, {"environment": environment, "user": user}


async def _send(http: aiohttp.ClientSession, url: str, step: Step, token: str) -> list[str] | None:
    """Send a request; return the violations of its response, or None if it was no success."""
    headers = {**step.headers, "Authorization": f"Bearer {token}"}
    async with http.request(
        step.method, url + step.path, params=step.query, json=step.body, headers=headers
    ) as response:
        body = await response.read()
        said: list[Any] = json.loads(response.headers.get("sl-violations", "[]"))
        if not 200 <= response.status < 300:
            return None
    document: Any = json.loads(body) if body else None
    return [_message(each, document) for each in said if each["location"][0] == "response"]


def _message(violation: Mapping[str, Any], document: Any) -> str:
    """Return the message of a violation; one about a null says so first."""
    message: str = violation["message"]
    found: Any = document
    for part in violation["location"][2:]:
        is_list = type(found) is list
        found = found[int(part) if is_list else part]
    return f"null: {message}" if found is None and len(violation["location"]) > 2 else message


def reason_of(violation: Violation) -> str | None:
    """Return the reason why a violation is no fault of the emulator, or None if it is one."""
    for reason, (operation, message) in EXPLAINED.items():
        if re.search(operation, violation["operation"]) and re.search(
            message, violation["message"]
        ):
            return reason
    return None


def main(arguments: Sequence[str]) -> int:
    """Run the tour of the services that are named; return 1 if there is a violation."""
    parser = argparse.ArgumentParser(description="Prism before the emulator.")
    parser.add_argument("--prism", default="prism")
    parser.add_argument("--spec", type=Path, required=True)
    parser.add_argument("services", nargs="*", default=list(BASES))
    options = parser.parse_args(arguments)
    left = 0
    for service in options.services:
        document = json.loads((options.spec / f"{service}.json").read_text())
        found, successes = asyncio.run(violations(options.prism, service, document))
        faults = [each for each in found if reason_of(each) is None]
        left += len(faults)
        report = [f"{service}: {successes} successes, {len(faults)} violations"]
        report += [f"  {each['operation']}: {each['message']}" for each in faults]
        reasons = Counter(reason for each in found if (reason := reason_of(each)) is not None)
        report += [f"  {count} x {reason}" for reason, count in reasons.most_common()]
        sys.stdout.write("\n".join(report) + "\n")
    return min(left, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
