"""The resources of Frontegg's Terraform provider, as its source writes and reads them.

The source: frontegg/terraform-provider-frontegg, ``provider/resource_frontegg_*.go``, as of August
2026. Of its resources these are the ones of identity, tenants, applications and webhooks.
"""

from __future__ import annotations

from typing import Any, Final

from .terraform import Body, Made, Read, Resource

__all__ = ["RESOURCES"]


def _in_list(key: str, by: str = "id") -> Read:
    """Pick the object of a list whose field has the id, or the value of the body's field."""

    def pick(found: Any, made: Made) -> Any:
        wanted = made.id if by == "id" else made.body[by]
        return next((each for each in found if each[key] == wanted), None)

    return pick


_V1: Final = "/identity/resources/configurations/v1"
_TENANT: Final = {"frontegg-tenant-id": "terraform"}
_CLAIMS: Final = {
    "iss": "{{iss}}",
    "sub": "{{sub}}",
    "aud": "{{clientId}}",
    "exp": "{{exp}}",
    "iat": "{{iat}}",
    "email": "{{user.email}}",
}
_SOURCES: Final = "/identity/resources/user-sources/v1"
_WRITTEN_ONLY: Final = frozenset({"configuration"})


def _source(name: str, path: str, configuration: Body) -> Resource:
    tenant = {"tenantResolverType": "new"}
    return Resource(
        name=f"{name}_user_source",
        create=f"POST {_SOURCES}{path}",
        body={
            "name": name,
            "configuration": {"syncOnLogin": True, **configuration, "tenantConfig": tenant},
            "index": 1,
            "description": "d",
        },
        read=f"GET {_SOURCES}/{{id}}",
        update=f"PUT {_SOURCES}{path}/{{id}}",
        changes={"name": f"{name} 2", "index": 2},
        delete=f"DELETE {_SOURCES}/{{id}}",
        id=lambda answer: answer["id"],
    )


