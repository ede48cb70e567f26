"""What a program holds: a session with the API's groups and bulk work on it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from .session import Session

if TYPE_CHECKING:
    from .bulk import Bulk
    from .endpoints.users import Users


class FronteggSession(Session):
    """A session with everything that the API offers as attributes.

    Arguments, life and views are those of ``Session``.
    """

    # Each group is imported when it is first used, and found without a call after that.

    @cached_property
    def users(self) -> Users:
        """Users: their tenants, their state."""
        from .endpoints.users import Users

        return Users(self)

    @cached_property
    def bulk(self) -> Bulk:
        """Thousands to millions of rows."""
        from .bulk import Bulk

        return Bulk(self)
