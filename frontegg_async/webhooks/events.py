"""Events, as webhooks deliver them.

==================================================================  =============
``{eventKey, eventContext, user}``; ``eventContext`` has              doc
``tenantId`` and perhaps ``userId``
``eventContext`` has ``vendorId`` and ``applicationId``               client
``{key, data}`` is read as well; ``data`` may hold the fields that    client
stand beside ``eventKey`` otherwise
users that SCIM provisions: ``userId`` is ``idp_provisioned``, and    doc
the id is that of ``user``
``userId`` is the user whom the event is about                        client
ids of groups, plans, tokens and applications: looked for by name     guess
in ``eventContext``, in the body and in ``data``
==================================================================  =============

None of it is signed. Every field may be absent, and one of another JSON type than it should be is
read as absent: an event is refused for one reason only, that it has no key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

import msgspec

from .._core.lenient import LenientReader
from ..errors import InvalidRequestError
from ..models.users import User
from .keys import meant

_PROVISIONED: Final = "idp_provisioned"
_USERS: Final = LenientReader("webhooks", User)


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """Request of a hook. Its ``repr`` shows ids and no personal data, and is safe in logs."""

    tenant_id: str | None = None
    user_id: str | None = None
    application_id: str | None = None
    environment_id: str | None = None
    user: User | None = None
    raw: Mapping[str, Any]

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({shown})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the fields for rich, which would otherwise read all of them."""
        names = (name for name in self.__struct_fields__ if name not in {"user", "raw"})
        fields = ((name, getattr(self, name)) for name in names)
        return [(name, value) for name, value in fields if isinstance(value, str)]


class Event(Received, frozen=True, kw_only=True):
    """Event of any kind; those of known families are of a class of their own.

    Args:
        key: name of the event, such as ``EventKey.USER_CREATED``.
        tenant_id: tenant that the event happened in.
        user_id: user whom the event is about.
        application_id: application that the event is about.
        environment_id: environment, by its client id.
        user: the user as the body shows it, or None. It is not signed: read the user again before
            you act on it.
        raw: the body, decoded from JSON.
    """

    key: str


class UserEvent(Event, frozen=True, kw_only=True):
    """Event of a user: ``frontegg.user.*``, but for applications and plans."""


class TenantEvent(Event, frozen=True, kw_only=True):
    """Event of a tenant: ``frontegg.tenant.*``, but for applications and plans."""


class GroupEvent(Event, frozen=True, kw_only=True):
    """Event of a group: ``frontegg.group.*``."""

    group_id: str | None = None


class ApiTokenEvent(Event, frozen=True, kw_only=True):
    """Event of an API token: ``frontegg.userApiToken.*`` and ``frontegg.tenantApiToken.*``."""

    client_id: str | None = None


class ScimEvent(Event, frozen=True, kw_only=True):
    """Event of a directory that provisions users and groups: ``frontegg.scim.*``."""

    group_id: str | None = None


class ApplicationEvent(Event, frozen=True, kw_only=True):
    """Assignment of an application: ``frontegg.user.app.*`` and ``frontegg.tenant.app.*``."""


class PlanEvent(Event, frozen=True, kw_only=True):
    """Assignment of a plan: ``frontegg.user.plan.*`` and ``frontegg.tenant.plan.*``."""

    plan_id: str | None = None


class SecurityEvent(Event, frozen=True, kw_only=True):
    """Event of a tenant's security settings: ``frontegg.account.security.*``."""


_FAMILIES: Final[tuple[tuple[str, type[Event]], ...]] = (
    # The first that fits counts.
    ("frontegg.user.app.", ApplicationEvent),
    ("frontegg.tenant.app.", ApplicationEvent),
    ("frontegg.user.plan.", PlanEvent),
    ("frontegg.tenant.plan.", PlanEvent),
    ("frontegg.user.", UserEvent),
    ("frontegg.tenant.", TenantEvent),
    ("frontegg.group.", GroupEvent),
    ("frontegg.userApiToken.", ApiTokenEvent),
    ("frontegg.tenantApiToken.", ApiTokenEvent),
    ("frontegg.scim.", ScimEvent),
    ("frontegg.account.security.", SecurityEvent),
)


def event_of(raw: Mapping[str, Any]) -> Event:
    """Return the event of a decoded body.

    Raises:
        InvalidRequestError: it has no key.
    """
    key = text(raw.get("eventKey")) or text(raw.get("key"))
    if key is None:
        raise InvalidRequestError("the body is no event: it has neither eventKey nor key")
    key = meant(key)
    data = mapping(raw.get("data"))
    context = mapping(raw.get("eventContext")) or mapping(data.get("eventContext"))
    places = (context, raw, data)
    user = mapping(raw.get("user")) or mapping(data.get("user"))
    kind = next((family for prefix, family in _FAMILIES if key.startswith(prefix)), Event)
    more: dict[str, Any] = {}
    if kind is GroupEvent or kind is ScimEvent:
        group = mapping(raw.get("group")) or mapping(data.get("group"))
        more["group_id"] = first(places, "groupId") or text(group.get("id"))
    elif kind is ApiTokenEvent:
        more["client_id"] = first(places, "clientId")
    elif kind is PlanEvent:
        more["plan_id"] = first(places, "planId")
    return kind(key=key, **ids_of(places, user), user=user_of(user), raw=raw, **more)


def ids_of(places: Iterable[Mapping[str, Any]], user: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the ids that all hooks have, each from the first place that has it."""
    places = tuple(places)
    user_id = first(places, "userId")
    if user_id is None or user_id == _PROVISIONED:
        user_id = text(user.get("id"))
    return {
        "tenant_id": first(places, "tenantId"),
        "user_id": user_id,
        "application_id": first(places, "applicationId", "appId"),
        "environment_id": first(places, "vendorId", "environmentId"),
    }


def user_of(shown: Mapping[str, Any]) -> User | None:
    """Return the user of a body, without fields that are odd; None if there is no id."""
    if text(shown.get("id")) is None:
        return None
    try:
        return cast("User", _USERS.read(msgspec.json.encode(shown)))
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def first(places: Iterable[Mapping[str, Any]], *names: str) -> str | None:
    """Return the first string of one of these names."""
    found = (text(place.get(name)) for place in places for name in names)
    return next((each for each in found if each is not None), None)


def text(value: object) -> str | None:
    """Return a string that says something, or None."""
    return value if isinstance(value, str) and value else None


def mapping(value: object) -> Mapping[str, Any]:
    """Return an object, or an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}
