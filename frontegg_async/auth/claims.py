"""Claims of a caller's token, once its signature has been verified.

=====================  ==============  =============================  =========================
type                   header          acting user                    issued for
=====================  ==============  =============================  =========================
``userToken``          Authorization   ``sub``                        a user who has logged in
``userApiToken``       Authorization   ``createdByUserId`` or         client credentials of a
                                       ``userId``                     user
``tenantApiToken``     Authorization   none                           client credentials of a
                                                                      tenant
``userAccessToken``    x-api-key       ``userId``                     a user's access token
``tenantAccessToken``  x-api-key       none                           a tenant's access token
=====================  ==============  =============================  =========================
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast

import msgspec


class TokenType(StrEnum):
    """Types of callers' tokens that are known; a ``Claims.type`` may be another string."""

    USER = "userToken"
    USER_API = "userApiToken"
    TENANT_API = "tenantApiToken"
    USER_ACCESS = "userAccessToken"
    TENANT_ACCESS = "tenantAccessToken"
    ENVIRONMENT = "vendor"
    """No caller's: it is what this application calls Frontegg with."""


ACCESS_TOKENS: Final = frozenset({TokenType.USER_ACCESS, TokenType.TENANT_ACCESS})
"""Types that come in ``x-api-key``; all others come in ``Authorization``."""

MFA_CONTEXT: Final = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
"""Value of ``acr`` after a login with a second factor."""
_MAX_NUMBER: Final = sys.float_info.max
_SECOND_FACTORS: Final = frozenset({"otp", "sms", "hwk", "sso"})


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """Verified claims of a caller.

    A claim that is absent, or of another JSON type than it should be, is None or empty here;
    ``raw`` has it as it came.

    Args:
        sub: subject of the token: the user, or the id of an API or access token.
        type: type of the token, one of those above or one that is not known yet.
        tenant_id: tenant that the token acts in.
        tenant_ids: tenants that the user is a member of.
        roles: keys of the roles, or None if the token does not carry them.
        permissions: keys of the permissions, may hold wildcards such as ``fe.secure.*``; None if
            the token does not carry them.
        email: e-mail address of the user.
        name: name of the user.
        application_id: application that the user logged in to.
        amr: authentication methods of the login, such as ``("pwd", "mfa", "otp")``.
        acr: authentication context of the login.
        auth_time: time of the login, in seconds since the epoch; 0 if the token does not say.
        act: the actor who impersonates the user, or None.
        custom_claims: claims of the environment's own, under ``customClaims``.
        issuer: URL of the workspace or custom domain, without a trailing slash.
        audience: client ids or application ids that the token is for.
        issued_at: seconds since the epoch.
        expires_at: seconds since the epoch; None for access tokens without an end.
        raw: all claims, as decoded from JSON.
    """

    sub: str
    type: str
    tenant_id: str | None
    tenant_ids: tuple[str, ...]
    roles: tuple[str, ...] | None
    permissions: tuple[str, ...] | None
    email: str | None
    name: str | None
    application_id: str | None
    amr: tuple[str, ...]
    acr: str | None
    auth_time: float
    act: Mapping[str, Any] | None
    custom_claims: Mapping[str, Any]
    issuer: str
    audience: tuple[str, ...]
    issued_at: float | None
    expires_at: float | None
    raw: Mapping[str, Any]

    @property
    def user_id(self) -> str | None:
        """The acting user, or None for tokens of a tenant and of types that are not known."""
        if self.type == TokenType.USER:
            return self.sub
        if self.type == TokenType.USER_API:
            return _string(self.raw.get("createdByUserId")) or _string(self.raw.get("userId"))
        if self.type == TokenType.USER_ACCESS:
            return _string(self.raw.get("userId"))
        return None

    def has_role(self, key: str) -> bool:
        """Return whether the caller has a role, by its key."""
        return self.roles is not None and key in self.roles

    def has_permission(self, key: str) -> bool:
        """Return whether the caller has a permission, by its key.

        A permission of the caller may be a wildcard: in ``fe.secure.*`` the star stands for any
        characters, also none. ``key`` is taken literally.
        """
        return self.permissions is not None and any(
            held == key or ("*" in held and _matches(held, key)) for held in self.permissions
        )

    def has_stepped_up(self, max_age_s: float, now: float) -> bool:
        """Return whether the caller logged in with a second factor within the last seconds.

        Args:
            max_age_s: seconds; ``math.inf`` for a second factor however long ago.
            now: seconds since the epoch.
        """
        return (
            self.acr == MFA_CONTEXT
            and "mfa" in self.amr
            and not _SECOND_FACTORS.isdisjoint(self.amr)
            and now - self.auth_time <= max_age_s
        )


def claims_of(raw: Mapping[str, Any]) -> Claims:
    """Return the claims of a decoded token. Its signature, times and audience were checked."""
    return Claims(
        sub=_string(raw.get("sub")) or "",
        type=_string(raw.get("type")) or "",
        tenant_id=_string(raw.get("tenantId")),
        tenant_ids=_strings(raw.get("tenantIds")) or (),
        roles=_strings(raw.get("roles")),
        permissions=_strings(raw.get("permissions")),
        email=_string(raw.get("email")),
        name=_string(raw.get("name")),
        application_id=_string(raw.get("applicationId")),
        amr=_strings(raw.get("amr")) or (),
        acr=_string(raw.get("acr")),
        auth_time=_number(raw.get("auth_time")) or 0.0,
        act=_object(raw.get("act")),
        custom_claims=_object(raw.get("customClaims")) or {},
        issuer=without_slash(_string(raw.get("iss")) or ""),
        audience=_audience(raw.get("aud")),
        issued_at=_number(raw.get("iat")),
        expires_at=_number(raw.get("exp")),
        raw=raw,
    )


def without_slash(issuer: str) -> str:
    """Return an issuer as it is compared: one of Frontegg's guides ends it with a slash."""
    return issuer.removesuffix("/")


def _string(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # JSON has integers that no float holds, and Python's parser reads NaN and Infinity.
    return value if -_MAX_NUMBER <= value <= _MAX_NUMBER else None


def _strings(value: object) -> tuple[str, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(each for each in cast("list[object]", value) if isinstance(each, str))


def _object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _audience(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else _strings(value) or ()


def _matches(pattern: str, key: str) -> bool:
    """Return whether a key matches a pattern with stars, in time linear in both."""
    first, *middle, last = pattern.split("*")
    if len(key) < len(first) + len(last) or not (key.startswith(first) and key.endswith(last)):
        return False
    position, end = len(first), len(key) - len(last)
    for part in middle:
        found = key.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True
