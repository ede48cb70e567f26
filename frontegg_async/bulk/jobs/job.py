"""A job: the change that a run makes for each row, and all that the rest of the package asks of it.

Library, ledger, report, page and command line read a job's declaration and know no job by name. A
module in this folder is a job of its own: nothing else names it.

    class Lock(Job[LockChange], frozen=True, kw_only=True):
        name = "lock"
        row_type = LockChange
        operation = users.LOCK
        ...

A program declares a job of its own in the same way, and runs it with ``frontegg.bulk.run``. It
needs ``name``, ``row_type``, ``operation``, ``holds`` and ``send``; all else has a default.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast, get_args

import msgspec

from ..._core.response import Response
from ...models.users import User
from ...operation import Operation
from ..input.rows import Columns, RowT, UserRow, columns_of
from ..ledger.records import RowForm
from ..outcome import Labels
from ..user_reader import AnswerReader

T = TypeVar("T")


class RowSender(AnswerReader, Protocol):
    """Sends the calls of one row, and keeps note of them."""

    @property
    def resend(self) -> bool:
        """Whether the row may be sent although that may be a second invite."""
        ...

    def __call__(
        self,
        operation: Operation[T],
        /,
        *path: str,
        body: msgspec.Struct | None = None,
        tenant_id: str | None = None,
    ) -> Awaitable[Response]:
        """Send an operation and return its answer."""
        ...


class Job(msgspec.Struct, Generic[RowT], frozen=True, kw_only=True):
    """The change that a run makes for each row.

    Its fields are its options: booleans, which are options of the command line as well, with the
    description of their ``msgspec.Meta`` as help. They belong to the identity of a ledger.
    """

    name: ClassVar[str]
    """Names it in ledgers, reports and on the command line."""
    title: ClassVar[str] = ""
    """The head of its report page: a few words; without it, its name."""
    about: ClassVar[str] = ""
    """The command's help: a sentence, without its full stop."""
    note: ClassVar[str] = ""
    """More of the command's help, in sentences."""
    asks: ClassVar[str] = ""
    """Of a job that takes something away: the question before it begins, ``{rows}`` in it."""
    labels: ClassVar[Labels] = Labels()
    """Names of its outcomes in files, tables and ``--json``."""
    operation: ClassVar[Operation[Any]]
    """The operation that it writes with; its limit is the one that matters."""
    row_type: ClassVar[type[UserRow]]
    """The class of its rows, whose fields are the columns of files."""
    holds_already: ClassVar[frozenset[int]] = frozenset()
    """Statuses that may mean that a row held before; the user's own state decides."""
    reversible: ClassVar[bool] = False
    """True if another row of the same user may undo a row that has begun."""
    holds_without_user: ClassVar[bool] = False
    """True if a row that was sent holds when the user is not found any more."""
    ends_memberships: ClassVar[bool] = False
    """True if users must be members for a row to change anything; an emulator makes them so."""

    @property
    def harmless_twice(self) -> bool:
        """Return whether a row that was done may be sent again without being noticed."""
        return True

    @classmethod
    def options(cls) -> list[tuple[str, str]]:
        """Return the names of its options, with their help."""
        return [(field.name, _help_of(field.type)) for field in msgspec.structs.fields(cls)]

    @property
    def columns(self) -> Columns[RowT]:
        """The columns of its rows."""
        return columns_of(cast("type[RowT]", self.row_type))

    @property
    def form(self) -> RowForm[RowT]:
        """The form of its rows in a ledger."""
        return RowForm(self.columns, self.ordered)

    def settings(self) -> str:
        """Return the options, which change what a row means, for the ledger."""
        return msgspec.json.encode(self).decode()

    def needs_user(self, row: RowT) -> bool:
        """Return whether more than the memberships of the user show that the row holds."""
        return True

    def ordered(self, row: RowT) -> bool:
        """Return whether another row of the same user may undo this one."""
        return self.reversible

    def holds(self, row: RowT, user: User) -> bool:
        """Return whether the user is as the row says."""
        raise NotImplementedError

    def begun(self, row: RowT, user: User) -> bool:
        """Return whether nothing is left of the row that must not be sent twice."""
        return self.holds(row, user)

    def send(self, send: RowSender, row: RowT, user_id: str) -> Awaitable[Response | None]:
        """Do what the row says, and return the last response; None if nothing had to be written."""
        raise NotImplementedError

    async def finish(self, send: RowSender, row: RowT, user_id: str) -> Response | None:
        """Do the rest of a row that has begun; None if nothing is left."""
        return None

    def left_of(self, row: RowT) -> RowT | None:
        """Return the part that is left to do of a row that a later one has overtaken, or None."""
        return None

    def invites_to(self, row: RowT) -> str:
        """Name what the row sends an invite to: rows with one name send one invite."""
        return self.columns.encode(row)


def _help_of(annotation: object) -> str:
    metas = (meta for meta in get_args(annotation)[1:] if isinstance(meta, msgspec.Meta))
    return next((meta.description for meta in metas if meta.description), "")
