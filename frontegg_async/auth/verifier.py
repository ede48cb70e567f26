"""Verification of callers: who sent this request, and is their token good.

A token is checked in this order, and the first that fails is a ``UnauthorizedError``:

1. length, and that its header is readable and names an allowed algorithm
2. its signature, with the key that the header names (``signing_keys``); a key of one kind is never
   used with an algorithm of another
3. ``exp``, ``nbf`` and ``iat``, give or take the leeway; ``aud``; ``iss``
4. its type: an environment token is nobody's, and access tokens come in a header of their own,
   where it is looked up whether they have been revoked (``access_tokens``)

PyJWT does 2 and 3. With the keys at hand nothing is awaited.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NoReturn, TypeAlias, cast
from urllib.parse import urlsplit

import msgspec

from .._core.extras import imports_of

with imports_of("jwt", __name__):
    import jwt
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from jwt.utils import base64url_decode

from .._core.headers import header_of
from .._core.secret import Secret, revealed
from .._core.settings import as_secret
from ..endpoints import core_settings
from ..errors import ConfigurationError, ResponseDecodeError, UnauthorizedError
from ..operation import JSON, Operation, TokenKind
from ..options import Region
from ..session import Session
from .access_tokens import AccessTokenLookup
from .claims import ACCESS_TOKENS, Claims, TokenType, claims_of, without_slash
from .signing_keys import Keys, SigningKeys
from .token_stores import TokenStore

KeySource: TypeAlias = Literal["jwks", "configuration"]
"""Where keys come from: the JSON Web Key Set of the host, or the environment's configuration."""

MAX_TOKEN_CHARS: Final = 16_384
"""Longest token; real ones have one to four thousand characters, and servers cap headers."""
_JWKS_PATH: Final = "/.well-known/jwks.json"
_HEADERS_KEPT: Final = 64
"""JOSE headers that are remembered as read; an environment has one for each key."""
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_ELLIPTIC: Final = frozenset({"ES256", "ES384", "ES512"})
_SHARED: Final = frozenset({"HS256", "HS384", "HS512"})
_KINDS: Final[tuple[tuple[type, frozenset[str]], ...]] = (
    (RSAPublicKey, _RSA),
    (EllipticCurvePublicKey, _ELLIPTIC),
)
_REQUIRED: Final = ("exp", "iss", "aud", "sub")


class _Header(msgspec.Struct, frozen=True):
    alg: str
    kid: str | None = None


