"""Builds a request from an operation and its arguments, or rejects them before sending."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast

import msgspec

from ..errors import InvalidRequestError
from ..operation import (
    Arguments,
    Body,
    Operation,
    Query,
    TenantHeader,
    TokenKind,
    UserHeader,
    encode_query,
)
from ..options import APPLICATION_HEADER, check_header_value, header_name_problem
from .call import View
from .checks import check_body, check_query
from .finite import NOT_FINITE, lost_number
from .secret import Secret, concealed, is_secret, revealed
from .transport import Origin, Request, RequestHeaders


def _wire_value(value: object) -> object:
    """Return the JSON form of a value that msgspec does not know."""
    if isinstance(value, Secret):
        if isinstance(cast("object", value.reveal()), str):
            return value.reveal()
        # msgspec would write bytes in base64, and that would be the password from now on.
        raise TypeError("a secret must be a string, and is not")
    raise TypeError(f"Encoding objects of type {type(value).__name__} is unsupported")


_encode: Final = msgspec.json.Encoder(enc_hook=_wire_value).encode
_ENVIRONMENTS: Final = {TokenKind.ENVIRONMENT, TokenKind.EITHER}


def conceal(arguments: Arguments) -> None:
    """Wrap the values of secret names in the objects among the arguments of a call, in place.

    Structs mask themselves, and the coroutines of endpoints wrap their own arguments.
    """
    # In this order, since nearly every call that has arguments has a Struct and nothing else.
    body = arguments.get("body")
    if isinstance(body, msgspec.Struct):
        if len(arguments) == 1:
            return
    elif body is not None:
        arguments["body"] = concealed("", body)
    query, headers = arguments.get("query"), arguments.get("headers")
    if query and any(is_secret(str(name)) for name in query):
        arguments["query"] = concealed("", query)
    if headers and any(is_secret(str(name)) for name in headers):
        arguments["headers"] = concealed("", headers)


class RequestBuilder:
    """Makes the requests of one view of a session."""

    def __init__(
        self, origin: Origin, environment_id: str | None, view: View, *, has_credentials: bool
    ) -> None:
        self._prefix: Final = origin.prefix
        self._has_credentials: Final = has_credentials
        self._view: Final = view
        self._is_user: Final = view.is_user
        headers = _revealed(view.options.headers)
        if view.application_id is not None:
            headers[APPLICATION_HEADER] = view.application_id
        if environment_id is not None:
            headers["frontegg-environment-id"] = environment_id
        # Built once and shared by every call: nothing changes a request's headers later.
        self._headers: Final = RequestHeaders(headers)
        self._json_headers: Final = self._headers.with_more({"Content-Type": "application/json"})

    def build(
        self,
        operation: Operation[Any],
        path: tuple[str, ...],
        *,
        query: Query | None = None,
        body: Body | None = None,
        tenant_id: str | None = None,
        user_id: str | None = None,
        headers: Mapping[str, str | Secret | None] | None = None,
    ) -> Request:
        """Check the arguments, and build one request for all attempts.

        Raises:
            InvalidRequestError: the view is of the wrong kind, or a value cannot be sent.
        """
        if self._is_user or operation.user_only or not self._has_credentials:
            self._check_token_kind(operation)
        target = self._prefix + operation.path(path)
        if query:
            check_query(operation.name, query)
        more: dict[str, str | Secret] = {}
        if operation.takes_tenant_or_user:
            tenant = self._tenant(operation, tenant_id)
            if tenant is not None:
                more["frontegg-tenant-id"] = tenant
            user = self._user(operation, user_id)
            if user is not None:
                more["frontegg-user-id"] = user
        elif tenant_id is not None or user_id is not None:
            raise _superfluous("tenant_id" if tenant_id is not None else "user_id", operation)
        if headers:
            more |= _checked(headers, operation)
        encoded = None
        if body is not None:
            check_body(operation.name, body)
            if operation.multipart and isinstance(body, msgspec.Struct):
                encoded = self._in_parts(operation.name, body, more)
            else:
                encoded = _encoded(operation.name, body)
        # Last of all: while a check may raise, no variable holds a secret.
        if query:
            target = _with_query(target, query, operation.name)
        sent = self._headers if body is None else self._json_headers
        if more:
            sent = sent.with_more(_revealed(more))
        return Request(operation.method, target, sent, encoded)

    @staticmethod
    def _in_parts(operation: str, body: msgspec.Struct, headers: dict[str, str | Secret]) -> bytes:
        # Imported here: of all operations one has such a body.
        from .multipart import encode_multipart

        kind, encoded = encode_multipart(body, partial(_encoded, operation))
        headers["Content-Type"] = kind
        return encoded

    def _check_token_kind(self, operation: Operation[Any]) -> None:
        if self._is_user:
            if operation.environment_only:
                raise InvalidRequestError(
                    "takes an environment token: call it on the session, not on an as_user() view",
                    operation=operation.name,
                )
        elif operation.user_only:
            raise InvalidRequestError(
                "takes a user's token: call it on session.as_user(token)", operation=operation.name
            )
        elif not self._has_credentials and operation.token in _ENVIRONMENTS:
            either = operation.token is TokenKind.EITHER
            instead = ", or call it on session.as_user(token)" if either else ""
            raise InvalidRequestError(
                "takes an environment token, and this session has no credentials: open it with "
                f"client_id and api_key{instead}",
                operation=operation.name,
            )

    def _tenant(self, operation: Operation[Any], tenant_id: str | None) -> str | None:
        """Return the value of the tenant header, or None where the operation takes none."""
        header = operation.tenant
        if header is TenantHeader.NONE:
            if tenant_id is not None:
                raise _superfluous("tenant_id", operation)
            return None
        tenant = self._view.tenant_id if tenant_id is None else tenant_id
        if tenant is None:
            if header is TenantHeader.REQUIRED and not self._is_user:
                raise InvalidRequestError(
                    "needs a tenant: give tenant_id, or call it on session.for_tenant(tenant_id)",
                    operation=operation.name,
                )
            return None
        if header is TenantHeader.REFUSED:
            raise InvalidRequestError(
                "reaches beyond one tenant: call it on the session, not on a for_tenant() view",
                operation=operation.name,
            )
        return check_header_value("frontegg-tenant-id", tenant)

    def _user(self, operation: Operation[Any], user_id: str | None) -> str | None:
        """Return the value of the user header, or None where the operation takes none."""
        header = operation.user
        if header is UserHeader.NONE:
            if user_id is not None:
                raise _superfluous("user_id", operation)
            return None
        if user_id is None:
            if header is UserHeader.REQUIRED and not self._is_user:
                raise InvalidRequestError(
                    "needs a user: give user_id, or call it on session.as_user(token)",
                    operation=operation.name,
                )
            return None
        return check_header_value("frontegg-user-id", user_id)


def _superfluous(name: str, operation: Operation[Any]) -> InvalidRequestError:
    """Return the error for an argument that the operation cannot send."""
    header = f"frontegg-{name.replace('_', '-')}"
    return InvalidRequestError(
        f"takes no {name}: it has no header {header}, so leave it out", operation=operation.name
    )


def _checked(
    headers: Mapping[str, str | Secret | None], operation: Operation[Any]
) -> dict[str, str | Secret]:
    """Return the headers of a call that have a value; reject those that cannot be sent."""
    given = {name: value for name, value in headers.items() if value is not None}
    for name, value in given.items():
        problem = header_name_problem(name, operation.own_headers)
        if problem is not None:
            raise InvalidRequestError(problem, operation=operation.name)
        check_header_value(name, value)
    return given


def _revealed(headers: Mapping[str, str | Secret]) -> dict[str, str]:
    return {name: revealed(value) for name, value in headers.items()}


def _with_query(target: str, query: Query, operation: str) -> str:
    text = encode_query(query, operation)
    return f"{target}?{text}" if text else target


def _encoded(operation: str, body: object) -> bytes:
    try:
        encoded = _encode(body)
        if not lost_number(encoded, body):
            return encoded
        problem = NOT_FINITE
    except UnicodeEncodeError:
        problem = "it holds a lone surrogate"
    except (TypeError, RecursionError) as error:
        problem = str(error)
    raise InvalidRequestError(f"the body cannot be written as JSON: {problem}", operation=operation)
