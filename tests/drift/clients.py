"""Public clients of Frontegg's API against the SDK: the routes that they call, and their tokens.

``clients.json`` is a table of facts: the route of every call of a client to ``/identity`` and
``/tenants``, and the kind of token that it sends. The calls of Frontegg's REST client for browsers
were recorded by running each of its functions with a ``fetch`` of our own; those of the others were
read in their source code. The
OpenAPI documents say neither which routes are in use nor which token a route takes, so this is
compared as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from frontegg_async import Operation, TokenKind

from .drift import Finding, key_of
from .explained import Explanation

TABLE: Final = Path(__file__).with_suffix(".json")
PREFIXES: Final = ("/identity", "/tenants")
"""Paths that the table is about."""

_TAKES: Final = {
    # A login, which ends with the first token, takes none; a route without a check takes any.
    "environment": frozenset({TokenKind.ENVIRONMENT, TokenKind.EITHER, TokenKind.ANY}),
    "user": frozenset({TokenKind.USER, TokenKind.EITHER, TokenKind.ANY, TokenKind.NONE}),
    "none": frozenset({TokenKind.ANY, TokenKind.NONE}),
}


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The calls of one client.

    Args:
        client: its name, and the version that was read.
        token: kind of the token that it sends.
        routes: ``METHOD /path``, with ``{}`` for each parameter.
    """

    client: str
    token: Literal["environment", "user", "none"]
    routes: tuple[str, ...]


def read_clients() -> tuple[Client, ...]:
    """Return the table."""
    return msgspec.json.decode(TABLE.read_bytes(), type=tuple[Client, ...])


def find_client_drift(
    clients: Sequence[Client], sdk: Sequence[Operation[Any]]
) -> Iterator[Finding]:
    """Yield the routes that clients call and the SDK lacks, and tokens that it would reject."""
    ours: dict[str, list[Operation[Any]]] = {}
    for operation in sdk:
        ours.setdefault(key_of(operation.method, operation.template), []).append(operation)
    for client in clients:
        for route in client.routes:
            found = ours.get(route)
            if found is None:
                yield Finding(route, "route", "new", f"called by {client.client}")
                continue
            if not any(each.token in _TAKES[client.token] for each in found):
                names = ", ".join(each.name for each in found)
                detail = f"rejects the token of {client.client}, which sends: {client.token}"
                yield Finding(route, "token", "changed", f"{names} {detail}")


def _not_there(reason: str, *routes: str) -> tuple[Explanation, ...]:
    return tuple(Explanation(route, "route", "new", "client", reason) for route in routes)


_I: Final = "/identity/resources"
_T: Final = "/tenants/resources"

EXPLAINED: Final = (
    *_not_there(
        "a step of a login in a browser, which hosted login does with one redirect",
        f"POST {_I}/auth/v1/user/oidc/postlogin",
        f"POST {_I}/auth/v1/user/saml/postlogin",
        f"POST {_I}/auth/v1/user/saml/prelogin",
        f"POST {_I}/auth/v1/user/sso/{{}}/postlogin",
        f"POST {_I}/auth/v1/user/step-up/generate",
        f"POST {_I}/auth/v1/webauthn/*login",
        f"POST {_I}/auth/v2/user/oidc/postlogin",
        f"POST {_I}/auth/v2/user/sso/prelogin",
        f"POST {_I}/users/v1/signUp/phoneNumber",
    ),
    *_not_there(
        "a passkey is made and used in a browser",
        f"* {_I}/users/v1/mfa/webauthn/*",
        f"* {_I}/users/webauthn/v1/devices*",
    ),
    *_not_there(
        "read by the login page to draw itself; the environment's settings have the same",
        f"GET {_I}/configurations/v1/auth/strategies*",
        f"GET {_I}/configurations/v1/captcha-policy/public",
        f"GET {_I}/configurations/v1/password-recovery/strategies",
        f"GET {_I}/configurations/v1/sign-up/strategies",
    ),
    *_not_there(
        "the environment's own policy; the route without /vendor gives it without a tenant",
        f"GET {_I}/configurations/v1/lockout-policy/vendor",
        f"GET {_I}/configurations/v1/mfa-policy/vendor",
        f"GET {_I}/configurations/v1/password-history-policy/vendor",
    ),
    *_not_there(
        "an older form of a route that the SDK has",
        f"POST {_I}/applications/v1/{{}}/users",
        f"* {_I}/sso/v1",
        f"* {_I}/users/v1/phone*",
        f"GET {_I}/mail/v1/configs/emails",
    ),
    *_not_there(
        "one page of the admin portal calls it, and its answer is not known",
        f"* {_I}/applications/v1/*app*",
        f"POST {_I}/configurations/v1/restrictions/ip/bulk",
        f"POST {_I}/impersonation/v1",
        f"GET {_I}/sso/v2/authenticated",
        f"POST {_I}/users/v1/passwords/breached/reset/bulk",
        f"POST {_I}/users/v1/passwords/reset/validate",
        f"POST {_I}/users/v3/me/token",
        f"GET {_T}/hierarchy/v1/parents/{{}}",
        f"GET {_T}/hierarchy/v2*",
        f"PATCH {_T}/sub-tenants/v1/{{}}",
    ),
    *_not_there(
        "no other client calls it: PATCH and PUT of the same paths are documented",
        f"POST {_I}/roles/v1/{{}}*",
        f"PUT {_I}/vendor-only/users/v1/{{}}",
    ),
)
"""Routes that the SDK does without, with the reason."""
