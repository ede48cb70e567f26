"""Settings of second factors: kinds on offer, and the policy for asking."""

from __future__ import annotations

from types import NoneType
from typing import Final

from msgspec import UNSET, UnsetType

from ..models import Number
from ..models.mfa_settings import (
    MfaConfiguration,
    MfaEnforcement,
    MfaPolicy,
    MfaStrategies,
    MfaStrategyName,
    NewAuthenticatorConfiguration,
    NewEmailCodeConfiguration,
    NewSmsCodeConfiguration,
    SetMfaPolicyRequest,
    UpdateMfaConfigurationRequest,
    UpdateMfaStrategyRequest,
)
from ..operation import Operation, RetrySafety, TenantHeader, TokenKind
from ._group import EndpointGroup

GET_CONFIGURATION: Final = Operation(
    "mfa_settings.get_configuration",
    "GET",
    "/identity/resources/configurations/v1/mfa",
    MfaConfiguration,
)
UPDATE_CONFIGURATION: Final = Operation(
    "mfa_settings.update_configuration",
    "POST",
    "/identity/resources/configurations/v1/mfa",
    MfaConfiguration,
    body=UpdateMfaConfigurationRequest,
    repeat=RetrySafety.IDEMPOTENT,
)
GET_POLICY: Final = Operation(
    "mfa_settings.get_policy",
    "GET",
    "/identity/resources/configurations/v1/mfa-policy",
    MfaPolicy,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
CREATE_POLICY: Final = Operation(
    "mfa_settings.create_policy",
    "POST",
    "/identity/resources/configurations/v1/mfa-policy",
    MfaPolicy,
    body=SetMfaPolicyRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
UPDATE_POLICY: Final = Operation(
    "mfa_settings.update_policy",
    "PATCH",
    "/identity/resources/configurations/v1/mfa-policy",
    MfaPolicy,
    body=SetMfaPolicyRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
    repeat=RetrySafety.IDEMPOTENT,
)
REPLACE_POLICY: Final = Operation(
    "mfa_settings.replace_policy",
    "PUT",
    "/identity/resources/configurations/v1/mfa-policy",
    MfaPolicy,
    body=SetMfaPolicyRequest,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
GET_STRATEGIES: Final = Operation(
    "mfa_settings.get_strategies",
    "GET",
    "/identity/resources/configurations/v1/mfa/strategies",
    MfaStrategies,
    token=TokenKind.EITHER,
)
UPDATE_STRATEGY: Final = Operation(
    "mfa_settings.update_strategy",
    "POST",
    "/identity/resources/configurations/v1/mfa/strategies",
    NoneType,
    body=UpdateMfaStrategyRequest,
    token=TokenKind.EITHER,
    repeat=RetrySafety.IDEMPOTENT,
)


class MfaSettings(EndpointGroup):
    """Settings of second factors.

    The configuration says how codes are made, the strategies which kinds are offered, and the
    policy when a second factor is asked for: of all tenants, or of one.
    """

    async def get_configuration(self) -> MfaConfiguration:
        """Return the configuration of the environment's second factors.

        GET /identity/resources/configurations/v1/mfa
        """
        return await self._caller.call(GET_CONFIGURATION)

    async def update_configuration(
        self,
        *,
        authentication_app: NewAuthenticatorConfiguration | UnsetType = UNSET,
        sms: NewSmsCodeConfiguration | UnsetType = UNSET,
        email: NewEmailCodeConfiguration | UnsetType = UNSET,
    ) -> MfaConfiguration:
        """Set up the environment's second factors, and return the configuration.

        Args:
            authentication_app: settings of authenticator apps.
            sms: settings of codes by SMS.
            email: settings of codes by e-mail.

        POST /identity/resources/configurations/v1/mfa
        """
        body = UpdateMfaConfigurationRequest(
            authentication_app=authentication_app, sms=sms, email=email
        )
        return await self._caller.call(UPDATE_CONFIGURATION, body=body)

    async def get_policy(self, *, tenant_id: str | None = None) -> MfaPolicy:
        """Return when a second factor is asked for.

        Args:
            tenant_id: the tenant whose policy it is, instead of the environment's.

        Raises:
            NotFoundError: there is no policy; no second factor is asked for.

        GET /identity/resources/configurations/v1/mfa-policy, with the environment's or a user's
        token
        """
        return await self._caller.call(GET_POLICY, tenant_id=tenant_id)

    async def create_policy(
        self,
        *,
        enforce_mfa_type: MfaEnforcement | UnsetType = UNSET,
        allow_remember_my_device: bool | UnsetType = UNSET,
        mfa_device_expiration: Number | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> MfaPolicy:
        """Create the policy, and return it.

        Args:
            enforce_mfa_type: requirement of a second factor; ``Force`` if not given.
            allow_remember_my_device: True if a device may be remembered; False if not given.
            mfa_device_expiration: seconds that it is remembered; two weeks if not given.
            tenant_id: the tenant whose policy it is, instead of the environment's.

        Raises:
            ConflictError: there is one already.

        POST /identity/resources/configurations/v1/mfa-policy, with the environment's or a user's
        token
        """
        body = SetMfaPolicyRequest(
            enforce_mfa_type=enforce_mfa_type,
            allow_remember_my_device=allow_remember_my_device,
            mfa_device_expiration=mfa_device_expiration,
        )
        return await self._caller.call(CREATE_POLICY, body=body, tenant_id=tenant_id)

    async def update_policy(
        self,
        *,
        enforce_mfa_type: MfaEnforcement | UnsetType = UNSET,
        allow_remember_my_device: bool | UnsetType = UNSET,
        mfa_device_expiration: Number | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> MfaPolicy:
        """Change the policy, and return it. Frontegg wants one change at least.

        Args:
            enforce_mfa_type: requirement of a second factor.
            allow_remember_my_device: True if a device may be remembered.
            mfa_device_expiration: seconds that it is remembered.
            tenant_id: the tenant whose policy it is, instead of the environment's.

        Raises:
            NotFoundError: there is no policy yet; ``replace_policy`` does not mind.

        PATCH /identity/resources/configurations/v1/mfa-policy, with the environment's or a
        user's token
        """
        body = SetMfaPolicyRequest(
            enforce_mfa_type=enforce_mfa_type,
            allow_remember_my_device=allow_remember_my_device,
            mfa_device_expiration=mfa_device_expiration,
        )
        return await self._caller.call(UPDATE_POLICY, body=body, tenant_id=tenant_id)

    async def replace_policy(
        self,
        *,
        enforce_mfa_type: MfaEnforcement | UnsetType = UNSET,
        allow_remember_my_device: bool | UnsetType = UNSET,
        mfa_device_expiration: Number | UnsetType = UNSET,
        tenant_id: str | None = None,
    ) -> MfaPolicy:
        """Create the policy or write over the one there is, and return it.

        Args:
            enforce_mfa_type: requirement of a second factor; ``Force`` if not given.
            allow_remember_my_device: True if a device may be remembered; False if not given.
            mfa_device_expiration: seconds that it is remembered; two weeks if not given.
            tenant_id: the tenant whose policy it is, instead of the environment's.

        PUT /identity/resources/configurations/v1/mfa-policy, with the environment's or a user's
        token
        """
        body = SetMfaPolicyRequest(
            enforce_mfa_type=enforce_mfa_type,
            allow_remember_my_device=allow_remember_my_device,
            mfa_device_expiration=mfa_device_expiration,
        )
        return await self._caller.call(REPLACE_POLICY, body=body, tenant_id=tenant_id)

    async def get_strategies(self) -> MfaStrategies:
        """Return the kinds of second factor, and which of them the environment offers.

        GET /identity/resources/configurations/v1/mfa/strategies, with the environment's or a
        user's token
        """
        return await self._caller.call(GET_STRATEGIES)

    async def update_strategy(self, strategy: MfaStrategyName, is_active: bool) -> None:
        """Offer a kind of second factor, or offer it no longer.

        POST /identity/resources/configurations/v1/mfa/strategies, with the environment's or a
        user's token
        """
        body = UpdateMfaStrategyRequest(strategy=strategy, is_active=is_active)
        await self._caller.call(UPDATE_STRATEGY, body=body)
