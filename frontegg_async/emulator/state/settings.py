"""Settings, and objects that an environment is configured with, as JSON documents by name.

They are documents and no Structs, because most of them are only written and read again: their
fields are checked by the routes, which own the names.

==================================================================  ======
a tenant without a setting of its own has the environment's           guess
==================================================================  ======
"""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID, uuid5

__all__ = ["Document", "Settings", "stable_id"]

Document = dict[str, Any]
"""A JSON object, by the names on the wire."""

_NAMESPACE: Final = UUID("5b0f1c3a-6f2e-4b57-9d0a-2f6c1e7b8a90")


def stable_id(name: str) -> str:
    """Return the id of an object that every emulator has, the same each time."""
    return str(uuid5(_NAMESPACE, name))


class Settings:
    """Settings by name and tenant, and objects by kind and id."""

    def __init__(self) -> None:
        self._settings: dict[tuple[str, str | None], Document] = {}
        self._objects: dict[str, dict[str, Document]] = {}

    def own(self, name: str, tenant_id: str | None = None) -> Document | None:
        """Return a setting of a tenant, or of the environment for None, if it was set there."""
        return self._settings.get((name, tenant_id))

    def get(self, name: str, tenant_id: str | None = None) -> Document | None:
        """Return a setting as it holds for a tenant: its own, or else the environment's."""
        return self._settings.get((name, tenant_id)) or self._settings.get((name, None))

    def put(self, name: str, document: Document, tenant_id: str | None = None) -> Document:
        """Set a setting, and return it."""
        self._settings[name, tenant_id] = document
        return document

    def drop(self, name: str, tenant_id: str | None = None) -> None:
        """Forget a setting, if it was set."""
        self._settings.pop((name, tenant_id), None)

    def objects(self, kind: str) -> dict[str, Document]:
        """Return the objects of a kind by their ids, to be changed in place."""
        return self._objects.setdefault(kind, {})

    def forget_tenant(self, tenant_id: str) -> None:
        """Forget the settings of a tenant that is deleted."""
        for key in [key for key in self._settings if key[1] == tenant_id]:
            del self._settings[key]
