"""Requirements on a caller: roles, permissions, tenant and a recent second factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import msgspec

from .._core.clock import Clock, SystemClock
from ..errors import ConfigurationError, ForbiddenError, UnauthorizedError
from .claims import MFA_CONTEXT, Claims

_SYSTEM: Final = SystemClock()


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """Requirement on a caller, as ``require`` makes it.

    Args:
        roles: keys of which the caller must have at least one; empty for no requirement.
        permissions: keys of which the caller must have at least one; empty for no requirement.
        tenant: tenant that the token must act in, or None.
        step_up_s: most seconds since the login with a second factor; None if none is needed.
    """

    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    tenant: str | None = None
    step_up_s: float | None = None

    def check(self, claims: Claims, *, clock: Clock = _SYSTEM) -> Claims:
        """Return the claims if they satisfy the requirement.

        Raises:
            ForbiddenError: the caller lacks a role, a permission, or acts in another tenant.
            UnauthorizedError: the caller must log in with a second factor first.
        """
        if self.tenant is not None and claims.tenant_id != self.tenant:
            raise ForbiddenError("the token acts in another tenant")
        if self.roles and not any(map(claims.has_role, self.roles)):
            raise ForbiddenError(_lacking("roles", self.roles, claims.roles))
        if self.permissions and not any(map(claims.has_permission, self.permissions)):
            raise ForbiddenError(_lacking("permissions", self.permissions, claims.permissions))
        if self.step_up_s is not None and not claims.has_stepped_up(self.step_up_s, clock.time()):
            raise self._step_up()
        return claims

    def _step_up(self) -> UnauthorizedError:
        seconds = self.step_up_s
        # RFC 9470: a client reads from it which login to ask the user for.
        parameters = {"error": "insufficient_user_authentication", "acr_values": MFA_CONTEXT}
        if seconds is not None and math.isfinite(seconds):
            parameters["max_age"] = f"{seconds:.0f}"
        return UnauthorizedError(
            "a recent login with a second factor is required", challenge=parameters
        )


def require(
    *,
    roles: str | Sequence[str] | None = None,
    permissions: str | Sequence[str] | None = None,
    tenant: str | None = None,
    step_up: float | timedelta | None = None,
) -> Requirement:
    """Return a requirement on callers; all that is given must be satisfied.

    Args:
        roles: keys of roles, of which one is enough.
        permissions: keys of permissions, of which one is enough. Wildcards of the caller count.
        tenant: tenant that the token must act in.
        step_up: seconds since a login with a second factor, at most; ``math.inf`` for any time.

    Raises:
        ConfigurationError: a list is empty, which would let everyone in, or a value is no such.
    """
    return Requirement(
        roles=_keys("roles", roles),
        permissions=_keys("permissions", permissions),
        tenant=_tenant(tenant),
        step_up_s=_seconds(step_up),
    )


def _keys(name: str, value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    keys = (value,) if isinstance(value, str) else tuple(value)
    if not keys or not all(map(_is_named, keys)):
        raise ConfigurationError(
            f"{name} must hold at least one key, each a non-empty string, got {value!r}: leave "
            "it out if there is no requirement"
        )
    return keys


def _tenant(tenant: str | None) -> str | None:
    if tenant is not None and not _is_named(tenant):
        raise ConfigurationError(f"tenant must be the id of a tenant, got {tenant!r}")
    return tenant


def _is_named(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(value: float | timedelta | None) -> float | None:
    if value is None:
        return None
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if not _is_number(seconds) or not seconds > 0:
        raise ConfigurationError(f"step_up must be a positive number of seconds, got {value!r}")
    return float(seconds)


def _lacking(kind: str, wanted: tuple[str, ...], held: tuple[str, ...] | None) -> str:
    message = f"the caller has none of the {kind} {', '.join(wanted)}"
    if held is None:
        message += f": the token carries no {kind} (see its JWT template)"
    return message
