"""Types of every group and of some of its verbs, as a checker infers them."""

from typing import Any, assert_type

from frontegg_async import FronteggSession, InvitedUser, Page, Role, Task, TaskBatch
from frontegg_async.endpoints.account_settings import AccountSettings
from frontegg_async.endpoints.activations import Activations
from frontegg_async.endpoints.api_tokens import ApiTokens
from frontegg_async.endpoints.applications import Applications
from frontegg_async.endpoints.approval_flows import ApprovalFlows
from frontegg_async.endpoints.authentication import Authentication
from frontegg_async.endpoints.bulk_users import BulkUsers
from frontegg_async.endpoints.core_settings import CoreSettings
from frontegg_async.endpoints.custom_oauth_providers import CustomOauthProviders
from frontegg_async.endpoints.delegation import Delegation
from frontegg_async.endpoints.domain_restrictions import DomainRestrictions
from frontegg_async.endpoints.email_configuration import EmailConfiguration
from frontegg_async.endpoints.email_templates import EmailTemplates
from frontegg_async.endpoints.groups import Groups
from frontegg_async.endpoints.invitations import Invitations
from frontegg_async.endpoints.ip_restrictions import IpRestrictions
from frontegg_async.endpoints.jwt_templates import JwtTemplates
from frontegg_async.endpoints.lockout_policy import LockoutPolicy
from frontegg_async.endpoints.m2m_tokens import M2mTokens
from frontegg_async.endpoints.me import Me
from frontegg_async.endpoints.mfa import Mfa
from frontegg_async.endpoints.mfa_login import MfaLogin
from frontegg_async.endpoints.mfa_settings import MfaSettings
from frontegg_async.endpoints.migrations import Migrations
from frontegg_async.endpoints.password_settings import PasswordSettings
from frontegg_async.endpoints.passwordless import Passwordless
from frontegg_async.endpoints.passwords import Passwords
from frontegg_async.endpoints.permission_categories import PermissionCategories
from frontegg_async.endpoints.permissions import Permissions
from frontegg_async.endpoints.personal_tokens import PersonalTokens
from frontegg_async.endpoints.phone_numbers import PhoneNumbers
from frontegg_async.endpoints.roles import Roles
from frontegg_async.endpoints.session_settings import SessionSettings
from frontegg_async.endpoints.sms_configuration import SmsConfiguration
from frontegg_async.endpoints.sms_templates import SmsTemplates
from frontegg_async.endpoints.sub_tenants import SubTenants
from frontegg_async.endpoints.temporary_users import TemporaryUsers
from frontegg_async.endpoints.tenant_migrations import TenantMigrations
from frontegg_async.endpoints.tenants import Tenants
from frontegg_async.endpoints.user_emails import UserEmails
from frontegg_async.endpoints.user_pools import UserPools
from frontegg_async.endpoints.user_sessions import UserSessions
from frontegg_async.endpoints.usernames import Usernames
from frontegg_async.endpoints.users import Users
from frontegg_async.models.account_settings import TenantSettings
from frontegg_async.models.api_tokens import ApiToken
from frontegg_async.models.applications import ActiveTenants, ApplicationUser
from frontegg_async.models.approval_flows import ApprovalFlow, ApprovalFlowList
from frontegg_async.models.authentication import ApiTokenLogin, LoginResult
from frontegg_async.models.bulk_users import BulkInviteStatus, BulkRolesStatus
from frontegg_async.models.core_settings import CaptchaPolicy, IdentityConfiguration
from frontegg_async.models.custom_oauth_providers import CustomOauthProvider
from frontegg_async.models.delegation import DelegationConfiguration
from frontegg_async.models.domain_restrictions import DomainRestriction
from frontegg_async.models.email_configuration import MailConfiguration
from frontegg_async.models.email_templates import EmailTemplate
from frontegg_async.models.groups import Group
from frontegg_async.models.invitations import Invitation
from frontegg_async.models.ip_restrictions import IpRestriction, IpRestrictionConfiguration
from frontegg_async.models.jwt_templates import JwtTemplate
from frontegg_async.models.lockout_policy import LockoutRule
from frontegg_async.models.m2m_tokens import AccessTokenRights
from frontegg_async.models.mfa import MfaRecovery
from frontegg_async.models.mfa_settings import MfaConfiguration, MfaPolicy
from frontegg_async.models.migrations import UserMigrationStatus
from frontegg_async.models.password_settings import PasswordConfiguration, PasswordHistoryPolicy
from frontegg_async.models.passwords import PasswordCheck
from frontegg_async.models.permission_categories import PermissionCategory
from frontegg_async.models.permissions import Permission
from frontegg_async.models.personal_tokens import PersonalToken
from frontegg_async.models.phone_numbers import PhoneNumber, PhoneNumberChallenge
from frontegg_async.models.session_settings import SessionConfiguration
from frontegg_async.models.sub_tenants import RelatedTenant
from frontegg_async.models.temporary_users import TemporaryUsersConfiguration, UserExpiration
from frontegg_async.models.tenant_migrations import TenantMigrationStatus
from frontegg_async.models.tenants import Tenant
from frontegg_async.models.user_emails import UserEmail
from frontegg_async.models.user_pools import UserPool
from frontegg_async.models.user_sessions import UserSession
from frontegg_async.models.usernames import Username
from frontegg_async.models.users import User
from frontegg_async.paging import Paginator


