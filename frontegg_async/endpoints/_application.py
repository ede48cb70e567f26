"""The application that an invite is for, where an environment has several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..options import APPLICATION_HEADER

APPLICATION: Final = (APPLICATION_HEADER,)
"""Headers of an operation that invites a user to an application."""


def application(application_id: str | None) -> Mapping[str, str] | None:
    """Return the headers of a call for an application; None leaves that to the view."""
    return None if application_id is None else {APPLICATION_HEADER: application_id}
