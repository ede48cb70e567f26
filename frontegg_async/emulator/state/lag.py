"""Reads that lag behind writes, as they do from a replica.

====================================================================  =====
the time until a write can be read back                               guess
====================================================================  =====

With ``read_lag`` every GET shows users as they were that many seconds ago: their memberships,
active tenant, super-user flag and all else that is kept with a user. Writes see the present. It
covers the routes that name the user first in their path; creations and deletions show at once.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Final

from .environment import State, User

__all__ = ["Lag"]

_FIELDS: Final = tuple(field.name for field in fields(User))


class Lag:
    """Remembers users as they were before each write, for as long as reads show them so."""

    def __init__(self, state: State, seconds: float, clock: Callable[[], float]) -> None:
        self._state = state
        self._seconds = seconds
        self._clock = clock
        self._before: dict[str, list[tuple[float, User]]] = {}
        """By user: the time of each write, and the user right before it."""

    def about_to_write(self, user_id: str, at: float | None = None) -> None:
        """Remember a user before a write at time ``at``, or now."""
        user = self._state.users.get(user_id)
        if user is not None:
            when = self._clock() if at is None else at
            self._before.setdefault(user_id, []).append((when, _copy(user)))

    @contextmanager
    def past(self) -> Generator[None]:
        """Show users as they were, for a handler that only reads."""
        shown_until = self._clock() - self._seconds
        present: dict[str, User] = {}
        members = self._state.members
        for user_id, writes in list(self._before.items()):
            writes[:] = [each for each in writes if each[0] > shown_until]
            if not writes:
                del self._before[user_id]
            elif (user := self._state.users.get(user_id)) is not None:
                present[user_id] = _copy(user)
                _become(user, min(writes, key=lambda each: each[0])[1])
        self._state.members = self._rearranged(present) if present else members
        try:
            yield
        finally:
            self._state.members = members
            for user_id, user in present.items():
                _become(self._state.users[user_id], user)

    def _rearranged(self, present: dict[str, User]) -> dict[str, dict[str, None]]:
        """Return the members by tenant, with these users where they were."""
        found = {tenant: dict(users) for tenant, users in self._state.members.items()}
        for user_id, user in present.items():
            past = self._state.users[user_id].tenants
            for tenant in user.tenants.keys() - past.keys():
                del found[tenant][user_id]
            for tenant in past.keys() - user.tenants.keys():
                found.setdefault(tenant, {})[user_id] = None
        return found


def _copy(user: User) -> User:
    return replace(
        user,
        tenants=dict(user.tenants),
        role_ids=None if user.role_ids is None else dict(user.role_ids),
        disabled=None if user.disabled is None else set(user.disabled),
    )


def _become(user: User, other: User) -> None:
    for name in _FIELDS:
        setattr(user, name, getattr(other, name))
