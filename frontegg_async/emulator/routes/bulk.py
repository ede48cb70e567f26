"""Long-running work: many invitations, many users or tenants to migrate, roles in every tenant.

``jobs.py`` says when a job goes on.

==================================================================  ======
paths, headers, bodies, success statuses; the status of a change      spec
of roles; a status shows 1,000 users at most
at most 1,000 users a call                                            doc
an invitation of many is answered with the ``id`` of its task         client
a migration is answered with its ``migrationId``                      spec
more users than that, or none, are 400                                guess
the fields of the other statuses: ``status``, and of migrations       guess
``state`` too; ``errors`` with a message and who it was about
a bad user is an error of the task and stops nobody else              guess
migrating somebody who exists adds them to the tenant; who is         guess
migrated is active there, and no e-mail goes out
who is migrated is verified if the request says so                    spec
migrating tenants makes those that are new                            guess
roles change in every tenant of the user if none is named             guess
==================================================================  ======
"""

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from ..http.request import Call, decode
from ..http.response import Response, error_response
from ..policy import BulkRoles
from ..state.environment import State, User
from ..state.jobs import Job
from . import handlers
from ._responses import json_response, not_found, tenant_missing
from ._route import Handler, Route, Takes, route
from .passwords import keeping_password

__all__ = ["ROUTES"]

_MOST: Final = 1_000
_invite_one: Final = keeping_password(handlers.invite)
_create_one: Final = keeping_password(handlers.create)


class _UsersBody(msgspec.Struct):
    users: list[dict[str, Any]]


class _TenantsBody(msgspec.Struct):
    tenants: list[str]


class _RolesBody(msgspec.Struct, rename="camel"):
    add_role_ids: list[str] | None = None
    remove_role_ids: list[str] | None = None
    tenant_ids: list[str] | None = None


_USERS_BODY: Final = msgspec.json.Decoder(_UsersBody)
_TENANTS_BODY: Final = msgspec.json.Decoder(_TenantsBody)
_ROLES_BODY: Final = msgspec.json.Decoder(_RolesBody)
_ONE_USER: Final = msgspec.json.Decoder(dict[str, Any])


def _as_one(call: Call, item: Mapping[str, Any], headers: Mapping[str, str]) -> Call:
    """Return the call that would be about one of many."""
    sent = {"content-type": "application/json", **headers}
    return replace(call, values=(), query="", headers=sent, body=msgspec.json.encode(item))


def _who(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("email", "username") if isinstance(item.get(name), str)}


def _failure_of(answer: Response, item: Mapping[str, Any]) -> dict[str, Any] | None:
    if answer.status < 400:
        return None
    said = cast("dict[str, list[str]]", msgspec.json.decode(answer.body))
    return {"message": "; ".join(said["errors"]), **_who(item)}


def _users_of(call: Call) -> list[dict[str, Any]] | Response:
    body = decode(_USERS_BODY, call)
    if isinstance(body, Response):
        return body
    if not 0 < len(body.users) <= _MOST:
        return error_response(400, f"users must contain between 1 and {_MOST} elements")
    return body.users


# Invitations


def _invite(state: State, call: Call) -> Response:
    tenant_id = call.tenant
    if tenant_id is None:
        return tenant_missing()
    users = _users_of(call)
    if isinstance(users, Response):
        return users
    if (refusal := state.ensure_tenant(tenant_id, validate=False)) is not None:
        return refusal

    def invite(item: dict[str, Any]) -> dict[str, Any] | None:
        if not _looks_like_email(item):
            return {"message": "email must be an email", **_who(item)}
        one = _as_one(call, item, {"frontegg-tenant-id": tenant_id})
        answer = _invite_one(state, one)
        if answer.status == 201 and item.get("verified") is True:
            user = state.find_by_email(item.get("email") or "")
            if user is not None:
                user.verified = True
        return _failure_of(answer, item)

    job = call.store.jobs.start("invite", users, invite)
    return json_response(202, {"id": job.id, "status": job.state})


def _looks_like_email(item: Mapping[str, Any]) -> bool:
    email = item.get("email")
    if email is None:
        return "username" in item
    name, at, domain = str(email).partition("@")
    return bool(name and at and domain)


def _get_invite_status(state: State, call: Call) -> Response:
    (job_id,) = call.values
    job = call.store.jobs.look("invite", job_id)
    return not_found("Task", job_id) if job is None else json_response(200, _progress(job))


def _progress(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": job.state,
        "total": len(job.items),
        "processed": job.done,
        "errors": job.failures,
    }


# Migrations


def _migrating(state: State, call: Call, item: dict[str, Any]) -> Response:
    """Migrate one user."""
    item = dict(item)
    verified = item.pop("verifyUser", None) is True
    for address in cast("list[dict[str, Any]]", item.pop("emails", None) or []):
        if "email" not in item or address.get("primary"):
            item["email"] = address.get("email")
            verified = address.get("verified") is True
    tenant_id = item.get("tenantId")
    if not isinstance(tenant_id, str) or not tenant_id:
        return error_response(400, "tenantId should not be empty")
    if not _looks_like_email(item):
        return error_response(400, "email must be an email")
    user = state.find_by_email(item.get("email") or "")
    if user is None:
        answer = _create_one(state, _as_one(call, item, {}))
        if answer.status != 201:
            return answer
        user = state.users[cast("dict[str, Any]", msgspec.json.decode(answer.body))["id"]]
        user.verified = verified
    elif (refusal := state.ensure_tenant(tenant_id, validate=False)) is not None:
        return refusal
    elif tenant_id not in user.tenants:
        state.join(user, tenant_id, "Activated", item.get("roleIds") or ())
    user.tenants[tenant_id] = "Activated"
    return handlers.get_anywhere(state, replace(call, values=(user.id,)))


