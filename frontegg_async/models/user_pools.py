"""User pools: sources of users outside of Frontegg."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, UnsetType

from ._base import Id, Number, RequestModel, ResponseModel


class UserPool(ResponseModel, frozen=True, kw_only=True):
    """A user pool. ``users_count`` comes in the list of all, ``configuration`` when it is read."""

    id: Id
    name: str | None = None
    type: str | None = None
    description: str | None = None
    app_ids: tuple[str, ...] | None = None
    index: Number | None = None
    configuration: dict[str, Any] | None = None
    users_count: Number | None = None


class PoolUser(ResponseModel, frozen=True, kw_only=True):
    """A user who came from a pool."""

    email: str | None = None
    last_login: datetime | None = None


class StaticTenant(
    RequestModel, frozen=True, kw_only=True, tag_field="tenantResolverType", tag="static"
):
    """All users of the pool become members of one tenant.

    Args:
        tenant_id: the tenant.
    """

    tenant_id: str


class NewTenant(RequestModel, frozen=True, kw_only=True, tag_field="tenantResolverType", tag="new"):
    """Every user of the pool becomes a member of a new tenant."""


class DynamicTenant(
    RequestModel, frozen=True, kw_only=True, tag_field="tenantResolverType", tag="dynamic"
):
    """An attribute of the user names the tenant.

    Args:
        tenant_id_field_name: name of the attribute.
    """

    tenant_id_field_name: str


class TenantFromSource(
    RequestModel, frozen=True, kw_only=True, tag_field="tenantResolverType", tag="from-source"
):
    """The pool's own code names the tenant."""


TenantChoice: TypeAlias = DynamicTenant | StaticTenant | NewTenant
"""Tenant that the users of most pools become members of."""


class Auth0Pool(RequestModel, frozen=True, kw_only=True):
    """Users of an Auth0 account.

    Args:
        sync_on_login: True to update the user's profile with each login.
        is_migrated: True to move users to Frontegg.
        domain: domain of the Auth0 account.
        client_id: id of the Auth0 application.
        secret: its secret.
        tenant_config: tenant that users become members of.
    """

    sync_on_login: bool
    is_migrated: bool
    domain: str
    client_id: str
    secret: str
    tenant_config: TenantChoice


class CognitoPool(RequestModel, frozen=True, kw_only=True):
    """Users of an Amazon Cognito user pool.

    Args:
        sync_on_login: True to update the user's profile with each login.
        is_migrated: True to move users to Frontegg.
        region: AWS region of the Cognito user pool.
        client_id: id of the Cognito app client.
        user_pool_id: id of the Cognito user pool.
        access_key_id: id of an access key of the AWS account.
        secret_access_key: the access key.
        tenant_config: tenant that users become members of.
        client_secret: secret of the app client, if it has one.
    """

    sync_on_login: bool
    is_migrated: bool
    region: str
    client_id: str
    user_pool_id: str
    access_key_id: str
    secret_access_key: str
    tenant_config: TenantChoice
    client_secret: str | UnsetType = UNSET


class FirebaseServiceAccount(RequestModel, frozen=True, kw_only=True, rename="lower"):
    """A Firebase service account; ``msgspec.json.decode(file, type=...)`` reads its key file.

    Args:
        type: ``service_account``.
        project_id: id of the Firebase project.
        private_key_id: id of the key.
        private_key: the key, in PEM form.
        client_email: e-mail address of the account.
        client_id: id of the account.
        auth_uri: URL where Google authorizes.
        token_uri: URL where Google issues tokens.
        auth_provider_x509_cert_url: URL of Google's certificates.
        client_x509_cert_url: URL of the account's certificates.
        universe_domain: ``googleapis.com``.
    """

    type: str
    project_id: str
    private_key_id: str
    private_key: str
    client_email: str
    client_id: str
    auth_uri: str
    token_uri: str
    auth_provider_x509_cert_url: str
    client_x509_cert_url: str
    universe_domain: str


