"""Operations of the API, as values that all other parts are driven by."""

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
    TYPE_CHECKING,
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
from ._core.secret import Secret, revealed
from .errors import InvalidRequestError

if TYPE_CHECKING:
    from ._core.lenient import LenientReader

T = TypeVar("T")
R = TypeVar("R")

_PARAMETER: Final = re.compile(r"\{(\w+)\}")

QueryValue: TypeAlias = str | float | bool | Sequence[str] | Sequence[int] | UnsetType | None
Query: TypeAlias = Mapping[str, QueryValue]
Body: TypeAlias = msgspec.Struct | Sequence[msgspec.Struct] | Mapping[str, Any]
"""Body that is sent as JSON. A list or a free-form object only where Frontegg takes one."""

ERROR_REPORTED: Final = "an error, with the status of a success"

_REASONS: Final = frozenset(
    status.phrase.lower().encode() for status in HTTPStatus if 200 <= status < 300
)
"""Bodies such as ``OK``, which web frameworks write for a status without a body."""

JSON: Final = cast("type[Any]", Any)
"""Type of responses that Frontegg does not describe: decoded as they come."""


class TokenKind(Enum):
    """Kind of token that an operation takes."""

    ENVIRONMENT = "environment"
    USER = "user"
    EITHER = "either"
    ANY = "any"
    """The token of the session or view, or none: the host may name the environment already."""
    NONE = "none"


class TenantHeader(Enum):
    """Use of the header ``frontegg-tenant-id`` by an operation."""

    NONE = "none"
    """Not sent, also on a view of a tenant: Frontegg rejects it there. As an argument of the call
    it is an error."""
    OPTIONAL = "optional"
    REQUIRED = "required"
    """With the environment token. A user's own token names its tenant already."""
    REFUSED = "refused"
    """Without it the call affects more than one tenant: it is rejected on a view of a tenant."""


class UserHeader(Enum):
    """Use of the header ``frontegg-user-id`` by an operation."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"
    """With the environment token. A user's own token names its user already."""


class RetrySafety(Enum):
    """Effect of sending an operation a second time."""

    SAFE = "safe"
    """It changes nothing."""
    IDEMPOTENT = "idempotent"
    """Twice leaves the same state as once, and the second is not noticed."""
    CONVERGING = "converging"
    """Twice leaves the same state as once, but the second may be noticed: an e-mail, an error."""
    UNSAFE = "unsafe"
    """Twice does it twice."""


_REPEAT_OF_METHOD: Final = {
    "GET": RetrySafety.SAFE,
    "PUT": RetrySafety.IDEMPOTENT,
    "DELETE": RetrySafety.IDEMPOTENT,
}


