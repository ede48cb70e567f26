"""A seed: users, tenants and roles from one JSON file, for tests in every language.

::

    {
      "roles": [{"key": "Admin", "permissions": ["orders.read"]}],
      "tenants": [{"id": "acme", "name": "Acme Inc."}],
      "users": [{"id": "ada", "email": "ada@acme.test", "password": "…",
                 "tenants": ["acme"], "roles": ["Admin"]}]
    }

A file that lists roles lists all that its users have, and the same is true of tenants; without a
list they are made when users name them. ``plant`` checks everything before it changes anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias
from uuid import UUID, uuid5

import msgspec

from .signing_in import role_ids_of
from .state.access import Permission, Role
from .state.environment import State
from .state.store import Store

__all__ = ["Seed", "SeedError", "parse_seed", "read_seed"]

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_PATH: Final = re.compile(r" - at `\$(.*)`$")
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*?)`")
_BYTE: Final = re.compile(r" \(byte (\d+)\)$")
_BOM: Final = b"\xef\xbb\xbf"
_USERS: Final = UUID("5b1f2a52-0a3c-4f0e-9d53-5fd0a2b7c1d4")

_Path: TypeAlias = tuple[str | int, ...]
_Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1)]


class SeedError(ValueError):
    """A seed cannot be read, or contradicts itself or what the emulator holds.

    Attributes:
        file: The file, or ``the seed`` if it came over the network.
        line: The line, from 1; None if the file cannot be opened, or is nested too deeply.
        field: The field, such as ``users[0].tenants[1]``; empty if there is no JSON.
        reason: The error by itself.

    """

    def __init__(self, file: str, line: int | None, field: str, reason: str) -> None:
        self.file = file
        self.line = line
        self.field = field
        self.reason = reason
        where = file if line is None else f"{file}, line {line}"
        super().__init__(": ".join(part for part in (where, field, reason) if part))


class _Section(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """An object of the file; names are in camel case there, as in the API."""


class SeededRole(_Section, frozen=True, kw_only=True):
    """A role, of all tenants."""

    key: _Text
    name: str | None = None
    """The key, if there is none."""
    description: str = ""
    level: int | float = 0
    is_default: bool = False
    permissions: tuple[_Text, ...] | None = None
    """Keys of permissions; without them it has one, ``permission-<key>``."""


class SeededTenant(_Section, frozen=True, kw_only=True):
    """A tenant."""

    id: _Text
    name: str | None = None
    """The id, if there is none."""
    parent: _Text | None = None
    """Id of the tenant above it."""
    metadata: dict[str, Any] = {}


class Membership(_Section, frozen=True, kw_only=True):
    """A user in one tenant."""

    id: _Text
    """The id of the tenant."""
    roles: tuple[_Text, ...] | None = None
    """Keys of roles; without them, the user's own ones."""


class SeededUser(_Section, frozen=True, kw_only=True):
    """A user, who is activated; the first tenant is the active one."""

    id: _Text | None = None
    """Made from the e-mail address, if there is none: the same one each time."""
    email: _Text | None = None
    name: str | None = None
    password: _Text | None = None
    tenants: tuple[_Text | Membership, ...] = ()
    roles: tuple[_Text, ...] = ()
    """Keys of roles in every tenant."""
    super_user: bool = False
    locked: bool = False
    verified: bool = True
    metadata: dict[str, Any] | None = None

    def __repr__(self) -> str:
        # No password: a failing assertion should not print it.
        return f"SeededUser({self.user_id})"

    @property
    def user_id(self) -> str:
        """Return the id that the user gets."""
        return self.id or str(uuid5(_USERS, (self.email or "").lower()))

    @property
    def memberships(self) -> Iterator[Membership]:
        """Yield the tenants of the user."""
        for each in self.tenants:
            yield Membership(id=each) if isinstance(each, str) else each


class _Document(_Section, frozen=True, kw_only=True):
    """The whole file."""

    roles: tuple[SeededRole, ...] | None = None
    tenants: tuple[SeededTenant, ...] | None = None
    users: tuple[SeededUser, ...] = ()


