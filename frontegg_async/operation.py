"""Operations: what the API can do, as values that everything else is driven by."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from enum import Enum
from http import HTTPStatus
from types import NoneType
from typing import (
    Any,
    Final,
    Generic,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    get_origin,
)
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET, UnsetType

from ._core.clock import Clock
from ._core.error_body import (
    body_is_nothing_but_error,
    body_reports_error,
    is_nothing_but_error,
    looks_like_markup,
    reports_error,
)
from ._core.ids import id_problem, is_plain
from ._core.lenient import LenientReader
from ._core.secret import Secret, revealed
from .errors import InvalidRequestError

T = TypeVar("T")
R = TypeVar("R")

_PARAMETER: Final = re.compile(r"\{(\w+)\}")

QueryValue: TypeAlias = str | float | bool | Sequence[str] | Sequence[int] | UnsetType | None
Query: TypeAlias = Mapping[str, QueryValue]
Body: TypeAlias = msgspec.Struct | Sequence[msgspec.Struct] | Mapping[str, Any]
"""What is sent as JSON. A list or a free-form object only where Frontegg takes one."""

ERROR_REPORTED: Final = "an error, with the status of a success"

_REASONS: Final = frozenset(
    status.phrase.lower().encode() for status in HTTPStatus if 200 <= status < 300
)
"""Bodies such as ``OK``, which web frameworks write for a status and nothing else."""

JSON: Final = cast("type[Any]", Any)
"""Returned by operations whose answer Frontegg does not describe: decoded as it comes."""


class TokenKind(Enum):
    """Which token an operation takes."""

    ENVIRONMENT = "environment"
    USER = "user"
    EITHER = "either"
    ANY = "any"
    """Whichever the session or view has, or none: the host may say the environment already."""
    NONE = "none"


class TenantHeader(Enum):
    """Whether an operation takes the header ``frontegg-tenant-id``."""

    NONE = "none"
    """Not sent, also on a view of a tenant."""
    OPTIONAL = "optional"
    REQUIRED = "required"
    """With the environment token. A user's own token says already which tenant it is for."""
    REFUSED = "refused"
    """Leaving it out means something larger: the call is refused on a view of a tenant."""


class UserHeader(Enum):
    """Whether an operation takes the header ``frontegg-user-id``."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"
    """With the environment token. A user's own token says already whose it is."""


class RetrySafety(Enum):
    """What it means to send an operation a second time."""

    SAFE = "safe"
    """It changes nothing."""
    IDEMPOTENT = "idempotent"
    """Twice leaves what once leaves, and nobody notices the second."""
    CONVERGING = "converging"
    """Twice leaves what once leaves, but the second may be noticed: by an e-mail, by an error."""
    UNSAFE = "unsafe"
    """Twice is two of it."""


_REPEAT_OF_METHOD: Final = {
    "GET": RetrySafety.SAFE,
    "PUT": RetrySafety.IDEMPOTENT,
    "DELETE": RetrySafety.IDEMPOTENT,
}


class ReadBack(Generic[T]):
    """How to find out whether a converging operation was done, when no answer came.

    Args:
        operation: reads the same object, with the same path values.
        holds: whether the object shows that it was done; takes the object and the body sent.
        harmless: whether the body may be sent again even if it was done after all.
    """

    __slots__ = ("harmless", "holds", "operation")

    def __init__(
        self,
        operation: Operation[T],
        *,
        holds: Callable[[T, Any], bool],
        harmless: Callable[[Any], bool],
    ) -> None:
        self.operation = operation
        self.holds = holds
        self.harmless = harmless


class Echo(msgspec.Struct, frozen=True):
    """A value of the request that its answer repeats, so that the two can be compared.

    Args:
        field: attribute of the answer.
        query: name of the query parameter; None for the first path value.
    """

    field: str
    query: str | None = None

    def differs(self, value: object, path: tuple[str, ...], query: Query | None) -> bool:
        """Whether the answer names something else than was asked for.

        Case does not count: servers write ids that are UUIDs, and e-mail addresses, in their own.
        An answer that names nothing contradicts nothing.
        """
        shown: object = getattr(value, self.field, None)
        if shown is None:
            return False
        asked: object
        if self.query is None:
            asked = path[0] if path else None
        else:
            asked = query.get(self.query) if query else None
        if shown == asked or not isinstance(asked, str):
            return False
        return not isinstance(shown, str) or shown.casefold() != asked.casefold()

    def stands_for(self, repeat: RetrySafety, body: bytes) -> bool:
        """Whether an answer without a body is about the object that the path names.

        That of a write is: many have none, and its status says that it was done. One of a read
        shows nothing.
        """
        return self.query is None and repeat is not RetrySafety.SAFE and is_nothing(body)


