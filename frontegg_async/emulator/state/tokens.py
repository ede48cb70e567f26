"""Tokens of environments and of users: issued, looked up, expired, revoked.

The emulator knows its tokens by looking them up, never by their signatures. An environment token
is signed once the signing key exists, which is from the first login of a user on, from the first
request for the JWKS, or from the start with ``signed_tokens``; before that its third part is
filler of a plausible length, so that neither the start of an emulator nor a token costs anything.
A user's token is always signed.

==================================================================  ======
RS256; ``type: vendor``, ``vendorId``, ``iat``, ``exp``; about 1 KB   seen
``type`` of a user's token: ``userToken``, and of those that API      client
tokens are exchanged for: ``userApiToken``, ``tenantApiToken``
the claims of a user's token: ``routes/_claims.py``
``jti`` makes two tokens of one second differ                         guess
==================================================================  ======
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from copy import copy
from enum import Enum
from typing import Final

import msgspec

from .keys import Algorithm, Keys

__all__ = ["Kind", "Token", "Tokens"]

_HEADER: Final[dict[str, str]] = {"alg": "RS256", "typ": "JWT", "kid": "emulator"}
_FILLER_BYTES: Final = 560  # brings the token to about 1 KB, the size of a real one (seen)


class Kind(Enum):
    """The kind of a token, as its claim ``type`` says it."""

    ENVIRONMENT = "vendor"
    USER = "userToken"
    USER_API = "userApiToken"
    TENANT_API = "tenantApiToken"


class Token(msgspec.Struct, frozen=True):
    """The rights and the life of a token."""

    client_id: str
    expires: float
    account: bool = False
    """True if it is for a whole account, so that each call has to name the environment."""
    kind: Kind = Kind.ENVIRONMENT
    tenant_id: str | None = None
    """The tenant that it acts in, unless it is an environment's."""
    user_id: str | None = None
    """The user that it belongs to, if any."""
    session_id: str | None = None


class Tokens:
    """Issues tokens, looks them up, and revokes them."""

    def __init__(
        self,
        credentials: Mapping[str, str],
        accounts: frozenset[str],
        lifetime: float,
        access_lifetime: float,
        algorithm: Algorithm,
        keys: Keys,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
    ) -> None:
        self.access_lifetime = access_lifetime
        """Seconds that a token of a user or tenant lives, unless a template says otherwise."""
        self.algorithm: Algorithm = algorithm
        """How such a token is signed, unless a template says otherwise."""
        self._credentials = credentials
        self._accounts = accounts
        self._lifetime = lifetime
        self._keys = keys
        self._clock = clock
        self._wall_clock = wall_clock
        # Two of them, because the tokens within one live equally long, but for templates.
        self._environments: dict[str, Token] = {}
        self._users: dict[str, Token] = {}

    def without_users(self) -> "Tokens":
        """Return the same tokens of environments, without those of users; for the reset."""
        others = copy(self)
        others._users = {}  # noqa: SLF001 - of this class
        return others

    @property
    def lifetime(self) -> float:
        """Return the life of an environment token in seconds, as an integer if it is one."""
        return int(self._lifetime) if self._lifetime == int(self._lifetime) else self._lifetime

    def knows(self, client_id: str, secret: str) -> bool:
        """Return whether a secret belongs to a client id."""
        expected = self._credentials.get(client_id)
        return expected is not None and secrets.compare_digest(expected.encode(), secret.encode())

    def issue(self, client_id: str, secret: str) -> str | None:
        """Return a new environment token, or None if the credentials are wrong."""
        if not self.knows(client_id, secret):
            return None
        now = self._clock()
        _forget_expired(self._environments, now)
        token = self._encode(client_id)
        account = client_id in self._accounts
        self._environments[token] = Token(client_id, now + self._lifetime, account)
        return token

    def issue_access(
        self, holder: Token, claims: Mapping[str, object], lifetime: float, algorithm: Algorithm
    ) -> str:
        """Return a new token of a user or of a tenant, signed, with these claims.

        Args:
            holder: Whose it is, with any ``expires``.
            claims: The claims; ``jti`` is added, so that two of one second differ.
            lifetime: Seconds that it lives.
            algorithm: How it is signed.

        """
        now = self._clock()
        _forget_expired(self._users, now)
        token = self._keys.sign({**claims, "jti": secrets.token_hex(16)}, algorithm)
        self._users[token] = msgspec.structs.replace(holder, expires=now + lifetime)
        return token

    def sign_access_token(
        self,
        client_id: str,
        issuer: str,
        application_id: str,
        token_id: str,
        tenant_id: str,
        user_id: str | None,
        expires: float | None,
    ) -> str:
        """Return an access token, signed; it is looked up by its id, and carries no roles."""
        claims: dict[str, object] = {
            "sub": token_id,
            "type": "tenantAccessToken" if user_id is None else "userAccessToken",
            "tenantId": tenant_id,
            "applicationId": application_id,
            "aud": client_id,
            "iss": issuer,
            "iat": int(self._wall_clock()),
        }
        if user_id is not None:
            claims["userId"] = user_id
        if expires is not None:
            claims["exp"] = int(expires)
        return self._keys.sign(claims)

    def find(self, token: str) -> Token | None:
        """Return a token that is still valid."""
        found = self._environments.get(token) or self._users.get(token)
        return None if found is None or found.expires <= self._clock() else found

    def revoke_all(self) -> None:
        """Revoke every token issued so far."""
        self._environments.clear()
        self._users.clear()

    def revoke_user(self, user_id: str) -> None:
        """Revoke the tokens of one user."""
        for token in [text for text, token in self._users.items() if token.user_id == user_id]:
            del self._users[token]

    def _encode(self, client_id: str) -> str:
        now = int(self._wall_clock())
        claims = {
            "type": Kind.ENVIRONMENT.value,
            "vendorId": client_id,
            "jti": secrets.token_hex(16),
            "iat": now,
            "exp": now + int(self._lifetime),
        }
        if self._keys.made:
            return self._keys.sign(claims)
        parts = msgspec.json.encode(_HEADER), msgspec.json.encode(claims)
        filler = secrets.token_bytes(_FILLER_BYTES)
        return ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in (*parts, filler))


def _forget_expired(issued: dict[str, Token], now: float) -> None:
    # All live equally long, so the first issued is the first to expire.
    while issued:
        oldest = next(iter(issued))
        if issued[oldest].expires > now:
            return
        del issued[oldest]
