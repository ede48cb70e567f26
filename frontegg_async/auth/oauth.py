"""The OAuth 2 client of hosted login: its settings, its tokens, and the route they come from.

Sources: Frontegg's guide to hosted login (doc); its iOS and Android SDKs, its Next.js package,
Lokalise's browser client and an ASP.NET package (client).

====================================================================  ==========================
``POST {domain}/oauth/token``; grants ``authorization_code`` (code,    doc, client
``redirect_uri``, ``code_verifier``) and ``refresh_token``
the same under ``/frontegg/oauth``                                     client (Next.js, Lokalise)
the body is JSON (all of Frontegg's own) or a form                     client
a client with a secret sends it in ``Authorization: Basic``            doc
or as ``client_secret`` in the body                                    client (Next.js)
a client without a secret sends neither, PKCE suffices                 client (iOS, Android)
``client_id`` beside a grant without a secret                          client (ASP.NET), RFC 6749
``token_type``, ``access_token``, ``id_token``, ``refresh_token``,     client
``expires_in``, in snake case
a renewal gives out another refresh token                              client (all store it)
a refresh token that has ended is 401                                  client (iOS, Android)
any error is as in OAuth (``error``), or Frontegg's ``errors``         guess: both are read
====================================================================  ==========================
"""

from __future__ import annotations

import base64
from functools import cache
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import msgspec

from .._core.secret import Secret, revealed
from ..errors import (
    AuthenticationError,
    ConfigurationError,
    FronteggError,
    InvalidRequestError,
    LoginError,
    PermissionDeniedError,
    ResponseDecodeError,
)
from ..models._base import Number, ResponseModel
from ..models.authentication import UserTokens
from ..operation import Caller, Operation, TokenKind
from ..options import Region
from .token_stores import is_fit

_REFUSED: Final = (InvalidRequestError, AuthenticationError, PermissionDeniedError)
_CLIENT_REFUSED: Final = frozenset({"invalid_client", "unauthorized_client"})


class OAuthClient(msgspec.Struct, frozen=True, kw_only=True):
    """Your application, as hosted login knows it.

    Args:
        redirect_uri: URL that users come back to, which has to be in the portal's list of redirect
            URLs. Its origin is the only one that users are sent to after a logout.
        client_id: id of an application of the environment; the session's client id if not given.
        secret: secret that belongs to ``client_id``, such as the API key; None for a client
            without one, which PKCE allows.
        authentication: place of the secret: the header ``Authorization: Basic``, or the body.
        path: path of the OAuth routes on the domain; ``/frontegg/oauth`` is another one in use.

    Raises:
        ConfigurationError: a setting cannot work.
    """

    redirect_uri: str
    client_id: str | None = None
    secret: str | Secret | None = None
    authentication: Literal["basic", "body"] = "basic"
    path: str = "/oauth"

    def __post_init__(self) -> None:
        if self.secret is not None:
            # First of all, so that no traceback shows it.
            msgspec.structs.force_setattr(self, "secret", Secret(revealed(self.secret)))
        if not _is_page(self.redirect_uri):
            raise ConfigurationError(
                "redirect_uri must be an absolute URL without a fragment, such as "
                f"https://app.example.com/callback, got {self.redirect_uri!r}"
            )
        if self.authentication not in {"basic", "body"}:
            raise ConfigurationError(
                f"authentication must be basic or body, got {self.authentication!r}"
            )
        if not self.path.startswith("/") or self.path.endswith("/") or "{" in self.path:
            raise ConfigurationError(f"path must be like /oauth, got {self.path!r}")


class HostedTokens(UserTokens, frozen=True, kw_only=True):
    """Tokens of a hosted login; ``session.as_user()`` takes them, and renews them.

    Args:
        client: client that they were issued to, which renews them.
        id_token: token about the user for the application itself, if there is one.
    """

    client: OAuthClient
    id_token: str | None = None


class _TokenResponse(ResponseModel, frozen=True, kw_only=True):
    token_type: str | None = msgspec.field(name="token_type", default=None)
    access_token: str | None = msgspec.field(name="access_token", default=None)
    refresh_token: str | None = msgspec.field(name="refresh_token", default=None)
    id_token: str | None = msgspec.field(name="id_token", default=None)
    expires_in: Number | None = msgspec.field(name="expires_in", default=None)


def check_domain(base_url: str) -> None:
    """Raise ConfigurationError if a host belongs to a region and not to one workspace."""
    if any(base_url == region.base_url for region in Region):
        raise ConfigurationError(
            "hosted login is on the workspace's own domain: open a session with "
            f"base_url='https://acme.frontegg.com' or the custom domain, got {base_url}"
        )


