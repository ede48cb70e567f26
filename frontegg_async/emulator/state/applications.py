"""Applications of the environment, and the tenants and users that are assigned to them.

==================================================================  ======
an environment begins with one application, the default one           guess
ids are UUIDs                                                         spec
==================================================================  ======
"""

from __future__ import annotations

from secrets import token_urlsafe
from typing import Final

from .access import VENDOR
from .settings import Document, stable_id

__all__ = ["DEFAULT_APPLICATION", "NEW_APPLICATION", "Applications"]

DEFAULT_APPLICATION: Final = stable_id("default application")
"""The id of the application that an environment begins with."""

NEW_APPLICATION: Final[Document] = {
    "vendorId": VENDOR,
    "accessType": "FREE_ACCESS",
    "isDefault": False,
    "isActive": True,
    "logoURL": "",
    "type": "web",
    "frontendStack": "react",
    "description": "",
    "integrationFinishedAt": "",
    "metadata": {},
    "allowDcr": False,
}
"""The fields of an application that names none of them."""

_BEGAN: Final = "2024-01-01T00:00:00.000Z"


class Applications:
    """Applications by id, and all that is kept of them."""

    def __init__(self) -> None:
        self.known: dict[str, Document] = {
            DEFAULT_APPLICATION: {
                "id": DEFAULT_APPLICATION,
                **NEW_APPLICATION,
                "name": "Default Application",
                "appURL": "https://emulator.invalid",
                "loginURL": "https://emulator.invalid/login",
                "isDefault": True,
                "createdAt": _BEGAN,
                "updatedAt": _BEGAN,
            }
        }
        self.active_tenants: dict[str, dict[str, str]] = {}
        """By user: the active tenant by application, where it was chosen."""
        self._tenants: dict[str, dict[str, str | None]] = {}
        self._users: dict[str, dict[tuple[str, str], str]] = {}
        self._secrets: dict[str, dict[str, str]] = {}

    @property
    def default(self) -> Document | None:
        """Return the default application."""
        return next((each for each in self.known.values() if each["isDefault"]), None)

    def add(self, application: Document) -> None:
        """Add an application; as the default one it takes the place of another."""
        if application["isDefault"]:
            self.clear_default()
        self.known[application["id"]] = application

    def clear_default(self) -> None:
        """Let no application be the default one."""
        for each in self.known.values():
            each["isDefault"] = False

    def delete(self, application_id: str) -> None:
        """Delete an application with its assignments and secrets."""
        del self.known[application_id]
        for kept in (self._tenants, self._users, self._secrets):
            kept.pop(application_id, None)

    def tenants_of(self, application_id: str) -> dict[str, str | None]:
        """Return the tenants of an application, with their own ways of access."""
        return self._tenants.setdefault(application_id, {})

    def users_of(self, application_id: str) -> dict[tuple[str, str], str]:
        """Return the users of an application, each in a tenant, with the time of assignment."""
        return self._users.setdefault(application_id, {})

    def forget_tenant(self, tenant_id: str) -> None:
        """Forget the assignments of a tenant that is deleted, and of its users in it."""
        for tenants in self._tenants.values():
            tenants.pop(tenant_id, None)
        for users in self._users.values():
            for key in [key for key in users if key[1] == tenant_id]:
                del users[key]

    def of_user(self, user_id: str) -> list[str]:
        """Return the ids of the applications that a user is assigned to."""
        return [
            each for each in self.known if any(user == user_id for user, _ in self.users_of(each))
        ]

    def secrets_of(self, application_id: str) -> dict[str, str]:
        """Return the secrets of an application, made when they are first read."""
        made = {name: token_urlsafe(24) for name in ("clientSecret", "sharedSecret")}
        return self._secrets.setdefault(application_id, made)
