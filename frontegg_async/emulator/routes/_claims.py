"""The claims of tokens: by default, or as a template of the environment has them.

==================================================================  ======
``sub``, ``name``, ``email``, ``email_verified``, ``metadata``,       doc
``roles``, ``permissions``, ``tenantId``, ``tenantIds``, ``sid``,
``profilePictureUrl``, ``type``, ``applicationId``, ``aud``, ``iss``,
``iat``, ``exp``; templates are objects with variables
``roles`` and ``permissions`` may be absent, by configuration         doc
``superUser`` and ``invisible`` are there only if true                client
``act`` names who acts as the user; its shape is RFC 8693's           doc; guess
the token of an API token has its client id as ``sub``, and           client
``createdByUserId``; a user's has ``email`` and ``userMetadata`` too
``metadata`` is an object also where the user's is none               guess
the first rule of the targeting whose conditions all hold decides     guess
about the template; without one the default holds
``type`` and ``tenantId`` are in every token, also by a template      doc
a variable without a value leaves its claim out, and so does an       guess
issuer that is no text
==================================================================  ======
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ..http.request import JsonErrors
from ..state.applications import DEFAULT_APPLICATION
from ..state.environment import State, User
from ..state.keys import Algorithm
from ..state.logins import Session
from ..state.settings import Document
from ..state.store import Store
from ..state.tokens import Token
from .configurations import configured

__all__ = ["TARGETING", "TEMPLATES", "access_token", "metadata_of"]

TEMPLATES: Final = "jwt-templates"
"""The kind of the templates among the objects of the settings."""
TARGETING: Final = "/identity/resources/configurations/v1/jwt-template-targeting"
"""The setting with the rules that choose a template."""

_NO_CLAIMS: Final[dict[str, object]] = {}
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
_VARIABLE: Final = re.compile(r"\{\{\s*([\w.]+)\s*\}\}")
_USER: Final[Mapping[str, str]] = {
    "sub": "{{sub}}",
    "name": "{{user.name}}",
    "email": "{{user.email}}",
    "email_verified": "{{user.verified}}",
    "metadata": "{{user.metadata}}",
    "roles": "{{user.tenant.roles}}",
    "permissions": "{{user.tenant.permissions}}",
    "tenantIds": "{{user.tenantIds}}",
    "profilePictureUrl": "{{user.profilePictureUrl}}",
    "superUser": "{{user.superUser}}",
    "invisible": "{{user.invisible}}",
    "sid": "{{sid}}",
    "applicationId": "{{applicationId}}",
    "aud": "{{aud}}",
    "iss": "{{iss}}",
    "iat": "{{iat}}",
    "exp": "{{exp}}",
}
_API_TOKEN: Final[Mapping[str, str]] = {
    "sub": "{{sub}}",
    "email": "{{user.email}}",
    "userMetadata": "{{user.metadata}}",
    "metadata": "{{metadata}}",
    "createdByUserId": "{{createdByUserId}}",
    "roles": "{{user.tenant.roles}}",
    "permissions": "{{user.tenant.permissions}}",
    "sid": "{{sid}}",
    "applicationId": "{{applicationId}}",
    "aud": "{{aud}}",
    "iss": "{{iss}}",
    "iat": "{{iat}}",
    "exp": "{{exp}}",
}


def access_token(
    state: State,
    store: Store,
    session: Session,
    role_ids: Sequence[str],
    own: Mapping[str, object] = _NO_CLAIMS,
) -> tuple[str, float]:
    """Return a new access token of a session, and the seconds that it lives.

    Args:
        state: Users, tenants and roles.
        store: All else.
        session: The login that it belongs to.
        role_ids: The roles of a tenant's API token; a user's are those in the tenant.
        own: Claims that the way of the login decides, over all others.

    """
    user = None if session.user_id is None else state.users[session.user_id]
    if user is not None:
        role_ids = user.roles_in(session.tenant_id)
    values = _values(state, store, session, user, role_ids)
    template = _template(store, session, user, role_ids)
    lifetime = store.tokens.access_lifetime
    algorithm: Algorithm = store.tokens.algorithm
    claims: Mapping[str, Any] = _USER if session.api_token is None else _API_TOKEN
    if template is not None:
        lifetime, algorithm = template["expiration"], template["algorithm"]
        claims = template["templateSchema"]["claims"]
    values["exp"] = values["iat"] + int(lifetime)
    made = _rendered(claims, values)
    if session.actor is not None:
        made["act"] = {"sub": session.actor}
    made |= {**own, "type": session.kind.value, "tenantId": session.tenant_id}
    holder = Token(
        store.client_id,
        0.0,
        kind=session.kind,
        tenant_id=session.tenant_id,
        user_id=session.user_id,
        session_id=session.id,
    )
    return store.tokens.issue_access(holder, made, lifetime, algorithm), lifetime


def metadata_of(user: User) -> Document:
    """Return a user's metadata as an object; of metadata that is none, an empty one."""
    try:
        return _DECODER.decode(user.metadata or "{}")
    except JsonErrors:
        return {}