class FirebasePool(RequestModel, frozen=True, kw_only=True):
    """Users of a Firebase project.

    Args:
        sync_on_login: True to update the user's profile with each login.
        is_migrated: True to move users to Frontegg.
        api_key: the project's Web API key.
        service_account: an account that may read the project's users.
        tenant_config: tenant that users become members of.
    """

    sync_on_login: bool
    is_migrated: bool
    api_key: str
    service_account: FirebaseServiceAccount
    tenant_config: StaticTenant | NewTenant


class CustomCodePool(RequestModel, frozen=True, kw_only=True):
    """Users whom code of your own finds.

    Args:
        sync_on_login: True to update the user's profile with each login.
        is_migrated: True to move users to Frontegg.
        code_payload: the code that signs a user in.
        tenant_config: tenant that users become members of.
        get_user_code_payload: the code that looks a user up.
    """

    sync_on_login: bool
    is_migrated: bool
    code_payload: str
    tenant_config: NewTenant | TenantFromSource
    get_user_code_payload: str | UnsetType = UNSET


class OAuth2Endpoints(RequestModel, frozen=True, kw_only=True):
    """URLs of an OAuth 2 provider that has no well-known document.

    Args:
        authorization_url: URL where users authorize.
        token_url: URL where tokens are issued.
        user_info_url: URL of a user's profile.
        scopes: scopes to ask for, such as ``openid``.
        grant_types: such as ``authorization_code``.
    """

    authorization_url: str
    token_url: str
    user_info_url: str
    scopes: tuple[str, ...] | UnsetType = UNSET
    grant_types: tuple[str, ...] | UnsetType = UNSET


class FederationPool(RequestModel, frozen=True, kw_only=True):
    """Users of another identity provider, who go on to sign in there.

    Args:
        sync_on_login: True to update the user's profile with each login.
        client_id: your id at the provider.
        secret: secret that goes with it.
        tenant_config: tenant that users become members of.
        wellknown_url: the provider's OpenID configuration.
        oauth2_config: the provider's URLs; needed without ``wellknown_url``.
    """

    sync_on_login: bool
    client_id: str
    secret: str
    tenant_config: TenantChoice
    wellknown_url: str | UnsetType = UNSET
    oauth2_config: OAuth2Endpoints | UnsetType = UNSET


class _CreatePoolRequest(RequestModel, frozen=True, kw_only=True):
    """Fields of every new pool."""

    name: str
    index: Number
    app_ids: tuple[str, ...] | UnsetType = UNSET
    description: str | UnsetType = UNSET


class _UpdatePoolRequest(RequestModel, frozen=True, kw_only=True):
    """Fields of every pool that can be changed."""

    name: str | UnsetType = UNSET
    index: Number | UnsetType = UNSET
    description: str | UnsetType = UNSET


class CreateAuth0PoolRequest(_CreatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.create_auth0``."""

    configuration: Auth0Pool


class CreateCognitoPoolRequest(_CreatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.create_cognito``."""

    configuration: CognitoPool


class CreateFirebasePoolRequest(_CreatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.create_firebase``."""

    configuration: FirebasePool


class CreateCustomCodePoolRequest(_CreatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.create_custom_code``."""

    configuration: CustomCodePool


class CreateFederationPoolRequest(_CreatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.create_federation``."""

    configuration: FederationPool


class UpdateAuth0PoolRequest(_UpdatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.update_auth0``."""

    configuration: Auth0Pool | UnsetType = UNSET


class UpdateCognitoPoolRequest(_UpdatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.update_cognito``."""

    configuration: CognitoPool | UnsetType = UNSET


class UpdateFirebasePoolRequest(_UpdatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.update_firebase``."""

    configuration: FirebasePool | UnsetType = UNSET


class UpdateCustomCodePoolRequest(_UpdatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.update_custom_code``."""

    configuration: CustomCodePool | UnsetType = UNSET


class UpdateFederationPoolRequest(_UpdatePoolRequest, frozen=True, kw_only=True):
    """Body of ``user_pools.update_federation``."""

    configuration: FederationPool | UnsetType = UNSET


class AssignPoolRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``user_pools.assign``."""

    pool_id: str = msgspec.field(name="userSourceId")
    app_ids: tuple[str, ...]


class UnassignPoolRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``user_pools.unassign``."""

    pool_id: str = msgspec.field(name="userSourceId")
    app_ids: tuple[str, ...]