class TokenVerifier:
    """Verifies tokens of callers.

    ::

        verifier = TokenVerifier(frontegg, issuer="https://acme.frontegg.com")
        claims = await verifier.authenticate(request.headers)

    Args:
        session: session of the environment. Its host has the keys, its client id is the audience,
            and its own domain, if it has one, the issuer. Access tokens need it.
        jwks_url: URL of the keys, in place of a session. Access tokens cannot be verified then.
        issuer: URL of the workspace (``https://acme.frontegg.com``) or custom domain that issues
            the tokens, or several of them.
        audience: client id of the environment, or ids of applications; one of them must be the
            token's.
        leeway: seconds by which the clocks of issuer and verifier may differ.
        algorithms: allowed signature algorithms. ``HS256`` is for environments whose JWT template
            chooses it, and needs ``secret``.
        secret: shared secret of an HS256 template.
        keys: where a session reads the keys from. ``configuration`` is the one PEM key of
            ``GET /identity/resources/configurations/v1``, which takes the environment token.
        remember: number of verified tokens that are remembered until they expire. 0 by default:
            a remembered token is good although its key was withdrawn in the last minutes.
        access_token_store: where access tokens that were looked up are shared between processes;
            each process has its own memory otherwise.

    Raises:
        ConfigurationError: a setting is missing or cannot work.
    """

    def __init__(
        self,
        session: Session | None = None,
        *,
        jwks_url: str | None = None,
        issuer: str | Sequence[str] | None = None,
        audience: str | Sequence[str] | None = None,
        leeway: float = 10.0,
        algorithms: Sequence[str] = ("RS256",),
        secret: str | Secret | None = None,
        keys: KeySource = "jwks",
        remember: int = 0,
        access_token_store: TokenStore | None = None,
    ) -> None:
        secret = None if secret is None else as_secret(secret)
        own_connections = session is None
        path = _JWKS_PATH
        if (session is None) == (jwks_url is None):
            raise ConfigurationError("a TokenVerifier takes either a session or jwks_url")
        if session is None:
            origin, path = _split(jwks_url or "")
            session = Session.for_users(base_url=origin)
        self._session: Final = session
        self._opens: Final = own_connections
        self._issuers: Final = _issuers(session, issuer, owned=own_connections)
        self._audience: Final = _audience(session, audience)
        self._algorithms: Final = _checked(algorithms, secret)
        self._kinds: Final = tuple(
            kind for kind, names in _KINDS if not names.isdisjoint(self._algorithms)
        )
        self._secret: Final = secret
        if not 0 <= leeway < math.inf:
            raise ConfigurationError(f"leeway must be 0 or more seconds, got {leeway!r}")
        self._leeway: Final = leeway
        if isinstance(remember, bool) or remember < 0:
            raise ConfigurationError(f"remember must be 0 or a positive integer, got {remember!r}")
        self._jwks: Final = Operation(
            "jwks",
            "GET",
            path,
            JSON,
            token=TokenKind.NONE,  # the route that every host has
        )
        fetch = self._fetch_jwks if keys == "jwks" else self._fetch_pem
        self._keys: Final = SigningKeys(fetch, session.clock)
        self._access_tokens: Final = AccessTokenLookup(session, store=access_token_store)
        self._headers: Final[dict[str, _Header]] = {}
        self._remember: Final = remember
        self._remembered: Final[dict[bytes, Claims]] = {}
        self._remembered_version = 0

    # Callers

    async def authenticate(self, headers: Mapping[str, str]) -> Claims:
        """Return the claims of whoever sent a request with these headers.

        ``Authorization: Bearer`` is looked at first, then ``x-api-key``.

        Raises:
            UnauthorizedError: there is no token, or not a good one.
            FronteggError: keys or access tokens cannot be looked up, and were not before.
        """
        authorization = header_of(headers, "authorization")
        api_key = header_of(headers, "x-api-key") if authorization is None else None
        del headers  # they show the token in a traceback
        if authorization is not None:
            return await self.verify(bearer_token(authorization))
        if api_key is not None:
            return await self.verify_access_token(api_key)
        raise UnauthorizedError("the request has no token: Authorization and x-api-key are absent")

    async def verify(self, token: str | Secret) -> Claims:
        """Return the claims of a token that came in ``Authorization: Bearer``.

        Raises:
            UnauthorizedError: the token is not good.
            FronteggError: the keys cannot be fetched, and were not before.
        """
        token = as_secret(token)
        claims = await self._verified(token)
        if claims.type in ACCESS_TOKENS:
            _refuse("an access token comes in the header x-api-key")
        if claims.expires_at is None:
            _refuse("the token has no exp")
        return claims

    async def verify_access_token(self, token: str | Secret) -> Claims:
        """Return the claims of a token that came in ``x-api-key``, with its roles as looked up.

        Raises:
            UnauthorizedError: the token is not good, or was revoked.
            FronteggError: the token cannot be looked up, and was not within the last minutes.
        """
        token = as_secret(token)
        if self._opens:
            raise ConfigurationError(
                "access tokens are looked up: make the TokenVerifier with a session"
            )
        claims = await self._verified(token)
        if claims.type not in ACCESS_TOKENS:
            _refuse("only access tokens come in the header x-api-key")
        rights = await self._access_tokens.rights_of(claims)
        if rights is None:
            _refuse("the access token was revoked")
        return msgspec.structs.replace(claims, roles=rights.roles, permissions=rights.permissions)

    async def _verified(self, token: Secret) -> Claims:
        if self._remember and (claims := self._recall(token)) is not None:
            return claims
        header = self._header(token)
        key = self._key_at_hand(header)
        if key is None:
            key = await self._keys.find_again(header.kid)
            if key is None:
                _refuse("the token is signed with a key that is not known")
        claims, problem = self._decoded(token, header, key)
        if problem is _FORGED and self._keys.has_no_ids and header.alg not in _SHARED:
            # Another key may have taken the place of the only one.
            key = await self._keys.find_again(header.kid)
            claims, problem = self._decoded(token, header, key)
        if claims is None:
            _refuse(problem)
        if self._remember:
            self._keep(token, claims)
        return claims

    def _header(self, token: Secret) -> _Header:
        """Return the JOSE header of a token whose algorithm is allowed."""
        if len(token.reveal()) > MAX_TOKEN_CHARS:
            _refuse(f"the token has more than {MAX_TOKEN_CHARS} characters")
        encoded = token.reveal().partition(".")[0]
        header = self._headers.get(encoded)
        if header is None:
            header = _read_header(encoded)
            if header is None:
                _refuse("it is not a JSON Web Token")
            if header.alg not in self._algorithms:
                _refuse("the token is signed with an algorithm that is not allowed")
            if len(self._headers) >= _HEADERS_KEPT:
                self._headers.clear()  # forged ones: an environment has a few keys
            self._headers[encoded] = header
        return header

    def _key_at_hand(self, header: _Header) -> Any | None:
        if header.alg in _SHARED:
            return self._secret
        return self._keys.find(header.kid)

    def _decoded(self, token: Secret, header: _Header, key: Any) -> tuple[Claims | None, str]:
        """Return the claims of a token, or None and why it is not good."""
        try:
            raw = jwt.decode(
                token.reveal(),
                revealed(key),
                algorithms=_fitting(self._algorithms, header, key),
                audience=self._audience,
                leeway=self._leeway,
                options=_OPTIONS,
            )
        except jwt.InvalidSignatureError:
            return None, _FORGED
        except jwt.PyJWTError as error:
            return None, _PROBLEMS.get(type(error), "the token cannot be read")
        except (ArithmeticError, ValueError, TypeError, RecursionError):
            return None, "the token cannot be read"
        claims = claims_of(raw)
        if claims.issuer not in self._issuers:
            return None, "the token is of another issuer"
        if claims.type == TokenType.ENVIRONMENT:
            return None, "an environment token is not a caller's"
        return claims, ""

    # Memory

    def _recall(self, token: Secret) -> Claims | None:
        if self._remembered_version != self._keys.version:
            self._remembered.clear()
            self._remembered_version = self._keys.version
        claims = self._remembered.get(_digest(token))
        if claims is None or claims.expires_at is None:
            return None
        self._keys.renew_if_due()
        in_time = self._session.clock.time() - self._leeway < claims.expires_at
        return claims if in_time else None

    def _keep(self, token: Secret, claims: Claims) -> None:
        if len(self._remembered) >= self._remember:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[_digest(token)] = claims

    # Keys

    async def _fetch_jwks(self) -> Keys:
        if self._opens:
            # Once in minutes: nothing is left open between, and there is nothing to close.
            async with Session.for_users(base_url=self._session.base_url) as session:
                answer = await session.call(self._jwks)
        else:
            answer = await self._session.call(self._jwks)
        keys: dict[str | None, Any] = {}
        for entry in _entries(answer):
            # A key set may hold keys of other kinds and uses beside ours, under the same ids.
            if entry.get("use") in ("sig", None):
                try:
                    key = jwt.PyJWK.from_dict(entry).key
                except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
                    continue
                if isinstance(key, self._kinds):
                    keys[_text(entry.get("kid"))] = key
        if not keys:
            raise ResponseDecodeError(f"{self._session.base_url} has no public keys for signatures")
        return keys

    async def _fetch_pem(self) -> Keys:
        answer = await self._session.call(core_settings.GET)
        pem = answer.public_key
        if not pem:
            raise ResponseDecodeError("the environment's configuration has no public key")
        return {None: load_pem_public_key(pem.encode())}

    def __repr__(self) -> str:
        return f"<TokenVerifier of {self._session.base_url}>"


