"""Hosted login: the login page, the code flow of OAuth 2 with PKCE, renewal and logout.

The page is a bare form; a policy (``HostedLoginPolicy``) lets a user through without it.

====================================================================  ========================
``GET /oauth/authorize`` with ``response_type=code``, ``client_id``,   doc
``redirect_uri``, ``scope``, ``state``, ``code_challenge``
a redirect URI that is not registered: an error page, no redirect      doc (its words: seen)
a challenge is S256, also without ``code_challenge_method``            doc
``POST /oauth/token``: ``authorization_code`` and ``refresh_token``,   doc, client
from a body of JSON or a form; Basic, ``client_secret``, or neither
``token_type``, ``access_token``, ``id_token``, ``refresh_token``,     client
``expires_in``
a refresh token that has ended: 401                                    client
``GET /oauth/logout?post_logout_redirect_uri=``                        client
``/.well-known/openid-configuration``                                  client; its fields guess
a code is good once and for a minute, also if the exchange fails       RFC 6749, 7636: guess
an exchange needs the verifier or the client's secret                  guess
errors of the page come back with ``error`` and ``state``              RFC 6749: guess
``prompt``: ``login`` asks again, ``none`` is ``login_required``       OIDC: guess
a page to come back to after the logout is on the origin of a          guess
registered redirect URI, else 400
``acr_values`` for a step-up gives ``acr``, ``amr`` and ``auth_time``  ours: without a factor
``organization`` and ``scope`` change nothing                          ours
====================================================================  ========================
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from html import escape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from ..http.request import Call, JsonErrors
from ..http.response import RejectedError, Response
from ..policy import OAuthErrors
from ..state.environment import State, User
from ..state.hosted import Grant
from ..state.logins import Session
from ..state.store import Store
from ..state.tokens import Kind
from ._bodies import json_response, parameter, same_secret
from ._route import Takes, route
from ._sessions import hosted_response, may_go_on, rotate, unfit
from .redirect_uris import registered_pages

__all__ = ["ROUTES"]

_COOKIE: Final = "emulator_login"
_STEP_UP: Final = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
_HTML: Final = "text/html; charset=utf-8"
_FORM: Final = "application/x-www-form-urlencoded"
_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})

_BODY: Final = msgspec.json.Decoder(dict[str, object])


class _Refusal(Exception):  # noqa: N818 - an answer of OAuth, not an error of the emulator
    """A token request is refused, with OAuth's code for why."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status


# The page


def _authorize(state: State, call: Call) -> Response:
    """Show the login page, or send the user back where none is needed."""
    asked = call.parameters()
    problem = _cannot_redirect(call, asked)
    if problem is not None:
        return _page(400, f"<p>{escape(problem)}</p>")
    error = _fault(asked)
    if error:
        return _back(asked, {"error": error})
    prompt = parameter(asked, "prompt")
    user, browser = _let_through(state, call, asked), ""
    if user is None and prompt != "login":
        browser = _browser(call)
        user = state.users.get(call.store.hosted.user_of(browser) or "")
    if user is not None:
        return _send_back(state, call, asked, user, browser)
    if prompt == "none":
        return _back(asked, {"error": "login_required"})
    return _login_page(call, asked)


def _submit(state: State, call: Call) -> Response:
    """Take the form of the login page."""
    asked = call.parameters()
    problem = _cannot_redirect(call, asked)
    if problem is not None:
        return _page(400, f"<p>{escape(problem)}</p>")
    form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    if "deny" in form:
        description = "The user has not logged in"
        return _back(asked, {"error": "access_denied", "error_description": description})
    user = state.find_by_email(form.get("email", ""))
    known = None if user is None else call.store.logins.passwords.get(user.id)
    if user is None or known is None or not same_secret(known, form.get("password", "")):
        return _login_page(call, asked, "Incorrect email or password")
    return _send_back(state, call, asked, user, "")


def _cannot_redirect(call: Call, asked: dict[str, list[str]]) -> str | None:
    """Return the reason why nobody may be sent back, or None."""
    if not _is_client(call, parameter(asked, "client_id")):
        return "Client was not found"
    if not _is_registered(call.store, parameter(asked, "redirect_uri")):
        return "Redirect uri wasn't found"
    return None


def _fault(asked: dict[str, list[str]]) -> str:
    if parameter(asked, "response_type") != "code":
        return "unsupported_response_type"
    if parameter(asked, "code_challenge_method", "S256") != "S256":
        return "invalid_request"
    return ""


def _let_through(state: State, call: Call, asked: dict[str, list[str]]) -> User | None:
    """Return the user whom the policy logs in without a page."""
    policy = call.store.policy.hosted_login
    if policy.user_id is not None:
        return state.users.get(policy.user_id)
    hint = parameter(asked, "login_hint")
    return state.find_by_email(hint) if policy.trust_hints and hint else None


