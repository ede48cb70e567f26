"""Keys of events, as far as they are known.

==================================================================  ============
keys marked with a plus below                                       doc, client
all others                                                          doc
``ffrontegg.user.plan.unassigned`` and ``....to.permanentd`` are    doc; a guess
misspellings, in the documentation if not in events as well         that they are
==================================================================  ============

*client* is the list of Frontegg's Terraform provider. New keys come without notice, so a key is a
string, and this is a list of names for the known ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class EventKey(StrEnum):
    """Known keys of events; an ``Event.key`` may be another string."""

    # Logins
    USER_AUTHENTICATED = "frontegg.user.authenticated"  # +
    USER_AUTHENTICATED_WITH_SAML = "frontegg.user.authenticatedWithSAML"  # +
    USER_AUTHENTICATED_WITH_SSO = "frontegg.user.authenticatedWithSSO"  # +
    USER_FAILED_AUTHENTICATION = "frontegg.user.failedAuthentication"  # +
    USER_ENROLLED_MFA = "frontegg.user.enrolledMFA"  # +
    USER_DISABLED_MFA = "frontegg.user.disabledMFA"  # +
    USER_CHANGED_PASSWORD = "frontegg.user.changedPassword"  # noqa: S105  # +
    USER_FORGOT_PASSWORD = "frontegg.user.forgotPassword"  # noqa: S105  # +
    # Users
    USER_CREATED = "frontegg.user.created"  # +
    USER_SIGNED_UP = "frontegg.user.signedUp"  # +
    USER_ACTIVATED = "frontegg.user.activated"  # +
    USER_UPDATED = "frontegg.user.updated"  # +
    USER_DELETED = "frontegg.user.deleted"  # +
    USER_INVITED_TO_TENANT = "frontegg.user.invitedToTenant"  # +
    USER_JOINED_WITH_INVITATION_LINK = "frontegg.user.joinedTenantUsingInvitationLink"
    USER_REMOVED_FROM_TENANT = "frontegg.user.removedFromTenant"  # +
    TEMPORARY_ACCESS_GIVEN = "frontegg.user.temporary.access.given"
    TEMPORARY_ACCESS_EDITED = "frontegg.user.temporary.access.edited"
    TEMPORARY_ACCESS_MADE_PERMANENT = "frontegg.user.temporary.access.temporary.to.permanent"
    # Tenants
    TENANT_CREATED = "frontegg.tenant.created"  # +
    TENANT_UPDATED = "frontegg.tenant.updated"  # +
    TENANT_DELETED = "frontegg.tenant.deleted"  # +
    SIGN_UP_DOMAIN_RESTRICTED = "frontegg.account.security.domain.restricted"
    # Groups
    GROUP_CREATED = "frontegg.group.created"
    GROUP_UPDATED = "frontegg.group.updated"
    GROUP_DELETED = "frontegg.group.deleted"
    GROUP_USERS_ADDED = "frontegg.group.users.added"
    GROUP_USERS_REMOVED = "frontegg.group.users.removed"
    GROUP_ROLES_UPDATED = "frontegg.group.roles.updated"
    # API tokens
    USER_API_TOKEN_CREATED = "frontegg.userApiToken.created"  # noqa: S105  # +
    USER_API_TOKEN_DELETED = "frontegg.userApiToken.deleted"  # noqa: S105  # +
    TENANT_API_TOKEN_CREATED = "frontegg.tenantApiToken.created"  # noqa: S105  # +
    TENANT_API_TOKEN_DELETED = "frontegg.tenantApiToken.deleted"  # noqa: S105  # +
    # Applications and plans
    USER_APPLICATION_ASSIGNED = "frontegg.user.app.assigned"
    USER_APPLICATION_UNASSIGNED = "frontegg.user.app.unassigned"
    TENANT_APPLICATION_ASSIGNED = "frontegg.tenant.app.assigned"
    TENANT_APPLICATION_UNASSIGNED = "frontegg.tenant.app.unassigned"
    USER_PLAN_ASSIGNED = "frontegg.user.plan.assigned"
    USER_PLAN_UNASSIGNED = "frontegg.user.plan.unassigned"
    TENANT_PLAN_ASSIGNED = "frontegg.tenant.plan.assigned"
    TENANT_PLAN_UNASSIGNED = "frontegg.tenant.plan.unassigned"
    # SCIM
    SCIM_USER_CREATED = "frontegg.scim.user.created"
    SCIM_USER_UPDATED = "frontegg.scim.user.updated"
    SCIM_USER_DELETED = "frontegg.scim.user.deleted"
    SCIM_GROUP_CREATED = "frontegg.scim.group.created"
    SCIM_GROUP_UPDATED = "frontegg.scim.group.updated"
    SCIM_GROUP_DELETED = "frontegg.scim.group.deleted"


_MISSPELLED: Final[Mapping[str, str]] = {
    "ffrontegg.user.plan.unassigned": EventKey.USER_PLAN_UNASSIGNED.value,
    "frontegg.user.temporary.access.temporary.to.permanentd": (
        EventKey.TEMPORARY_ACCESS_MADE_PERMANENT.value
    ),
}


def meant(key: str) -> str:
    """Return the key that a misspelled one stands for, and any other as it is."""
    return _MISSPELLED.get(key, key)
