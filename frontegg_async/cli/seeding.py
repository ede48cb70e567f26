"""Fills an emulator with the users that a file of assignments names."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..bulk import Assignment, read_assignments

if TYPE_CHECKING:
    from ..emulator import Emulator

HOME: Final = "emulator-home"
"""The tenant that every user is a member of beforehand."""


def seed(emulator: Emulator, path: Path, *, tenants: bool) -> int:
    """Make every user of ``path`` exist in ``emulator``, and return how many were made.

    Args:
        emulator: which to fill.
        path: a file of assignments; what is malformed there is passed over.
        tenants: whether to make the tenants as well, for when unknown ones are refused.

    Raises:
        InvalidRequestError: the file cannot be read as rows at all.
    """
    emails: set[str] = set()
    made = 0
    for _, row in read_assignments(path):
        if not isinstance(row, Assignment):
            continue
        if tenants:
            emulator.add_tenant(row.tenant_id)
        if row.user_id is None:
            email = (row.email or "").lower()
            if email in emails:
                continue
            emails.add(email)
        # A user who stands in many rows is made by the first of them.
        with contextlib.suppress(ValueError):
            emulator.add_user(row.user_id, email=row.email, tenant_ids=(HOME,))
            made += 1
    return made