def bearer_token(authorization: str | Secret) -> Secret:
    """Return the token of an ``Authorization`` header.

    Raises:
        UnauthorizedError: the header is not ``Bearer`` and a token.
    """
    authorization = as_secret(authorization)
    scheme, *rest = map(Secret, authorization.reveal().strip().split(" ", 1))
    token = Secret(rest[0].reveal().lstrip(" ")) if rest else Secret("")
    if scheme.reveal().lower() != "bearer" or not token:
        _refuse("the Authorization header is not Bearer and a token", error="invalid_request")
    return token


_FORGED: Final = "the signature of the token is wrong"
_OPTIONS: Final[Any] = {"require": ["iss", "aud", "sub"], "verify_iss": False}
_PROBLEMS: Final[Mapping[type[Exception], str]] = {
    jwt.ExpiredSignatureError: "the token has expired",
    jwt.ImmatureSignatureError: "the token is not valid yet",
    jwt.InvalidAudienceError: "the token is for another audience",
    jwt.MissingRequiredClaimError: "the token lacks one of iss, aud and sub",
    jwt.InvalidAlgorithmError: "the token is signed with an algorithm that is not allowed",
}


def _refuse(message: str, *, error: str = "invalid_token") -> NoReturn:
    raise UnauthorizedError(message, challenge={"error": error, "error_description": message})


