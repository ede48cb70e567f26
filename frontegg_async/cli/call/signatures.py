"""What an operation takes and gives: its coroutine's signature and docstring, taken apart."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from importlib import import_module
from itertools import takewhile
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, UnsetType

from ..._core.secret import is_secret
from ...operation import Operation, TenantHeader, UserHeader

TENANT_HEADER: Final = "frontegg-tenant-id"
USER_HEADER: Final = "frontegg-user-id"
_TENANT: Final = frozenset({"tenant_id", "for_tenant_id", "current_tenant_id"})
_USER: Final = frozenset({"user_id", "for_user_id"})

_LISTS: Final = (Sequence, list, tuple)
_OBJECTS: Final = (Mapping, dict)
_ENTRY: Final = re.compile(r"(\w+): (.+)").match


def find_group(name: str) -> type[Any]:
    """Return the class of a group of operations."""
    module = import_module(f"frontegg_async.endpoints.{name}")
    return next(
        value
        for name, value in vars(module).items()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and not name.startswith("_")
    )


def find_method(operation: Operation[Any]) -> Callable[..., Any] | None:
    """Return the function behind an operation, or None if programs are not meant to call it."""
    group, _, verb = operation.name.partition(".")
    method = getattr(find_group(group), verb, None)
    return method if inspect.isfunction(method) else None


class Documentation(msgspec.Struct, frozen=True):
    """A docstring: its sentence, what follows, and what it says of each parameter."""

    summary: str
    details: tuple[str, ...]
    parameters: dict[str, str]

    @classmethod
    def of(cls, documented: object) -> Documentation:
        """Read the docstring of a method or of a class."""
        text = (inspect.getdoc(documented) or "").replace("``", "")
        paragraphs = text.split("\n\n")
        parameters: dict[str, str] = {}
        details: list[str] = []
        for paragraph in paragraphs[1:]:
            if paragraph.startswith("Args:"):
                parameters = _entries(paragraph)
            elif not paragraph.startswith(("Raises:", "Returns:", "Yields:")):
                details.append(" ".join(paragraph.split()))
        return cls(" ".join(paragraphs[0].split()), tuple(details), parameters)


def _entries(section: str) -> dict[str, str]:
    """Read the ``Args:`` of a docstring, where deeper lines go on with the one above."""
    entries: dict[str, str] = {}
    name = ""
    for line in section.splitlines()[1:]:
        entry = _ENTRY(line.strip())
        if entry is not None and line.startswith("    ") and not line.startswith("     "):
            name = entry[1]
            entries[name] = entry[2]
        elif name:
            entries[name] += f" {line.strip()}"
    return entries


class Place(Enum):
    """Where the value of a parameter goes."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter of an endpoint's coroutine.

    Args:
        name: in Python.
        wire: in the path, the body or among the headers; empty for what has no name there.
        hint: its type, without None and UNSET.
        default: ``inspect.Parameter.empty`` if it must be given.
        place: where its value goes.
        whole: whether it is the body itself, and not a field of it.
        nullable: whether null may be sent, which is another thing than sending nothing.
        text: what the docstring says of it.
    """

    name: str
    wire: str
    hint: Any
    default: Any
    place: Place
    whole: bool
    nullable: bool
    text: str

    @property
    def required(self) -> bool:
        """Whether it has to be given."""
        return self.default is inspect.Parameter.empty

    @property
    def shown_default(self) -> Any:
        """What is used where nothing is given, or None if that is nothing."""
        return None if self.required or self.default is UNSET else self.default

    @property
    def secret(self) -> bool:
        """Whether it must not stand on a command line, which others can see."""
        return not self.whole and is_secret(self.name)

    @property
    def document_name(self) -> str | None:
        """Return its name in the document that ``--body`` gives, None if it is not from there.

        Secrets come from there wherever they are sent.
        """
        if self.place is Place.BODY:
            return None if self.whole else self.wire
        return _camel(self.name) if self.secret else None


def parameters_of(
    operation: Operation[Any], method: Callable[..., Any], documentation: Documentation
) -> tuple[Parameter, ...]:
    """Return the parameters of the coroutine behind an operation, in their order."""
    hints = get_type_hints(method)
    defaults = inspect.signature(method).parameters
    names = [name for name in defaults if name != "self"]
    # What goes into headers stands at the end: a tenant_id before that is something else.
    in_headers = set(takewhile(lambda name: _header(operation, name), reversed(names)))
    body = {}
    if struct_of(operation.body) is not None:
        body = {each.name: each.encode_name for each in msgspec.structs.fields(operation.body)}
    found: list[Parameter] = []
    for index, name in enumerate(names):
        hint = present(hints[name])
        whole = False
        if index < len(operation.parameters):
            place, wire = Place.PATH, operation.parameters[index]
        elif name in body:
            place, wire = Place.BODY, body[name]
        elif _is_whole(operation.body, hint):
            place, wire, whole = Place.BODY, "", True
        elif name in in_headers:
            place, wire = Place.HEADER, _header(operation, name)
        else:
            place, wire = Place.QUERY, ""
        found.append(
            Parameter(
                name=name,
                wire=wire,
                hint=hint,
                default=defaults[name].default,
                place=place,
                whole=whole,
                nullable=place is Place.BODY and types.NoneType in arms_of(hints[name]),
                text=documentation.parameters.get(name, ""),
            )
        )
    return tuple(found)


def _header(operation: Operation[Any], name: str) -> str:
    """Return the header that a parameter is the value of, or nothing."""
    takes_tenant = operation.tenant in {TenantHeader.OPTIONAL, TenantHeader.REQUIRED}
    if takes_tenant and name in _TENANT:
        return TENANT_HEADER
    if operation.user is not UserHeader.NONE and name in _USER:
        return USER_HEADER
    own = f"frontegg-{name.replace('_', '-')}"
    if own in operation.headers:
        return own
    # The cookie that holds a refresh token is named after the client id.
    return "Cookie" if "Cookie" in operation.headers else ""


def _is_whole(body: Any, hint: Any) -> bool:
    if body is None:
        return False
    if get_origin(body) is tuple:
        return is_list(hint) and item_of(hint) == item_of(body)
    if is_object(body):
        return is_object(hint)
    return hint == body or set(arms_of(hint)) == set(arms_of(body))


def arms_of(hint: Any) -> tuple[Any, ...]:
    """Return what a union is of; a type that is none stands for itself."""
    return get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)


def present(hint: Any) -> Any:
    """Return a type without None and UNSET; nothing else is left of None alone."""
    arms = [arm for arm in arms_of(hint) if arm not in {types.NoneType, UnsetType}]
    if not arms:
        return types.NoneType
    return arms[0] if len(arms) == 1 else Union[tuple(arms)]  # noqa: UP007  # a run-time value


def is_list(hint: Any) -> bool:
    """Whether a type stands for a JSON array."""
    return (get_origin(hint) or hint) in _LISTS


def is_object(hint: Any) -> bool:
    """Whether a type stands for a JSON object of any fields."""
    return (get_origin(hint) or hint) in _OBJECTS


def item_of(hint: Any) -> Any:
    """Return what a list is of, without None and UNSET."""
    return present((get_args(hint) or (Any,))[0])


def struct_of(hint: Any) -> type[msgspec.Struct] | None:
    """Return the Struct that a type is, or None."""
    kind = get_origin(hint) or hint
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.title, others))