class Seed:
    """A seed that has been read: checked against itself, to be planted any number of times."""

    def __init__(self, document: _Document, text: str, file: str) -> None:
        self._document = document
        self._text = text
        self._file = file
        self._check()

    @property
    def users(self) -> int:
        """Return the number of users."""
        return len(self._document.users)

    def plant(self, state: State, store: Store) -> None:
        """Set up everything.

        Raises:
            SeedError: If a user, tenant or role of it exists; then nothing is set up.

        """
        document = self._document
        roles, tenants = document.roles or (), document.tenants or ()
        keys = {role.key for role in state.access.visible(None)}
        self._refuse("roles", "key", (role.key in keys for role in roles))
        self._refuse("tenants", "id", (each.id in state.tenants for each in tenants))
        self._refuse("users", "id", (each.user_id in state.users for each in document.users))
        taken = (
            each.email is not None and state.find_by_email(each.email) is not None
            for each in document.users
        )
        self._refuse("users", "email", taken)
        for role in roles:
            _plant_role(state, role)
        state.access.changed()
        for tenant in tenants:
            state.tenants[tenant.id] = tenant.id if tenant.name is None else tenant.name
            if tenant.metadata:
                state.accounts.change(tenant.id).metadata = dict(tenant.metadata)
        for tenant in tenants:
            if tenant.parent is not None:
                state.accounts.attach(tenant.id, tenant.parent)
        # Looked up once for each tenant: a seed may have thousands of users.
        role_ids = cache(partial(role_ids_of, state.access))
        for user in document.users:
            _plant_user(state, store, user, role_ids)

    def _refuse(self, section: str, field: str, taken: Iterable[bool]) -> None:
        for number, exists in enumerate(taken):
            if exists:
                raise self._error((section, number, field), "exists already")

    def _check(self) -> None:
        document = self._document
        roles, tenants = document.roles or (), document.tenants or ()
        self._check_unique("roles", "key", (role.key for role in roles))
        self._check_unique("tenants", "id", (tenant.id for tenant in tenants))
        self._check_unique("users", "id", (user.user_id for user in document.users))
        emails = (None if user.email is None else user.email.lower() for user in document.users)
        self._check_unique("users", "email", emails)
        known_tenants = None if document.tenants is None else {each.id for each in tenants}
        known_roles = None if document.roles is None else {each.key for each in roles}
        parents = {each.id: each.parent for each in tenants if each.parent is not None}
        for number, tenant in enumerate(tenants):
            path = ("tenants", number, "parent")
            if tenant.parent is not None:
                self._check_listed(path, (tenant.parent,), known_tenants, "tenant", single=True)
            above, seen = tenant.parent, {tenant.id}
            while above is not None:
                if above in seen:
                    raise self._error(path, "the tenant would stand above itself")
                seen.add(above)
                above = parents.get(above)
        for number, user in enumerate(document.users):
            self._check_user(("users", number), user, known_tenants, known_roles)

    def _check_user(
        self, path: _Path, user: SeededUser, tenants: set[str] | None, roles: set[str] | None
    ) -> None:
        if user.id is None and user.email is None:
            raise self._error(path, "a user needs an id or an email")
        if user.email is not None and "@" not in user.email:
            raise self._error((*path, "email"), "an email address has an @")
        self._check_listed((*path, "roles"), user.roles, roles, "role")
        seen: set[str] = set()
        for number, each in enumerate(user.memberships):
            place = (*path, "tenants", number)
            if each.id in seen:
                raise self._error(place, f"the user is in {each.id!r} twice")
            seen.add(each.id)
            self._check_listed(place, (each.id,), tenants, "tenant", single=True)
            self._check_listed((*place, "roles"), each.roles or (), roles, "role")

    def _check_listed(
        self,
        path: _Path,
        names: Iterable[str],
        known: set[str] | None,
        kind: str,
        *,
        single: bool = False,
    ) -> None:
        for number, name in enumerate(names):
            if known is not None and name not in known:
                place = path if single else (*path, number)
                raise self._error(place, f"the file lists no {kind} {name!r}")

    def _check_unique(self, section: str, field: str, values: Iterable[str | None]) -> None:
        seen: set[str] = set()
        for number, value in enumerate(values):
            if value in seen:
                raise self._error((section, number, field), f"{value!r} is there twice")
            if value is not None:
                seen.add(value)

    def _error(self, path: _Path, reason: str) -> SeedError:
        return SeedError(self._file, _line(self._text, path), _shown(path), reason)