async def groups(frontegg: FronteggSession) -> None:
    """Each group is found by its name, and each call is of the type that it returns."""
    assert_type(frontegg.account_settings, AccountSettings)
    assert_type(await frontegg.account_settings.get(), TenantSettings)
    assert_type(await frontegg.account_settings.update(), TenantSettings)
    assert_type(frontegg.activations, Activations)
    assert_type(await frontegg.activations.activate("x", "x"), LoginResult)
    assert_type(
        await frontegg.activations.activate_with_code(user_id="x", token="x", code="x"), LoginResult
    )
    assert_type(frontegg.api_tokens, ApiTokens)
    assert_type(await frontegg.api_tokens.create(), ApiToken)
    assert_type(await frontegg.api_tokens.get_all(), tuple[ApiToken, ...])
    assert_type(frontegg.applications, Applications)
    assert_type(
        await frontegg.applications.assign_users(app_id="x", tenant_id="x", user_ids=["x"]),
        tuple[ApplicationUser, ...],
    )
    assert_type(await frontegg.applications.get_active_tenants(), ActiveTenants)
    assert_type(frontegg.approval_flows, ApprovalFlows)
    assert_type(await frontegg.approval_flows.get("x"), ApprovalFlow)
    assert_type(await frontegg.approval_flows.get_all(), ApprovalFlowList)
    assert_type(frontegg.authentication, Authentication)
    assert_type(await frontegg.authentication.login(password="x"), LoginResult)
    assert_type(await frontegg.authentication.login_with_api_token("x", "x"), ApiTokenLogin)
    assert_type(frontegg.bulk_users, BulkUsers)
    assert_type(await frontegg.bulk_users.get_invite_status("x"), BulkInviteStatus)
    assert_type(await frontegg.bulk_users.get_roles_status("x"), BulkRolesStatus)
    assert_type(frontegg.core_settings, CoreSettings)
    assert_type(await frontegg.core_settings.get(), IdentityConfiguration)
    assert_type(
        await frontegg.core_settings.create_captcha_policy(
            enabled=True, site_key="x", secret_key="x", min_score=1
        ),
        CaptchaPolicy,
    )
    assert_type(frontegg.custom_oauth_providers, CustomOauthProviders)
    assert_type(await frontegg.custom_oauth_providers.get_all(), tuple[CustomOauthProvider, ...])
    assert_type(await frontegg.custom_oauth_providers.delete("x"), None)
    assert_type(frontegg.delegation, Delegation)
    assert_type(await frontegg.delegation.get_configuration(), DelegationConfiguration)
    assert_type(await frontegg.delegation.update_configuration(True), None)
    assert_type(frontegg.domain_restrictions, DomainRestrictions)
    assert_type(await frontegg.domain_restrictions.create("x", "ALLOW"), DomainRestriction)
    assert_type(frontegg.domain_restrictions.iterate(), Paginator[DomainRestriction])
    assert_type(frontegg.email_configuration, EmailConfiguration)
    assert_type(await frontegg.email_configuration.get(), MailConfiguration)
    assert_type(await frontegg.email_configuration.delete(), None)
    assert_type(frontegg.email_templates, EmailTemplates)
    assert_type(await frontegg.email_templates.get_all(), tuple[EmailTemplate, ...])
    assert_type(await frontegg.email_templates.get_default("ResetPassword"), EmailTemplate)
    assert_type(frontegg.groups, Groups)
    assert_type(await frontegg.groups.create("x"), Group)
    assert_type(await frontegg.groups.get("x"), Group)
    assert_type(frontegg.invitations, Invitations)
    assert_type(await frontegg.invitations.create("x"), Invitation)
    assert_type(await frontegg.invitations.get_all(), tuple[Invitation, ...])
    assert_type(frontegg.ip_restrictions, IpRestrictions)
    assert_type(frontegg.ip_restrictions.iterate(), Paginator[IpRestriction])
    assert_type(await frontegg.ip_restrictions.get_configuration(), IpRestrictionConfiguration)
    assert_type(frontegg.jwt_templates, JwtTemplates)
    assert_type(await frontegg.jwt_templates.get("x"), JwtTemplate)
    assert_type(frontegg.jwt_templates.iterate(), Paginator[JwtTemplate])
    assert_type(frontegg.lockout_policy, LockoutPolicy)
    assert_type(await frontegg.lockout_policy.create(enabled=True, max_attempts=1), LockoutRule)
    assert_type(await frontegg.lockout_policy.get(), LockoutRule)
    assert_type(frontegg.m2m_tokens, M2mTokens)
    assert_type(await frontegg.m2m_tokens.get_active(), tuple[str, ...])
    assert_type(await frontegg.m2m_tokens.get_tenant_access_token("x"), AccessTokenRights)
    assert_type(frontegg.me, Me)
    assert_type(await frontegg.me.get(), User)
    assert_type(await frontegg.me.update(), User)
    assert_type(frontegg.mfa, Mfa)
    assert_type(await frontegg.mfa.enroll("x"), MfaRecovery)
    assert_type(await frontegg.mfa.enroll_authenticator("x"), MfaRecovery)
    assert_type(frontegg.mfa_login, MfaLogin)
    assert_type(
        await frontegg.mfa_login.enroll_authenticator(token="x", mfa_token="x"), LoginResult
    )
    assert_type(await frontegg.mfa_login.enroll_sms(otc_token="x", code="x"), LoginResult)
    assert_type(frontegg.mfa_settings, MfaSettings)
    assert_type(await frontegg.mfa_settings.create_policy(), MfaPolicy)
    assert_type(await frontegg.mfa_settings.get_configuration(), MfaConfiguration)
    assert_type(frontegg.migrations, Migrations)
    assert_type(await frontegg.migrations.get_status("x"), UserMigrationStatus)
    assert_type(
        await frontegg.migrations.migrate_from_auth0(
            domain="x", client_id="x", secret="x", tenant_id_field_name="x"
        ),
        None,
    )
    assert_type(frontegg.password_settings, PasswordSettings)
    assert_type(
        await frontegg.password_settings.create_history_policy(enabled=True, history_size=1),
        PasswordHistoryPolicy,
    )
    assert_type(await frontegg.password_settings.get_configuration(), PasswordConfiguration)
    assert_type(frontegg.passwordless, Passwordless)
    assert_type(await frontegg.passwordless.login_with_email_code("x"), LoginResult)
    assert_type(await frontegg.passwordless.login_with_magic_link("x"), LoginResult)
    assert_type(frontegg.passwords, Passwords)
    assert_type(await frontegg.passwords.check("x", "x"), PasswordCheck)
    assert_type(await frontegg.passwords.get_configuration(), PasswordConfiguration)
    assert_type(frontegg.permission_categories, PermissionCategories)
    assert_type(await frontegg.permission_categories.create("x"), PermissionCategory)
    assert_type(await frontegg.permission_categories.get_all(), tuple[PermissionCategory, ...])
    assert_type(frontegg.permissions, Permissions)
    assert_type(await frontegg.permissions.get_all(), tuple[Permission, ...])
    assert_type(await frontegg.permissions.update("x"), Permission)
    assert_type(frontegg.personal_tokens, PersonalTokens)
    assert_type(await frontegg.personal_tokens.create(), PersonalToken)
    assert_type(await frontegg.personal_tokens.get_all(), tuple[PersonalToken, ...])
    assert_type(frontegg.phone_numbers, PhoneNumbers)
    assert_type(await frontegg.phone_numbers.create("x"), PhoneNumberChallenge)
    assert_type(frontegg.phone_numbers.iterate(), Paginator[PhoneNumber])
    assert_type(frontegg.roles, Roles)
    assert_type(await frontegg.roles.get_all(), tuple[Role, ...])
    assert_type(frontegg.roles.iterate(), Paginator[Role])
    assert_type(frontegg.session_settings, SessionSettings)
    assert_type(await frontegg.session_settings.get(), SessionConfiguration)
    assert_type(await frontegg.session_settings.get_environment(), SessionConfiguration)
    assert_type(frontegg.sms_configuration, SmsConfiguration)
    assert_type(await frontegg.sms_configuration.get(), Any)
    assert_type(await frontegg.sms_configuration.update(), Any)
    assert_type(frontegg.sms_templates, SmsTemplates)
    assert_type(await frontegg.sms_templates.get("x"), Any)
    assert_type(await frontegg.sms_templates.get_all(), Any)
    assert_type(frontegg.sub_tenants, SubTenants)
    assert_type(
        await frontegg.sub_tenants.create(tenant_id="x", name="x", parent_tenant_id="x"), Tenant
    )
    assert_type(await frontegg.sub_tenants.get_all(), tuple[RelatedTenant, ...])
    assert_type(frontegg.temporary_users, TemporaryUsers)
    assert_type(await frontegg.temporary_users.get_configuration(), TemporaryUsersConfiguration)
    assert_type(await frontegg.temporary_users.set_expiration("x", 1), UserExpiration)
    assert_type(frontegg.tenant_migrations, TenantMigrations)
    assert_type(await frontegg.tenant_migrations.get_status("x"), TenantMigrationStatus)
    assert_type(await frontegg.tenant_migrations.start(["x"]), Task[TenantMigrationStatus])
    assert_type(frontegg.tenants, Tenants)
    assert_type(await frontegg.tenants.create(), Tenant)
    assert_type(await frontegg.tenants.get("x"), Tenant)
    assert_type(frontegg.user_emails, UserEmails)
    assert_type(await frontegg.user_emails.create("x"), UserEmail)
    assert_type(frontegg.user_emails.iterate(), Paginator[UserEmail])
    assert_type(frontegg.user_pools, UserPools)
    assert_type(await frontegg.user_pools.get("x"), UserPool)
    assert_type(await frontegg.user_pools.get_all(), tuple[UserPool, ...])
    assert_type(frontegg.user_sessions, UserSessions)
    assert_type(await frontegg.user_sessions.get_all(), tuple[UserSession, ...])
    assert_type(await frontegg.user_sessions.delete("x"), None)
    assert_type(frontegg.usernames, Usernames)
    assert_type(frontegg.usernames.iterate(), Paginator[Username])
    assert_type(await frontegg.usernames.get_mine(), Username)
    assert_type(frontegg.users, Users)
    assert_type(FronteggSession.users, type[Users])
    assert_type(await frontegg.users.get("x"), User)
    assert_type(frontegg.users.iterate(), Paginator[User])


async def handles(frontegg: FronteggSession) -> None:
    """Handles and pages know the types of their results."""
    batch = await frontegg.bulk_users.invite([InvitedUser(email="a@b.test")], tenant_id="t")
    assert_type(batch, TaskBatch[BulkInviteStatus])
    assert_type(await batch.wait(), tuple[BulkInviteStatus, ...])
    task = await frontegg.tenant_migrations.start(["t"])
    assert_type(task, Task[TenantMigrationStatus])
    assert_type(await task.wait(), TenantMigrationStatus)
    async for status in task:
        assert_type(status, TenantMigrationStatus)
    async for page in frontegg.roles.iterate().pages():
        assert_type(page, Page[Role])


async def users(frontegg: FronteggSession, login: LoginResult) -> None:
    """A view is a session, made of a login or of a token."""
    assert_type(frontegg.as_user(login), FronteggSession)
    assert_type(frontegg.as_user("token"), FronteggSession)
    assert_type(FronteggSession.for_users(), FronteggSession)
    assert_type((await frontegg.users.get("u")).decoded_metadata, Any)