class Operation(Generic[T]):
    """One operation of the API.

    Args:
        name: group and verb, as they are called in Python: ``users.add_to_tenant``.
        method: HTTP method.
        template: path from the host, with ``{parameters}``.
        returns: what an answer is decoded to; ``NoneType`` if nothing is documented, ``JSON`` takes
            any.
        body: what is sent as JSON: a Struct, or a tuple of them; None if there is no body.
        token: which token it takes.
        tenant: whether it takes the tenant header.
        user: whether it takes the user header.
        headers: other headers that it takes.
        repeat: what sending it twice means; from the method if not given (a POST is unsafe).
        read_back: how to settle a converging operation that got no answer.
        one_or_many: the answer may be one object where ``returns`` is a tuple of them.
        echo: a value of the request that the answer repeats.
        deprecated: why not to use it any more, or None.
    """

    __slots__ = (
        "_blank",
        "_decoder",
        "_lenient",
        "_pieces",
        "body",
        "deprecated",
        "echo",
        "environment_only",
        "headers",
        "limit_group",
        "method",
        "name",
        "one_or_many",
        "own_headers",
        "parameters",
        "read_back",
        "repeat",
        "returns",
        "takes_tenant_or_user",
        "template",
        "tenant",
        "token",
        "tokenless",
        "user",
        "user_only",
    )

    def __init__(
        self,
        name: str,
        method: str,
        template: str,
        returns: type[T],
        *,
        body: Any = None,
        token: TokenKind = TokenKind.ENVIRONMENT,
        tenant: TenantHeader = TenantHeader.NONE,
        user: UserHeader = UserHeader.NONE,
        headers: tuple[str, ...] = (),
        repeat: RetrySafety | None = None,
        read_back: ReadBack[T] | None = None,
        one_or_many: bool = False,
        echo: Echo | None = None,
        deprecated: str | None = None,
    ) -> None:
        self.name: Final = name
        self.method: Final = method
        self.template: Final = template
        self.returns: Final = returns
        self.body: Final = body
        self.token: Final = token
        self.tenant: Final = tenant
        self.user: Final = user
        self.headers: Final = headers
        self.own_headers: Final = frozenset(name.lower() for name in headers)
        self.repeat: Final = repeat or _REPEAT_OF_METHOD.get(method, RetrySafety.UNSAFE)
        self.read_back: Final = read_back
        self.one_or_many: Final = one_or_many
        self.echo: Final = echo
        self.deprecated: Final = deprecated
        # Asked in every call, and comparing enumerations costs more than reading a flag.
        self.tokenless: Final = token is TokenKind.NONE
        self.environment_only: Final = token is TokenKind.ENVIRONMENT
        self.user_only: Final = token is TokenKind.USER
        self.takes_tenant_or_user: Final = (
            tenant is not TenantHeader.NONE or user is not UserHeader.NONE
        )
        # Limits are per route family: by the template, never by the path with ids in it.
        self.limit_group: Final = f"{method} {template}"
        pieces = _PARAMETER.split(template)
        self.parameters: Final = tuple(pieces[1::2])
        self._pieces: Final = tuple(pieces[::2])
        self._decoder: msgspec.json.Decoder[Any] | None = None
        self._lenient: LenientReader | None = None
        self._blank: object = None

    def returning(self, returns: type[R]) -> Operation[R]:
        """Return the same operation with answers that are decoded to something else."""
        return Operation(
            self.name,
            self.method,
            self.template,
            returns,
            body=self.body,
            token=self.token,
            tenant=self.tenant,
            user=self.user,
            headers=self.headers,
            repeat=self.repeat,
            echo=self.echo,
            deprecated=self.deprecated,
        )

    def path(self, values: tuple[str, ...]) -> str:
        """Return the path with ``values`` in place of the parameters, percent-encoded.

        Raises:
            InvalidRequestError: a value cannot be an id (see ``frontegg_async._core.ids``).
        """
        pieces = self._pieces
        # Nearly every path has one value: Frontegg's own ids are UUIDs, and need no encoding.
        if len(values) == 1 and len(pieces) == 2 and is_plain(values[0]):
            return f"{pieces[0]}{values[0]}{pieces[1]}"
        if len(values) != len(pieces) - 1:
            raise InvalidRequestError(
                f"takes {len(pieces) - 1} path values ({', '.join(self.parameters)}), "
                f"got {len(values)}",
                operation=self.name,
            )
        path = pieces[0]
        for position, value in enumerate(values):
            plain = value if is_plain(value) else self._encode(position, value)
            path += plain + pieces[position + 1]
        return path

    def _encode(self, position: int, value: str) -> str:
        problem = id_problem(value)
        if problem is None:
            return quote(value, safe="")
        raise InvalidRequestError(f"{self.parameters[position]} {problem}", operation=self.name)

    def decode(self, body: bytes) -> T:
        """Decode the body of a successful answer.

        An empty body or ``null`` gives an empty object, also where Frontegg's documentation
        shows a schema: many of its answers have none. Where it documents no body any JSON will
        do, and the words of the status, which frameworks write by themselves. Odd values are
        left out, as ``frontegg_async._core.lenient`` says.

        Raises:
            msgspec.DecodeError: the body is not what this operation returns, it lacks a field
                that has to be there, or it reports an error. The text names a field and a type,
                never a value.
        """
        if not body:
            return self._nothing()
        decoder = self._decoder
        if decoder is None:
            # Built on first use: 300 operations are imported, a few are called.
            decoder = self._decoder = self._make_decoder()
        try:
            value = decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if is_nothing(body):
                return self._nothing()
            if self.returns is NoneType and body.strip().lower() in _REASONS:
                return self._nothing()
            if looks_like_markup(body):
                raise msgspec.DecodeError("a page of HTML or XML") from None
            value = self._read_leniently(body)  # or says what is wrong with it
        if value == self._blank and body_reports_error(body):
            # An object with no field of the answer's: it may have others.
            raise msgspec.DecodeError(ERROR_REPORTED)
        if self.returns is JSON or self.returns is NoneType:
            return self._undescribed(value)
        if self.one_or_many and not isinstance(value, tuple):
            value = () if value == self._blank else (value,)
        return value  # type: ignore[no-any-return]  # the decoder's type is a run-time value

    def _read_leniently(self, body: bytes) -> Any:
        if self._lenient is None:
            self._lenient = LenientReader(self.name, self._wire())
        value = self._lenient.read(body)
        if body_is_nothing_but_error(body):
            # Read for what it has in common with the answer, such as a ``status``.
            raise msgspec.DecodeError(ERROR_REPORTED)
        return value

    def _undescribed(self, value: Any) -> T:
        """Return the value of a body that Frontegg does not describe, unless it is an error."""
        anything = self.returns is JSON
        if isinstance(value, dict):
            found = cast("dict[str, object]", value)
            if is_nothing_but_error(found) if anything else reports_error(found):
                raise msgspec.DecodeError(ERROR_REPORTED)
        return cast("T", value) if anything else self._nothing()

    def _nothing(self) -> T:
        """Return what an answer without a body stands for."""
        if self.returns is JSON:
            # Any cannot be called, and None is the JSON value that says the least.
            return cast("T", None)
        try:
            return self.returns()
        except TypeError:
            problem = "nothing, and so not which object it is about"
        raise msgspec.DecodeError(problem)

    def _make_decoder(self) -> msgspec.json.Decoder[Any]:
        wire, returns = self._wire(), cast("Any", self.returns)
        single: Any = returns.__args__[0] if self.one_or_many else wire
        shape = get_origin(single) or single
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            with suppress(TypeError):  # one that has fields without a default has no blank
                self._blank = shape()
        return msgspec.json.Decoder(wire)

    def _wire(self) -> Any:
        """Return the type that an answer is decoded to."""
        returns: Any = self.returns
        if returns is NoneType:
            return Any
        return returns | returns.__args__[0] if self.one_or_many else returns

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.template}>"


