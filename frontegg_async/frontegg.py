"""The session that programs use, with the API's groups and bulk work on it."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from .endpoints._group import EndpointGroup
from .session import Session

if TYPE_CHECKING:
    from .bulk import Bulk
    from .endpoints.account_settings import AccountSettings
    from .endpoints.activations import Activations
    from .endpoints.api_tokens import ApiTokens
    from .endpoints.applications import Applications
    from .endpoints.approval_flows import ApprovalFlows
    from .endpoints.authentication import Authentication
    from .endpoints.bulk_users import BulkUsers
    from .endpoints.core_settings import CoreSettings
    from .endpoints.custom_oauth_providers import CustomOauthProviders
    from .endpoints.delegation import Delegation
    from .endpoints.domain_restrictions import DomainRestrictions
    from .endpoints.email_configuration import EmailConfiguration
    from .endpoints.email_templates import EmailTemplates
    from .endpoints.groups import Groups
    from .endpoints.invitations import Invitations
    from .endpoints.ip_restrictions import IpRestrictions
    from .endpoints.jwt_templates import JwtTemplates
    from .endpoints.lockout_policy import LockoutPolicy
    from .endpoints.m2m_tokens import M2mTokens
    from .endpoints.me import Me
    from .endpoints.mfa import Mfa
    from .endpoints.mfa_login import MfaLogin
    from .endpoints.mfa_settings import MfaSettings
    from .endpoints.migrations import Migrations
    from .endpoints.password_settings import PasswordSettings
    from .endpoints.passwordless import Passwordless
    from .endpoints.passwords import Passwords
    from .endpoints.permission_categories import PermissionCategories
    from .endpoints.permissions import Permissions
    from .endpoints.personal_tokens import PersonalTokens
    from .endpoints.phone_numbers import PhoneNumbers
    from .endpoints.roles import Roles
    from .endpoints.session_settings import SessionSettings
    from .endpoints.sms_configuration import SmsConfiguration
    from .endpoints.sms_templates import SmsTemplates
    from .endpoints.sub_tenants import SubTenants
    from .endpoints.temporary_users import TemporaryUsers
    from .endpoints.tenant_migrations import TenantMigrations
    from .endpoints.tenants import Tenants
    from .endpoints.user_emails import UserEmails
    from .endpoints.user_pools import UserPools
    from .endpoints.user_sessions import UserSessions
    from .endpoints.usernames import Usernames
    from .endpoints.users import Users

G = TypeVar("G", bound=EndpointGroup)


class LazyGroup(Generic[G]):
    """A group of endpoints as an attribute of sessions, imported when it is first used.

    Read from a class it is the class of the group, so that ``help()`` shows its methods.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._kind: type[G] | None = None

    @overload
    def __get__(self, session: None, owner: type) -> type[G]: ...
    @overload
    def __get__(self, session: Session, owner: type) -> G: ...
    def __get__(self, session: Session | None, owner: type) -> type[G] | G:
        kind = self._kind or self._import()
        if session is None:
            return kind
        group = kind(session)
        # Python finds it there the next time, without asking the descriptor.
        setattr(session, self._name, group)
        return group

    def _import(self) -> type[G]:
        """Return ``UserPools`` of ``endpoints.user_pools`` for ``user_pools``."""
        module = import_module(f".endpoints.{self._name}", __package__)
        kind: type[G] = getattr(module, "".join(map(str.capitalize, self._name.split("_"))))
        self._kind = kind
        return kind


