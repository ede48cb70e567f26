"""A replay of what Frontegg's Terraform provider sends for a resource.

Each resource is created, read, changed, read and deleted; it converges if each read shows what was
written, and the last one that it is gone. ``terraform_resources.py`` has the resources.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

__all__ = ["Body", "Made", "Read", "Resource", "converge"]

Body = dict[str, Any]
Read = Callable[[Any, "Made"], Any]
"""Picks the resource out of a response, or None if it is not there."""


class Answer(Protocol):
    """A response."""

    @property
    def status(self) -> int:
        """Return its status."""
        ...

    @property
    def body(self) -> bytes:
        """Return its body."""
        ...


Send = Callable[..., Awaitable[Answer]]
"""Sends a method to a path with a body and headers, as the provider's client does."""


@dataclass
class Made:
    """A resource that was created: its id, and the body it was created with."""

    id: str
    body: Body


@dataclass(frozen=True, kw_only=True)
class Resource:
    """The way of one resource through the API."""

    name: str
    create: str
    """``METHOD path``."""
    body: Body | list[Body]
    read: str
    pick: Read = lambda found, made: found
    changes: Body | None = None
    """Fields that a change sets, on top of the body."""
    update: str | None = None
    whole: bool = True
    """True if a change sends all fields, and not only the changed ones."""
    delete: str | None = None
    gone: str = "404"
    """The end: ``404`` from the read, ``none`` if the list lacks it, ``kept`` if it cannot go."""
    id: Callable[[Any], str] = lambda answer: ""
    """Reads the id from the response to the creation."""
    hidden: frozenset[str] = frozenset()
    """Fields of the body that no read shows."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    bare: bool = False
    """True if a change and the deletion go without the headers."""
    conflict: str | None = None
    """The method with which a creation that is 409 is sent again."""
    also: tuple[tuple[str, Body | None], ...] = ()
    """Requests after the creation."""
    shown: Callable[[Any], Body] = lambda found: found
    """Turns what was read into fields of the body."""


async def converge(send: Send, resource: Resource) -> None:
    """Take a resource from its creation to its end; raise :exc:`AssertionError` if it differs."""
    name = resource.name
    body = resource.body
    answer = await _ok(send, name, resource.create, body, resource.headers, resource.conflict)
    later: Mapping[str, str] = {} if resource.bare else resource.headers
    one: Body = body[0] if isinstance(body, list) else body
    made = Made(resource.id(_json(answer)) if answer.body else "", one)
    for way, more in resource.also:
        await _ok(send, name, way.format(id=made.id), more, resource.headers)
    await _check(send, resource, made, one)
    if resource.changes is not None:
        changed = {**one, **resource.changes}
        way = (resource.update or resource.create).format(id=made.id)
        sent = changed if resource.whole else resource.changes
        await _ok(send, name, way, sent, later, resource.conflict)
        made.body = changed
        await _check(send, resource, made, changed)
    if resource.delete is not None:
        await _ok(send, name, resource.delete.format(id=made.id), None, later)
        await _check_gone(send, resource, made)


async def _check(send: Send, resource: Resource, made: Made, body: Body) -> None:
    answer = await _ok(
        send, resource.name, resource.read.format(id=made.id), None, resource.headers
    )
    found = resource.pick(_json(answer), made)
    assert found is not None, f"{resource.name}: not there after it was written"
    found = resource.shown(found)
    for key in body.keys() - resource.hidden:
        assert found.get(key) == body[key], f"{resource.name}: {key} is {found.get(key)!r}"


async def _check_gone(send: Send, resource: Resource, made: Made) -> None:
    method, _, path = resource.read.format(id=made.id).partition(" ")
    answer = await send(method, path, None, **dict(resource.headers))
    if resource.gone == "404":
        assert answer.status == 404, f"{resource.name}: {answer.status} after it was deleted"
    else:
        found = resource.pick(_json(answer), made)
        assert not found, f"{resource.name}: still there after it was deleted"


async def _ok(
    send: Send,
    name: str,
    way: str,
    body: object,
    headers: Mapping[str, str],
    conflict: str | None = None,
) -> Answer:
    method, _, path = way.partition(" ")
    answer = await send(method, path, body, **dict(headers))
    if answer.status == 409 and conflict is not None:
        answer = await send(conflict, path, body, **dict(headers))
    assert 200 <= answer.status < 300, f"{name}: {way} is {answer.status} {answer.body!r}"
    return answer


def _json(answer: Answer) -> Any:
    return msgspec.json.decode(answer.body) if answer.body else None
