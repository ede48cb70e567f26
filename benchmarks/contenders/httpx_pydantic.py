"""httpx with pydantic models: a common way to write a client today."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import Any, Protocol, cast

from . import Target


class _Answer(Protocol):
    def raise_for_status(self) -> object: ...

    def json(self) -> object: ...


class _Http(Protocol):
    async def post(self, url: str, *, json: object) -> _Answer: ...

    async def aclose(self) -> None: ...


class _User(Protocol):
    id: str


class _Model(Protocol):
    def model_validate(self, value: object) -> _User: ...


def _models() -> _Model:
    """Make the models. By name, because pydantic need not be installed for this file to be read."""
    pydantic = import_module("pydantic")
    create: Any = pydantic.create_model
    optional = {"default": None}
    config = pydantic.ConfigDict(
        alias_generator=import_module("pydantic.alias_generators").to_camel
    )

    def model(name: str, fields: dict[str, Any]) -> Any:
        given = {key: (kind | None, pydantic.Field(**optional)) for key, kind in fields.items()}
        return create(name, __config__=config, **given)

    role: Any = model(
        "Role",
        {
            "id": str,
            "vendor_id": str,
            "key": str,
            "name": str,
            "is_default": bool,
            "permissions": list[str],
            "level": int,
            "created_at": datetime,
            "updated_at": datetime,
        },
    )
    tenant: Any = model("Tenant", {"tenant_id": str, "roles": list[role], "is_disabled": bool})
    user = {
        **dict.fromkeys(("id", "email", "name", "profile_picture_url", "sub"), str),
        **dict.fromkeys(("phone_number", "provider", "tenant_id", "metadata"), str),
        **dict.fromkeys(("verified", "mfa_enrolled", "activated_for_tenant"), bool),
        **dict.fromkeys(("is_locked", "super_user"), bool),
        "tenant_ids": list[str],
        "tenants": list[tenant],
        "created_at": datetime,
        "last_login": datetime,
    }
    return cast("_Model", model("User", user))


class Client:
    """One ``AsyncClient`` with its default limits: 100 connections, 20 of them kept."""

    async def setup(self, target: Target) -> None:
        """Open a client."""
        httpx = import_module("httpx")
        self._http = cast(
            "_Http",
            httpx.AsyncClient(headers={"Authorization": f"Bearer {target.token}"}, timeout=60.0),
        )
        self._user = _models()
        self._base = target.url
        self._tenant_id = target.tenant_id

    async def call(self, user_id: str) -> str | None:
        """Add the user to the tenant."""
        response = await self._http.post(
            f"{self._base}/identity/resources/users/v1/{user_id}/tenant",
            json={"tenantId": self._tenant_id, "skipInviteEmail": True},
        )
        response.raise_for_status()
        return self._user.model_validate(response.json()).id

    async def close(self) -> None:
        """Close the client."""
        await self._http.aclose()
