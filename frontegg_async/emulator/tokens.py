"""Environment tokens: issued, looked up, expired, revoked."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

__all__ = ["Token", "Tokens"]

_HEADER: Final[dict[str, str]] = {"alg": "RS256", "typ": "JWT", "kid": "emulator"}
_FILLER_BYTES: Final = 560  # brings the token to about 1 KB, the size of a real one (seen)


class Token(msgspec.Struct, frozen=True):
    """What stands behind a token."""

    client_id: str
    expires: float
    account: bool
    """Whether it is for a whole account, so that each call has to name the environment."""


class Tokens:
    """Issues tokens for known credentials and keeps those that still work."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        accounts: frozenset[str],
        lifetime: float,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._accounts = accounts
        self._lifetime = lifetime
        self._clock = clock
        self._wall_clock = wall_clock
        self._issued: dict[str, Token] = {}

    @property
    def lifetime(self) -> float:
        """Return the life of a token in seconds, whole if it is."""
        return int(self._lifetime) if self._lifetime == int(self._lifetime) else self._lifetime

    def issue(self, client_id: str, secret: str) -> str | None:
        """Return a new token, or None if the credentials are wrong."""
        expected = self._credentials.get(client_id)
        if expected is None or not secrets.compare_digest(expected.encode(), secret.encode()):
            return None
        now = self._clock()
        self._forget_expired(now)
        token = self._encode(client_id)
        account = client_id in self._accounts
        self._issued[token] = Token(client_id, now + self._lifetime, account)
        return token

    def find(self, token: str) -> Token | None:
        """Look up a token that is still good."""
        found = self._issued.get(token)
        return None if found is None or found.expires <= self._clock() else found

    def revoke_all(self) -> None:
        """Make every token issued so far worthless."""
        self._issued.clear()

    def _forget_expired(self, now: float) -> None:
        # All live equally long, so the first issued is the first to expire.
        while self._issued:
            oldest = next(iter(self._issued))
            if self._issued[oldest].expires > now:
                return
            del self._issued[oldest]

    def _encode(self, client_id: str) -> str:
        now = int(self._wall_clock())
        payload = {
            "type": "vendor",
            "vendorId": client_id,
            "jti": secrets.token_hex(16),
            "iat": now,
            "exp": now + int(self._lifetime),
        }
        # The third part is no signature, only filler of a plausible length: the emulator knows its
        # tokens by looking them up. Nothing that verifies signatures can be tested against it yet.
        parts = msgspec.json.encode(_HEADER), msgspec.json.encode(payload)
        filler = secrets.token_bytes(_FILLER_BYTES)
        return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, filler))
