"""Fills an emulator with the users that a file of rows names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..bulk import Assignment, Removal, read_rows
from ..bulk.input.columns import Malformed
from ..bulk.input.rows import TenantRow, UserRow

if TYPE_CHECKING:
    from ..emulator import Emulator

HOME_TENANT: Final = "emulator-home"
"""The tenant that every user is a member of beforehand."""


def seed(
    emulator: Emulator,
    path: Path,
    *,
    tenants: bool,
    kind: type[UserRow] = Assignment,
    literal_ids: bool = False,
) -> int:
    """Make every user of ``path`` exist in ``emulator``, and return how many were made.

    Users whose memberships are to be ended are made members first.

    Args:
        emulator: which to fill.
        path: a file of rows; what is malformed there is passed over.
        tenants: whether to make the tenants as well, for when unknown ones are refused.
        kind: what the rows are.
        literal_ids: as for ``read_rows``.

    Raises:
        InvalidRequestError: the file cannot be read as rows at all.
    """
    users: dict[str, tuple[str | None, str | None]] = {}
    members: dict[str, list[str]] = {}
    # Whose an address is: that of the first row that names it, as in the emulator.
    owners: dict[str, str] = {}
    for _, row in read_rows(path, kind, literal_ids=literal_ids):
        if isinstance(row, Malformed):
            continue
        if tenants and isinstance(row, TenantRow):
            emulator.add_tenant(row.tenant_id)
        email = (row.email or "").lower()
        who = f"id {row.user_id}" if row.user_id else owners.get(email, f"email {email}")
        if email:
            owners.setdefault(email, who)
        users.setdefault(who, (row.user_id, row.email))
        if isinstance(row, Removal):
            members.setdefault(who, [HOME_TENANT]).append(row.tenant_id)
    for who, (user_id, address) in users.items():
        emulator.add_user(user_id or None, email=address, tenant_ids=members.get(who, (HOME_TENANT,)))
    return len(users)
