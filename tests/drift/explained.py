"""Differences that are meant: mistakes of the documents, and decisions of the SDK."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

from .documents import covers
from .drift import Finding, Kind

Source: TypeAlias = Literal["spec", "doc", "seen", "client", "guess"]
"""Certainty of a reason, in the words of docs/frontegg.md."""


@dataclass(frozen=True)
class Explanation:
    """A reason for differences.

    Args:
        where: a finding's ``where``; ``*`` stands for any string.
        part: a finding's ``part``, likewise.
        kind: of the findings.
        source: certainty of the reason.
        reason: the reason.
    """

    where: str
    part: str
    kind: Kind
    source: Source
    reason: str

    def explains(self, finding: Finding) -> bool:
        """Return whether this is the reason of a finding."""
        return (
            finding.kind == self.kind
            and fnmatchcase(finding.where, self.where)
            and fnmatchcase(finding.part, self.part)
        )


def unexplained(
    findings: Sequence[Finding],
    explanations: Sequence[Explanation],
    *,
    prefixes: Sequence[str],
    everything: bool,
) -> list[Finding]:
    """Return the findings without a reason, and the reasons without a finding.

    Args:
        findings: from the documents with these prefixes.
        explanations: the reasons.
        prefixes: paths that the documents are about; only reasons of theirs can be idle.
        everything: True if the documents are all there are, so that Structs are seen whole.
    """
    left = [
        finding for finding in findings if not any(each.explains(finding) for each in explanations)
    ]
    for each in explanations:
        subject, _, path = each.where.partition(" ")
        seen = everything if subject == "class" else any(covers(each, path) for each in prefixes)
        if seen and not any(each.explains(finding) for finding in findings):
            left.append(Finding(each.where, each.part, "stale", f"not so any more: {each.reason}"))
    return sorted(left)


def _about(
    source: Source, reason: str, *differences: tuple[str, str, Kind]
) -> tuple[Explanation, ...]:
    """Return one explanation for each of the differences that have the same reason."""
    return tuple(Explanation(*difference, source, reason) for difference in differences)


_V1: Final = "/identity/resources/configurations/v1"
_MFA: Final = "/identity/resources/auth/v1/user/mfa"
_OWN_MFA: Final = "/identity/resources/users/v1/mfa"
_PHONES: Final = "/identity/resources/users/phone-numbers/v1"
_PASSWORDLESS: Final = "/identity/resources/auth/v1/passwordless"

EXPLAINED: Final = (
    *_about(
        "guess",
        "the host says it already, or with_options(headers=...) does for all calls",
        ("POST /identity/*", "header frontegg-vendor-host", "changed"),
        ("POST /identity/*", "header frontegg-application-id", "changed"),
    ),
    # Older forms that are not marked as such.
    *_about(
        "doc",
        "documented as no longer maintained",
        ("PUT /identity/resources/users/v1/{userId}/superuser", "deprecated", "changed"),
    ),
    # Lists in a query.
    *_about(
        "seen",
        "the server takes one string with commas",
        ("GET /identity/resources/users/v3/*", "query ids", "changed"),
    ),
    *_about(
        "spec",
        "its description says to separate by commas, its schema does not",
        ("GET /identity/resources/users/v1/query/phrase", "query _phrase*", "changed"),
    ),
    *_about(
        "guess",
        "as the other lists of users take them",
        ("GET /identity/resources/usernames/v1", "query user*", "changed"),
    ),
    *_about(
        "client",
        "the groups of a user are objects without a schema; Frontegg's React client reads these",
        ("class User", "field groups", "gone"),
    ),
    # Operations that no document has.
    *_about(
        "client",
        "Frontegg's own SDKs look the access tokens of tenants up with it",
        (
            "GET /identity/resources/vendor-only/tenants/access-tokens/v1/active",
            "route",
            "gone",
        ),
    ),
    *_about(
        "client",
        "Frontegg's own REST client for browsers calls it (clients.json)",
        ("GET /identity/resources/configurations/v1/public", "route", "gone"),
        ("GET /identity/resources/sso/v2", "route", "gone"),
        ("* /identity/resources/sub-tenants/users/v1*", "route", "gone"),
        ("POST /identity/resources/sub-tenants/users/v2", "route", "gone"),
        ("POST /identity/resources/tenants/users/v1/count", "route", "gone"),
        ("GET /identity/resources/users/sessions/v1/me/current", "route", "gone"),
        ("POST /identity/resources/users/sessions/v1/revoke", "route", "gone"),
        (f"GET {_OWN_MFA}/devices", "route", "gone"),
        ("GET /identity/resources/users/v2", "route", "gone"),
        ("GET /identity/resources/users/v3/me/tenants", "route", "gone"),
    ),
    *_about(
        "client",
        "Frontegg's Terraform provider sets social logins up with it (clients.json)",
        ("POST /identity/resources/sso/v2", "route", "gone"),
        ("* /identity/resources/sso/v2/{type}*", "route", "gone"),
    ),
    *_about(
        "client",
        "clients and scripts of customers call it (clients.json)",
        ("POST /identity/resources/auth/v1/api-token", "route", "gone"),
        ("GET /identity/resources/users/v1", "route", "gone"),
        ("POST /identity/resources/migrations/v1/local/bulk/csv", "route", "gone"),
    ),
    # Headers and fields that no document has.
    *_about(
        "seen",
        "with the environment's token it answers only with a tenant beside the user",
        ("* /identity/resources/users/sessions/v1/me*", "header frontegg-tenant-id", "gone"),
        (f"POST {_OWN_MFA}/disable", "header frontegg-tenant-id", "gone"),
    ),
    *_about(
        "seen",
        "an environment with several applications refuses an invite without it",
        ("POST /identity/resources/users/v1", "header frontegg-application-id", "gone"),
        ("POST /identity/resources/users/v2", "header frontegg-application-id", "gone"),
    ),
    *_about(
        "guess",
        "it invites as well; Frontegg's Terraform provider sends it with every request",
        ("POST /identity/resources/users/bulk/v1/invite", "header frontegg-application-id", "gone"),
        ("POST /identity/resources/users/v1/{userId}/tenant", "header *-application-id", "gone"),
        ("POST /identity/resources/vendor-only/users/v1", "header *-application-id", "gone"),
    ),
    # Said in descriptions, and not in schemas.
    *_about(
        "spec",
        "its description says that the new link and token come back",
        ("POST /identity/resources/users/v1/invitation/reset*", "answer", "gone"),
    ),
    *_about(
        "spec",
        "its description says that the permissions of each category come along",
        ("class PermissionCategory", "field permissions", "gone"),
    ),
    # Logging in.
    *_about(
        "client",
        "the refresh token of a browser's login travels in a cookie",
        ("POST /identity/resources/auth/v1/*", "header Cookie", "gone"),
    ),
    *_about(
        "guess",
        "the request is described once more; the other way to sign up tells the answer",
        ("class SignUpResult", "field *", "new"),
    ),
    *_about(
        "client",
        "every name of the user is required at once; Frontegg's React client sends one",
        (f"POST {_PASSWORDLESS}/*/prelogin", "body *", "changed"),
    ),
    *_about(
        "client",
        "Frontegg's React client reads it",
        (f"POST {_MFA}/emailcode", "answer", "gone"),
        (f"POST {_MFA}/sms/enroll", "answer", "gone"),
        (f"POST {_MFA}/sms/{{deviceId}}", "answer", "gone"),
        (f"POST {_MFA}/webauthn/{{deviceId}}", "answer", "gone"),
        (f"POST {_MFA}/verify", "answer", "gone"),
        (f"GET {_V1}/mfa-policy/allow-remember-device", "answer", "gone"),
        ("class WebAuthnChallenge", "field webauthnToken", "gone"),
        (f"POST {_OWN_MFA}/sms/*", "answer", "gone"),
        (f"* {_PHONES}*", "answer", "gone"),
        ("GET /identity/resources/users/v1/me/tenants", "answer", "gone"),
        ("GET /identity/resources/users/sessions/v1/me", "answer", "gone"),
        ("GET /identity/resources/usernames/v1", "answer *", "new"),
    ),
    *_about(
        "client",
        "nothing else says whose login it is; Frontegg's React client sends it",
        (f"POST {_MFA}/sms/enroll*", "body mfaToken", "gone"),
        (f"POST {_MFA}/sms/enroll/verify", "body rememberDevice", "gone"),
    ),
    *_about(
        "spec",
        "in WebAuthn it may be null, which browsers leave out",
        (
            f"POST {_MFA}/webauthn/{{deviceId}}/verify",
            "body options.response.userHandle",
            "changed",
        ),
    ),
    *_about(
        "client",
        "Frontegg's React client sends neither for a user with another second factor",
        (f"POST {_OWN_MFA}/sms/{{deviceId}}/disable/verify", "body *", "changed"),
    ),
    # Users.
    *_about(
        "client",
        "described as strings; Frontegg's Terraform provider reads objects",
        ("class CreatedUser", "field permissions", "gone"),
        ("class CreatedUser", "field roles", "gone"),
    ),
    *_about(
        "seen",
        "described as an object without fields; an array of objects with some comes",
        ("GET /identity/resources/users/v3/roles", "answer", "gone"),
        ("GET /identity/resources/users/v3/groups", "answer", "gone"),
    ),
    *_about(
        "client",
        "not described; clients read the id of the task",
        ("POST /identity/resources/users/bulk/v1/invite", "answer", "gone"),
    ),
    *_about(
        "guess",
        "long-running work of which only a part is described, if any",
        ("GET /identity/resources/users/bulk/v1/status/{id}", "answer", "gone"),
        ("GET /identity/resources/migrations/v1/local/bulk/status/*", "answer", "gone"),
        ("class StartedRolesUpdate", "field *", "gone"),
        ("class StartedMigration", "field id", "gone"),
    ),
    *_about(
        "spec",
        "its text says that with the environment's token both are required",
        ("POST /identity/resources/tenants/invites/v2/user", "header *", "changed"),
    ),
    *_about(
        "client",
        "Frontegg's Python SDK sends none, and a token's id is often all that there is",
        ("GET /identity/resources/vendor-only/*/access-tokens/*", "header *", "changed"),
    ),
    # Settings.
    *_about(
        "client",
        "Frontegg's Terraform provider reads and sends these",
        ("class JwtTemplateTargeting", "field targeting", "gone"),
        ("class MailConfiguration", "field extension", "gone"),
        ("class PasswordConfiguration", "field *Tests", "gone"),
        (f"POST {_V1}/password", "body *Tests.*", "gone"),
        ("GET /identity/resources/configurations/sessions/v1*", "answer", "gone"),
    ),
    *_about(
        "client",
        "Frontegg's browser clients read these",
        (f"GET {_V1}/restrictions/ip", "answer items", "gone"),
        (f"* {_V1}/restrictions/ip/*", "answer", "gone"),
        ("GET /identity/resources/sso/custom/v1", "answer", "gone"),
        ("POST /identity/resources/approval-flows/v1/approver-action", "answer", "gone"),
        ("POST /identity/resources/vendor-only/users/v1/passwords/verify", "answer", "gone"),
    ),
    *_about(
        "doc",
        "Frontegg's guide sends it",
        ("* /identity/resources/sso/custom/v1*", "body redirectUrlPattern", "gone"),
    ),
    *_about(
        "guess",
        "it is read as it is sent",
        ("class ApprovalFlow", "field channels", "gone"),
    ),
    *_about(
        "spec",
        "deleting a template takes an id, of which the text says that it is found here",
        ("class EmailTemplate", "field id", "gone"),
    ),
    *_about(
        "guess",
        "described as an object where everywhere else it is one of the names of templates",
        ("class EmailTemplate", "field type", "changed"),
    ),
    *_about(
        "guess",
        "without it the request says nothing",
        (f"POST {_V1}/delegation", "body enabled", "changed"),
        ("POST /identity/resources/mail/v2/configurations", "body payload", "changed"),
        ("POST /tenants/resources/hierarchy/v1", "body *TenantId", "changed"),
    ),
    # Tenants: their document has no answers, and few bodies.
    *_about(
        "client",
        "no answer is described there; Frontegg's own clients read these",
        ("* /tenants/resources/*", "answer", "gone"),
        ("class Tenant", "field *", "gone"),
    ),
    *_about(
        "client",
        "an object without fields there, or not all of them; Frontegg's own clients send these",
        ("POST /tenants/resources/tenants/v1", "body metadata", "gone"),
        ("PUT /tenants/resources/*", "body", "gone"),
        ("DELETE /tenants/resources/hierarchy/v1", "body", "gone"),
    ),
    *_about(
        "seen",
        "left out of the document; it answers with an array",
        ("GET /tenants/resources/tenants/v1", "route", "gone"),
    ),
    *_about(
        "spec",
        "its text names the words",
        ("GET /tenants/resources/tenants/v2", "query _order", "changed"),
        ("GET /tenants/resources/tenants/v2", "query _sortBy", "changed"),
    ),
)
"""All reasons, for the SDK's own table of operations."""
