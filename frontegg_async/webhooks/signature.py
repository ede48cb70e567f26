"""Signature of a hook's request: the header ``x-webhook-secret``.

==================================================================  =============
the header is a JWT, signed with HS256 and the hook's secret          doc
the header is the hook's secret itself                                client
the JWT has ``iat``, and ``exp`` perhaps; both are checked where      guess
they are, and neither is required
nothing in it stands for the body, the URL or the delivery            no page says so
==================================================================  =============

*client* is one of Frontegg's own samples, whereas others verify the JWT. Each is a setting.
"""

from __future__ import annotations

import hmac
import math
import time
from typing import Any, Final, Literal, NoReturn, TypeAlias

from .._core.extras import install
from .._core.secret import Secret
from ..errors import ConfigurationError, UnauthorizedError

Signature: TypeAlias = Literal["jwt", "plain"]
"""Content of the header: a JWT that is signed with the secret, or the secret itself."""

HEADER: Final = "x-webhook-secret"
LEEWAY_S: Final = 10.0
"""Seconds by which the clocks of Frontegg and of the receiver may differ."""
_MAX_CHARS: Final = 16_384
_KEY_BYTES: Final = 32
_MISMATCH: Final = "x-webhook-secret is not signed with the secret of this hook"
_OPTIONS: Final[Any] = {
    # Nothing is known of its claims. Its times are checked, its addressee and names are not.
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def check_settings(secret: Secret, signature: Signature, max_age: float | None) -> None:
    """Raise ``ConfigurationError`` for settings that cannot work, or would accept any request."""
    if not _is_text(secret.reveal()):
        raise ConfigurationError("secret must be the secret of the hook, a non-empty string")
    if signature not in ("jwt", "plain"):
        raise ConfigurationError(f"signature must be 'jwt' or 'plain', got {signature!r}")
    if max_age is None:
        return
    if signature == "plain":
        raise ConfigurationError("a plain secret has no age: leave max_age out")
    if isinstance(max_age, bool) or not 0 < max_age < math.inf:
        raise ConfigurationError(f"max_age must be a positive number of seconds, got {max_age!r}")


def check_signature(
    given: Secret | None, secret: Secret, signature: Signature, max_age: float | None
) -> None:
    """Check the header of a request.

    Raises:
        UnauthorizedError: it is absent, or is not signed with the secret.
    """
    if given is None or not given:
        _refuse("the request has no x-webhook-secret")
    if len(given.reveal()) > _MAX_CHARS:
        _refuse(f"x-webhook-secret has more than {_MAX_CHARS} characters")
    if signature == "plain":
        if not hmac.compare_digest(_bytes(given), _bytes(secret)):
            _refuse(_MISMATCH)
        return
    problem = _problem_of(given, secret, max_age)
    if problem:
        # Raised here and not where PyJWT raises: its frames hold the secret.
        _refuse(problem)


def _problem_of(given: Secret, secret: Secret, max_age: float | None) -> str:
    """Return the reason to refuse a JWT, or an empty string."""
    try:
        import jwt
        from jwt.utils import is_pem_format, is_ssh_key
    except ModuleNotFoundError:
        raise ConfigurationError(
            f"signatures of webhooks are verified with PyJWT: {install('jwt')}"
        ) from None
    if is_pem_format(_bytes(secret)) or is_ssh_key(_bytes(secret)):
        raise ConfigurationError("secret must be the secret of the hook, got a key or certificate")
    try:
        claims = jwt.decode(
            given.reveal(),
            # HMAC pads a key with zeros by itself. Done here, PyJWT does not warn of short ones,
            # which are a choice made in Frontegg's portal.
            _bytes(secret).ljust(_KEY_BYTES, b"\0"),
            algorithms=["HS256"],
            leeway=LEEWAY_S,
            options=_OPTIONS,
        )
    except jwt.ExpiredSignatureError:
        return "x-webhook-secret has expired"
    except jwt.ImmatureSignatureError:
        return "x-webhook-secret is not valid yet"
    except jwt.InvalidSignatureError:
        return _MISMATCH
    except (jwt.PyJWTError, ArithmeticError, ValueError, TypeError, RecursionError):
        return "x-webhook-secret is not a JSON Web Token that is signed with HS256"
    return "" if max_age is None else _age_problem(claims.get("iat"), max_age)


def _age_problem(issued_at: object, max_age: float) -> str:
    if isinstance(issued_at, bool) or not isinstance(issued_at, int | float):
        return "x-webhook-secret does not say when it was made (iat), which max_age requires"
    if time.time() - issued_at > max_age:
        return "x-webhook-secret is older than max_age allows"
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode(errors="surrogatepass")


def _refuse(message: str) -> NoReturn:
    raise UnauthorizedError(message)
