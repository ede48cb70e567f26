"""An issuer of callers' tokens: it signs, and serves its public keys over a real socket."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm

ISSUER: Final = "https://acme.frontegg.example"
AUDIENCE: Final = "11111111-2222-3333-4444-555555555555"

# Making a key takes a tenth of a second: the tests share a few.
_KEYS: Final = [rsa.generate_private_key(65_537, 2_048) for _ in range(4)]


class Issuer:
    """Signs tokens with one key at a time.

    Attributes:
        fetches: requests for the keys.
        down: whether those are answered with 503.
        url: URL of the key set.
        rights: good access tokens, by kind and id (``users/7``), with their rights.
        lookups: paths of the look-ups, from the kind on.
        answer: status and body that look-ups get, or None for what they ask for.
        answers: the same for one look-up, by its path; None for one that is held.
        more_keys: further entries of the key set.
    """

    def __init__(self) -> None:
        self._key = 0
        self._published = [0]
        self.fetches = 0
        self.down = False
        self.url = ""
        self.rights: Final[dict[str, dict[str, Any]]] = {}
        self.lookups: Final[list[str]] = []
        self.answer: tuple[int, str] | None = None
        self.answers: Final[dict[str, tuple[int, str] | None]] = {}
        self.more_keys: Final[list[dict[str, Any]]] = []

    @property
    def key_id(self) -> str:
        """Id of the key that signs."""
        return f"key-{self._key}"

    @property
    def pem(self) -> str:
        """The public key as PEM."""
        public = _KEYS[self._key].public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def rotate(self, *, keep: bool = False) -> None:
        """Sign with another key from now on; with ``keep`` the old one stays published."""
        self._key += 1
        self._published = [*(self._published if keep else []), self._key]

    def claims(self, **changes: object) -> dict[str, Any]:
        """Return the claims of a good user token, with changes; None leaves a claim out."""
        now = int(time.time())
        claims = {
            "sub": "user-1",
            "type": "userToken",
            "tenantId": "tenant-1",
            "tenantIds": ["tenant-1", "tenant-2"],
            "roles": ["Admin"],
            "permissions": ["fe.secure.*", "orders.read"],
            "email": "ada@example.com",
            "aud": AUDIENCE,
            "iss": ISSUER,
            "iat": now,
            "exp": now + 3_600,
        }
        return {name: value for name, value in {**claims, **changes}.items() if value is not None}

    def sign(
        self, claims: Mapping[str, Any] | None = None, *, key_id: str | None = None, **changes: Any
    ) -> str:
        """Return a token, signed with the key of now under its own id, or under another one."""
        headers = {"kid": key_id or self.key_id}
        body = dict(self.claims(**changes) if claims is None else claims)
        return jwt.encode(body, _KEYS[self._key], algorithm="RS256", headers=headers)

    @property
    def origin(self) -> str:
        """Base URL of the issuer."""
        return self.url.removesuffix("/.well-known/jwks.json")

    async def environment_token(self, request: web.Request) -> web.Response:
        """Answer as the auth route does."""
        return web.json_response({"token": "environment-token", "expiresIn": 86_400})

    async def look_up(self, request: web.Request) -> web.Response:
        """List the good access tokens of users or tenants, or show one of them."""
        kind, token_id = request.match_info["kind"], request.match_info["id"]
        self.lookups.append(f"{kind}/{token_id}")
        answer = self.answers.get(self.lookups[-1], self.answer)
        if answer is None and self.lookups[-1] in self.answers:
            await asyncio.Event().wait()
        if answer is not None:
            return web.Response(status=answer[0], text=answer[1])
        if token_id == "active":
            ids = [name.partition("/")[2] for name in self.rights if name.startswith(kind)]
            return web.json_response(ids)
        found = self.rights.get(f"{kind}/{token_id}")
        return web.json_response(found or {}, status=404 if found is None else 200)

    async def keys(self, request: web.Request) -> web.Response:
        """Answer with the published keys."""
        self.fetches += 1
        if self.down:
            return web.Response(status=503)
        keys: list[dict[str, Any]] = []
        for number in self._published:
            entry = json.loads(RSAAlgorithm.to_jwk(_KEYS[number].public_key()))
            keys.append({**entry, "use": "sig", "alg": "RS256", "kid": f"key-{number}"})
        return web.json_response({"keys": [*keys, *self.more_keys]})


@asynccontextmanager
async def running_issuer() -> AsyncGenerator[Issuer]:
    """Run an issuer on a free port."""
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/.well-known/jwks.json", issuer.keys)
    app.router.add_post("/auth/vendor", issuer.environment_token)
    app.router.add_get(
        "/identity/resources/vendor-only/{kind}/access-tokens/v1/{id}", issuer.look_up
    )
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        issuer.url = f"http://{host}:{port}/.well-known/jwks.json"
        yield issuer
    finally:
        await runner.cleanup()
