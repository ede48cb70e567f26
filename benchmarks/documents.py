"""Answers of the API as they go over the wire, made the same way each time.

Their shapes are those of docs/frontegg.md: metadata is a JSON document in a string, the
permissions of a user are objects and those of a role are ids, lists leave the roles out of
``tenants``, and ``groups`` is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from frontegg_async.endpoints import authentication, permissions, roles, tenants
from frontegg_async.endpoints import groups as group_endpoints
from frontegg_async.endpoints import users as user_endpoints
from frontegg_async.operation import Operation

Document: TypeAlias = dict[str, Any]

PAGE: Final = 200
"""Users in a page, and in a block of statuses: the most that Frontegg gives."""
_PLACEHOLDER: Final = "p4g3n0"
_TIME: Final = "2025-03-14T09:26:53.000Z"
_VENDOR: Final = "9b7f2d0c-51a6-4a8e-8a3c-0d5d6e1f7c21"


def identifier(kind: int, number: int) -> str:
    """Return a UUID, the same for the same numbers."""
    return str(UUID(int=(kind << 96) | (number * 0x9E3779B97F4A7C15 & (1 << 96) - 1)))


def role(number: int) -> Document:
    """Return a role, with the ids of its permissions."""
    return {
        "id": identifier(2, number),
        "vendorId": _VENDOR,
        "tenantId": None,
        "key": f"role-{number}",
        "name": f"Role {number}",
        "description": "Reads and writes what its name says",
        "isDefault": number == 0,
        "firstUserRole": False,
        "level": number,
        "createdAt": _TIME,
        "updatedAt": _TIME,
        "permissions": [identifier(3, each) for each in range(number, number + 4)],
    }


def permission(number: int) -> Document:
    """Return a permission as a list of all shows it."""
    return {
        "id": identifier(3, number),
        "key": f"fe.secure.write.thing{number}",
        "name": f"Write thing {number}",
        "description": "Lets a user write it",
        "createdAt": _TIME,
        "updatedAt": _TIME,
        "roleIds": [identifier(2, each) for each in range(number % 5)],
        "categoryId": identifier(4, number % 7),
        "fePermission": True,
    }


def user(number: int, *, mark: str = "", groups: bool = False, metadata: bool = False) -> Document:
    """Return a user of some 1.4 KB, who reads a role and its permission in one of two tenants.

    Args:
        number: tells one from another.
        mark: the same, to be replaced in the encoded text.
        groups: in one group, instead of none.
        metadata: metadata as objects, instead of as texts.
    """
    home, other = identifier(5, number % 50), identifier(5, number % 50 + 1)
    kept = {"plan": "enterprise", "seats": number, "flags": ["beta", "sso"]}
    return {
        "id": f"{mark}{identifier(1, number)}",
        "sub": f"{mark}{identifier(1, number)}",
        "email": f"{mark}person.{number}@northwind.example",
        "name": f"{mark}Person {number}",
        "profilePictureUrl": f"https://www.gravatar.com/avatar/{mark}{number:024x}?d=identicon",
        "verified": True,
        "mfaEnrolled": False,
        "mfaBypass": False,
        "phoneNumber": None,
        "provider": "local",
        "managedBy": "frontegg",
        "tenantId": home,
        "tenantIds": [home, other],
        "tenants": [
            {"tenantId": home, "isDisabled": False, "temporaryExpirationDate": None},
            {"tenantId": other, "isDisabled": False, "temporaryExpirationDate": None},
        ],
        "activatedForTenant": True,
        "isLocked": False,
        "invisible": False,
        "superUser": False,
        "subAccountAccessAllowed": False,
        "roles": [
            {
                "id": identifier(2, number % 5),
                "vendorId": _VENDOR,
                "key": f"role-{number % 5}",
                "name": f"Role {number % 5}",
                "isDefault": False,
                "level": number % 5,
                "permissions": [identifier(3, number % 5)],
            }
        ],
        "permissions": [
            {
                "id": identifier(3, number % 5),
                "key": "fe.secure.read.users",
                "name": "Read users",
                "description": None,
                "fePermission": True,
            }
        ],
        "groups": [{"id": identifier(6, number), "roles": [role(1)]}] if groups else [],
        "metadata": kept if metadata else msgspec.json.encode(kept).decode(),
        "vendorMetadata": {"source": "crm"} if metadata else '{"source":"crm"}',
        "externalId": None,
        "createdAt": _TIME,
        "lastLogin": "2025-11-02T17:05:41.250Z",
    }


def page(items: list[Document]) -> Document:
    """Return a page of a list, as its last but one comes."""
    links = {"next": "_limit=200&_offset=1", "prev": "", "first": "_offset=0", "last": "_offset=9"}
    return {
        "items": items,
        "_links": links,
        "_metadata": {"totalItems": len(items) * 10, "totalPages": 10},
    }


def tenant(number: int) -> Document:
    """Return a tenant as the list of them shows it."""
    return {
        "id": identifier(7, number),
        "vendorId": _VENDOR,
        "tenantId": identifier(5, number),
        "name": f"Northwind {number}",
        "alias": f"northwind-{number}",
        "status": "active",
        "website": f"https://northwind-{number}.example",
        "applicationUrl": None,
        "logo": None,
        "address": "1 Harbour Road",
        "timezone": "Europe/Lisbon",
        "currency": "EUR",
        "creatorName": "Person 1",
        "creatorEmail": "person.1@northwind.example",
        "isReseller": False,
        "metadata": '{"plan":"enterprise"}',
        "createdAt": _TIME,
        "updatedAt": _TIME,
        "deletedAt": None,
    }


def statuses(number: int) -> Document:
    """Return the statuses of a user in five tenants."""
    places = [
        {"tenantId": identifier(5, number + each), "status": "Activated"} for each in range(5)
    ]
    return {"userId": identifier(1, number), "tenantsStatuses": places}


def login() -> Document:
    """Return the tokens of a user who has logged in; an access token has some 1 KB."""
    return {
        "tokenType": "bearer",
        "otcToken": None,
        "mfaRequired": False,
        "mfaToken": None,
        "mfaEnrolled": False,
        "accessToken": "ey" + "J0b2tlbi1vZi1hLXVzZXI" * 48,
        "refreshToken": identifier(8, 1),
        "expiresIn": 86_400,
        "expires": "Sat, 15 Mar 2025 09:26:53 GMT",
        "userId": identifier(1, 1),
        "userEmail": "person.1@northwind.example",
        "emailVerified": True,
        "isBreachedPassword": False,
    }


def group(number: int) -> Document:
    """Return a group with its roles and ten users."""
    people = [
        {
            "id": identifier(1, number * 10 + each),
            "email": f"person.{number * 10 + each}@northwind.example",
            "name": f"Person {number * 10 + each}",
            "profilePictureUrl": None,
            "createdAt": _TIME,
            "activatedForTenant": True,
        }
        for each in range(10)
    ]
    return {
        "id": identifier(6, number),
        "name": f"Group {number}",
        "color": "#43BB7A",
        "description": None,
        "metadata": None,
        "roles": [role(number % 5)],
        "users": people,
        "managedBy": "frontegg",
        "createdAt": _TIME,
        "updatedAt": _TIME,
    }


ANSWERS: Final[MappingProxyType[str, tuple[Operation[Any], Callable[[], Any]]]] = MappingProxyType(
    {
        "user": (user_endpoints.GET, partial(user, 1)),
        "page of 200 users": (
            user_endpoints.ITERATE,
            lambda: page([user(each) for each in range(PAGE)]),
        ),
        "50 roles": (roles.GET_ALL, lambda: [role(each) for each in range(50)]),
        "100 permissions": (permissions.GET_ALL, lambda: [permission(each) for each in range(100)]),
        "page of 50 tenants": (tenants.ITERATE, lambda: page([tenant(each) for each in range(50)])),
        "statuses of 200 users": (
            user_endpoints.TENANT_STATUSES,
            lambda: [statuses(each) for each in range(PAGE)],
        ),
        "login result": (authentication.LOGIN, login),
        "20 groups": (
            group_endpoints.GET_ALL,
            lambda: {"groups": [group(each) for each in range(20)]},
        ),
    }
)
"""By name: the operation that gets an answer, and the function that makes the document."""


def answer(name: str) -> tuple[Operation[Any], bytes]:
    """Return an operation and its answer, as they come over the wire."""
    operation, make = ANSWERS[name]
    return operation, msgspec.json.encode(make())


class UserPages:
    """Pages of users none of whom is like another, at the cost of a replacement."""

    def __init__(self, *, groups: bool, metadata: bool) -> None:
        users = [
            user(each, mark=_PLACEHOLDER, groups=groups, metadata=metadata) for each in range(PAGE)
        ]
        self._text: Final = msgspec.json.encode(page(users))

    def page(self, number: int) -> bytes:
        """Return a page."""
        return self._text.replace(_PLACEHOLDER.encode(), b"%06x" % number)
