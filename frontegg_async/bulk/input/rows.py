"""The rows of the jobs: each is one user, and the columns that a job has of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic

import msgspec

from ..._core.ids import id_problem, is_certain_id, placeholder_problem, text_problem
from ...errors import LedgerDamagedError


class UserRow(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A row about one user, who is named by id or by e-mail address.

    A job has a subclass for its rows. Its fields are the columns of files: strings, which are
    checked as ids, and booleans. One without a default is needed in every row.

    Args:
        user_id: the user, or None if ``email`` says who it is.
        email: the user's e-mail address, looked up where there is no ``user_id``.
    """

    user_id: str | None = None
    email: str | None = None

    def problem(self, *, literal_ids: bool = False) -> str | None:
        """Return the mistake in the row, or None.

        Args:
            literal_ids: True takes strings such as ``NULL`` or ``#N/A`` for ids.
        """
        columns = columns_of(type(self))
        for name in columns.strings:
            # By name, as any object: a row that a program makes by hand may hold anything.
            value: object = getattr(self, name)
            if value is None or value == "" or is_certain_id(value):
                continue
            problem = text_problem(value) if name == "email" else id_problem(value)
            # An address beside an id is not used, so it may be a placeholder.
            if problem is None and not literal_ids and (name != "email" or not self.user_id):
                problem = placeholder_problem(str(value))
            if problem is not None:
                return f"{name} {problem}"
        if not self.user_id and not self.email:
            return "neither user_id nor email is given"
        for name in columns.needed_strings:
            if not getattr(self, name):
                return f"{name} is empty"
        return None


if TYPE_CHECKING:
    # A report without a parameter is one of any rows. Python itself knows defaults from 3.13 on.
    from typing_extensions import TypeVar

    RowT = TypeVar("RowT", bound=UserRow, default=Any)
else:
    from typing import TypeVar

    RowT = TypeVar("RowT", bound=UserRow)


class TenantRow(UserRow, frozen=True, kw_only=True, gc=False):
    """A row about one user in one tenant.

    Args:
        tenant_id: the tenant.
    """

    tenant_id: str


class Assignment(TenantRow, frozen=True, kw_only=True, gc=False):
    """A user to be made a member of a tenant.

    Args:
        set_active: True if the tenant also becomes the one that the user works in.
    """

    set_active: bool = False


class Activation(TenantRow, frozen=True, kw_only=True, gc=False):
    """A tenant that becomes the one that a user works in."""


class Removal(TenantRow, frozen=True, kw_only=True, gc=False):
    """A membership to be ended. The user stays in all other tenants."""


class SuperuserChange(UserRow, frozen=True, kw_only=True, gc=False):
    """Access to every tenant, given or taken.

    Args:
        super_user: True if the user is to have it.
    """

    super_user: bool


_USER: Final = ("user_id", "email")
_TYPES: Final = (str, bool, str | None)
ORIGINAL: Final = "original"
"""The column of a file of failures with the text of a row that could not be read as fields."""
OUTCOME_COLUMNS: Final = (
    *("line", "outcome", "reason", "status", "error_code", "trace_id"),
    ORIGINAL,
)
"""The columns of a file of failures behind those of the rows."""
_REMEMBERED: Final = 4_096
"""Values of columns that are kept together with their JSON, which costs a microsecond to make."""
_ENCODE: Final = msgspec.json.Encoder().encode
_DECODE: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Columns(Generic[RowT]):
    """The columns of a kind of rows, read from the fields of its class.

    Attributes:
        kind: the class.
        own: names of the columns beside the user's, in the order of the fields.
        strings: names of those that hold strings, the user's included.
        flags: names of those that hold booleans.
        needed: names of those of its own that no row can do without.
        needed_strings: those among them that hold strings, and must not be empty.
        values_of: returns the values of its own columns in a row, in the order of ``own``.

    Raises:
        TypeError: a field of the class is neither a string nor a boolean, or has the name of a
            column of files of failures, which could not be fed back in.
    """

    def __init__(self, kind: type[RowT]) -> None:
        fields = [each for each in msgspec.structs.fields(kind) if each.name not in _USER]
        for each in fields:
            if each.type not in _TYPES:
                raise TypeError(f"{kind.__name__}.{each.name} must be str, str | None or bool")
            if _plain(each.name) in map(_plain, OUTCOME_COLUMNS):
                raise TypeError(
                    f"{kind.__name__}.{each.name} has the name of a column of files of failures: "
                    "choose another"
                )
        self.kind: Final = kind
        self.own: Final = tuple(each.name for each in fields)
        self.flags: Final = tuple(each.name for each in fields if each.type is bool)
        strings = tuple(each.name for each in fields if each.type is not bool)
        self.strings: Final = (*strings, *_USER)
        self.needed: Final = tuple(each.name for each in fields if each.required)
        self.needed_strings: Final = tuple(name for name in strings if name in self.needed)
        self._strings: Final = [
            (each.name, each.default) for each in fields if each.type is not bool
        ]
        self._flags: Final = [(each.name, each.default) for each in fields if each.type is bool]
        names = [name for name, _ in (*self._strings, *self._flags)]
        self._said: Final = _getter(names)
        self.values_of: Final = _getter(self.own)
        # Rows in a row mostly say the same: one tenant, or one of two flags.
        self._encoded: Final[dict[tuple[object, ...], str]] = {}
        self._decoded: Final[dict[str, dict[str, Any]]] = {}
        self._fields: Final = {_plain(name): name for name in (*_USER, *self.own)}

    def field(self, name: str) -> str:
        """Return the field that a column or key of a file stands for, or an empty string.

        Names are spelled in any case, with or without underscores: user_id, userId, USER ID.
        """
        return self._fields.get(_plain(name), "")

    def encode(self, row: RowT) -> str:
        """Return the row's own columns as JSON: rows that say the same have the same string.

        Strings come before booleans, and those that have their default are left out.
        """
        said = self._said(row)
        encoded = self._encoded.get(said)
        return self._encode(said) if encoded is None else encoded

    def _encode(self, said: tuple[object, ...]) -> str:
        values: dict[str, Any] = {}
        for (name, default), value in zip(self._strings, said, strict=False):
            if value and value != default:
                values[name] = value
        for (name, default), value in zip(self._flags, said[len(self._strings) :], strict=False):
            if bool(value) is not default:
                values[name] = bool(value)
        encoded = _ENCODE(values).decode()
        if len(self._encoded) >= _REMEMBERED:
            self._encoded.clear()
            self._decoded.clear()
        self._encoded[said] = encoded
        self._decoded[encoded] = values
        return encoded

    def decode(self, user_id: str | None, email: str | None, own: str) -> RowT:
        """Return the row of a user whose own columns were encoded.

        Raises:
            LedgerDamagedError: they are those of another kind of rows.
        """
        values = self._decoded.get(own)
        try:
            return self.kind(user_id=user_id, email=email, **(values or _DECODE(own)))
        except TypeError as error:
            raise LedgerDamagedError(f"{own} is no {self.kind.__name__}: {error}") from None


def _getter(names: Sequence[str]) -> Callable[[object], tuple[object, ...]]:
    """Return a function that returns the values of some attributes."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda row: tuple([getattr(row, name) for name in names])


def _plain(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


_KNOWN: Final[dict[type[UserRow], Columns[Any]]] = {}


def columns_of(kind: type[RowT]) -> Columns[RowT]:
    """Return the columns of a kind of rows."""
    columns = _KNOWN.get(kind)
    if columns is None:
        columns = _KNOWN[kind] = Columns(kind)
    return columns
