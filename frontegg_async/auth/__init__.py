"""Tokens of the environment and of users: fetched, kept, shared, renewed; of callers: verified.

Verification needs ``pip install frontegg-async[jwt]``::

    verifier = TokenVerifier(frontegg, issuer="https://acme.frontegg.com")
    claims = await verifier.authenticate(request.headers)
    require(roles="admin").check(claims)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .claims import Claims
    from .hosted_login import (
        HostedLogin,
        PendingLogin,
        begin_login,
        finish_login,
        logout_url,
        refresh_login,
    )
    from .oauth import HostedTokens, OAuthClient
    from .requirements import Requirement, require
    from .verifier import TokenVerifier, bearer_token

# Sessions import modules from here: verification, and PyJWT with it, is loaded when it is used.
_LAZY = {
    "Claims": "claims",
    "HostedLogin": "hosted_login",
    "HostedTokens": "oauth",
    "OAuthClient": "oauth",
    "PendingLogin": "hosted_login",
    "Requirement": "requirements",
    "TokenVerifier": "verifier",
    "bearer_token": "verifier",
    "begin_login": "hosted_login",
    "finish_login": "hosted_login",
    "logout_url": "hosted_login",
    "refresh_login": "hosted_login",
    "require": "requirements",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    from .._core.extras import imports_of

    with imports_of("jwt", name):
        value: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


__all__ = [
    "Claims",
    "HostedLogin",
    "HostedTokens",
    "OAuthClient",
    "PendingLogin",
    "Requirement",
    "TokenVerifier",
    "bearer_token",
    "begin_login",
    "finish_login",
    "logout_url",
    "refresh_login",
    "require",
]
