"""A request as handlers see it, and the decoding of its body."""

from collections.abc import Mapping
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec

from ..state.store import Store
from ..state.tokens import Kind, Token
from .response import RejectedError

__all__ = ["Call", "decode"]

_TENANT_HEADER: Final = "frontegg-tenant-id"
_USER_HEADER: Final = "frontegg-user-id"
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

    @property
    def tenant(self) -> str | None:
        """Return the tenant of the call: that of a user's token, or else of the header."""
        token = self.token
        if token is not None and token.kind is not Kind.ENVIRONMENT:
            return token.tenant_id
        return self.headers.get(_TENANT_HEADER) or None

    @property
    def user(self) -> str | None:
        """Return the user of the call: that of a user's token, or else of the header."""
        token = self.token
        if token is not None and token.kind is not Kind.ENVIRONMENT:
            return token.user_id
        return self.headers.get(_USER_HEADER) or None

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
    """Decode the body of a call; reject a malformed one with 400."""
    is_json = call.headers.get("content-type", "").startswith("application/json")
    try:
        return decoder.decode(call.body if is_json else b"{}")
    except msgspec.ValidationError as error:
        raise RejectedError(400, str(error)) from None
    except msgspec.DecodeError:
        raise RejectedError(400, "Invalid input JSON", "ER-00006") from None
