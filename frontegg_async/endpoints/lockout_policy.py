"""The lockout policy: the number of failed attempts that lock a user out."""

from __future__ import annotations

from typing import Final

from ..models import Number
from ..models.lockout_policy import LockoutRule, SetLockoutPolicyRequest
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind
from ._group import EndpointGroup

GET: Final = Operation(
    "lockout_policy.get",
    "GET",
    "/identity/resources/configurations/v1/lockout-policy",
    LockoutRule,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
CREATE: Final = Operation(
    "lockout_policy.create",
    "POST",
    "/identity/resources/configurations/v1/lockout-policy",
    LockoutRule,
    body=SetLockoutPolicyRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE: Final = Operation(
    "lockout_policy.update",
    "PATCH",
    "/identity/resources/configurations/v1/lockout-policy",
    LockoutRule,
    body=SetLockoutPolicyRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)


class LockoutPolicy(EndpointGroup):
    """The number of failed attempts to log in after which a user is locked.

    Without a ``tenant_id`` the policy is the environment's, for all its tenants.
    """

    async def get(self, *, tenant_id: str | None = None) -> LockoutRule:
        """Return the policy.

        Raises:
            NotFoundError: there is none.

        GET /identity/resources/configurations/v1/lockout-policy, with the environment's or a
        user's token
        """
        return await self._caller.call(GET, tenant_id=tenant_id)

    async def create(
        self, *, enabled: bool, max_attempts: Number, tenant_id: str | None = None
    ) -> LockoutRule:
        """Create the policy, and return it.

        Args:
            enabled: True to apply it.
            max_attempts: failed attempts that lock a user, from 1.
            tenant_id: the tenant whose policy it is.

        Raises:
            ConflictError: there is one; ``update`` changes it.

        POST /identity/resources/configurations/v1/lockout-policy, with the environment's or a
        user's token
        """
        body = SetLockoutPolicyRequest(enabled=enabled, max_attempts=max_attempts)
        return await self._caller.call(CREATE, body=body, tenant_id=tenant_id)

    async def update(
        self, *, enabled: bool, max_attempts: Number, tenant_id: str | None = None
    ) -> LockoutRule:
        """Change the policy, and return it.

        Args:
            enabled: True to apply it.
            max_attempts: failed attempts that lock a user, from 1.
            tenant_id: the tenant whose policy it is.

        Raises:
            NotFoundError: there is none; ``create`` makes one.

        PATCH /identity/resources/configurations/v1/lockout-policy, with the environment's or a
        user's token
        """
        body = SetLockoutPolicyRequest(enabled=enabled, max_attempts=max_attempts)
        return await self._caller.call(UPDATE, body=body, tenant_id=tenant_id)
