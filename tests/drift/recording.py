"""Coroutines called with a caller that records requests instead of sending them."""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any, Final, TypeVar, Unpack, cast

import msgspec
from msgspec import UNSET, UnsetType

from frontegg_async import Operation
from frontegg_async._core.secret import revealed
from frontegg_async.cli.call.hints import arms_of
from frontegg_async.cli.call.signatures import Parameter, Signature, find_group, find_method
from frontegg_async.endpoints import operations
from frontegg_async.errors import InvalidRequestError
from frontegg_async.operation import Arguments
from frontegg_async.paging import Paginator

from ..support.clocks import FakeClock
from .instances import fields_of, value_of

T = TypeVar("T")

TENANT: Final = "header frontegg-tenant-id"
USER: Final = "header frontegg-user-id"
BODY: Final = "body"
COOKIE: Final = "header Cookie"
COOKIE_NAME: Final = "header Cookie: its name"

MOST_ALTERNATIVES: Final = 4
"""Of parameters that exclude each other, the most that there may be."""


CALLABLE: Final = tuple(each for each in operations() if find_method(each) is not None)
"""Operations that programs can call: all but the token manager's own."""


@dataclass(frozen=True)
class Sent:
    """One call that was made of a caller."""

    operation: Operation[Any]
    path: tuple[str, ...]
    arguments: Arguments

    @property
    def body(self) -> Any:
        """The body that would be sent as JSON, None if there is none."""
        return self.arguments.get("body")

    def places(self) -> dict[str, Any]:
        """Return every single value that would be sent, by where it stands.

        Fields of the body go by their names in Python, all others by those on the wire.
        """
        found: dict[str, Any] = {f"path {at}": value for at, value in enumerate(self.path)}
        found |= {f"query {name}": value for name, value in (self.query or {}).items()}
        for name, value in (self.headers or {}).items():
            found |= _header_places(name, value)
        found[TENANT] = self.arguments.get("tenant_id")
        found[USER] = self.arguments.get("user_id")
        given = {
            place: value
            for place, value in found.items()
            if value is not None and value is not UNSET
        }
        return {**given, **self._body_places()}

    @property
    def query(self) -> Mapping[str, Any] | None:
        """The query, as it was given."""
        return self.arguments.get("query")

    @property
    def headers(self) -> Mapping[str, Any] | None:
        """Other headers, as they were given."""
        return self.arguments.get("headers")

    def _body_places(self) -> dict[str, Any]:
        if self.body is None:
            return {}
        if not isinstance(self.body, msgspec.Struct):
            return {BODY: self.body}
        # Of a field, null is sent: only UNSET is absence.
        return {
            f"{BODY} {field.name}": value
            for field in fields_of(type(self.body))
            if (value := getattr(self.body, field.name)) is not UNSET
        }


def _header_places(name: str, value: str | None) -> dict[str, Any]:
    # A cookie is two values in one: its name may be an argument as well.
    if name != "Cookie" or value is None:
        return {f"header {name}": value}
    cookie, _, content = value.partition("=")
    return {COOKIE_NAME: cookie, COOKIE: content}


def plain(value: Any) -> Any:
    """Return an argument of a call as it goes onto the wire: secrets are wrapped until then."""
    if isinstance(value, msgspec.Struct):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        return type(value)(**fields)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in cast("dict[str, Any]", value).items()}
    return revealed(value)


