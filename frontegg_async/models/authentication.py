"""What the auth route takes and gives."""

from __future__ import annotations

from ._base import RequestModel, ResponseModel


class AuthenticateRequest(RequestModel, frozen=True, kw_only=True, rename="camel"):
    """Client id and secret of an environment. Its ``repr`` shows neither."""

    client_id: str
    secret: str

    def __repr__(self) -> str:
        return "AuthenticateRequest(***)"


class EnvironmentToken(ResponseModel, frozen=True, kw_only=True, gc=False):
    """A token and its life in seconds. Its ``repr`` does not show the token."""

    token: str | None = None
    expires_in: float | None = None

    def __repr__(self) -> str:
        return f"EnvironmentToken(token=***, expires_in={self.expires_in})"
