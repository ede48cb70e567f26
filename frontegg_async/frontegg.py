"""The session that programs use, with the API's groups and bulk work on it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from .endpoints import group_class
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
    from .endpoints.social_logins import SocialLogins
    from .endpoints.sub_tenant_users import SubTenantUsers
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


class OnFirstUse(Generic[G]):
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
        kind = self._kind
        if kind is None:
            kind = self._kind = group_class(self._name)
        if session is None:
            return kind
        group = kind(session)
        # Python finds it there the next time, without asking the descriptor.
        setattr(session, self._name, group)
        return group


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

    authentication: OnFirstUse[Authentication] = OnFirstUse()
    """Logging in: users, API tokens; and signing up."""
    passwordless: OnFirstUse[Passwordless] = OnFirstUse()
    """Logging in with a code or a link instead of a password."""
    mfa_login: OnFirstUse[MfaLogin] = OnFirstUse()
    """The second factor of a login: enrolling and verifying it."""
    mfa: OnFirstUse[Mfa] = OnFirstUse()
    """The second factors of users who are logged in."""
    phone_numbers: OnFirstUse[PhoneNumbers] = OnFirstUse()
    """The phone numbers of users."""

    # Management

    users: OnFirstUse[Users] = OnFirstUse()
    """Users: their tenants, roles and state."""
    bulk_users: OnFirstUse[BulkUsers] = OnFirstUse()
    """Long-running work on many users, which Frontegg does in the background."""
    user_pools: OnFirstUse[UserPools] = OnFirstUse()
    """Pools that users come from: Frontegg's own and external ones."""
    roles: OnFirstUse[Roles] = OnFirstUse()
    """Roles: of the environment and of tenants."""
    permissions: OnFirstUse[Permissions] = OnFirstUse()
    """Permissions, which roles give."""
    permission_categories: OnFirstUse[PermissionCategories] = OnFirstUse()
    """Categories that permissions are sorted into."""
    applications: OnFirstUse[Applications] = OnFirstUse()
    """Applications and their users."""
    migrations: OnFirstUse[Migrations] = OnFirstUse()
    """Moving users to Frontegg."""
    m2m_tokens: OnFirstUse[M2mTokens] = OnFirstUse()
    """Access tokens of machines, looked up by their ids."""
    core_settings: OnFirstUse[CoreSettings] = OnFirstUse()
    """Settings of the environment."""
    jwt_templates: OnFirstUse[JwtTemplates] = OnFirstUse()
    """Claims of users' tokens."""
    mfa_settings: OnFirstUse[MfaSettings] = OnFirstUse()
    """Settings of second factors, and the policy for asking."""
    delegation: OnFirstUse[Delegation] = OnFirstUse()
    """Tokens of users who act for others."""
    custom_oauth_providers: OnFirstUse[CustomOauthProviders] = OnFirstUse()
    """Social logins of one's own."""
    social_logins: OnFirstUse[SocialLogins] = OnFirstUse()
    """Social logins with the providers that Frontegg knows."""
    email_configuration: OnFirstUse[EmailConfiguration] = OnFirstUse()
    """The service that delivers e-mails."""
    email_templates: OnFirstUse[EmailTemplates] = OnFirstUse()
    """Templates of e-mails."""
    sms_configuration: OnFirstUse[SmsConfiguration] = OnFirstUse()
    """The account that delivers text messages."""
    sms_templates: OnFirstUse[SmsTemplates] = OnFirstUse()
    """Templates of text messages."""

    # Self-service

    me: OnFirstUse[Me] = OnFirstUse()
    """The user whose token it is."""
    user_emails: OnFirstUse[UserEmails] = OnFirstUse()
    """The further e-mail addresses of users."""
    usernames: OnFirstUse[Usernames] = OnFirstUse()
    """The names that users log in with."""
    user_sessions: OnFirstUse[UserSessions] = OnFirstUse()
    """Sessions of a user who is logged in."""
    temporary_users: OnFirstUse[TemporaryUsers] = OnFirstUse()
    """Users whose membership ends by itself."""
    passwords: OnFirstUse[Passwords] = OnFirstUse()
    """Resetting, changing and checking passwords."""
    activations: OnFirstUse[Activations] = OnFirstUse()
    """Activating users who are new."""
    invitations: OnFirstUse[Invitations] = OnFirstUse()
    """Invitations to tenants."""
    groups: OnFirstUse[Groups] = OnFirstUse()
    """Groups of users within a tenant."""
    api_tokens: OnFirstUse[ApiTokens] = OnFirstUse()
    """API tokens and access tokens of tenants."""
    personal_tokens: OnFirstUse[PersonalTokens] = OnFirstUse()
    """API tokens and access tokens of users."""
    approval_flows: OnFirstUse[ApprovalFlows] = OnFirstUse()
    """Steps that people must approve."""
    password_settings: OnFirstUse[PasswordSettings] = OnFirstUse()
    """Rules for passwords."""
    session_settings: OnFirstUse[SessionSettings] = OnFirstUse()
    """Limits of users' sessions."""
    lockout_policy: OnFirstUse[LockoutPolicy] = OnFirstUse()
    """Failed logins that lock a user."""
    domain_restrictions: OnFirstUse[DomainRestrictions] = OnFirstUse()
    """E-mail domains that may sign up."""
    ip_restrictions: OnFirstUse[IpRestrictions] = OnFirstUse()
    """IP addresses that may log in."""

    # Tenants

    tenants: OnFirstUse[Tenants] = OnFirstUse()
    """Tenants, which Frontegg's portal calls accounts."""
    sub_tenants: OnFirstUse[SubTenants] = OnFirstUse()
    """Tenants below tenants."""
    sub_tenant_users: OnFirstUse[SubTenantUsers] = OnFirstUse()
    """Users of tenants below a user's own."""
    account_settings: OnFirstUse[AccountSettings] = OnFirstUse()
    """Settings of a tenant."""
    tenant_migrations: OnFirstUse[TenantMigrations] = OnFirstUse()
    """Moving tenants between environments."""