def client_id_of(client: OAuthClient, session_client_id: str | None) -> str:
    """Return the client id that users log in to.

    Raises:
        ConfigurationError: neither the client nor the session has one.
    """
    client_id = client.client_id or session_client_id
    if client_id is None:
        raise ConfigurationError("hosted login needs a client id: that of OAuthClient or session")
    return client_id


async def exchange_code(
    caller: Caller,
    client: OAuthClient,
    client_id: str,
    *,
    code: Secret,
    code_verifier: Secret,
    redirect_uri: str,
) -> HostedTokens:
    """Return the tokens that a code stands for.

    Raises:
        LoginError: the server does not take the code, or not from this login.
        AuthenticationError: the server does not take the client's secret.
        FronteggError: the call failed otherwise.
    """
    grant: dict[str, str | Secret] = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": code_verifier,
        "redirect_uri": redirect_uri,
    }
    try:
        return await _granted(caller, client, client_id, grant)
    except _REFUSED as error:
        failed = _explained(error)
    if isinstance(failed, AuthenticationError | InvalidRequestError):
        raise failed
    fields = failed.fields
    fields["status"] = 400
    raise LoginError(
        "the server did not take the code: it was used before, has ended, or is of another login",
        **fields,
    )


async def renew(
    caller: Caller, tokens: HostedTokens, session_client_id: str | None
) -> HostedTokens:
    """Return new tokens of the same login.

    Raises:
        AuthenticationError: the login has ended: the user has to log in again.
        FronteggError: the call failed otherwise.
    """
    if not tokens.refresh_token:
        raise AuthenticationError("the user's token has ended: log in again")
    client = tokens.client
    grant: dict[str, str | Secret] = {
        "grant_type": "refresh_token",
        "refresh_token": Secret(tokens.refresh_token),
    }
    try:
        renewed = await _granted(caller, client, client_id_of(client, session_client_id), grant)
    except _REFUSED as error:
        failed = _explained(error)
    else:
        # Without rotation the response may leave the refresh token out, and mostly the id token.
        return msgspec.structs.replace(
            renewed,
            refresh_token=renewed.refresh_token or tokens.refresh_token,
            id_token=renewed.id_token or tokens.id_token,
        )
    if isinstance(failed, AuthenticationError | InvalidRequestError):
        raise failed
    raise AuthenticationError("the user's login has ended: log in again", **failed.fields)


async def _granted(
    caller: Caller, client: OAuthClient, client_id: str, grant: dict[str, str | Secret]
) -> HostedTokens:
    headers: dict[str, Secret] = {}
    if client.secret is None:
        grant["client_id"] = client_id
    elif client.authentication == "body":
        grant |= {"client_id": client_id, "client_secret": client.secret}
    else:
        headers["Authorization"] = _basic(client_id, client.secret)
    operation = _token_operation(client.path)
    found = await caller.call(operation, body=grant, headers=headers)
    problem = ""
    if found.access_token is None or not is_fit(found.access_token):
        problem = "holds no usable access token"
    elif (found.token_type or "bearer").lower() != "bearer":
        problem = "holds a token of another type than Bearer"
    if problem:
        del found
        raise ResponseDecodeError(f"the response {problem}", operation=operation.name)
    return HostedTokens(
        access_token=found.access_token,
        refresh_token=found.refresh_token or None,
        id_token=found.id_token or None,
        expires_in=found.expires_in,
        client=client,
    )


def _explained(error: FronteggError) -> FronteggError:
    """Return an error of the client itself, or a ``LoginError`` for one of its grant."""
    if error.attempts == 0:
        return error.again()  # rejected before anything was sent
    if not _CLIENT_REFUSED.isdisjoint({error.error_code, *error.messages}):
        return AuthenticationError(
            "the server refused the OAuth client: check its id, its secret and authentication",
            **error.fields,
        )
    return LoginError(error.message, **error.fields)


def _basic(client_id: str, secret: str | Secret) -> Secret:
    both = f"{client_id}:{revealed(secret)}".encode()
    return Secret(f"Basic {base64.b64encode(both).decode()}")


@cache
def _token_operation(path: str) -> Operation[_TokenResponse]:
    return Operation(
        "hosted_login.token",
        "POST",
        f"{path}/token",
        _TokenResponse,
        token=TokenKind.NONE,
        headers=("Authorization",),
    )


def _is_page(url: Any) -> bool:
    """Return whether a value is an absolute URL that a browser can be sent to."""
    if not isinstance(url, str) or not url.isascii() or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(
        parts.scheme in {"https", "http"}
        and host
        and "@" not in parts.netloc
        and not parts.fragment
        and not set(" \\") & set(url)
    )