def _migrate_one(state: State, call: Call) -> Response:
    item = decode(_ONE_USER, call)
    if isinstance(item, Response):
        return item
    answer = _migrating(state, call, item)
    return replace(answer, status=201) if answer.status == 200 else answer


def _migrate(state: State, call: Call) -> Response:
    users = _users_of(call)
    if isinstance(users, Response):
        return users

    def migrate(item: dict[str, Any]) -> dict[str, Any] | None:
        return _failure_of(_migrating(state, call, item), item)

    job = call.store.jobs.start("migration", users, migrate)
    return json_response(202, {"migrationId": job.id})


def _get_migration_status(state: State, call: Call) -> Response:
    (job_id,) = call.values
    job = call.store.jobs.look("migration", job_id)
    if job is None:
        return not_found("Migration", job_id)
    users = [_who(item) for item in job.items[: min(job.done, _MOST)]]
    body = {**_progress(job), "migrationId": job.id, "state": job.state, "users": users}
    return json_response(200, body)


def _migrate_tenants(state: State, call: Call) -> Response:
    body = decode(_TENANTS_BODY, call)
    if isinstance(body, Response):
        return body
    if not body.tenants:
        return error_response(400, "tenants should not be empty")

    def migrate(tenant_id: str) -> dict[str, Any] | None:
        if not tenant_id.strip():
            return {"message": "tenant id should not be empty", "tenantId": tenant_id}
        state.tenants.setdefault(tenant_id, tenant_id)
        return None

    job = call.store.jobs.start("tenant-migration", body.tenants, migrate)
    return json_response(202, {"migrationId": job.id, "status": job.state})


def _get_tenant_migration_status(state: State, call: Call) -> Response:
    (job_id,) = call.values
    job = call.store.jobs.look("tenant-migration", job_id)
    if job is None:
        return not_found("Migration", job_id)
    return json_response(200, {**_progress(job), "migrationId": job.id})


# Roles


def _update_roles(state: State, call: Call) -> Response:
    body = decode(_ROLES_BODY, call)
    if isinstance(body, Response):
        return body
    (user_id,) = call.values
    if (user := state.find(user_id)) is None:
        return not_found("User", user_id)
    added, removed = body.add_role_ids or [], body.remove_role_ids or []
    unknown = state.access.unknown_role((*added, *removed))
    if unknown is not None:
        return not_found("Role", unknown)
    tenant_ids = list(user.tenants) if body.tenant_ids is None else body.tenant_ids

    def update(tenant_id: str) -> dict[str, Any] | None:
        return _change_roles(state, user, tenant_id, added, removed)

    if call.store.policy.bulk_roles is BulkRoles.QUEUED:
        about = {"userId": user.id, "addedRoleIds": added, "removedRoleIds": removed}
        job = call.store.jobs.start("roles", tenant_ids, update, about=about)
        return json_response(200, {"taskId": job.id, "status": job.state})
    failures = [update(tenant_id) for tenant_id in tenant_ids]
    body_out = {
        "userId": user.id,
        "affectedTenants": failures.count(None),
        "rolesAdded": added,
        "rolesRemoved": removed,
    }
    return json_response(200, body_out)


def _change_roles(
    state: State, user: User, tenant_id: str, added: list[str], removed: list[str]
) -> dict[str, Any] | None:
    if user.id not in state.users or tenant_id not in user.tenants:
        return {"message": "User does not belong to this tenant", "tenantId": tenant_id}
    unknown = state.access.unknown_role(added, tenant_id)
    if unknown is not None:
        return {"message": f"Role {unknown} not found", "tenantId": tenant_id}
    kept = [role_id for role_id in user.roles_in(tenant_id) if role_id not in removed]
    user.set_roles(tenant_id, (*kept, *added))
    return None


def _get_roles_status(state: State, call: Call) -> Response:
    (job_id,) = call.values
    job = call.store.jobs.look("roles", job_id)
    if job is None:
        return not_found("Task", job_id)
    status = {
        "id": job.id,
        **job.about,
        "status": job.state,
        "totalTenants": len(job.items),
        "processedTenants": job.done,
        "errors": job.failures,
    }
    return json_response(200, status)


def _environment(method: str, template: str, handle: Handler) -> Route:
    return route(method, template, handle, takes=Takes.ENVIRONMENT)


_USERS: Final = "/identity/resources/users/bulk/v1"
_MIGRATIONS: Final = "/identity/resources/migrations"
_ROLES: Final = "/identity/resources/vendor-only/users/v1"
_TENANTS: Final = "/tenants/resources/migrations/v1/tenants"

ROUTES: Final = (
    _environment("POST", _USERS + "/invite", _invite),
    _environment("GET", _USERS + "/status/{id}", _get_invite_status),
    _environment("POST", _MIGRATIONS + "/v1/local", _migrate_one),
    _environment("POST", _MIGRATIONS + "/v1/local/bulk", _migrate),
    _environment("POST", _MIGRATIONS + "/v2/local/bulk", _migrate),
    _environment("GET", _MIGRATIONS + "/v1/local/bulk/status/{migrationId}", _get_migration_status),
    _environment("PATCH", _ROLES + "/{userId}/roles/bulk", _update_roles),
    _environment("GET", _ROLES + "/bulk-roles/status/{taskId}", _get_roles_status),
    _environment("POST", _TENANTS, _migrate_tenants),
    _environment("GET", _TENANTS + "/status/{migrationId}", _get_tenant_migration_status),
)
