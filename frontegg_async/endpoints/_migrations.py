"""Parts that migrations of users and of tenants share."""

from __future__ import annotations

from typing import Any

from ..errors import ResponseDecodeError
from ..models.migrations import StartedMigration
from ..operation import Operation


def id_of(started: StartedMigration, operation: Operation[Any]) -> str:
    """Return the id by which the status of a migration is read.

    Raises:
        ResponseDecodeError: the response holds none.
    """
    migration_id = started.migration_id or started.id
    if not migration_id:
        raise ResponseDecodeError(
            "Frontegg accepted it, but gave no id to ask about it by", operation=operation.name
        )
    return migration_id
