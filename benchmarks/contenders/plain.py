"""aiohttp as its own introduction shows it, with a dataclass at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import aiohttp

from . import Target


@dataclass
class User:
    """The fields of a user that an application needs."""

    id: str
    email: str
    name: str | None
    verified: bool
    tenant_id: str
    tenant_ids: list[str]
    roles: list[str]
    created_at: datetime
    last_login: datetime

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Pick the fields out of the answer."""
        return cls(
            id=data["id"],
            email=data["email"],
            name=data.get("name"),
            verified=data["verified"],
            tenant_id=data["tenantId"],
            tenant_ids=data["tenantIds"],
            roles=[role["key"] for tenant in data["tenants"] for role in tenant["roles"]],
            created_at=datetime.fromisoformat(data["createdAt"]),
            last_login=datetime.fromisoformat(data["lastLogin"]),
        )


class Client:
    """The session's defaults, ``json=``, ``raise_for_status`` and ``response.json()``."""

    async def setup(self, target: Target) -> None:
        """Open a session."""
        self._http = aiohttp.ClientSession(headers={"Authorization": f"Bearer {target.token}"})
        self._base = target.url
        self._tenant_id = target.tenant_id

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        async with self._http.post(
            f"{self._base}/identity/resources/users/v1/{user_id}/tenant",
            json={"tenantId": self._tenant_id, "skipInviteEmail": True},
        ) as response:
            response.raise_for_status()
            return User.from_json(await response.json()).id

    async def close(self) -> None:
        """Close the session."""
        await self._http.close()