def _values(
    state: State, store: Store, session: Session, user: User | None, role_ids: Sequence[str]
) -> Document:
    """Return the variables of templates; one that is missing has no value."""
    access = state.access
    tenant: Document = {"id": session.tenant_id, "name": state.tenants.get(session.tenant_id)}
    if configured(store, "addRolesToJwt"):
        tenant["roles"] = [role.key for role in access.roles_of(role_ids)]
    if configured(store, "addPermissionsToJwt"):
        tenant["permissions"] = [each.key for each in access.permissions_of(role_ids)]
    about: Document = {"tenantId": session.tenant_id, "tenant": tenant}
    values: Document = {
        "sid": session.id,
        "type": session.kind.value,
        "applicationId": session.application_id or DEFAULT_APPLICATION,
        "clientId": store.client_id,
        "aud": store.client_id,
        "iss": store.issuer(),
        "iat": int(store.wall_clock()),
        "user": about,
    }
    if user is not None:
        values["sub"] = user.id
        about |= {
            "id": user.id,
            "name": user.name,
            "email": user.email or None,
            "verified": user.verified,
            "metadata": metadata_of(user),
            "tenantIds": list(user.tenants),
            "profilePictureUrl": user.picture,
            "superUser": user.super_user or None,
            "invisible": user.invisible or None,
        }
    api_token = store.api_tokens.get(session.api_token or "")
    if api_token is not None:
        creator = api_token.user_id or api_token.created_by
        values |= {
            "sub": api_token.client_id,
            "metadata": api_token.metadata,
            "createdByUserId": creator or None,
        }
    return values


def _rendered(claims: Mapping[str, Any], values: Document) -> Document:
    """Return claims with the values of their variables; claims without a value are left out."""
    made = {name: _render(claim, values) for name, claim in claims.items()}
    if not isinstance(made.get("iss"), str):
        made["iss"] = None  # PyJWT signs no other
    return {name: value for name, value in made.items() if value is not None}


def _render(claim: object, values: Document) -> Any:
    if not isinstance(claim, str):
        return claim
    whole = _VARIABLE.fullmatch(claim)
    if whole is not None:
        return _value(whole[1], values)
    return _VARIABLE.sub(lambda found: str(_value(found[1], values) or ""), claim)


def _value(name: str, values: Document) -> Any:
    """Return the value of a variable such as ``user.tenant.roles``, or None."""
    found: Any = values
    for part in name.split("."):
        try:
            found = found[part]
        except (KeyError, TypeError):
            return None
    return found


def _template(
    store: Store, session: Session, user: User | None, role_ids: Sequence[str]
) -> Document | None:
    """Return the template that the targeting chooses for a session."""
    targeting = store.settings.get(TARGETING)
    if targeting is None:
        return None
    known = {each["key"]: each for each in store.settings.objects(TEMPLATES).values()}
    attributes: dict[str, Sequence[str]] = {
        "userId": [user.id] if user is not None else [],
        "userEmail": [user.email] if user is not None else [],
        "tenantId": [session.tenant_id],
        "applicationId": [session.application_id or DEFAULT_APPLICATION],
        "roleIds": role_ids,
        "tokenType": [session.kind.value],
    }
    for rule in targeting["targeting"].get("rules", ()):
        if all(_holds(condition, attributes) for condition in rule["conditions"]):
            return known.get(rule["treatment"])
    return None


def _holds(condition: Document, attributes: Mapping[str, Sequence[str]]) -> bool:
    wanted: list[str] = condition["value"].get("list") or []
    has = attributes.get(condition["attribute"], ())
    match condition["op"]:
        case "in_list":
            holds = any(each in wanted for each in has)
        case "contains":
            holds = any(part in each for each in has for part in wanted)
        case _:
            holds = any(each.endswith(part) for each in has for part in wanted)
    return holds is not condition["negate"]