class ReadBack(Generic[T]):
    """Finds out if a converging operation was done, after an attempt in doubt.

    Args:
        operation: reads the same object, with the same path values.
        holds: takes the object and the body sent; returns True if the object shows it done.
        harmless: takes the body; returns True if sending it again is harmless even if it was done.
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
    """A value of the request that its response repeats, so that the two can be compared.

    Args:
        field: attribute of the response.
        query: name of the query parameter; None for the first path value.
    """

    field: str
    query: str | None = None

    def differs(self, value: object, path: tuple[str, ...], arguments: Arguments) -> bool:
        """Return whether the response names another value than the request.

        Case does not count: servers write UUIDs and e-mail addresses in their own case. A response
        without the value contradicts nothing.
        """
        shown: object = getattr(value, self.field, None)
        if shown is None:
            return False
        asked: object
        if self.query is None:
            asked = path[0] if path else None
        else:
            query = arguments.get("query")
            asked = query.get(self.query) if query else None
        if shown == asked or not isinstance(asked, str):
            return False
        return not isinstance(shown, str) or shown.casefold() != asked.casefold()

    def stands_for(self, repeat: RetrySafety, body: bytes) -> bool:
        """Return whether a response without a body is about the object that the path names.

        After a write it is: many have no body, and the status proves that it was done. After a
        read it proves nothing.
        """
        return self.query is None and repeat is not RetrySafety.SAFE and is_nothing(body)


class Operation(Generic[T]):
    """One operation of the API.

    Args:
        name: group and verb, as they are called in Python: ``users.add_to_tenant``.
        method: HTTP method.
        template: path from the host, with ``{parameters}``.
        returns: type of the decoded response; ``NoneType`` if none is documented, ``JSON`` for any.
        body: type of the JSON body: a Struct, or a tuple of them; None if there is no body.
        multipart: True if the fields of the body, a Struct, are sent as the parts of a form.
        token: kind of token that it takes.
        tenant: use of the tenant header.
        user: use of the user header.
        headers: other headers that it takes.
        repeat: safety of a second request; by the method if not given (a POST is unsafe).
        read_back: settles a converging operation that is in doubt.
        one_or_many: the response may be one object where ``returns`` is a tuple of them.
        echo: a value of the request that the response repeats.
        deprecated: reason not to use it any more, or None.
    """

    __slots__ = (
        "_blank",
        "_decoder",
        "_is_loose",
        "_lenient",
        "_pieces",
        "body",
        "deprecated",
        "echo",
        "environment_only",
        "headers",
        "limit_group",
        "method",
        "multipart",
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
        multipart: bool = False,
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
        self.multipart: Final = multipart
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
        self._is_loose = False

    def returning(self, returns: type[R]) -> Operation[R]:
        """Return the same operation with responses that are decoded to another type."""
        return Operation(
            self.name,
            self.method,
            self.template,
            returns,
            body=self.body,
            multipart=self.multipart,
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
        """Decode the body of a successful response.

        An empty body or ``null`` gives an empty object, also where Frontegg's documentation
        shows a schema: many of its responses have no body. If it documents no body, any JSON is
        accepted, and the words of the status, which frameworks write by themselves. Odd values
        are left out, see ``frontegg_async._core.lenient``.

        Raises:
            msgspec.DecodeError: the body does not match the return type, lacks a required field,
                or reports an error. The message names a field and a type, never a value.
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
            value = self._read_leniently(body)  # or raises with the problem
        if value == self._blank and body_reports_error(body):
            # An object without any field of the return type: it may have others.
            raise msgspec.DecodeError(ERROR_REPORTED)
        if self._is_loose:
            return self._fitted(value)
        return value  # type: ignore[no-any-return]  # the decoder's type is a run-time value

    def _fitted(self, value: Any) -> T:
        """Return what is returned for a value that was decoded to a wider type."""
        if self.returns is JSON or self.returns is NoneType:
            return self._undescribed(value)
        if not isinstance(value, tuple):
            value = () if value == self._blank else (value,)
        return cast("T", value)

    def _read_leniently(self, body: bytes) -> Any:
        if self._lenient is None:
            from ._core.lenient import LenientReader  # few responses need it

            self._lenient = LenientReader(self.name, self._wire())
        value = self._lenient.read(body)
        if body_is_nothing_but_error(body):
            # It was read because both have fields such as ``status``.
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
        """Return the value of a response without a body."""
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
        self._is_loose = wire is not returns or returns is JSON
        return msgspec.json.Decoder(wire)

    def _wire(self) -> Any:
        """Return the type that a response is decoded to."""
        returns: Any = self.returns
        if returns is NoneType:
            return Any
        return returns | returns.__args__[0] if self.one_or_many else returns

    def __repr__(self) -> str:
        return f"<Operation {self.name}: {self.method} {self.template}>"


def is_nothing(body: bytes) -> bool:
    """Return whether a body is empty, or ``null``."""
    return body.strip() in {b"", b"null"}


def encode_query(query: Query, operation: str | None = None) -> str:
    """Return the query string; UNSET and None are left out, sequences repeat their name.

    Raises:
        InvalidRequestError: a value has no form in a query; it names the operation.
    """
    try:
        return urlencode(_pairs(query, operation), quote_via=quote)
    except UnicodeEncodeError:
        pass  # its text holds the value, so it must not be the context of our error
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
    """Arguments of a call, besides its operation and path values."""

    query: Query | None
    """Query parameters; UNSET and None are left out."""
    body: Body | None
    """Sent as JSON."""
    tenant_id: str | None
    """Value of ``frontegg-tenant-id``, instead of the view's; rejected where it is not sent."""
    user_id: str | None
    """Value of ``frontegg-user-id``; rejected where it is not sent."""
    headers: Mapping[str, str | Secret | None] | None
    """Other headers of this call; those of None are left out."""


class Caller(Protocol):
    """Part of a session that endpoints use."""

    @property
    def clock(self) -> Clock:
        """Source of time, for tasks that are polled until they are done."""
        ...

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Send ``operation`` and return its decoded response."""
        ...
