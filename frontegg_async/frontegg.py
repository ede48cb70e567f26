"""What a program holds: a session with the API's groups and bulk work on it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

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


class FronteggSession(Session):
    """A session with everything that the API offers as attributes.

    Arguments, life and views are those of ``Session``.
    """

    # Each group is imported when it is first used, and found without a call after that.

    @cached_property
    def bulk(self) -> Bulk:
        """Thousands to millions of rows."""
        from .bulk import Bulk

        return Bulk(self)

    # Authentication

    @cached_property
    def authentication(self) -> Authentication:
        """Logging in: users, API tokens; and signing up."""
        from .endpoints.authentication import Authentication

        return Authentication(self)

    @cached_property
    def passwordless(self) -> Passwordless:
        """Logging in with a code or a link instead of a password."""
        from .endpoints.passwordless import Passwordless

        return Passwordless(self)

    @cached_property
    def mfa_login(self) -> MfaLogin:
        """The second factor of a login: enrolling and verifying it."""
        from .endpoints.mfa_login import MfaLogin

        return MfaLogin(self)

    @cached_property
    def mfa(self) -> Mfa:
        """The second factors of users who are logged in."""
        from .endpoints.mfa import Mfa

        return Mfa(self)

    @cached_property
    def phone_numbers(self) -> PhoneNumbers:
        """The phone numbers of users."""
        from .endpoints.phone_numbers import PhoneNumbers

        return PhoneNumbers(self)

    # Management

    @cached_property
    def users(self) -> Users:
        """Users: their tenants, roles and state."""
        from .endpoints.users import Users

        return Users(self)

    @cached_property
    def bulk_users(self) -> BulkUsers:
        """Long-running work on many users, which Frontegg does in the background."""
        from .endpoints.bulk_users import BulkUsers

        return BulkUsers(self)

    @cached_property
    def user_pools(self) -> UserPools:
        """Where users come from: Frontegg's own pools and external ones."""
        from .endpoints.user_pools import UserPools

        return UserPools(self)

    @cached_property
    def roles(self) -> Roles:
        """Roles: of the environment and of tenants."""
        from .endpoints.roles import Roles

        return Roles(self)

    @cached_property
    def permissions(self) -> Permissions:
        """Permissions, which roles give."""
        from .endpoints.permissions import Permissions

        return Permissions(self)

    @cached_property
    def permission_categories(self) -> PermissionCategories:
        """Categories that permissions are sorted into."""
        from .endpoints.permission_categories import PermissionCategories

        return PermissionCategories(self)

    @cached_property
    def applications(self) -> Applications:
        """Which users may use which application."""
        from .endpoints.applications import Applications

        return Applications(self)

    @cached_property
    def migrations(self) -> Migrations:
        """Bringing users in from elsewhere."""
        from .endpoints.migrations import Migrations

        return Migrations(self)

    @cached_property
    def m2m_tokens(self) -> M2mTokens:
        """Access tokens of machines, looked up by their ids."""
        from .endpoints.m2m_tokens import M2mTokens

        return M2mTokens(self)

    @cached_property
    def core_settings(self) -> CoreSettings:
        """Settings of the environment."""
        from .endpoints.core_settings import CoreSettings

        return CoreSettings(self)

    @cached_property
    def jwt_templates(self) -> JwtTemplates:
        """What the tokens of users hold."""
        from .endpoints.jwt_templates import JwtTemplates

        return JwtTemplates(self)

    @cached_property
    def mfa_settings(self) -> MfaSettings:
        """Whether and how a second factor is asked for."""
        from .endpoints.mfa_settings import MfaSettings

        return MfaSettings(self)

    @cached_property
    def delegation(self) -> Delegation:
        """Whether a token may be exchanged to act for a user."""
        from .endpoints.delegation import Delegation

        return Delegation(self)

    @cached_property
    def custom_oauth_providers(self) -> CustomOauthProviders:
        """Social logins of one's own."""
        from .endpoints.custom_oauth_providers import CustomOauthProviders

        return CustomOauthProviders(self)

    @cached_property
    def email_configuration(self) -> EmailConfiguration:
        """Who delivers e-mails."""
        from .endpoints.email_configuration import EmailConfiguration

        return EmailConfiguration(self)

    @cached_property
    def email_templates(self) -> EmailTemplates:
        """What e-mails say."""
        from .endpoints.email_templates import EmailTemplates

        return EmailTemplates(self)

    @cached_property
    def sms_configuration(self) -> SmsConfiguration:
        """Who delivers text messages."""
        from .endpoints.sms_configuration import SmsConfiguration

        return SmsConfiguration(self)

    @cached_property
    def sms_templates(self) -> SmsTemplates:
        """What text messages say."""
        from .endpoints.sms_templates import SmsTemplates

        return SmsTemplates(self)

    # Self-service

    @cached_property
    def me(self) -> Me:
        """The user whose token it is."""
        from .endpoints.me import Me

        return Me(self)

    @cached_property
    def user_emails(self) -> UserEmails:
        """The further e-mail addresses of users."""
        from .endpoints.user_emails import UserEmails

        return UserEmails(self)

    @cached_property
    def usernames(self) -> Usernames:
        """The names that users log in with."""
        from .endpoints.usernames import Usernames

        return Usernames(self)

    @cached_property
    def user_sessions(self) -> UserSessions:
        """Where a user is logged in."""
        from .endpoints.user_sessions import UserSessions

        return UserSessions(self)

    @cached_property
    def temporary_users(self) -> TemporaryUsers:
        """Users whose membership ends by itself."""
        from .endpoints.temporary_users import TemporaryUsers

        return TemporaryUsers(self)

    @cached_property
    def passwords(self) -> Passwords:
        """Resetting, changing and checking passwords."""
        from .endpoints.passwords import Passwords

        return Passwords(self)

    @cached_property
    def activations(self) -> Activations:
        """Activating users who are new."""
        from .endpoints.activations import Activations

        return Activations(self)

    @cached_property
    def invitations(self) -> Invitations:
        """Invitations to tenants."""
        from .endpoints.invitations import Invitations

        return Invitations(self)

    @cached_property
    def groups(self) -> Groups:
        """Groups of users within a tenant."""
        from .endpoints.groups import Groups

        return Groups(self)

    @cached_property
    def api_tokens(self) -> ApiTokens:
        """API tokens and access tokens of tenants."""
        from .endpoints.api_tokens import ApiTokens

        return ApiTokens(self)

    @cached_property
    def personal_tokens(self) -> PersonalTokens:
        """API tokens and access tokens of users."""
        from .endpoints.personal_tokens import PersonalTokens

        return PersonalTokens(self)

    @cached_property
    def approval_flows(self) -> ApprovalFlows:
        """Steps that people must approve."""
        from .endpoints.approval_flows import ApprovalFlows

        return ApprovalFlows(self)

    @cached_property
    def password_settings(self) -> PasswordSettings:
        """Rules for passwords."""
        from .endpoints.password_settings import PasswordSettings

        return PasswordSettings(self)

    @cached_property
    def session_settings(self) -> SessionSettings:
        """How long and how often users may be logged in."""
        from .endpoints.session_settings import SessionSettings

        return SessionSettings(self)

    @cached_property
    def lockout_policy(self) -> LockoutPolicy:
        """When failed logins lock a user."""
        from .endpoints.lockout_policy import LockoutPolicy

        return LockoutPolicy(self)

    @cached_property
    def domain_restrictions(self) -> DomainRestrictions:
        """Which e-mail domains may sign up."""
        from .endpoints.domain_restrictions import DomainRestrictions

        return DomainRestrictions(self)

    @cached_property
    def ip_restrictions(self) -> IpRestrictions:
        """Which addresses may log in."""
        from .endpoints.ip_restrictions import IpRestrictions

        return IpRestrictions(self)

    # Tenants

    @cached_property
    def tenants(self) -> Tenants:
        """Tenants, which Frontegg's portal calls accounts."""
        from .endpoints.tenants import Tenants

        return Tenants(self)

    @cached_property
    def sub_tenants(self) -> SubTenants:
        """Tenants below tenants."""
        from .endpoints.sub_tenants import SubTenants

        return SubTenants(self)

    @cached_property
    def account_settings(self) -> AccountSettings:
        """Settings of a tenant."""
        from .endpoints.account_settings import AccountSettings

        return AccountSettings(self)

    @cached_property
    def tenant_migrations(self) -> TenantMigrations:
        """Moving tenants between environments."""
        from .endpoints.tenant_migrations import TenantMigrations

        return TenantMigrations(self)
