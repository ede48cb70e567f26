"""Users for an emulator, taken from a file of rows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..bulk import Assignment, read_rows
from ..bulk.input.columns import Malformed
from ..bulk.input.rows import TenantRow, UserRow

if TYPE_CHECKING:
    from ..emulator import Emulator

HOME_TENANT: Final = "emulator-home"
"""The tenant in which every user is created."""


def seed(
    emulator: Emulator,
    path: Path,
    *,
    tenants: bool,
    kind: type[UserRow] = Assignment,
    make_members: bool = False,
    literal_ids: bool = False,
) -> int:
    """Create every user of ``path`` in ``emulator``, and return their number.

    Args:
        emulator: the emulator.
        path: a file of rows; malformed rows are passed over.
        tenants: True to create the tenants as well, for an emulator that rejects unknown ones.
        kind: type of the rows.
        make_members: True to make users members of the tenants that their rows name.
        literal_ids: as for ``read_rows``.

    Raises:
        InvalidRequestError: the file cannot be read as rows.
    """
    users: dict[str, tuple[str | None, str | None]] = {}
    members: dict[str, list[str]] = {}
    # An address belongs to the user of the first row that names it, as in the emulator.
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
        if make_members and isinstance(row, TenantRow):
            members.setdefault(who, [HOME_TENANT]).append(row.tenant_id)
    for who, (user_id, address) in users.items():
        emulator.add_user(
            user_id or None, email=address, tenant_ids=members.get(who, (HOME_TENANT,))
        )
    return len(users)
