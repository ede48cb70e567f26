"""The upload of users in a CSV file.

==================================================================  ======
path; parts ``csv``, ``fieldsMapper`` and ``hashingConfig``, the      client
latter two JSON; the mapper has Frontegg's fields by columns
``email`` and ``tenantId`` are mandatory                              doc
several role ids have a ``|`` between them                            client
202 with ``migrationId``, whose status is read as that of others      guess
a column that is missing, a bad mapper, an unknown algorithm, a file  guess
that is no CSV: 400
a bad row is an error of the task and does not stop the others        guess
==================================================================  ======
"""

import csv
import io
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any, Final, cast

import msgspec

from ..http.request import Call, JsonErrors
from ..http.response import RejectedError, Response
from ..state.environment import State
from ._route import Takes, route
from .bulk import start_migration

__all__ = ["ROUTES"]

_HASHES: Final = frozenset(
    {"bcrypt", "scrypt", "firebase-scrypt", "pbkdf2", "argon2", "sha256", "sha1"}
)
_MANDATORY: Final = frozenset({"email", "tenantId"})
_MAPPER: Final = msgspec.json.Decoder(dict[str, str])


class _Hashing(msgspec.Struct, rename="camel"):
    password_hash_type: str
    password_hash_config: str | None = None


_HASHING: Final = msgspec.json.Decoder(_Hashing)


def _upload(state: State, call: Call) -> Response:
    parts = _parts(call)
    mapper: dict[str, str] = _json(parts, "fieldsMapper", _MAPPER)
    if not set(mapper.values()) >= _MANDATORY:
        raise RejectedError(400, "fieldsMapper must map columns to email and tenantId")
    hashing: _Hashing | None = None
    if "hashingConfig" in parts:
        given: _Hashing = _json(parts, "hashingConfig", _HASHING)
        hashing = given
        if given.password_hash_type not in _HASHES:
            raise RejectedError(400, "passwordHashType must be one of " + ", ".join(_HASHES))
    try:
        text = parts["csv"].decode("utf-8-sig")
    except (KeyError, UnicodeDecodeError):
        raise RejectedError(400, "csv must be a file in UTF-8") from None
    try:
        rows = csv.DictReader(io.StringIO(text, newline=""))
        missing = set(mapper) - set(rows.fieldnames or ())
        if missing:
            raise RejectedError(400, f"csv has no column {', '.join(sorted(missing))}")
        users = list(_users(rows, mapper, hashing))
    except csv.Error as error:  # such as a cell that is too long
        raise RejectedError(400, f"csv cannot be read: {error}") from None
    return start_migration(state, call, users)


def _parts(call: Call) -> dict[str, bytes]:
    """Return the parts of a form by their names."""
    kind = call.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise RejectedError(400, "Multipart: multipart/form-data expected")
    form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + call.body)
    if not form.is_multipart():
        raise RejectedError(400, "Multipart: Unexpected end of form")
    found: dict[str, bytes] = {}
    for part in cast("list[Message]", form.get_payload()):
        name = part.get_param("name", header="content-disposition")
        found[str(name)] = cast("bytes", part.get_payload(decode=True))
    return found


def _json(parts: dict[str, bytes], name: str, decoder: "msgspec.json.Decoder[Any]") -> Any:
    try:
        return decoder.decode(parts[name])
    except (KeyError, *JsonErrors):
        raise RejectedError(400, f"{name} must be a JSON object") from None


def _users(
    rows: "csv.DictReader[str]", mapper: dict[str, str], hashing: _Hashing | None
) -> Iterator[dict[str, Any]]:
    """Yield the users of the file, as a migration in JSON has them."""
    for row in rows:
        user: dict[str, Any] = {field: row[column] for column, field in mapper.items()}
        # An empty cell is no value, and a short row has none.
        user = {field: value for field, value in user.items() if value}
        if "roleIds" in user:
            user["roleIds"] = user["roleIds"].split("|")
        if hashing is not None and "passwordHash" in user:
            user["passwordHashType"] = hashing.password_hash_type
        yield user


ROUTES: Final = (
    route(
        "POST",
        "/identity/resources/migrations/v1/local/bulk/csv",
        _upload,
        takes=Takes.ENVIRONMENT,
    ),
)