class RecordingCaller:
    """A ``Caller`` that answers everything with an answer in which every field is filled."""

    def __init__(self) -> None:
        self.clock: Final = FakeClock()
        self.sent: Final[list[Sent]] = []

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Write the call down."""
        self.sent.append(Sent(operation, path, plain(arguments)))
        return cast("T", value_of(operation.returns, operation.name))


@cache
def signature_of(operation: Operation[Any]) -> Signature:
    """Return the signature of the coroutine that programs call for an operation."""
    signature = Signature.of(operation)
    assert signature is not None, f"nothing calls {operation.name}"
    return signature


def parameters_of(operation: Operation[Any]) -> tuple[Parameter, ...]:
    """Return the parameters of the coroutine behind an operation."""
    return signature_of(operation).parameters


def value_for(parameter: Parameter, variant: int = 0) -> Any:
    """Return a value that can be told from those of other parameters."""
    return value_of(parameter.annotation, parameter.name, variant)


def other_value_for(parameter: Parameter) -> Any:
    """Return a value that differs from ``value_for(parameter)``."""
    first, second = value_for(parameter), value_for(parameter, 1)
    if first != second:
        return second
    # A type of one word has no second value: the parameter is left out instead.
    return UNSET if UnsetType in arms_of(parameter.annotation) else None


def calls_made(operation: Operation[Any], arguments: Mapping[str, Any]) -> list[Sent]:
    """Call the coroutine behind an operation, and return the calls that it makes.

    Of a list that comes in pages one page is fetched.
    """
    group = find_group(operation.name.partition(".")[0])
    caller = RecordingCaller()
    result = signature_of(operation).method(group(caller), **arguments)
    if inspect.iscoroutine(result):
        _finish(result)
    else:
        # It is annotated as an iterator, but is a generator, and is not left open.
        pages = cast("AsyncGenerator[Any]", cast("Paginator[Any]", result).pages())
        _finish(anext(pages))
        _finish(pages.aclose())
    return caller.sent


def _finish(work: Awaitable[Any]) -> None:
    """Run an awaitable that waits for its caller only, which answers at once."""
    try:
        next(work.__await__())
    except StopIteration:
        return
    raise AssertionError("it waits for something else than its caller")


def sent_by(operation: Operation[Any], arguments: Mapping[str, Any]) -> Sent:
    """Return the one call that a coroutine makes of its own operation."""
    sent = calls_made(operation, arguments)
    assert [each.operation for each in sent] == [operation], operation.name
    return sent[0]


def is_accepted(operation: Operation[Any], arguments: Mapping[str, Any]) -> bool:
    """Return whether a coroutine takes these arguments together."""
    try:
        calls_made(operation, arguments)
    except InvalidRequestError:
        return False
    return True


@cache
def full_arguments(operation: Operation[Any]) -> tuple[Mapping[str, Any], ...]:
    """Return values for all parameters, in one set of arguments.

    Where parameters exclude each other they are in several sets, each as large as is accepted;
    no parameter is in none.
    """
    everything = {each.name: value_for(each) for each in parameters_of(operation)}
    optional = [each.name for each in parameters_of(operation) if not each.required]
    for left_out in range(MOST_ALTERNATIVES):
        tried = [
            {name: value for name, value in everything.items() if name not in names}
            for names in combinations(optional, left_out)
        ]
        found = tuple(each for each in tried if is_accepted(operation, each))
        if found:
            assert frozenset[str]().union(*found) == everything.keys(), operation.name
            return found
    raise AssertionError(f"{operation.name} refuses all arguments")


@cache
def least_arguments(operation: Operation[Any]) -> Mapping[str, Any]:
    """Return values for as few parameters as are accepted."""
    required = {each.name: value_for(each) for each in parameters_of(operation) if each.required}
    optional = [each for each in parameters_of(operation) if not each.required]
    for count in range(MOST_ALTERNATIVES):
        for added in combinations(optional, count):
            tried = {**required, **{each.name: value_for(each) for each in added}}
            if is_accepted(operation, tried):
                return tried
    raise AssertionError(f"{operation.name} refuses all arguments")


@cache
def destinations(operation: Operation[Any]) -> Mapping[str, frozenset[str]]:
    """Return where each parameter lands, found out by changing one at a time.

    Nothing has to be known of the coroutine's use of a value, nor must values differ
    from parameter to parameter, which flags and words of a few cannot.
    """
    found: dict[str, frozenset[str]] = {}
    for arguments in full_arguments(operation):
        before = sent_by(operation, arguments).places()
        for parameter in parameters_of(operation):
            if parameter.name not in arguments:
                continue
            changed = {**arguments, parameter.name: other_value_for(parameter)}
            after = sent_by(operation, changed).places()
            found[parameter.name] = found.get(parameter.name, frozenset()) | {
                place
                for place in before.keys() | after.keys()
                if before.get(place, UNSET) != after.get(place, UNSET)
            }
    return found