def read_seed(file: str | Path) -> Seed:
    """Read a seed from a file.

    Raises:
        SeedError: If it cannot be read, has unknown fields, or contradicts itself.

    """
    path = Path(file)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SeedError(str(file), None, "", error.strerror or str(error)) from None
    return parse_seed(data, str(file))


def parse_seed(data: bytes, file: str) -> Seed:
    """Read a seed from JSON; ``file`` is its name in errors.

    Raises:
        SeedError: If it cannot be read, has unknown fields, or contradicts itself.

    """
    data = data.removeprefix(_BOM)
    try:
        document = msgspec.json.decode(data, type=_Document)
    except msgspec.ValidationError as error:
        reason = str(error)
        found = _PATH.search(reason)
        steps = () if found is None else _STEP.findall(found[1])
        path: _Path = tuple(name or int(number) for name, number in steps)
        if (unknown := _UNKNOWN.match(reason)) is not None:
            path, reason = (*path, unknown[1]), "unknown field"
        line = _line(data.decode(errors="replace"), path)
        raise SeedError(file, line, _shown(path), _PATH.sub("", reason)) from None
    except RecursionError:
        raise SeedError(file, None, "", "nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        found = _BYTE.search(str(error))
        end = len(data) if found is None else int(found[1])
        line = data.count(b"\n", 0, end) + 1
        raise SeedError(file, line, "", f"not JSON: {_BYTE.sub('', str(error))}") from None
    return Seed(document, data.decode(), file)


def _plant_role(state: State, role: SeededRole) -> None:
    access = state.access
    if role.permissions is None:
        made = access.roles[access.seed(role.key)]
    else:
        now = state.now()
        made = Role(
            id=f"role-{role.key}", key=role.key, name=role.key, created_at=now, updated_at=now
        )
        access.roles[made.id] = made
        by_key = {permission.key: permission for permission in access.permissions.values()}
        for key in role.permissions:
            if key not in by_key:
                by_key[key] = permission = Permission(
                    id=f"permission-{key}", key=key, name=key, created_at=now, updated_at=now
                )
                access.permissions[permission.id] = permission
            access.grant(made, by_key[key].id)
    made.name = role.key if role.name is None else role.name
    made.description, made.level = role.description, role.level
    made.is_default = role.is_default


def _plant_user(
    state: State,
    store: Store,
    seeded: SeededUser,
    role_ids: Callable[[str, tuple[str, ...]], list[str]],
) -> None:
    user = state.create_user(seeded.user_id, email=seeded.email, name=seeded.name)
    user.super_user = seeded.super_user
    user.locked = seeded.locked
    user.verified = seeded.verified
    if seeded.metadata is not None:
        user.metadata = msgspec.json.encode(seeded.metadata).decode()
    for each in seeded.memberships:
        state.tenants.setdefault(each.id, each.id)
        roles = seeded.roles if each.roles is None else each.roles
        state.join(user, each.id, "Activated", role_ids(each.id, roles))
    if seeded.password is not None:
        store.logins.passwords[user.id] = seeded.password


# Places in the text


def _shown(path: _Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _line(text: str, path: _Path) -> int:
    """Return the line, from 1, of a value in JSON; of the object, if it lacks the value."""
    at = _skip(text, 0)
    for step in path:
        try:
            found = _member(text, at, step)
        except (RecursionError, ValueError):  # beside it is what Python's decoder cannot read
            break
        if found is None:
            break
        at = found
    return text.count("\n", 0, at) + 1


def _member(text: str, at: int, step: str | int) -> int | None:
    """Return the place of a value in the object or array that begins at ``at``."""
    decode: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().raw_decode
    if text[at] not in "{[":
        return None
    number, found, at = 0, None, _skip(text, at + 1)
    while text[at] not in "}]":
        name: str | int = number
        if isinstance(step, str):
            name, at = decode(text, at)
            at = _skip(text, _skip(text, at) + 1)
        if name == step:
            found = at  # of two with the same name, the last one counts
        at = _skip(text, decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at
        number += 1
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return at if match is None else match.end()
