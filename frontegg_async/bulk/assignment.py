"""One row of an assignment: which user goes into which tenant."""

from __future__ import annotations

import msgspec


class Assignment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A user to be made a member of a tenant.

    Args:
        tenant_id: the tenant.
        user_id: the user, or None if ``email`` says who it is.
        email: the user's e-mail address, looked up where there is no ``user_id``.
        set_active: whether the tenant also becomes the one that the user works in.
    """

    tenant_id: str
    user_id: str | None = None
    email: str | None = None
    set_active: bool = False

    def problem(self) -> str | None:
        """Say what is wrong with the row, or None."""
        for name in ("tenant_id", "user_id", "email"):
            # By name, as any object: a row that a program makes by hand may hold anything.
            value: object = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, str) or not value.isprintable():
                return f"{name} must be a text without control characters"
            if value != value.strip():
                return f"{name} has spaces around it"
        if not self.tenant_id:
            return "tenant_id is empty"
        if not self.user_id and not self.email:
            return "neither user_id nor email is given"
        return None
