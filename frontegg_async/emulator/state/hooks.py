"""Webhooks that are set up, and the events that wait to be sent to them.

==================================================================  ======
``{eventKey, eventContext: {tenantId, userId, ...}, user}``           doc
``{key, data}`` in its place                                          client
``vendorId`` in the context; one body for all hooks                   guess
the user is shown as the request has left them; one who was deleted   guess
or removed as they were then
events of one request keep the order of its changes                   guess
==================================================================  ======

Handlers and :class:`State` note events; they are kept only while a request is handled, so that
setting a test up sends none.
"""

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from .access import VENDOR

__all__ = ["Delivery", "Form", "Hook", "Hooks", "Show", "Signature", "Subject"]

Signature = Literal["jwt", "plain"]
Form = Literal["eventKey", "key"]


class Subject(Protocol):
    """The user whom an event is about: a ``User``, which knows of this module."""

    id: str
    active_tenant: str | None


Show = Callable[[Any, str | None], object]
"""Returns a user in a tenant as bodies have it."""


@dataclass(slots=True, kw_only=True)
class Hook:
    """One webhook."""

    id: str
    url: str
    secret: str
    events: frozenset[str] | None
    """Keys that it wants; None for all."""
    signature: Signature
    form: Form
    lifetime: float | None
    """Seconds until its signatures expire, or None."""
    name: str
    key: str
    description: str | None
    created_at: str
    active: bool = True

    def __repr__(self) -> str:
        # No secret: a failing assertion should not print it.
        return f"Hook({self.name} to {self.url})"


@dataclass(slots=True)
class Delivery:
    """One event on its way to one webhook, or there."""

    key: str
    """Name of the event."""
    url: str
    body: bytes
    hook_id: str
    status: int | None = None
    """Status of the response; None while there is none."""
    failure: str | None = None
    """The class name of the error, if there was no response."""

    def __repr__(self) -> str:
        # Not the body: it has personal data.
        return f"Delivery({self.key} to {self.url} -> {self.status}, failure={self.failure})"


@dataclass(slots=True)
class _Noted:
    key: str
    user: Subject | None
    tenant_id: str | None
    about: dict[str, str]


class Hooks:
    """The webhooks of one environment, and the deliveries that wait."""

    def __init__(self) -> None:
        self.registered: dict[str, Hook] = {}
        self.waiting: deque[Delivery] = deque()
        self.wake: Callable[[], None] = lambda: None
        self._noted: list[_Noted] | None = None

    def note(
        self, key: str, user: Subject | None = None, tenant_id: str | None = None, **about: str
    ) -> None:
        """Note an event of the request that is handled; ``about`` are further ids."""
        if self._noted is not None:
            self._noted.append(_Noted(key, user, tenant_id, about))

    @contextmanager
    def recording(self, show: Show) -> Generator[None]:
        """Keep the events of a request, and have them sent when it is done."""
        noted = self._noted = []
        try:
            yield
        finally:
            self._noted = None
            for each in noted:
                user = each.user
                tenant_id = each.tenant_id or (None if user is None else user.active_tenant)
                context = {"tenantId": tenant_id, "userId": None if user is None else user.id}
                shown = None if user is None else show(user, tenant_id)
                self.put(each.key, {**context, **each.about}, shown)

    def put(self, key: str, context: dict[str, Any], user: object = None) -> list[Delivery]:
        """Let an event wait for every webhook that wants it, and return the deliveries."""
        context = {name: value for name, value in context.items() if value is not None}
        content: dict[str, Any] = {"eventContext": {"vendorId": VENDOR, **context}}
        if user is not None:
            content["user"] = user
        forms: dict[Form, bytes] = {
            "eventKey": msgspec.json.encode({"eventKey": key, **content}),
            "key": msgspec.json.encode({"key": key, "data": content}),
        }
        deliveries = [
            Delivery(key, hook.url, forms[hook.form], hook.id)
            for hook in self.registered.values()
            if hook.active and (hook.events is None or key in hook.events)
        ]
        if deliveries:
            self.waiting += deliveries
            self.wake()
        return deliveries
