"""The rows of the jobs: each is one user, and the change for that user."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from ..._core.ids import id_problem, placeholder_problem, text_problem


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

    def problem(self, *, literal_ids: bool = False) -> str | None:
        """Return the mistake in the row, or None.

        Args:
            literal_ids: True takes strings such as ``NULL`` or ``#N/A`` for ids.
        """
        for name in self.texts:
            # By name, as any object: a row that a program makes by hand may hold anything.
            value: object = getattr(self, name)
            if value is None or value == "":
                continue
            problem = text_problem(value) if name == "email" else id_problem(value)
            # An address beside an id is not used, so it may be a placeholder.
            if problem is None and not literal_ids and (name != "email" or not self.user_id):
                problem = placeholder_problem(str(value))
            if problem is not None:
                return f"{name} {problem}"
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

    def problem(self, *, literal_ids: bool = False) -> str | None:
        """Return the mistake in the row, or None."""
        problem = super().problem(literal_ids=literal_ids)
        return problem if problem or self.tenant_id else "tenant_id is empty"


class Assignment(TenantRow, frozen=True, kw_only=True, gc=False):
    """A user to be made a member of a tenant.

    Args:
        set_active: True if the tenant also becomes the one that the user works in.
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
        super_user: True if the user is to have it.
    """

    flag_name: ClassVar[str | None] = "super_user"
    flag_needed: ClassVar[bool] = True

    super_user: bool
