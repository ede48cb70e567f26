"""Password settings: complexity, history and expiry."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models import Number
from ..models.password_settings import (
    NewPasswordTests,
    PasswordConfiguration,
    PasswordHistoryPolicy,
    PasswordRotation,
    SetPasswordHistoryPolicyRequest,
    UpdatePasswordConfigurationRequest,
    UpdatePasswordRotationRequest,
)
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind
from ._group import EndpointGroup

GET_CONFIGURATION: Final = Operation(
    "password_settings.get_configuration",
    "GET",
    "/identity/resources/configurations/v1/password",
    PasswordConfiguration,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE_CONFIGURATION: Final = Operation(
    "password_settings.update_configuration",
    "POST",
    "/identity/resources/configurations/v1/password",
    PasswordConfiguration,
    body=UpdatePasswordConfigurationRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_HISTORY_POLICY: Final = Operation(
    "password_settings.get_history_policy",
    "GET",
    "/identity/resources/configurations/v1/password-history-policy",
    PasswordHistoryPolicy,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
CREATE_HISTORY_POLICY: Final = Operation(
    "password_settings.create_history_policy",
    "POST",
    "/identity/resources/configurations/v1/password-history-policy",
    PasswordHistoryPolicy,
    body=SetPasswordHistoryPolicyRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE_HISTORY_POLICY: Final = Operation(
    "password_settings.update_history_policy",
    "PATCH",
    "/identity/resources/configurations/v1/password-history-policy",
    PasswordHistoryPolicy,
    body=SetPasswordHistoryPolicyRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_ROTATION: Final = Operation(
    "password_settings.get_rotation",
    "GET",
    "/identity/resources/configurations/v1/password-rotation",
    PasswordRotation,
    token=TokenKind.EITHER,
)
UPDATE_ROTATION: Final = Operation(
    "password_settings.update_rotation",
    "POST",
    "/identity/resources/configurations/v1/password-rotation",
    NoneType,
    body=UpdatePasswordRotationRequest,
    token=TokenKind.EITHER,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_ENVIRONMENT_ROTATION: Final = Operation(
    "password_settings.get_environment_rotation",
    "GET",
    "/identity/resources/configurations/v1/password-rotation/vendor",
    PasswordRotation,
    token=TokenKind.EITHER,
)


class PasswordSettings(EndpointGroup):
    """Rules for passwords, of the environment or of one tenant."""

    async def get_configuration(self, *, tenant_id: str | None = None) -> PasswordConfiguration:
        """Return the rules that passwords have to meet.

        Args:
            tenant_id: in this tenant, instead of the environment.

        GET /identity/resources/configurations/v1/password, with the environment's or a user's
        token
        """
        return await self._caller.call(GET_CONFIGURATION, tenant_id=tenant_id)

    async def update_configuration(
        self,
        *,
        allow_passphrases: bool | UnsetType = UNSET,
        min_length: Number | UnsetType = UNSET,
        max_length: Number | UnsetType = UNSET,
        min_phrase_length: Number | UnsetType = UNSET,
        min_optional_tests_to_pass: Number | UnsetType = UNSET,
        block_pwned_passwords: bool | UnsetType = UNSET,
        optional_tests: NewPasswordTests | UnsetType = UNSET,
        required_tests: NewPasswordTests | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> PasswordConfiguration:
        """Set the rules that passwords have to meet, and return them.

        Args:
            allow_passphrases: True to spare long phrases the optional tests.
            min_length: characters, at least.
            max_length: characters, at most.
            min_phrase_length: characters that make a phrase of it.
            min_optional_tests_to_pass: number of ``optional_tests`` that have to be passed.
            block_pwned_passwords: True to reject passwords that are known from leaks.
            optional_tests: tests of which some have to be passed.
            required_tests: tests that all have to be passed.
            tenant_id: in this tenant, instead of the environment.

        POST /identity/resources/configurations/v1/password, with the environment's or a user's
        token
        """
        body = UpdatePasswordConfigurationRequest(
            allow_passphrases=allow_passphrases,
            min_length=min_length,
            max_length=max_length,
            min_phrase_length=min_phrase_length,
            min_optional_tests_to_pass=min_optional_tests_to_pass,
            block_pwned_passwords=block_pwned_passwords,
            optional_tests=optional_tests,
            required_tests=required_tests,
        )
        return await self._caller.call(UPDATE_CONFIGURATION, body=body, tenant_id=tenant_id)

    async def get_history_policy(self, *, tenant_id: str | None = None) -> PasswordHistoryPolicy:
        """Return how many of a user's former passwords may not be used again.

        Args:
            tenant_id: in this tenant, instead of the environment.

        Raises:
            NotFoundError: there is no such policy, so any may be used again.

        GET /identity/resources/configurations/v1/password-history-policy, with the environment's
        or a user's token
        """
        return await self._caller.call(GET_HISTORY_POLICY, tenant_id=tenant_id)

    async def create_history_policy(
        self, *, enabled: bool, history_size: Number, tenant_id: str | None = None
    ) -> PasswordHistoryPolicy:
        """Keep users from using former passwords again, and return the policy.

        Args:
            enabled: True to apply it.
            history_size: passwords that are remembered for each user, from 1 to 10.
            tenant_id: in this tenant, instead of the environment.

        Raises:
            ConflictError: there is a policy; ``update_history_policy`` changes it.

        POST /identity/resources/configurations/v1/password-history-policy, with the environment's
        or a user's token
        """
        body = SetPasswordHistoryPolicyRequest(enabled=enabled, history_size=history_size)
        return await self._caller.call(CREATE_HISTORY_POLICY, body=body, tenant_id=tenant_id)

    async def update_history_policy(
        self, *, enabled: bool, history_size: Number, tenant_id: str | None = None
    ) -> PasswordHistoryPolicy:
        """Change how many former passwords may not be used again, and return the policy.

        Args:
            enabled: True to apply it.
            history_size: passwords that are remembered for each user, from 1 to 10.
            tenant_id: in this tenant, instead of the environment.

        Raises:
            NotFoundError: there is no policy, or ``history_size`` is out of bounds.

        PATCH /identity/resources/configurations/v1/password-history-policy, with the
        environment's or a user's token
        """
        body = SetPasswordHistoryPolicyRequest(enabled=enabled, history_size=history_size)
        return await self._caller.call(UPDATE_HISTORY_POLICY, body=body, tenant_id=tenant_id)

    async def get_rotation(self) -> PasswordRotation:
        """Return when passwords expire: in the tenant of a user's token, else in the environment.

        Raises:
            NotFoundError: it was never set.

        GET /identity/resources/configurations/v1/password-rotation, with the environment's or a
        user's token
        """
        return await self._caller.call(GET_ROTATION)

    async def update_rotation(
        self,
        *,
        is_active: bool | UnsetType = UNSET,
        rotation_period: Number | UnsetType = UNSET,
        notification_period: Number | UnsetType = UNSET,
    ) -> None:
        """Set when passwords expire.

        Args:
            is_active: True to let them expire; if it was never set, they do not.
            rotation_period: minutes that a password lives, from 1 to 2,628,000 (five years);
                129,600 (90 days) if it was never set.
            notification_period: minutes before the end when users hear of it, from 0 to
                2,628,000; 10,080 (a week) if it was never set.

        POST /identity/resources/configurations/v1/password-rotation, with the environment's or a
        user's token
        """
        body = UpdatePasswordRotationRequest(
            is_active=is_active,
            rotation_period=rotation_period,
            notification_period=notification_period,
        )
        await self._caller.call(UPDATE_ROTATION, body=body)

    async def get_environment_rotation(self) -> PasswordRotation:
        """Return when passwords expire in the environment, regardless of its tenants' settings.

        Raises:
            NotFoundError: it was never set.

        GET /identity/resources/configurations/v1/password-rotation/vendor, with the environment's
        or a user's token
        """
        return await self._caller.call(GET_ENVIRONMENT_ROTATION)