def _send_back(
    state: State, call: Call, asked: dict[str, list[str]], user: User, browser: str
) -> Response:
    """Send a user who is logged in back to the application, with a code."""
    problem = unfit(user, user.active_tenant)
    if problem is not None:
        return _back(asked, {"error": "access_denied", "error_description": problem})
    hosted = call.store.hosted
    headers: dict[str, str] = {}
    if not browser:
        browser = hosted.open_browser(user.id)
        headers["Set-Cookie"] = f"{_COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax"
    grant = Grant(
        parameter(asked, "client_id"),
        parameter(asked, "redirect_uri"),
        parameter(asked, "code_challenge") or None,
        parameter(asked, "nonce") or None,
        user.id,
        browser,
        call.store.wall_clock(),
        stepped_up=_STEP_UP in parameter(asked, "acr_values").split(),
    )
    code = hosted.issue_code(grant, call.store.policy.hosted_login.code_lifetime)
    back = _back(asked, {"code": code})
    return msgspec.structs.replace(back, headers={**back.headers, **headers})


def _back(asked: dict[str, list[str]], answer: dict[str, str]) -> Response:
    """Redirect the browser to the application."""
    if "state" in asked:
        answer["state"] = parameter(asked, "state")
    uri = parameter(asked, "redirect_uri")
    joint = "&" if urlsplit(uri).query else "?"
    return Response(302, b"", None, {"Location": f"{uri}{joint}{urlencode(answer)}"})


def _login_page(call: Call, asked: dict[str, list[str]], problem: str = "") -> Response:
    hint = escape(parameter(asked, "login_hint"))
    return _page(
        401 if problem else 200,
        f"<p>{escape(problem)}</p>"
        # Without an action the form goes to this URL, with the query that it came with.
        '<form method="post">'
        f'<input name="email" type="email" value="{hint}" placeholder="E-mail">'
        '<input name="password" type="password" placeholder="Password">'
        "<button>Log in</button>"
        '<button name="deny" value="1">Cancel</button></form>',
    )


def _page(status: int, content: str) -> Response:
    page = f"<!doctype html><title>Emulated login</title><h1>Emulated login</h1>{content}"
    return Response(status, page.encode(), _HTML, {"Cache-Control": "no-store"})


# The token route


def _token(state: State, call: Call) -> Response:
    call.store.keys.make()
    try:
        session, grant = _granted(state, call)
    except _Refusal as refusal:
        return _refused(call, refusal)
    return hosted_response(state, call.store, session, grant)


def _granted(state: State, call: Call) -> tuple[Session, Grant]:
    sent = _sent(call)
    client_id, proved = _client_of(call, sent)
    if sent.get("grant_type") == "authorization_code":
        return _exchange(state, call, sent, client_id, proved=proved)
    if sent.get("grant_type") == "refresh_token":
        return _renew(state, call, sent, client_id)
    raise _Refusal("unsupported_grant_type", "Grant type is not supported")


def _exchange(
    state: State, call: Call, sent: Mapping[str, str], client_id: str | None, *, proved: bool
) -> tuple[Session, Grant]:
    grant = call.store.hosted.take_code(sent.get("code", ""))
    user = None if grant is None else state.users.get(grant.user_id)
    if grant is None or user is None or unfit(user, user.active_tenant) is not None:
        raise _Refusal("invalid_grant", "Code is not valid")
    if client_id not in {None, grant.client_id}:
        raise _Refusal("invalid_grant", "Code was issued to another client")
    if sent.get("redirect_uri") != grant.redirect_uri:
        raise _Refusal("invalid_grant", "Redirect uri is not that of the code")
    verifier = sent.get("code_verifier")
    if grant.challenge is not None:
        if verifier is None or not same_secret(_challenge(verifier), grant.challenge):
            raise _Refusal("invalid_grant", "Code verifier is not valid")
    elif verifier is not None or not proved:
        raise _Refusal("invalid_grant", "Code was issued without a code challenge")
    session = call.store.logins.open(
        Kind.USER,
        user.active_tenant or "",
        user.id,
        user_agent=call.header("User-Agent") or "",
        application_id=None if grant.client_id == call.store.client_id else grant.client_id,
    )
    call.store.hosted.begin(session, grant)
    return session, grant


def _renew(
    state: State, call: Call, sent: Mapping[str, str], client_id: str | None
) -> tuple[Session, Grant]:
    session = call.store.logins.find(sent.get("refresh_token"))
    grant = None if session is None else call.store.hosted.grant_of(session)
    if session is None or grant is None or not may_go_on(state, session):
        raise _Refusal("invalid_grant", "Refresh token is not valid", 401)
    if client_id not in {None, grant.client_id}:
        raise _Refusal("invalid_grant", "Refresh token was issued to another client", 401)
    rotate(call, session)
    return session, grant