def _read_header(encoded: str) -> _Header | None:
    try:
        return msgspec.json.decode(base64url_decode(encoded), type=_Header)
    except (ValueError, RecursionError):
        return None


def _fitting(allowed: frozenset[str], header: _Header, key: Any) -> list[str]:
    """Return the allowed algorithms that a key is for, so that none is used with another kind."""
    if isinstance(key, RSAPublicKey):
        kind = _RSA
    elif isinstance(key, EllipticCurvePublicKey):
        kind = _ELLIPTIC
    elif isinstance(key, Secret):
        kind = _SHARED
    else:
        return []
    return [header.alg] if header.alg in allowed & kind else []


def _digest(token: Secret) -> bytes:
    # Servers decode headers that are not UTF-8 with lone surrogates.
    return hashlib.sha256(token.reveal().encode(errors="surrogatepass")).digest()


def _entries(key_set: object) -> list[dict[str, Any]]:
    """Return the keys of a decoded key set, as far as it is one."""
    entries: object = None
    if isinstance(key_set, dict):
        entries = cast("dict[str, object]", key_set).get("keys")
    if not isinstance(entries, list):
        return []
    entries = cast("list[object]", entries)
    return [cast("dict[str, Any]", entry) for entry in entries if isinstance(entry, dict)]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _split(jwks_url: str) -> tuple[str, str]:
    parts = urlsplit(jwks_url)
    if not parts.scheme or not parts.netloc or parts.query or not parts.path.strip("/"):
        raise ConfigurationError(
            "jwks_url must be the URL of a key set, such as "
            f"https://acme.frontegg.com{_JWKS_PATH}, got {jwks_url!r}"
        )
    return f"{parts.scheme}://{parts.netloc}", parts.path


def _issuers(session: Session, given: str | Sequence[str] | None, *, owned: bool) -> frozenset[str]:
    if given is None:
        if owned or not _is_own_domain(session.base_url):
            raise ConfigurationError(
                "a TokenVerifier needs issuer, the URL of your workspace or custom domain, such "
                "as https://acme.frontegg.com: it cannot be told from jwks_url, or "
                "from a region's host, which serves many environments"
            )
        given = session.base_url
    issuers = (given,) if isinstance(given, str) else tuple(given)
    if not issuers or not all("://" in each for each in map(str, issuers)):
        raise ConfigurationError(
            f"issuer must be a URL such as https://acme.frontegg.com, or several, got {given!r}"
        )
    return frozenset(map(without_slash, issuers))


def _is_own_domain(base_url: str) -> bool:
    return all(base_url != region.base_url for region in Region)


def _audience(session: Session, given: str | Sequence[str] | None) -> list[str]:
    audience = session.client_id if given is None else given
    values = [audience] if isinstance(audience, str) else list(audience or ())
    if not values or not all(values):
        raise ConfigurationError(
            "a TokenVerifier needs audience, the client id of the environment or the ids of its "
            f"applications, got {given!r}"
        )
    return values


def _checked(algorithms: Sequence[str], secret: Secret | None) -> frozenset[str]:
    if isinstance(algorithms, str):
        algorithms = (algorithms,)
    unknown = sorted(set(algorithms) - _RSA - _ELLIPTIC - _SHARED)
    if unknown or not algorithms:
        raise ConfigurationError(
            f"algorithms must be some of {', '.join(sorted(_RSA | _ELLIPTIC | _SHARED))}, got "
            f"{', '.join(map(str, unknown)) or 'none'}"
        )
    if _SHARED.isdisjoint(algorithms) != (secret is None):
        raise ConfigurationError(
            "secret and an algorithm such as HS256 go together: name both, or neither"
        )
    return frozenset(algorithms)
