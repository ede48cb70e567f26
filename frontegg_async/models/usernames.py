"""The names that users sign in with instead of an address."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ._base import RequestModel, ResponseModel

UsernameOrder: TypeAlias = Literal["userId", "username"]
"""Keys by which usernames can be sorted."""


class Username(ResponseModel, frozen=True, kw_only=True):
    """A username and its user."""

    username: str | None = None
    user_id: str | None = None


class CreateUsernameRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``usernames.create``."""

    username: str
