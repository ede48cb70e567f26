"""Social logins with the providers that Frontegg knows.

Frontegg specifies none of it. Its Terraform provider sends and reads these fields, and its REST
client for browsers reads the rest (client).
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from ._base import RequestModel, ResponseModel


class SocialLogin(ResponseModel, frozen=True, kw_only=True):
    """A provider that users can log in with, if it is ``active``."""

    type: str | None = None
    active: bool | None = None
    client_id: str | None = None
    secret: str | None = None
    redirect_url: str | None = None
    backend_redirect_url: str | None = None
    authorization_url: str | None = None
    customised: bool | None = None
    additional_scopes: tuple[str, ...] | None = None
    options: Any = None


class SetSocialLoginRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``social_logins.update``."""

    type: str
    redirect_url: str
    client_id: str | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    customised: bool | UnsetType = UNSET
    additional_scopes: tuple[str, ...] | UnsetType = UNSET
