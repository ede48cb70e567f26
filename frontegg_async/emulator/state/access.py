"""Roles, permissions, their categories, and groups.

The objects are Structs in the shape of the responses (spec), so that showing one costs nothing;
they are changed in place. They are few, however many users there are: a user holds their ids.

==================================================================  =====
a role is of one tenant, or of the environment and so of all        spec
``baseRoleId`` gives a new role its level                           spec
a key is taken once a tenant, and once in the environment           guess
setting a role's permissions replaces, setting a permission's       spec
roles adds
a role id ``role-<key>`` that is named for a user comes into        ours
being, with a permission ``permission-<key>``: so tests need not
set it up
a permission without a category is in none, and says null           guess
==================================================================  =====
"""

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

__all__ = ["VENDOR", "Access", "Category", "Group", "Permission", "Role"]

VENDOR: Final = "emulator-vendor"

_SEEDED: Final = "role-"
_SEEDED_CATEGORY: Final = "emulator-category"


class Role(msgspec.Struct, rename="camel", kw_only=True):
    """``RoleResponse``."""

    id: str
    vendor_id: str = VENDOR
    tenant_id: str | None = None
    key: str
    name: str
    description: str = ""
    is_default: bool = False
    first_user_role: bool = False
    level: int | float = 0
    created_at: str
    updated_at: str
    permissions: list[str] = []


class Permission(msgspec.Struct, rename="camel", kw_only=True):
    """``PermissionResponse``, and its classification."""

    id: str
    key: str
    name: str
    description: str = ""
    created_at: str
    updated_at: str
    role_ids: list[str] = []
    category_id: str | None = None
    fe_permission: bool = False
    assignment_type: str = "ASSIGNABLE"


class Category(msgspec.Struct, rename="camel", kw_only=True):
    """``PermissionCategoryResponseDto``."""

    id: str
    name: str
    description: str = ""
    created_at: str
    fe_category: bool = False


class Group(msgspec.Struct, kw_only=True):
    """A group of a tenant's users; roles and users are ids, in the order of being added."""

    id: str
    tenant_id: str
    name: str
    color: str | None = None
    description: str | None = None
    metadata: str | None = None
    role_ids: dict[str, None] = {}
    user_ids: dict[str, None] = {}
    created_at: str
    updated_at: str


class Access:
    """Every role, permission, category and group of the environment, each by its id."""

    def __init__(self, now: Callable[[], str]) -> None:
        self.roles: dict[str, Role] = {}
        self.permissions: dict[str, Permission] = {}
        self.categories: dict[str, Category] = {}
        self.groups: dict[str, dict[str, Group]] = {}
        """By tenant, and then by id."""
        self.automatic = False
        """True while there is a role that users get without its being named."""
        self._now = now

    # Roles

    def seed(self, key: str) -> str:
        """Return the id of the role ``role-<key>``, made with a permission if it is new."""
        role_id = _SEEDED + key
        if role_id not in self.roles:
            now = self._now()
            self.roles[role_id] = Role(
                id=role_id, key=key, name=key, created_at=now, updated_at=now
            )
            permission_id = f"permission-{key}"
            if permission_id not in self.permissions:
                if _SEEDED_CATEGORY not in self.categories:
                    self.categories[_SEEDED_CATEGORY] = Category(
                        id=_SEEDED_CATEGORY, name="Emulator", created_at=now
                    )
                self.permissions[permission_id] = Permission(
                    id=permission_id,
                    key=permission_id,
                    name=permission_id,
                    category_id=_SEEDED_CATEGORY,
                    created_at=now,
                    updated_at=now,
                )
            self.grant(self.roles[role_id], permission_id)
        return role_id

    def unknown_role(self, role_ids: Iterable[str], tenant_id: str | None = None) -> str | None:
        """Return the first id that is no role of this tenant; seed ids ``role-<key>``."""
        for role_id in role_ids:
            role = self.roles.get(role_id)
            if role is None and role_id.startswith(_SEEDED):
                self.seed(role_id.removeprefix(_SEEDED))
            elif role is None or (tenant_id and role.tenant_id not in {None, tenant_id}):
                return role_id
        return None

    def visible(self, tenant_id: str | None) -> list[Role]:
        """Return the environment's own roles, and those of one tenant."""
        return [role for role in self.roles.values() if role.tenant_id in {None, tenant_id}]

    def key_taken(self, key: str, tenant_id: str | None, but: str | None = None) -> bool:
        """Return whether another role of the same tenant has this key."""
        return any(
            role.key == key and role.tenant_id == tenant_id and role.id != but
            for role in self.roles.values()
        )

    def automatic_roles(self, tenant_id: str, *, first: bool, plain: bool) -> tuple[str, ...]:
        """Return the roles that a user gets on joining.

        Args:
            tenant_id: The tenant that is joined.
            first: True for the first user of the tenant.
            plain: True if no roles were named.

        """
        if not self.automatic:
            return ()
        return tuple(
            role.id
            for role in self.visible(tenant_id)
            if (plain and role.is_default) or (first and role.first_user_role)
        )

    def grant(self, role: Role, permission_id: str) -> None:
        """Give a role a permission, if it lacks it."""
        if permission_id not in role.permissions:
            role.permissions.append(permission_id)
            self.permissions[permission_id].role_ids.append(role.id)

    def grant_only(self, role: Role, permission_ids: Iterable[str]) -> None:
        """Make these the permissions of a role."""
        for permission_id in role.permissions:
            self.permissions[permission_id].role_ids.remove(role.id)
        role.permissions = []
        for permission_id in permission_ids:
            self.grant(role, permission_id)

    def changed(self) -> None:
        """Find out again if any role is automatic, after roles have changed."""
        self.automatic = any(
            role.is_default or role.first_user_role for role in self.roles.values()
        )

    def delete_role(self, role: Role) -> None:
        """Delete a role, its grants, and its place in groups; users keep its id."""
        self.grant_only(role, ())
        del self.roles[role.id]
        for groups in self.groups.values():
            for group in groups.values():
                group.role_ids.pop(role.id, None)
        self.changed()

    def delete_permission(self, permission: Permission) -> None:
        """Take a permission from every role, and forget it."""
        for role_id in permission.role_ids:
            self.roles[role_id].permissions.remove(permission.id)
        del self.permissions[permission.id]

    # Rights of a user

    def roles_of(self, role_ids: Iterable[str]) -> list[Role]:
        """Return the roles of these ids."""
        return [self.roles[role_id] for role_id in role_ids]

    def permissions_of(self, role_ids: Iterable[str]) -> list[Permission]:
        """Return the permissions of these roles, each once."""
        found = {
            permission_id: None
            for role_id in role_ids
            for permission_id in self.roles[role_id].permissions
        }
        return [self.permissions[permission_id] for permission_id in found]

    def groups_of(self, user_id: str, tenant_id: str) -> list[Group]:
        """Return the groups of a tenant that hold a user."""
        groups = self.groups.get(tenant_id, {})
        return [group for group in groups.values() if user_id in group.user_ids]
