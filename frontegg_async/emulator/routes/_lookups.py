"""Objects that a request names: each is returned, or the request rejected with 404 (guess)."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from ..http.request import Call
from ..http.response import RejectedError
from ..state.environment import State, User

__all__ = [
    "check_application",
    "check_permissions",
    "check_roles",
    "find",
    "find_member",
    "find_tenant",
    "find_user",
    "not_found",
    "tenant_in_path",
    "tenant_of_call",
    "user_by_email",
    "user_in_path",
    "user_of_call",
    "user_of_sessions",
]


_T = TypeVar("_T")


def not_found(kind: str, its_id: str) -> RejectedError:
    """Return the error for an id that does not exist."""
    return RejectedError(404, f"{kind} {its_id} not found")


def find(kind: str, objects: Mapping[str, _T], its_id: str) -> _T:
    """Return one of these objects by id."""
    if (found := objects.get(its_id)) is None:
        raise not_found(kind, its_id)
    return found


def find_user(state: State, user_id: str) -> User:
    """Return a user by id."""
    if (user := state.find(user_id)) is None:
        raise not_found("User", user_id)
    return user


def find_member(state: State, user_id: str, tenant_id: str) -> User:
    """Return a user who belongs to a tenant."""
    user = find_user(state, user_id)
    if tenant_id not in user.tenants:
        raise not_found("User", user_id)
    return user


def find_tenant(state: State, tenant_id: str) -> str:
    """Return the id of a tenant that exists."""
    if tenant_id not in state.tenants:
        raise not_found("Tenant", tenant_id)
    return tenant_id


def user_in_path(state: State, call: Call) -> User:
    """Return the user whose id comes first in the path."""
    return find_user(state, call.values[0])


def tenant_in_path(state: State, call: Call) -> str:
    """Return the tenant whose id comes first in the path."""
    return find_tenant(state, call.values[0])


def user_of_call(state: State, call: Call) -> User:
    """Return the user of the token, or of the header; 403 without either."""
    return find_user(state, call.required_user())


def user_of_sessions(state: State, call: Call) -> User:
    """Return the user whose sessions a request is about; of the tenant too, by policy."""
    user = user_of_call(state, call)
    return (
        find_member(state, user.id, call.required_tenant())
        if state.policy.tenant_of_sessions
        else user
    )


def tenant_of_call(state: State, call: Call) -> str:
    """Return the tenant of the token, or of the header; 403 without either."""
    return find_tenant(state, call.required_tenant())


def user_by_email(state: State, email: str) -> User:
    """Return a user by address."""
    if (user := state.find_by_email(email)) is None:
        raise not_found("User", email)
    return user


def check_application(state: State, call: Call) -> None:
    """Reject an invite that names no application, where there are several (seen)."""
    made = call.store.applications.known
    known = {*state.policy.applications, *(made if len(made) > 1 else ())}
    if not known:
        return
    application_id = call.headers.get("frontegg-application-id")
    if not application_id:
        raise RejectedError(403, "Application ID is not specified", "ER-00008")
    if application_id not in known:
        raise RejectedError(404, "Tenant is not assigned to the application", "ER-01008")


def check_roles(state: State, role_ids: Iterable[str], tenant_id: str | None = None) -> None:
    """Reject ids that are no roles, or roles of another tenant."""
    if (unknown := state.access.unknown_role(role_ids, tenant_id)) is not None:
        raise not_found("Role", unknown)


def check_permissions(state: State, permission_ids: Iterable[str]) -> None:
    """Reject ids that are no permissions."""
    for permission_id in permission_ids:
        if permission_id not in state.access.permissions:
            raise not_found("Permission", permission_id)