class FronteggSession(Session):
    """A session with everything that the API offers as attributes.

    Arguments, life and views are those of ``Session``.
    """

    @cached_property
    def bulk(self) -> Bulk:
        """Thousands to millions of rows."""
        from .bulk import Bulk

        return Bulk(self)

    # Authentication

    authentication: LazyGroup[Authentication] = LazyGroup()
    """Logging in: users, API tokens; and signing up."""
    passwordless: LazyGroup[Passwordless] = LazyGroup()
    """Logging in with a code or a link instead of a password."""
    mfa_login: LazyGroup[MfaLogin] = LazyGroup()
    """The second factor of a login: enrolling and verifying it."""
    mfa: LazyGroup[Mfa] = LazyGroup()
    """The second factors of users who are logged in."""
    phone_numbers: LazyGroup[PhoneNumbers] = LazyGroup()
    """The phone numbers of users."""

    # Management

    users: LazyGroup[Users] = LazyGroup()
    """Users: their tenants, roles and state."""
    bulk_users: LazyGroup[BulkUsers] = LazyGroup()
    """Long-running work on many users, which Frontegg does in the background."""
    user_pools: LazyGroup[UserPools] = LazyGroup()
    """Pools that users come from: Frontegg's own and external ones."""
    roles: LazyGroup[Roles] = LazyGroup()
    """Roles: of the environment and of tenants."""
    permissions: LazyGroup[Permissions] = LazyGroup()
    """Permissions, which roles give."""
    permission_categories: LazyGroup[PermissionCategories] = LazyGroup()
    """Categories that permissions are sorted into."""
    applications: LazyGroup[Applications] = LazyGroup()
    """Applications and their users."""
    migrations: LazyGroup[Migrations] = LazyGroup()
    """Moving users to Frontegg."""
    m2m_tokens: LazyGroup[M2mTokens] = LazyGroup()
    """Access tokens of machines, looked up by their ids."""
    core_settings: LazyGroup[CoreSettings] = LazyGroup()
    """Settings of the environment."""
    jwt_templates: LazyGroup[JwtTemplates] = LazyGroup()
    """Claims of users' tokens."""
    mfa_settings: LazyGroup[MfaSettings] = LazyGroup()
    """Settings of second factors, and the policy for asking."""
    delegation: LazyGroup[Delegation] = LazyGroup()
    """Tokens of users who act for others."""
    custom_oauth_providers: LazyGroup[CustomOauthProviders] = LazyGroup()
    """Social logins of one's own."""
    email_configuration: LazyGroup[EmailConfiguration] = LazyGroup()
    """The service that delivers e-mails."""
    email_templates: LazyGroup[EmailTemplates] = LazyGroup()
    """Templates of e-mails."""
    sms_configuration: LazyGroup[SmsConfiguration] = LazyGroup()
    """The account that delivers text messages."""
    sms_templates: LazyGroup[SmsTemplates] = LazyGroup()
    """Templates of text messages."""

    # Self-service

    me: LazyGroup[Me] = LazyGroup()
    """The user whose token it is."""
    user_emails: LazyGroup[UserEmails] = LazyGroup()
    """The further e-mail addresses of users."""
    usernames: LazyGroup[Usernames] = LazyGroup()
    """The names that users log in with."""
    user_sessions: LazyGroup[UserSessions] = LazyGroup()
    """Sessions of a user who is logged in."""
    temporary_users: LazyGroup[TemporaryUsers] = LazyGroup()
    """Users whose membership ends by itself."""
    passwords: LazyGroup[Passwords] = LazyGroup()
    """Resetting, changing and checking passwords."""
    activations: LazyGroup[Activations] = LazyGroup()
    """Activating users who are new."""
    invitations: LazyGroup[Invitations] = LazyGroup()
    """Invitations to tenants."""
    groups: LazyGroup[Groups] = LazyGroup()
    """Groups of users within a tenant."""
    api_tokens: LazyGroup[ApiTokens] = LazyGroup()
    """API tokens and access tokens of tenants."""
    personal_tokens: LazyGroup[PersonalTokens] = LazyGroup()
    """API tokens and access tokens of users."""
    approval_flows: LazyGroup[ApprovalFlows] = LazyGroup()
    """Steps that people must approve."""
    password_settings: LazyGroup[PasswordSettings] = LazyGroup()
    """Rules for passwords."""
    session_settings: LazyGroup[SessionSettings] = LazyGroup()
    """Limits of users' sessions."""
    lockout_policy: LazyGroup[LockoutPolicy] = LazyGroup()
    """Failed logins that lock a user."""
    domain_restrictions: LazyGroup[DomainRestrictions] = LazyGroup()
    """E-mail domains that may sign up."""
    ip_restrictions: LazyGroup[IpRestrictions] = LazyGroup()
    """IP addresses that may log in."""

    # Tenants

    tenants: LazyGroup[Tenants] = LazyGroup()
    """Tenants, which Frontegg's portal calls accounts."""
    sub_tenants: LazyGroup[SubTenants] = LazyGroup()
    """Tenants below tenants."""
    account_settings: LazyGroup[AccountSettings] = LazyGroup()
    """Settings of a tenant."""
    tenant_migrations: LazyGroup[TenantMigrations] = LazyGroup()
    """Moving tenants between environments."""