RESOURCES: Final = (
    Resource(
        name="auth_policy",
        create=f"POST {_V1}",
        body={
            "id": "",
            "allowNotVerifiedUsersLogin": True,
            "allowSignups": False,
            "allowTenantInvitations": True,
            "apiTokensEnabled": True,
            "cookieSameSite": "NONE",
            "defaultRefreshTokenExpiration": 2_592_000,
            "defaultTokenExpiration": 86_400,
            "forcePermissions": True,
            "jwtAlgorithm": "RS256",
            "publicKey": "",
            "authStrategy": "MagicLink",
            "machineToMachineAuthStrategy": "AccessToken",
        },
        read=f"GET {_V1}",
        changes={"authStrategy": "EmailAndPassword", "defaultTokenExpiration": 3_600},
        hidden=frozenset({"id", "publicKey"}),
    ),
    Resource(
        name="session_management_policy",
        create="POST /identity/resources/configurations/sessions/v1",
        body={
            "sessionIdleTimeoutConfiguration": {"isActive": True, "timeout": 600},
            "sessionTimeoutConfiguration": {"isActive": False, "timeout": 3600},
            "sessionConcurrentConfiguration": {"isActive": True, "maxSessions": 3},
        },
        read="GET /identity/resources/configurations/sessions/v1/vendor",
        changes={"sessionConcurrentConfiguration": {"isActive": False, "maxSessions": 1}},
    ),
    Resource(
        name="tenant_mfa_policy",
        create=f"POST {_V1}/mfa-policy",
        body={"enforceMFAType": "Force", "allowRememberMyDevice": True, "mfaDeviceExpiration": 60},
        read=f"GET {_V1}/mfa-policy",
        changes={"enforceMFAType": "DontForce", "mfaDeviceExpiration": 90},
        conflict="PATCH",
        headers=_TENANT,
    ),
    Resource(
        name="workspace.mfa_policy",
        create=f"POST {_V1}/mfa-policy",
        body={
            "enforceMFAType": "ForceExceptSAML",
            "allowRememberMyDevice": False,
            "mfaDeviceExpiration": 60,
        },
        read=f"GET {_V1}/mfa-policy",
        changes={"allowRememberMyDevice": True},
        conflict="PATCH",
    ),
    Resource(
        name="workspace.mfa_authentication_app",
        create=f"POST {_V1}/mfa",
        body={"authenticationApp": {"active": True, "serviceName": "Mine"}},
        read=f"GET {_V1}/mfa",
        changes={"authenticationApp": {"active": False, "serviceName": "Ours"}},
    ),
    Resource(
        name="workspace.lockout_policy",
        create=f"POST {_V1}/lockout-policy",
        body={"enabled": True, "maxAttempts": 5},
        read=f"GET {_V1}/lockout-policy",
        changes={"maxAttempts": 7},
        conflict="PATCH",
    ),
    Resource(
        name="workspace.password_policy",
        create=f"POST {_V1}/password",
        body={
            "allowPassphrases": True,
            "minLength": 6,
            "maxLength": 256,
            "minOptionalTestsToPass": 2,
            "minPhraseLength": 6,
            "optionalTests": {"requireLowercase": True, "requireUppercase": False},
        },
        read=f"GET {_V1}/password",
        changes={"minLength": 12},
    ),
    Resource(
        name="workspace.password_history_policy",
        create=f"POST {_V1}/password-history-policy",
        body={"enabled": True, "historySize": 4},
        read=f"GET {_V1}/password-history-policy",
        changes={"historySize": 2},
        conflict="PATCH",
    ),
    Resource(
        name="workspace.captcha_policy",
        create=f"POST {_V1}/captcha-policy",
        body={
            "enabled": True,
            "siteKey": "site",
            "secretKey": "key",
            "minScore": 0.5,
            "ignoredEmails": ["a@x.io"],
        },
        read=f"GET {_V1}/captcha-policy",
        changes={"enabled": False, "ignoredEmails": []},
        conflict="PUT",
    ),
    Resource(
        name="workspace",
        create="PUT /vendors",
        body={
            "name": "Mine",
            "country": "DE",
            "backendStack": "Node",
            "frontendStack": "Vue",
            "openSaaSInstalled": True,
            "host": "mine.frontegg.com",
            "allowedOrigins": ["https://a.io"],
        },
        read="GET /vendors",
        changes={"name": "Ours", "allowedOrigins": ["https://a.io", "https://b.io"]},
    ),
    Resource(
        name="allowed_origin",
        create="PUT /vendors",
        body={"allowedOrigins": ["https://a.io", "https://c.io"]},
        read="GET /vendors",
        changes={"allowedOrigins": ["https://a.io"]},
    ),
    Resource(
        name="workspace.custom_domains",
        create="POST /vendors/custom-domains/v2/verify",
        body={"customDomain": "login.x.io"},
        read="GET /vendors/custom-domains/v2",
        pick=lambda found, made: next(
            (each for each in found["customDomains"] if each["id"] == made.id), None
        ),
        shown=lambda found: {"customDomain": found["domain"]},
        id=lambda answer: answer["id"],
        delete="DELETE /vendors/custom-domains/v2/{id}",
        gone="none",
    ),
    Resource(
        name="redirect_uri",
        create="POST /oauth/resources/configurations/v1/redirect-uri",
        body={"redirectUri": "https://a.io/callback"},
        read="GET /oauth/resources/configurations/v1/redirect-uri",
        pick=lambda found, made: next(
            (each for each in found["redirectUris"] if made.body.items() <= each.items()), None
        ),
    ),
    Resource(
        name="jwt_template",
        create="POST /identity/resources/jwt-templates/v1",
        body={
            "key": "terraform",
            "name": "Terraform",
            "description": "d",
            "expiration": 3_600,
            "algorithm": "RS256",
            "templateSchema": {"claims": _CLAIMS},
        },
        read="GET /identity/resources/jwt-templates/v1/{id}",
        update="PUT /identity/resources/jwt-templates/v1/{id}",
        changes={"algorithm": "HS256", "expiration": 60},
        delete="DELETE /identity/resources/jwt-templates/v1/{id}",
        id=lambda answer: answer["id"],
    ),
    Resource(
        name="jwt_template_targeting",
        create=f"POST {_V1}/jwt-template-targeting",
        body={
            "rules": [
                {
                    "conditionLogic": "and",
                    "treatment": "terraform",
                    "conditions": [
                        {
                            "attribute": "tenantId",
                            "op": "in_list",
                            "value": {"list": ["nobody"]},
                            "negate": False,
                        }
                    ],
                }
            ]
        },
        read=f"GET {_V1}/jwt-template-targeting",
        shown=lambda found: found["targeting"],
        update=f"PUT {_V1}/jwt-template-targeting",
        changes={"rules": []},
        id=lambda answer: answer["id"],
        delete=f"DELETE {_V1}/jwt-template-targeting/{{id}}",
    ),
    Resource(
        name="email_template",
        create="POST /identity/resources/mail/v1/configs/templates",
        body={
            "active": True,
            "fromName": "Mine",
            "htmlTemplate": "<b>{{redirectURL}}</b>",
            "redirectURL": "https://{{APP_ID}}.x.io/",
            "senderEmail": "me@x.io",
            "subject": "Hello",
            "type": "ResetPassword",
        },
        read="GET /identity/resources/mail/v1/configs/templates",
        pick=_in_list("type", by="type"),
        shown=lambda found: {**found, "redirectURL": found["redirectURLPattern"]},
        changes={"subject": "Again", "active": False},
    ),
    Resource(
        name="email_provider",
        create="POST /identity/resources/mail/v2/configurations",
        body={"payload": {"provider": "mailgun", "secret": "s", "domain": "x.io", "region": "eu"}},
        read="GET /identity/resources/mail/v1/configurations",
        shown=lambda found: {
            "payload": {
                "provider": found["provider"],
                "secret": found["secret"],
                **{each["extensionName"]: each["extensionValue"] for each in found["extension"]},
            }
        },
        changes={"payload": {"provider": "sendgrid", "secret": "t"}},
        delete="DELETE /identity/resources/mail/v1/configurations",
    ),
    Resource(
        name="permission_category",
        create="POST /identity/resources/permissions/v1/categories",
        body={"name": "Terraform", "description": "d"},
        read="GET /identity/resources/permissions/v1/categories",
        pick=_in_list("id"),
        id=lambda answer: answer["id"],
        update="PATCH /identity/resources/permissions/v1/categories/{id}",
        changes={"name": "Earth"},
        delete="DELETE /identity/resources/permissions/v1/categories/{id}",
        gone="none",
    ),
    Resource(
        name="permission",
        create="POST /identity/resources/permissions/v1",
        body=[{"name": "Write", "key": "terraform.write", "description": "d"}],
        read="GET /identity/resources/permissions/v1",
        pick=_in_list("id"),
        id=lambda answer: answer[0]["id"],
        update="PATCH /identity/resources/permissions/v1/{id}",
        changes={"description": "e"},
        delete="DELETE /identity/resources/permissions/v1/{id}",
        gone="none",
    ),
    Resource(
        name="role",
        create="POST /identity/resources/roles/v1",
        body=[
            {
                "name": "Terraform",
                "key": "terraform",
                "description": "d",
                "level": 3,
                "isDefault": False,
                "firstUserRole": False,
                "permissions": None,
            }
        ],
        read="GET /identity/resources/roles/v1",
        pick=_in_list("id"),
        id=lambda answer: answer[0]["id"],
        update="PATCH /identity/resources/roles/v1/{id}",
        changes={"level": 4, "firstUserRole": True},
        hidden=frozenset({"permissions"}),
        also=(("PUT /identity/resources/roles/v1/{id}/permissions", {"permissionIds": []}),),
        delete="DELETE /identity/resources/roles/v1/{id}",
        gone="none",
        headers=_TENANT,
    ),
    Resource(
        name="tenant",
        create="POST /tenants/resources/tenants/v1",
        body={"tenantId": "earth", "name": "Earth", "applicationUrl": "https://earth.x.io"},
        read="GET /tenants/resources/tenants/v1/earth",
        pick=lambda found, made: found[0] if found else None,
        update="PUT /tenants/resources/tenants/v1/earth",
        changes={"name": "Moon"},
        also=(
            ("POST /tenants/resources/tenants/v1/earth/metadata", {"metadata": {"a": "b"}}),
            ("DELETE /tenants/resources/tenants/v1/earth/metadata/a", None),
        ),
        delete="DELETE /tenants/resources/tenants/v1/earth",
        gone="none",
    ),
    Resource(
        name="user",
        create="POST /identity/resources/users/v2",
        body={
            "email": "terraform@x.io",
            "password": "pw",
            "roleIds": ["role-Admin"],
            "skipInviteEmail": True,
        },
        read="GET /identity/resources/users/v1/{id}",
        shown=lambda found: {**found, "roleIds": [each["id"] for each in found["roles"]]},
        id=lambda answer: answer["id"],
        hidden=frozenset({"password", "skipInviteEmail"}),
        update="PUT /identity/resources/users/v1/{id}/email",
        changes={"email": "earth@x.io"},
        whole=False,
        bare=True,
        headers=_TENANT,
        also=(("POST /identity/resources/users/v1/{id}/verify", None),),
        delete="DELETE /identity/resources/users/v1/{id}",
    ),
    Resource(
        name="tenant_api_token",
        create="POST /identity/resources/tenants/api-tokens/v1",
        body={"description": "d", "roleIds": ["role-Admin"], "metadata": {"a": "b"}},
        read="GET /identity/resources/tenants/api-tokens/v1",
        pick=_in_list("clientId"),
        id=lambda answer: answer["clientId"],
        update="PATCH /identity/resources/tenants/api-tokens/v1/{id}",
        changes={"description": "e", "roleIds": []},
        delete="DELETE /identity/resources/tenants/api-tokens/v1/{id}",
        gone="none",
        headers=_TENANT,
    ),
    Resource(
        name="social_login",
        create="POST /identity/resources/sso/v2",
        body={
            "active": False,
            "clientId": "c",
            "redirectUrl": "https://x.io/cb",
            "secret": "s",
            "type": "github",
            "customised": True,
            "additionalScopes": ["read:org"],
        },
        read="GET /identity/resources/sso/v2/github",
        pick=lambda found, made: found if found["active"] else None,
        hidden=frozenset({"active"}),
        also=(("POST /identity/resources/sso/v2/github/activate", None),),
        changes={"clientId": "d", "active": True},
        delete="POST /identity/resources/sso/v2/github/deactivate",
        gone="none",
    ),
    _source("auth0", "/external/auth0", {"domain": "x", "clientId": "c", "secret": "s"}),
    _source("cognito", "/external/cognito", {"region": "eu", "clientId": "c", "userPoolId": "p"}),
    _source("firebase", "/external/firebase", {"apiKey": "k", "serviceAccount": {"a": "b"}}),
    _source("custom_code", "/external/custom-code", {"codePayload": "return"}),
    _source("federation", "/federation", {"clientId": "c", "wellknownUrl": "https://x.io"}),
    Resource(
        name="application",
        create="POST /applications/resources/applications/v1",
        body={
            "name": "Shop",
            "appURL": "https://shop.x.io",
            "loginURL": "https://shop.x.io/login",
            "accessType": "MANAGED_ACCESS",
            "isDefault": False,
            "isActive": True,
            "allowDcr": False,
            "type": "web",
            "frontendStack": "react",
            "description": "d",
            "metadata": {"a": "b"},
        },
        read="GET /applications/resources/applications/v1/{id}",
        id=lambda answer: answer["id"],
        also=(("GET /applications/resources/applications/v1/credentials/{id}", None),),
        update="PATCH /applications/resources/applications/v1/{id}",
        changes={"name": "Store", "isActive": False},
        delete="DELETE /applications/resources/applications/v1/{id}",
    ),
    Resource(
        name="webhook",
        create="POST /webhook/custom",
        body={
            "displayName": "Hook",
            "description": "d",
            "url": "https://x.io/hook",
            "secret": "s",
            "eventKeys": ["frontegg.user.created", "frontegg.user.deleted"],
            "isActive": False,
        },
        read="GET /webhook",
        pick=_in_list("_id"),
        id=lambda answer: answer["_id"],
        update="PATCH /webhook/{id}",
        changes={"eventKeys": ["frontegg.user.created"], "isActive": True},
        delete="DELETE /webhook/{id}",
        gone="none",
    ),
)
"""The resources of identity and tenants, in an order in which they can be applied."""
