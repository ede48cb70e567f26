"""What is to be done for one user: the rows of the jobs."""

from __future__ import annotations

from typing import ClassVar

import msgspec


class UserRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row about one user, who is named by id or by e-mail address.

    Args:
        user_id: the user, or None if ``email`` says who it is.
        email: the user's e-mail address, looked up where there is no ``user_id``.
    """

    texts: ClassVar[tuple[str, ...]] = ("user_id", "email")
    flag_name: ClassVar[str | None] = None
    """The field that is true or false, if the row has one."""
    flag_needed: ClassVar[bool] = False

    user_id: str | None = None
    email: str | None = None

    def problem(self) -> str | None:
        """Say what is wrong with the row, or None."""
        for name in self.texts:
            # By name, as any object: a row that a program makes by hand may hold anything.
            value: object = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, str) or not value.isprintable():
                return f"{name} must be a text without control characters"
            if value != value.strip():
                return f"{name} has spaces around it"
        if not self.user_id and not self.email:
            return "neither user_id nor email is given"
        return None


class TenantRow(UserRow, frozen=True, kw_only=True, gc=False):
    """A row about one user in one tenant.

    Args:
        tenant_id: the tenant.
    """

    texts: ClassVar[tuple[str, ...]] = ("tenant_id", "user_id", "email")

    tenant_id: str

    def problem(self) -> str | None:
        """Say what is wrong with the row, or None."""
        return super().problem() or ("" if self.tenant_id else "tenant_id is empty") or None


class Assignment(TenantRow, frozen=True, kw_only=True, gc=False):
    """A user to be made a member of a tenant.

    Args:
        set_active: whether the tenant also becomes the one that the user works in.
    """

    flag_name: ClassVar[str | None] = "set_active"

    set_active: bool = False


class Activation(TenantRow, frozen=True, kw_only=True, gc=False):
    """A tenant that becomes the one that a user works in."""


class Removal(TenantRow, frozen=True, kw_only=True, gc=False):
    """A membership to be ended. The user stays in all other tenants."""


class SuperuserChange(UserRow, frozen=True, kw_only=True, gc=False):
    """Access to every tenant, given or taken.

    Args:
        super_user: whether the user is to have it.
    """

    flag_name: ClassVar[str | None] = "super_user"
    flag_needed: ClassVar[bool] = True

    super_user: bool
