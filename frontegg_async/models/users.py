"""Users, their roles and permissions, and the tenants that they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, UnsetType
from msgspec.structs import force_setattr

from ._base import Id, Number, RequestModel, ResponseModel
from .authentication import IdentityProvider
from .metadata import Metadata, decode_metadata, encode_metadata
from .permissions import Permission
from .roles import Role

TenantStatusName: TypeAlias = Literal[
    "PendingInvitation", "PendingLogin", "Activated", "NotActivated"
]
"""States of a membership. Responses may hold others: new ones are no error."""

UserOrder: TypeAlias = Literal[
    "createdAt", "name", "email", "id", "verified", "isLocked", "provider", "tenantId"
]
"""Keys by which users can be sorted."""

IdentifierType: TypeAlias = Literal["email", "phoneNumber", "username"]
"""Kinds of names by which a user can be found."""


class UserTenant(ResponseModel, frozen=True, kw_only=True):
    """A user's membership in one tenant."""

    tenant_id: Id
    roles: tuple[Role, ...] | None = None
    temporary_expiration_date: datetime | None = None
    is_disabled: bool | None = None


class UserGroup(ResponseModel, frozen=True, kw_only=True):
    """A group that a user is in; ``frontegg.groups`` knows all about it.

    Frontegg does not describe it: these are the fields that its own React client reads (client).
    A Struct and no dict, because a program that keeps 200,000 users keeps their groups too.
    """

    id: str | None = None
    name: str | None = None
    roles: tuple[Role | str, ...] | None = None


class User(ResponseModel, frozen=True, kw_only=True):
    """A user. ``tenant_id`` is the active tenant; which fields come depends on the operation."""

    id: Id
    email: str | None = None
    name: str | None = None
    profile_picture_url: str | None = None
    sub: str | None = None
    verified: bool | None = None
    mfa_enrolled: bool | None = None
    mfa_bypass: bool | None = None
    phone_number: str | None = None
    roles: tuple[Role, ...] | None = None
    permissions: tuple[Permission, ...] | None = None
    provider: str | None = None
    tenant_id: str | None = None
    tenant_ids: tuple[str, ...] | None = None
    activated_for_tenant: bool | None = None
    is_locked: bool | None = None
    tenants: tuple[UserTenant, ...] | None = None
    invisible: bool | None = None
    super_user: bool | None = None
    # A JSON document in a string, on some routes the document itself.
    metadata: str | dict[str, Any] | None = None
    vendor_metadata: str | dict[str, Any] | None = None
    external_id: str | None = None
    created_at: datetime | None = None
    last_login: datetime | None = None
    groups: tuple[UserGroup, ...] | None = None
    sub_account_access_allowed: bool | None = None
    managed_by: str | None = None

    @property
    def decoded_metadata(self) -> Any:
        """``metadata`` decoded, or the string itself if it is no JSON."""
        return decode_metadata(self.metadata)

    @property
    def decoded_vendor_metadata(self) -> Any:
        """``vendor_metadata`` decoded, or the string itself if it is no JSON."""
        return decode_metadata(self.vendor_metadata)

    @property
    def shows_memberships(self) -> bool:
        """True if the response names the user's tenants; if not, nothing follows from it."""
        return self.tenant_ids is not None or self.tenants is not None

    def is_member_of(self, tenant_id: str) -> bool:
        """Return whether the response shows a membership in this tenant."""
        if self.tenant_ids is not None and tenant_id in self.tenant_ids:
            return True
        return any(tenant.tenant_id == tenant_id for tenant in self.tenants or ())


class TenantStatus(ResponseModel, frozen=True, kw_only=True):
    """State of a user's membership in one tenant: usually one of ``TenantStatusName``."""

    tenant_id: Id
    status: str | None = None


class UserTenantStatuses(ResponseModel, frozen=True, kw_only=True):
    """A user's memberships; Frontegg lists 2,000 of them at most."""

    user_id: Id
    tenants_statuses: tuple[TenantStatus, ...] | None = None


class TenantUserCount(ResponseModel, frozen=True, kw_only=True):
    """Numbers of the users of a tenant: all, and those who have access."""

    tenant_id: str | None = None
    total_users: Number | None = None
    total_access_allowed_users: Number | None = None


class CountUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.count_by_tenant``."""

    tenant_ids: tuple[str, ...]
    exclude_invisible_users: bool | UnsetType = UNSET


class UserRoles(ResponseModel, frozen=True, kw_only=True):
    """The roles that a user has in one tenant, as ids."""

    vendor_id: str | None = None
    tenant_id: str | None = None
    user_id: str | None = None
    role_ids: tuple[str, ...] | None = None


class UserGroups(ResponseModel, frozen=True, kw_only=True):
    """The groups that a user is in in one tenant, as ids."""

    vendor_id: str | None = None
    tenant_id: str | None = None
    user_id: str | None = None
    group_ids: tuple[str, ...] | None = None


class AssignedRoles(ResponseModel, frozen=True, kw_only=True):
    """A user in one tenant, and the roles that a call was about."""

    tenant_id: str | None = None
    user_id: str | None = None
    roles: tuple[Role, ...] | None = None


class CreatedUser(ResponseModel, frozen=True, kw_only=True):
    """A user as an invitation returns it, with fewer fields than from ``users.get``."""

    id: str | None = None
    email: str | None = None
    verified: bool | None = None
    name: str | None = None
    profile_picture_url: str | None = None
    # Strings (spec) or objects (client: Frontegg's Terraform provider reads them as such).
    roles: tuple[Role | str, ...] | None = None
    permissions: tuple[Permission | str, ...] | None = None
    metadata: str | dict[str, Any] | None = None
    created_at: datetime | None = None
    last_login: datetime | None = None
    activated_for_tenant: bool | None = None
    temporary_expiration_date: datetime | None = None

    @property
    def decoded_metadata(self) -> Any:
        """``metadata`` decoded, or the string itself if it is no JSON."""
        return decode_metadata(self.metadata)


class UserLink(ResponseModel, frozen=True, kw_only=True):
    """A link to give to a user, and the token in it, which lets its holder act as the user."""

    link: str | None = None
    token: str | None = None
    user_id: str | None = None


class NewUser(RequestModel, frozen=True, kw_only=True):
    """A user to be invited: by ``email``, or by ``username`` where there is no address.

    Args:
        email: address; required without a username.
        username: letters, digits, ``.``, ``_`` and ``-``, at most 255; required without an email.
        name: name for people.
        profile_picture_url: at most 4,095 characters.
        password: to begin with.
        phone_number: with the country's code, as in ``+12025550123``.
        provider: identity provider; Frontegg itself (``local``) if not given.
        metadata: a JSON document, as a string or as an object that is encoded.
        skip_invite_email: True to send no e-mail.
        role_ids: roles in the tenant.
        email_metadata: values for the template of the e-mail.
        expiration_in_seconds: life of a temporary user, from 300 seconds.
    """

    email: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    profile_picture_url: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    provider: IdentityProvider | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    skip_invite_email: bool | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    email_metadata: Mapping[str, Any] | UnsetType = UNSET
    expiration_in_seconds: Number | UnsetType = UNSET

    def __post_init__(self) -> None:
        force_setattr(self, "metadata", encode_metadata(self.metadata))


class NewTenantUser(RequestModel, frozen=True, kw_only=True):
    """A user to be created in a tenant, by ``email`` or by ``username``.

    Args:
        tenant_id: the first tenant.
        email: address; required without a username.
        username: at most 255 characters; required without an email.
        name: name for people.
        password: to begin with.
        phone_number: with the country's code, as in ``+12025550123``.
        metadata: a JSON document, as a string or as an object that is encoded.
        vendor_metadata: the same, which the user does not get to see.
        role_ids: roles in the tenant.
        expiration_in_seconds: life of a temporary user.
        mfa_bypass: True to sign in without a second factor.
        external_id: id of the user elsewhere.
    """

    tenant_id: str
    email: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    password: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    metadata: Metadata | UnsetType = UNSET
    vendor_metadata: Metadata | UnsetType = UNSET
    role_ids: tuple[str, ...] | UnsetType = UNSET
    expiration_in_seconds: Number | UnsetType = UNSET
    mfa_bypass: bool | UnsetType = UNSET
    external_id: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        force_setattr(self, "metadata", encode_metadata(self.metadata))
        force_setattr(self, "vendor_metadata", encode_metadata(self.vendor_metadata))


class UpdateUserRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.update``."""

    name: str | UnsetType = UNSET
    phone_number: str | UnsetType = UNSET
    profile_picture_url: str | UnsetType | None = UNSET
    metadata: str | UnsetType = UNSET
    vendor_metadata: str | UnsetType = UNSET
    mfa_bypass: bool | UnsetType = UNSET
    external_id: str | UnsetType = UNSET


class AddToTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.add_to_tenant``."""

    tenant_id: str
    validate_tenant_exist: bool | UnsetType = UNSET
    skip_invite_email: bool | UnsetType = UNSET


class SetActiveTenantRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.set_active_tenant``."""

    tenant_id: str
    validate_tenant_exist: bool | UnsetType = UNSET


class SetSuperuserRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.set_superuser``."""

    super_user: bool


class SetInvisibleRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.set_invisible``."""

    invisible: bool


class ChangeRolesRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.add_roles`` and ``users.remove_roles``."""

    role_ids: tuple[str, ...]


class SetSubTenantAccessRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.set_sub_tenant_access``."""

    allow_access: bool


class MoveUsersRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``users.move_all_to_tenant``."""

    src_tenant_id: str
    target_tenant_id: str
