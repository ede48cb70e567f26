"""A request as handlers see it, and the decoding of its body."""

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from ..state.store import Store
from ..state.tokens import Kind, Token
from .response import RejectedError

__all__ = ["Call", "JsonErrors", "decode"]

JsonErrors: Final = (msgspec.DecodeError, RecursionError)
"""The errors of decoding JSON; the second one is for JSON that is too deep."""

_TENANT_HEADER: Final = "frontegg-tenant-id"
_USER_HEADER: Final = "frontegg-user-id"
_NO_ARRAY: Final = "Expected `array`"
_T = TypeVar("_T")


class Call(msgspec.Struct):
    """A request as a handler sees it."""

    values: tuple[str, ...]
    query: str
    headers: Mapping[str, str]
    body: bytes
    store: Store
    token: Token | None = None
    """Its token, once that was checked."""
    address: str = ""
    """The IP address of the connection, where limits need it."""

    def header(self, name: str) -> str | None:
        """Return a header that is not empty, as text that can be shown again."""
        value = self.headers.get(name)
        if value is None or value.isascii():
            return value or None
        # What is no UTF-8 came in as surrogates, which no response can hold.
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def cookie(self, name: str) -> str | None:
        """Return a cookie; those of other programs on this host may hold anything."""
        # Not ``SimpleCookie``, which finds none at all beside one with a quote or a blank in it.
        for part in self.headers.get("Cookie", "").split(";"):
            key, _, value = part.partition("=")
            if key.strip() == name:
                return value.strip()
        return None

    @property
    def tenant(self) -> str | None:
        """Return the tenant of the call: that of a user's token, or else of the header."""
        token = self.token
        if token is not None and token.kind is not Kind.ENVIRONMENT:
            return token.tenant_id
        return self.header(_TENANT_HEADER)

    @property
    def user(self) -> str | None:
        """Return the user of the call: that of a user's token, or else of the header."""
        token = self.token
        if token is not None and token.kind is not Kind.ENVIRONMENT:
            return token.user_id
        return self.header(_USER_HEADER)

    def required_tenant(self) -> str:
        """Return the tenant of the call; reject a call without one (seen)."""
        if (tenant_id := self.tenant) is None:
            raise RejectedError(403, "Tenant ID is not specified")
        return tenant_id

    def required_user(self) -> str:
        """Return the user of the call; reject a call without one."""
        if (user_id := self.user) is None:
            raise RejectedError(403, "User ID is not specified")
        return user_id

    def parameters(self) -> dict[str, list[str]]:
        """Return the query's values by name."""
        found: dict[str, list[str]] = {}
        for name, value in parse_qsl(self.query, keep_blank_values=True):
            found.setdefault(name, []).append(value)
        return found


def decode(decoder: "msgspec.json.Decoder[_T]", call: Call) -> _T:
    """Decode the body of a call; reject a malformed one with 400.

    A body that is missing is an empty object, also where the type says that it is JSON: clients
    send that type with every request.
    """
    is_json = call.headers.get("content-type", "").lower().startswith("application/json")
    try:
        return decoder.decode(call.body if is_json and call.body else b"{}")
    except msgspec.ValidationError as error:
        message = str(error)
        if message.startswith(_NO_ARRAY) and "`$" not in message:
            message = "Expected body to be an array"  # seen
        raise RejectedError(400, message) from None
    except JsonErrors:
        raise RejectedError(400, "Invalid input JSON", "ER-00006") from None
