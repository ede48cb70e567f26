"""The statuses of success, where they are something else than 200.

========================================================================  ======
the statuses                                                                spec
201 where the spec has 200 as well, if only 201 shows a body                guess
200 where it has both, and shows no body                                    guess
========================================================================  ======
"""

import re
from typing import Final

__all__ = ["success"]

_CREATED: Final = """
POST /identity/resources/applications/v1
POST /identity/resources/approval-flows/v1
POST /identity/resources/auth/v1/logout
POST /identity/resources/auth/v1/passwordless/code/postlogin
POST /identity/resources/auth/v1/passwordless/code/prelogin
POST /identity/resources/auth/v1/passwordless/magiclink/postlogin
POST /identity/resources/auth/v1/passwordless/smscode/postlogin
POST /identity/resources/auth/v1/passwordless/smscode/prelogin
POST /identity/resources/auth/v1/user/mfa/authenticator/enroll
POST /identity/resources/auth/v1/user/mfa/authenticator/enroll/verify
POST /identity/resources/auth/v1/user/mfa/authenticator/{deviceId}/verify
POST /identity/resources/auth/v1/user/mfa/emailcode
POST /identity/resources/auth/v1/user/mfa/emailcode/verify
POST /identity/resources/auth/v1/user/mfa/sms/enroll
POST /identity/resources/auth/v1/user/mfa/sms/enroll/verify
POST /identity/resources/auth/v1/user/mfa/sms/{deviceId}
POST /identity/resources/auth/v1/user/mfa/sms/{deviceId}/verify
POST /identity/resources/auth/v1/user/mfa/verify
POST /identity/resources/auth/v1/user/mfa/webauthn/enroll
POST /identity/resources/auth/v1/user/mfa/webauthn/enroll/verify
POST /identity/resources/auth/v1/user/mfa/webauthn/{deviceId}
POST /identity/resources/auth/v1/user/mfa/webauthn/{deviceId}/verify
POST /identity/resources/auth/v1/user/token/refresh
POST /identity/resources/configurations/restrictions/v1/email-domain
POST /identity/resources/configurations/restrictions/v1/email-domain/config
POST /identity/resources/configurations/restrictions/v1/email-domain/replace-bulk
POST /identity/resources/configurations/sessions/v1
POST /identity/resources/configurations/v1
POST /identity/resources/configurations/v1/captcha-policy
POST /identity/resources/configurations/v1/jwt-template-targeting
POST /identity/resources/configurations/v1/lockout-policy
POST /identity/resources/configurations/v1/mfa
POST /identity/resources/configurations/v1/mfa-policy
POST /identity/resources/configurations/v1/mfa/strategies
POST /identity/resources/configurations/v1/password
POST /identity/resources/configurations/v1/password-history-policy
POST /identity/resources/configurations/v1/restrictions/ip
POST /identity/resources/configurations/v1/restrictions/ip/config
POST /identity/resources/configurations/v1/restrictions/ip/verify
POST /identity/resources/configurations/v1/restrictions/ip/verify/allow
POST /identity/resources/configurations/v1/sms
POST /identity/resources/configurations/v1/sms/templates/{type}
POST /identity/resources/groups/v1
POST /identity/resources/groups/v1/bulkGet
POST /identity/resources/groups/v1/config
POST /identity/resources/groups/v1/{groupId}/roles
POST /identity/resources/groups/v1/{groupId}/users
POST /identity/resources/jwt-templates/v1
POST /identity/resources/mail/v1/configs/templates
POST /identity/resources/mail/v2/configurations
POST /identity/resources/migrations/v1/auth0
POST /identity/resources/migrations/v1/local
POST /identity/resources/permissions/v1
POST /identity/resources/permissions/v1/categories
POST /identity/resources/roles/v1
POST /identity/resources/tenants/access-tokens/v1
POST /identity/resources/tenants/api-tokens/v1
POST /identity/resources/tenants/api-tokens/v2
POST /identity/resources/tenants/invites/v1
POST /identity/resources/tenants/invites/v1/user
POST /identity/resources/tenants/invites/v2/user
POST /identity/resources/user-sources/v1/assign
POST /identity/resources/user-sources/v1/external/auth0
POST /identity/resources/user-sources/v1/external/cognito
POST /identity/resources/user-sources/v1/external/custom-code
POST /identity/resources/user-sources/v1/external/firebase
POST /identity/resources/user-sources/v1/federation
POST /identity/resources/user-sources/v1/unassign
POST /identity/resources/users/access-tokens/v1
POST /identity/resources/users/api-tokens/v1
POST /identity/resources/users/emails/v1
POST /identity/resources/users/emails/v1/vendor/{userId}
POST /identity/resources/users/phone-numbers/v1
POST /identity/resources/users/phone-numbers/v1/vendor/{userId}
POST /identity/resources/users/v1
POST /identity/resources/users/v1/activate/reset
POST /identity/resources/users/v1/passwords/change
POST /identity/resources/users/v1/passwords/reset
POST /identity/resources/users/v1/passwords/reset/verify
POST /identity/resources/users/v1/signUp
POST /identity/resources/users/v1/signUp/username
POST /identity/resources/users/v1/{userId}/links/generate-activation-token
POST /identity/resources/users/v1/{userId}/links/generate-password-reset-token
POST /identity/resources/users/v1/{userId}/roles
POST /identity/resources/users/v1/{userId}/tenant
POST /identity/resources/users/v2
POST /identity/resources/vendor-only/users/v1
PUT /identity/resources/users/temporary/v1/{userId}
"""

_ACCEPTED: Final = """
POST /identity/resources/migrations/v1/local/bulk
POST /identity/resources/migrations/v2/local/bulk
POST /identity/resources/users/bulk/v1/invite
POST /tenants/resources/migrations/v1/tenants
"""

_NO_CONTENT: Final = """
DELETE /identity/resources/jwt-templates/v1/{id}
DELETE /identity/resources/permissions/v1/{permissionId}
DELETE /identity/resources/roles/v1/{roleId}
"""

_placeholder: Final = re.compile(r"\{[^}]*\}")


def _shape(key: str) -> str:
    """Return a key without the names of its placeholders, which are anybody's choice."""
    return _placeholder.sub("{}", key)


_STATUSES: Final = {
    _shape(key): status
    for status, keys in ((201, _CREATED), (202, _ACCEPTED), (204, _NO_CONTENT))
    for key in keys.split("\n")
}


def success(key: str) -> int:
    """Return the status with which ``"METHOD /template"`` succeeds."""
    return _STATUSES.get(_shape(key), 200)
