"""Routes that tests count, inject faults on, and call, as the emulator names them."""

from __future__ import annotations

from types import NoneType
from typing import Final

from frontegg_async import Operation, TenantHeader, TokenKind

AUTH: Final = "POST /auth/vendor"
GET: Final = "GET /identity/resources/vendor-only/users/v1/{userId}"
BY_EMAIL: Final = "GET /identity/resources/users/v1/email"
USERS: Final = "GET /identity/resources/users/v3"
STATUSES: Final = "GET /identity/resources/tenants/users/v1/statuses"
BLOCKS: Final = (USERS, STATUSES)
"""Routes that read many users in one request."""

ADD: Final = "POST /identity/resources/users/v1/{userId}/tenant"
SET_ACTIVE: Final = "PUT /identity/resources/users/v1/{userId}/tenant"
SET_SUPERUSER: Final = "PUT /identity/resources/users/v1/{userId}/superuser"
REMOVE: Final = "DELETE /identity/resources/users/v1/{userId}"
LOCK: Final = "POST /identity/resources/users/v1/{userId}/lock"
WRITES: Final = (ADD, SET_ACTIVE, SET_SUPERUSER, REMOVE)

EITHER: Final = Operation(
    "test.either",
    "GET",
    "/identity/resources/users/v3",
    NoneType,
    token=TokenKind.EITHER,
    tenant=TenantHeader.OPTIONAL,
)
"""An operation that accepts a user's token as well, and has no body to decode."""
