"""The control routes: what tests in other languages do to an emulator, over HTTP.

They are there only if they were asked for (``Emulator(control=True)``, ``--control``), take no
token, and are neither counted nor recorded nor struck by faults. Bodies are JSON.

==========================================  =======================================================
``POST /emulator/reset``                    begins anew, with the seed: 204
``POST /emulator/seed``                     sets up a seed: 204; 400 with ``line``, ``field``
``POST /emulator/faults``                   ``{fault, options, on, times, every}``: 201 and its id
``GET /emulator/faults``                    each with ``struck`` and ``seen``
``DELETE /emulator/faults``                 ends all: 204
``DELETE /emulator/faults/{id}``            ends one: 204
``POST /emulator/user-token``               ``{user, tenant, roles}``: 200 and ``{token}``
``GET /emulator/counts``                    requests by ``METHOD /template``
``GET /emulator/mails``                     e-mails with their tokens and codes, in order
``GET /emulator/invites``                   invites, in order
==========================================  =======================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Any, Final, cast, get_type_hints

import msgspec

from . import faults
from .http.response import Response
from .injection import Fault, Injection
from .seed import SeedError, parse_seed
from .signing_in import user_token
from .state.keys import CannotSignError
from .world import World

__all__ = ["Control"]

_ROOT: Final = "/emulator/"


class _NewFault(msgspec.Struct, forbid_unknown_fields=True):
    fault: str
    options: dict[str, Any] = {}
    on: str | None = None
    times: int | None = 1
    every: int | None = None


class _Login(msgspec.Struct, forbid_unknown_fields=True):
    user: str
    tenant: str | None = None
    roles: list[str] | None = None


class _Problem(msgspec.Struct, omit_defaults=True):
    error: str
    line: int | None = None
    field: str | None = None


class Control:
    """Serves the control routes of an emulator.

    Args:
        world: Returns the emulator's world.
        reset: Resets the emulator.
    """

    def __init__(self, world: Callable[[], World], reset: Callable[[], None]) -> None:
        self._world = world
        self._reset = reset

    def owns(self, path: str) -> bool:
        """Return whether a path is one of the control's."""
        return path.startswith(_ROOT)

    def answer(self, method: str, path: str, body: bytes) -> Response:
        """Serve a request."""
        what, _, rest = path.removeprefix(_ROOT).partition("/")
        try:
            match method, what, rest:
                case "POST", "reset", "":
                    self._reset()
                    return _DONE
                case "POST", "seed", "":
                    world = self._world()
                    parse_seed(body, "the seed").plant(world.state, world.store)
                    return _DONE
                case "POST", "user-token", "":
                    return self._sign_in(msgspec.json.decode(body, type=_Login))
                case _, "faults", _:
                    return self._faults(method, rest, body)
                case "GET", ("counts" | "mails" | "invites"), "":
                    return _json(200, self._report(what))
                case _:
                    return _problem(404, f"no control route: {method} {path}")
        except SeedError as error:
            return _problem(400, str(error), error.line, error.field)
        except CannotSignError as error:
            return _problem(501, str(error))
        except RecursionError:
            return _problem(400, "the body is nested too deeply")
        except (msgspec.DecodeError, ValueError) as error:
            return _problem(400, str(error))

    def _faults(self, method: str, rest: str, body: bytes) -> Response:
        world = self._world()
        match method, rest:
            case "GET", "":
                return _json(200, [_view(*each) for each in world.injections.items()])
            case "DELETE", "":
                world.clear_faults()
                return _DONE
            case "POST", "":
                new = msgspec.json.decode(body, type=_NewFault)
                fault = fault_named(new.fault, new.options)
                injection = world.inject(fault, new.on, new.times, new.every)
                return _json(201, _view(next(reversed(world.injections)), injection))
            case "DELETE", number if number in world.injections:
                world.injections.pop(number).clear()
                return _DONE
            case _:
                pass
        route = f"{method} {_ROOT}faults"
        return _problem(404, f"no fault: {rest}" if rest else f"no control route: {route}")

    def _sign_in(self, login: _Login) -> Response:
        world = self._world()
        world.catch_up()
        token = user_token(world.state, world.store, login.user, login.tenant, login.roles)
        return _json(200, {"token": token})

    def _report(self, what: str) -> object:
        world = self._world()
        world.catch_up()
        match what:
            case "counts":
                return {key or "": number for key, number in world.counts.items()}
            case "mails":
                return world.store.mails
            case _:
                return world.state.invites


def fault_named(name: str, options: dict[str, Any]) -> Fault:
    """Return a fault by the name of its class, and its fields by theirs.

    Raises:
        ValueError: If there is none of that name, or a field is unknown or of another type.

    """
    if name not in faults.__all__:
        raise ValueError(f"no such fault: {name!r}; there are {', '.join(faults.__all__)}")
    kind: Any = getattr(faults, name)
    hints = get_type_hints(kind)
    known = {field.name: hints[field.name] for field in fields(kind)}
    needed = [
        field.name
        for field in fields(kind)
        if field.default is MISSING and field.default_factory is MISSING
    ]
    values: dict[str, Any] = {}
    for option, value in options.items():
        if option not in known:
            raise ValueError(
                f"{name} has no option {option!r}; it has {', '.join(known) or 'none'}"
            )
        values[option] = _value(f"{name}.{option}", known[option], value)
    if missing := [option for option in needed if option not in values]:
        raise ValueError(
            f"{name} needs {', '.join(missing)} among its options, which are {', '.join(known)}"
        )
    return cast("Fault", kind(**values))


def _value(name: str, kind: Any, value: Any) -> Any:
    if kind is Fault:
        nested = msgspec.convert(value, _NewFault)
        return fault_named(nested.fault, nested.options)
    if kind is bytes and isinstance(value, str):
        return value.encode()
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ValueError(f"{name}: {error}") from None


def _view(number: str, injection: Injection) -> dict[str, Any]:
    return {
        "id": number,
        "fault": type(injection.fault).__name__,
        "on": injection.on,
        "times": injection.times,
        "every": injection.every,
        "struck": injection.struck,
        "seen": injection.seen,
    }


def _json(status: int, value: object) -> Response:
    return Response(status, msgspec.json.encode(value))


def _problem(status: int, error: str, line: int | None = None, field: str = "") -> Response:
    return _json(status, _Problem(error, line, field or None))


_DONE: Final = Response(204, content_type=None)