def _sent(call: Call) -> Mapping[str, str]:
    """Return the strings of a body, of JSON or of a form."""
    kind = call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == _FORM:
        return dict(parse_qsl(call.body.decode("utf-8", "replace")))
    try:
        body = _BODY.decode(call.body)
    except JsonErrors:
        raise _Refusal("invalid_request", "Invalid body") from None
    return {name: value for name, value in body.items() if isinstance(value, str)}


def _client_of(call: Call, sent: Mapping[str, str]) -> tuple[str | None, bool]:
    """Return the client of a token request, if it names one, and True if it proved to be it."""
    client_id, secret = sent.get("client_id"), sent.get("client_secret")
    scheme, _, encoded = call.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise _Refusal("invalid_client", "Malformed credentials", 401) from None
        client_id, _, secret = given.partition(":")
    if client_id is not None and not _is_client(call, client_id):
        raise _Refusal("invalid_client", "Unknown client", 401)
    if not secret:
        if call.store.policy.hosted_login.secret_required:
            raise _Refusal("invalid_client", "Client authentication is required", 401)
        return client_id, False
    if client_id is None or not _knows_secret(call, client_id, secret):
        raise _Refusal("invalid_client", "Client authentication failed", 401)
    return client_id, True


def _refused(call: Call, refusal: _Refusal) -> Response:
    if call.store.policy.hosted_login.errors is OAuthErrors.FRONTEGG:
        return RejectedError(refusal.status, refusal.description).response
    body = {"error": refusal.error, "error_description": refusal.description}
    return json_response(refusal.status, body)


# Logout and discovery


def _logout(state: State, call: Call) -> Response:
    target = parameter(call.parameters(), "post_logout_redirect_uri")
    policy = call.store.policy.hosted_login
    ended = call.store.hosted.close_browser(_browser(call))
    if policy.logout_ends_sessions:
        call.store.logins.close_some(ended)
    cookie = f"{_COOKIE}=; Path=/; HttpOnly; Max-Age=0"
    if not target:
        page = _page(200, "<p>Logged out</p>")
    elif _is_known_origin(call.store, target):
        page = Response(302, b"", None, {"Location": target})
    else:
        page = _page(400, "<p>Redirect uri wasn't found</p>")
    return msgspec.structs.replace(page, headers={**page.headers, "Set-Cookie": cookie})


def _discovery(state: State, call: Call) -> Response:
    issuer = call.store.issuer()
    return json_response(
        200,
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/oauth/authorize",
            "token_endpoint": f"{issuer}/oauth/token",
            "end_session_endpoint": f"{issuer}/oauth/logout",
            "jwks_uri": f"{issuer}/.well-known/jwks.json",
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_basic",
                "client_secret_post",
                "none",
            ],
            "code_challenge_methods_supported": ["S256"],
        },
    )


# Clients and their pages


def _is_client(call: Call, client_id: str) -> bool:
    known = call.store.policy.hosted_login.applications
    return client_id == call.store.client_id or client_id in known


def _knows_secret(call: Call, client_id: str, secret: str) -> bool:
    known = call.store.policy.hosted_login.applications.get(client_id)
    if known is not None:
        return same_secret(known, secret)
    return call.store.tokens.knows(client_id, secret)


def _is_registered(store: Store, uri: str) -> bool:
    """Return whether users may be sent back to a URI: it is registered, letter by letter."""
    if not uri.isascii() or not uri.isprintable():
        return False
    known = registered_pages(store)
    return _is_local(uri) if known is None else uri in known


def _is_known_origin(store: Store, uri: str) -> bool:
    if not uri.isascii() or not uri.isprintable() or "\\" in uri:
        return False
    known = registered_pages(store)
    if known is None:
        return _is_local(uri)
    return _origin(uri) in {_origin(each) for each in known}


def _is_local(uri: str) -> bool:
    scheme, netloc = _origin(uri)
    return scheme in {"http", "https"} and urlsplit(f"//{netloc}").hostname in _LOCAL


def _origin(uri: str) -> tuple[str, str]:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc


def _browser(call: Call) -> str:
    return call.cookie(_COOKIE) or ""


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


ROUTES: Final = (
    route("GET", "/.well-known/openid-configuration", _discovery, takes=Takes.NOTHING),
    route("GET", "/oauth/authorize", _authorize, takes=Takes.NOTHING),
    route("POST", "/oauth/authorize", _submit, takes=Takes.NOTHING),
    route("POST", "/oauth/token", _token, takes=Takes.NOTHING),
    route("GET", "/oauth/logout", _logout, takes=Takes.NOTHING),
)
