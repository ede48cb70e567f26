"""Hosted login: users log in on Frontegg's page, and come back with a code for their tokens.

    begin_login     browser is sent to the login page     state, code verifier and nonce are kept
                                                          in the session of this browser
    finish_login    browser is back at redirect_uri       state is compared, code is exchanged,
                                                          tokens are verified
    as_user         calls of the user                     tokens are renewed
    logout_url      browser is sent to the logout page    and comes back to the application

This is the code flow of OAuth 2 with PKCE (RFC 7636), checked as RFC 9700 says. It is own code and
not Authlib or httpx-oauth because the calls go over the session, with its retries, deadlines and
redaction, and there is nothing to install. Facts, beside those of ``oauth``:

===================================================================  =============================
``GET {domain}/oauth/authorize`` with ``response_type=code``,         doc
``scope``, ``client_id``, ``redirect_uri``, ``state``,
``code_challenge``
``code_challenge_method=S256``, ``nonce``                             client (iOS, Lokalise)
``client_id`` may be that of an application                           client (iOS, Android)
``prompt=login``, ``login_hint``, ``organization`` (alias of a        client (iOS, Android)
tenant with a login page of its own), ``acr_values`` with
``max_age`` for a step-up
a redirect URI that is not in the portal's list is an error page      doc
a denied login comes back with ``error`` and ``state``                guess: RFC 6749
``nonce`` is in the id token                                          client (ASP.NET): compared
                                                                      where there is one
``GET {domain}/oauth/logout?post_logout_redirect_uri=``               client (Next.js, Lokalise)
the own domain names the environment, the host of a region does not   seen
===================================================================  =============================
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self
from urllib.parse import urlsplit

import msgspec

from .._core.secret import Secret
from ..errors import (
    FronteggError,
    InvalidRequestError,
    LoginDeniedError,
    LoginError,
    ServerError,
    UnauthorizedError,
)
from ..operation import encode_query
from ..session import Session
from .claims import MFA_CONTEXT, Claims
from .oauth import HostedTokens, OAuthClient, check_domain, client_id_of, exchange_code, renew
from .token_claims import nonce_of

if TYPE_CHECKING:
    from .verifier import TokenVerifier

SCOPES: Final = ("openid", "email", "profile")
"""Scopes that Frontegg's own clients ask for."""
_MAX_CODE_CHARS: Final = 4_096
_DENIED: Final = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "login_required",
    }
)
_FAILED: Final = frozenset({"server_error", "temporarily_unavailable"})


class PendingLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login that was begun: keep it in the session of this browser, and take it out once.

    Args:
        state: value that the callback has to show.
        code_verifier: secret without which the code is worth nothing.
        nonce: value that the id token repeats.
        redirect_uri: URL that the user comes back to.
        return_to: path of the application to go to after the login.
    """

    state: str
    code_verifier: str
    nonce: str
    redirect_uri: str
    return_to: str = "/"

    def to_json(self) -> str:
        """Return the login as a string, for sessions that keep strings."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return a login that ``to_json`` has written.

        Raises:
            LoginError: the string is none.
        """
        try:
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass  # its text may show the code verifier
        raise LoginError("the session holds no login that was begun")

    def __repr__(self) -> str:
        return f"<PendingLogin to {self.return_to!r} ***>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show rich no more than ``repr``; by itself it would read all fields."""
        return [("return_to", self.return_to)]


class HostedLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A user who has logged in.

    Args:
        tokens: tokens for ``session.as_user()``.
        claims: verified claims of the access token; None if no verifier was given.
        return_to: path of the application to go to.
    """

    tokens: HostedTokens
    claims: Claims | None
    return_to: str


def begin_login(
    session: Session,
    client: OAuthClient,
    *,
    return_to: str = "/",
    scopes: str | Sequence[str] = SCOPES,
    prompt: str | None = None,
    login_hint: str | None = None,
    organization: str | None = None,
    step_up: bool = False,
    max_age_s: int | None = None,
) -> tuple[str, PendingLogin]:
    """Return the URL of the login page, and the value to keep until the user is back.

    Args:
        session: session on the workspace's own domain.
        client: your application.
        return_to: path of the application to go to after the login, with its query.
        scopes: scopes that are asked for, a sequence or a string with spaces between.
        prompt: ``login`` to ask the user in any case, ``none`` not to ask at all.
        login_hint: e-mail address to fill in.
        organization: alias of a tenant with a login page of its own.
        step_up: ask for a second factor, as ``require(step_up=...)`` does.
        max_age_s: greatest age of an earlier login, in seconds, that is still enough.

    Raises:
        ConfigurationError: the session is on the host of a region, or has no client id.
        InvalidRequestError: ``return_to`` is no path of this application.

    GET /oauth/authorize, by the browser
    """
    check_domain(session.base_url)
    pending = PendingLogin(
        state=secrets.token_urlsafe(32),
        code_verifier=secrets.token_urlsafe(48),
        nonce=secrets.token_urlsafe(32),
        redirect_uri=client.redirect_uri,
        return_to=_own_path(return_to),
    )
    digest = hashlib.sha256(pending.code_verifier.encode()).digest()
    query = encode_query(
        {
            "response_type": "code",
            "client_id": client_id_of(client, session.client_id),
            "redirect_uri": client.redirect_uri,
            "scope": scopes if isinstance(scopes, str) else " ".join(scopes),
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "prompt": prompt,
            "login_hint": login_hint,
            "organization": organization,
            "acr_values": MFA_CONTEXT if step_up else None,
            "max_age": max_age_s,
        }
    )
    return f"{session.base_url}{client.path}/authorize?{query}", pending


async def finish_login(
    session: Session,
    client: OAuthClient,
    pending: PendingLogin | None,
    callback: Mapping[str, str],
    *,
    verifier: TokenVerifier | None = None,
) -> HostedLogin:
    """Return the login of a user who has come back.

    Args:
        session: session on the workspace's own domain.
        client: your application.
        pending: value that ``begin_login`` returned, taken out of this browser's session; None if
            it holds none.
        callback: query of the request to ``redirect_uri``.
        verifier: verifies the tokens. Without one they are trusted for where they come from.

    Raises:
        LoginDeniedError: the user declined, or has to be asked.
        LoginError: the callback belongs to no login of this browser, its code is not good, or the
            tokens are of another login.
        AuthenticationError: the server does not take the client's secret.
        FronteggError: the call failed otherwise; the code may be used up, so begin again.

    POST /oauth/token, without a token
    """
    state, code, error = (_value(callback, name) for name in ("state", "code", "error"))
    description = _value(callback, "error_description")
    del callback  # it shows the code in a traceback
    check_domain(session.base_url)
    if pending is None:
        raise LoginError("no login was begun in this browser, or it was finished before")
    if state is None or not _same(state.reveal(), pending.state):
        raise LoginError("the state of the callback is not that of the login begun here")
    if error is not None:
        _raise(error.reveal(), "" if description is None else description.reveal())
    if code is None or len(code.reveal()) > _MAX_CODE_CHARS:
        raise LoginError("the callback has no code")
    tokens = await exchange_code(
        session,
        client,
        client_id_of(client, session.client_id),
        code=code,
        code_verifier=Secret(pending.code_verifier),
        redirect_uri=pending.redirect_uri,
    )
    nonce = nonce_of(tokens.id_token or "")
    if nonce is not None and not _same(nonce, pending.nonce):
        raise LoginError("the id token is of another login")
    claims = None if verifier is None else await _verified(verifier, tokens)
    return HostedLogin(tokens=tokens, claims=claims, return_to=pending.return_to)


async def refresh_login(session: Session, tokens: HostedTokens) -> HostedTokens:
    """Return new tokens of a login, for applications that keep tokens and no view.

    A refresh token is good for one renewal: of two at a time one fails. ``session.as_user(tokens,
    on_refresh=...)`` renews by itself, once however many calls wait.

    Raises:
        AuthenticationError: the login has ended: the user has to log in again.
        FronteggError: the call failed otherwise.

    POST /oauth/token, without a token
    """
    check_domain(session.base_url)
    return await renew(session, tokens, session.client_id)


def logout_url(session: Session, client: OAuthClient, *, return_to: str = "/") -> str:
    """Return the URL that ends the login at Frontegg and sends the browser back.

    Args:
        session: session on the workspace's own domain.
        client: your application.
        return_to: path to come back to, on the origin of the redirect URI.

    Raises:
        ConfigurationError: the session is on the host of a region.
        InvalidRequestError: ``return_to`` is no path of this application.

    GET /oauth/logout, by the browser
    """
    check_domain(session.base_url)
    app = urlsplit(client.redirect_uri)
    page = f"{app.scheme}://{app.netloc}{_own_path(return_to)}"
    query = encode_query({"post_logout_redirect_uri": page})
    return f"{session.base_url}{client.path}/logout?{query}"


async def _verified(verifier: TokenVerifier, tokens: HostedTokens) -> Claims:
    """Return the claims of the access token; the id token has to be good, and of the same user."""
    try:
        claims = await verifier.verify(Secret(tokens.access_token or ""))
        if tokens.id_token is None:
            return claims
        subject = (await verifier.verify(Secret(tokens.id_token))).sub
    except UnauthorizedError as error:
        problem = error.message
    else:
        if subject == claims.sub:
            return claims
        problem = "they are of two users"
    raise LoginError(f"the tokens of the login are not good: {problem}")


def _raise(code: str, description: str) -> NoReturn:
    """Raise the error that a callback reports. Its strings are whatever the browser sent."""
    kind: type[FronteggError] = LoginError
    if code in _DENIED:
        kind = LoginDeniedError
    elif code in _FAILED:
        kind = ServerError
    messages = (description,) if description else ()
    raise kind("the login page reports an error", error_code=code, messages=messages)


def _value(callback: Mapping[str, str], name: str) -> Secret | None:
    value: object = callback.get(name)
    return Secret(value) if isinstance(value, str) and value else None


def _same(shown: str, expected: str) -> bool:
    """Compare in a time that does not tell how much is right."""
    return secrets.compare_digest(shown.encode("utf-8", "surrogatepass"), expected.encode())


def _own_path(path: str) -> str:
    r"""Return a path that leads nowhere but to the host that it is sent from.

    Browsers read ``//host``, and ``/\host`` as well, as another host, and leave out tabs and line
    ends before they do.
    """
    plain = path.isascii() and path.isprintable() and set(" \\#").isdisjoint(path)
    if plain and path.startswith("/") and path[1:2] != "/":
        return path
    raise InvalidRequestError(
        "return_to must be a path of this application, such as /orders?page=2, percent-encoded"
    )