def is_nothing(body: bytes) -> bool:
    """Whether an answer says nothing: an empty body, or ``null``."""
    return body.strip() in {b"", b"null"}


def encode_query(query: Query, operation: str | None = None) -> str:
    """Return the query string; UNSET and None are left out, sequences repeat their name.

    Raises:
        InvalidRequestError: a value has no form in a query; it names the operation.
    """
    try:
        return urlencode(_pairs(query, operation), quote_via=quote)
    except UnicodeEncodeError:
        pass  # which holds the value: it shall be no context of the error
    raise InvalidRequestError("a query value is not valid Unicode text", operation=operation)


def _pairs(query: Query, operation: str | None) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, given in query.items():
        value: QueryValue = revealed(given)
        if value is UNSET or value is None:
            continue
        if isinstance(value, list | tuple | AbstractSet):
            pairs.extend((name, _query_text(operation, name, item)) for item in value)
        else:
            pairs.append((name, _query_text(operation, name, value)))
    return pairs


def _query_text(operation: str | None, name: str, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequestError(
            f"{name} is not a finite number, got {value!r}", operation=operation
        )
    if not isinstance(value, str | int | float):
        raise InvalidRequestError(
            f"{name} must be a string, a number or a list of them, got {type(value).__name__}",
            operation=operation,
        )
    return str(value)


class Arguments(TypedDict, total=False):
    """What goes with a call, besides its operation and path values."""

    query: Query | None
    """Query parameters; UNSET and None are left out."""
    body: Body | None
    """Sent as JSON."""
    tenant_id: str | None
    """Value of ``frontegg-tenant-id``, instead of the view's."""
    user_id: str | None
    """Value of ``frontegg-user-id``."""
    headers: Mapping[str, str | Secret | None] | None
    """Other headers of this call; those of None are left out."""


class Caller(Protocol):
    """What endpoints see of a session."""

    @property
    def clock(self) -> Clock:
        """What time it is, for work that is asked about until it is done."""
        ...

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Send ``operation`` and return its decoded answer."""
        ...
