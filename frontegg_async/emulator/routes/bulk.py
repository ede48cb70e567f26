"""Long-running work: many invitations, many users or tenants to migrate, roles in every tenant.

``jobs.py`` decides when a job goes on.

==================================================================  ======
paths, headers, bodies, success statuses; the status of a change      spec
of roles; a status shows 1,000 users at most
at most 1,000 users a call                                            doc
the response to a bulk invitation has the ``id`` of its task          client
the response to a migration has its ``migrationId``                   spec
more users than that, or none, are 400                                guess
the fields of the other statuses: ``status``, and of migrations       guess
``state`` too; ``errors`` with a message and the user's address
a bad user is an error of the task and does not stop the others       guess
migrating an existing user adds the user to the tenant; a migrated    guess
user is active there, and no e-mail goes out
a migrated user is verified if the request says so                    spec
migrating tenants creates the new ones                                guess
roles change in every tenant of the user if none is named             guess
==================================================================  ======
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from ..http.request import Call, decode
from ..http.response import RejectedError, Response
from ..policy import BulkRoles
from ..state.environment import State, User
from ..state.jobs import Job
from . import users
from ._bodies import check_count, json_response, required
from ._lookups import check_application, check_roles, not_found, user_in_path
from ._route import Handler, Route, Takes, route
from ._schemas import UserResponse

__all__ = ["ROUTES", "start_migration"]

_MAX_USERS: Final = 1_000


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
    """Return a call for a single item."""
    sent = {"content-type": "application/json", **headers}
    return replace(call, values=(), query="", headers=sent, body=msgspec.json.encode(item))


def _who(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("email", "username") if isinstance(item.get(name), str)}


def _failure(rejected: RejectedError, item: Mapping[str, Any]) -> dict[str, Any]:
    return {"message": str(rejected), **_who(item)}


def _users_of(call: Call) -> list[dict[str, Any]]:
    body = decode(_USERS_BODY, call)
    check_count("users", body.users, _MAX_USERS)
    return body.users


def _job(call: Call, kind: str, name: str) -> Job:
    """Return the job that the path names, and move it on."""
    (job_id,) = call.values
    if (job := call.store.jobs.look(kind, job_id)) is None:
        raise not_found(name, job_id)
    return job


# Invitations


def _invite(state: State, call: Call) -> Response:
    tenant_id = call.required_tenant()
    check_application(state, call)
    items = _users_of(call)
    state.ensure_tenant(tenant_id, validate=False)

    def invite(item: dict[str, Any]) -> dict[str, Any] | None:
        try:
            _check_email(item)
            users.invite(state, _as_one(call, item, {"frontegg-tenant-id": tenant_id}))
        except RejectedError as rejected:
            return _failure(rejected, item)
        if item.get("verified") is True:
            user = state.find_by_email(item.get("email") or "")
            if user is not None:
                user.verified = True
        return None

    job = call.store.jobs.start("invite", items, invite)
    return json_response(202, {"id": job.id, "status": job.state})


def _check_email(item: Mapping[str, Any]) -> None:
    email = item.get("email")
    name, _, domain = str(email).partition("@")
    if not ("username" in item if email is None else name and domain):
        raise RejectedError(400, "email must be an email")


def _get_invite_status(state: State, call: Call) -> Response:
    return json_response(200, _progress(_job(call, "invite", "Task")))


def _progress(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": job.state,
        "total": len(job.items),
        "processed": job.done,
        "errors": job.failures,
    }


# Migrations


def _migrate_user(state: State, call: Call, item: dict[str, Any]) -> User:
    """Migrate one user; raise :exc:`RejectedError` if the item is bad."""
    item = dict(item)
    verified = item.pop("verifyUser", None) is True
    for address in cast("list[dict[str, Any]]", item.pop("emails", None) or []):
        if "email" not in item or address.get("primary"):
            item["email"] = address.get("email")
            verified = address.get("verified") is True
    tenant_id = item.get("tenantId")
    tenant_id = required("tenantId", tenant_id if isinstance(tenant_id, str) else None)
    _check_email(item)
    user = state.find_by_email(item.get("email") or "")
    if user is None:
        made = users.create(state, _as_one(call, item, {}))
        user = state.users[cast("dict[str, Any]", msgspec.json.decode(made.body))["id"]]
        user.verified = verified
    else:
        state.ensure_tenant(tenant_id, validate=False)
        if tenant_id not in user.tenants:
            state.join(user, tenant_id, "Activated", item.get("roleIds") or ())
    user.tenants[tenant_id] = "Activated"
    return user


def _migrate_one(state: State, call: Call) -> Response:
    user = _migrate_user(state, call, decode(_ONE_USER, call))
    return json_response(201, UserResponse.full(user, state))


def _migrate(state: State, call: Call) -> Response:
    return start_migration(state, call, _users_of(call))


def start_migration(state: State, call: Call, items: Sequence[dict[str, Any]]) -> Response:
    """Start to migrate users, and return the response with the id of the migration."""

    def migrate(item: dict[str, Any]) -> dict[str, Any] | None:
        try:
            _migrate_user(state, call, item)
        except RejectedError as rejected:
            return _failure(rejected, item)
        return None

    job = call.store.jobs.start("migration", items, migrate)
    return json_response(202, {"migrationId": job.id})


def _get_migration_status(state: State, call: Call) -> Response:
    job = _job(call, "migration", "Migration")
    done = [_who(item) for item in job.items[: min(job.done, _MAX_USERS)]]
    body = {**_progress(job), "migrationId": job.id, "state": job.state, "users": done}
    return json_response(200, body)


def _migrate_tenants(state: State, call: Call) -> Response:
    body = decode(_TENANTS_BODY, call)
    required("tenants", body.tenants)

    def migrate(tenant_id: str) -> dict[str, Any] | None:
        if not tenant_id.strip():
            return {"message": "tenant id should not be empty", "tenantId": tenant_id}
        state.tenants.setdefault(tenant_id, tenant_id)
        return None

    job = call.store.jobs.start("tenant-migration", body.tenants, migrate)
    return json_response(202, {"migrationId": job.id, "status": job.state})


def _get_tenant_migration_status(state: State, call: Call) -> Response:
    job = _job(call, "tenant-migration", "Migration")
    return json_response(200, {**_progress(job), "migrationId": job.id})


# Roles


def _update_roles(state: State, call: Call) -> Response:
    body = decode(_ROLES_BODY, call)
    user = user_in_path(state, call)
    added, removed = body.add_role_ids or [], body.remove_role_ids or []
    check_roles(state, (*added, *removed))
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
    try:
        check_roles(state, added, tenant_id)
    except RejectedError as rejected:
        return {"message": str(rejected), "tenantId": tenant_id}
    kept = [role_id for role_id in user.roles_in(tenant_id) if role_id not in removed]
    user.set_roles(tenant_id, (*kept, *added))
    return None


def _get_roles_status(state: State, call: Call) -> Response:
    job = _job(call, "roles", "Task")
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
