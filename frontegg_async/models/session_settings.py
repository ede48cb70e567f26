"""Limits of users' sessions, in time and in number."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from ._base import Number, RequestModel, ResponseModel


class SessionTimeout(ResponseModel, frozen=True, kw_only=True):
    """A limit of time, in seconds; it counts only while it is active."""

    is_active: bool | None = None
    timeout: Number | None = None


class SessionLimit(ResponseModel, frozen=True, kw_only=True):
    """Number of sessions that a user may have at once; it counts only while it is active."""

    is_active: bool | None = None
    max_sessions: Number | None = None


class SessionConfiguration(ResponseModel, frozen=True, kw_only=True):
    """Ends of sessions: without activity, in any case, and because there are too many."""

    # The specification shows no answer (client: Frontegg's Terraform provider reads these).
    session_idle_timeout_configuration: SessionTimeout | None = None
    session_timeout_configuration: SessionTimeout | None = None
    session_concurrent_configuration: SessionLimit | None = None


class NewSessionTimeout(RequestModel, frozen=True, kw_only=True):
    """A limit of time to be set.

    Args:
        is_active: True to apply it.
        timeout: seconds, from 60.
    """

    is_active: bool
    timeout: Number


class NewSessionLimit(RequestModel, frozen=True, kw_only=True):
    """A limit of sessions to be set.

    Args:
        is_active: True to apply it.
        max_sessions: sessions that a user may have at once, from 1.
    """

    is_active: bool
    max_sessions: Number


class UpdateSessionConfigurationRequest(RequestModel, frozen=True, kw_only=True):
    """Body of ``session_settings.update``."""

    session_idle_timeout_configuration: NewSessionTimeout | UnsetType = UNSET
    session_timeout_configuration: NewSessionTimeout | UnsetType = UNSET
    session_concurrent_configuration: NewSessionLimit | UnsetType = UNSET
