"""Users who are moved to Frontegg in a CSV file: the form on the wire, and its promises."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final

import anyio.to_thread
import pytest
from msgspec import UNSET

from frontegg_async import (
    FronteggSession,
    InvalidRequestError,
    OutcomeUnknownError,
    ResponseDecodeError,
)
from frontegg_async.emulator import AnswerStatus, CutAfterCommit, Emulator
from frontegg_async.models.migrations import CsvHashing, MigrateUsersFromCsvRequest

from ..support.clocks import LeapingClock
from ..support.sessions import session_on

pytestmark = pytest.mark.anyio

UPLOAD: Final = "POST /identity/resources/migrations/v1/local/bulk/csv"
MAPPER: Final = {"mail": "email", "org": "tenantId", "name": "name", "hash": "passwordHash"}
FILE: Final = (
    "\ufeffmail,org,name,hash,other\r\n"
    'a@example.test,home,"Ada, ""the first""\r\n--of them",$2b$1,x\r\n'
    "b@example.test,new,Bj\u00f6rn,,\r\n"
).encode()


def open_binary(path: Path) -> IO[bytes]:
    """Return an open file, in memory, so that none is left open."""
    return io.BytesIO(path.read_bytes())


async def test_a_file_is_migrated(either_transport: str, emulator: Emulator) -> None:
    """Every row becomes a user, by the mapped columns, and the task tells of its end."""
    async with session_on(emulator, clock=LeapingClock()) as session:
        started = await session.migrations.migrate_users_from_csv(
            FILE, MAPPER, hashing_config=CsvHashing(password_hash_type="bcrypt")
        )
        status = await session.migrations.task(started.migration_id or "").wait()
        assert (status.state, status.errors) == ("Completed", [])
        ada = await session.users.get_by_email("a@example.test")
        assert ada.name == 'Ada, "the first"\r\n--of them'
        assert (await session.users.get_by_email("b@example.test")).name == "Bj\u00f6rn"
    assert {tenant for _, tenant in emulator.memberships()} == {"home", "new"}


async def test_the_form_on_the_wire(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The form has the file to the byte, both documents as JSON, and no part that was left out."""
    content = bytes(range(256)) + b"\r\n--x--\r\n"
    with pytest.raises(InvalidRequestError, match="UTF-8"):
        await frontegg.migrations.migrate_users_from_csv(content, MAPPER)
    request = emulator.requests[-1]
    kind, _, boundary = request.headers["Content-Type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    parts = request.body.split(f"--{boundary}".encode())
    assert (parts[0], parts[-1]) == (b"", b"--\r\n")
    file, mapper = (part.removesuffix(b"\r\n").split(b"\r\n\r\n", 1) for part in parts[1:-1])
    assert b'name="csv"; filename="upload.csv"\r\nContent-Type: text/csv' in file[0]
    assert file[1] == content
    assert b'name="fieldsMapper"\r\nContent-Type: application/json' in mapper[0]
    assert mapper[1] == (b'{"mail":"email","org":"tenantId","name":"name","hash":"passwordHash"}')


async def test_the_promises_of_the_transport(emulator: Emulator) -> None:
    """A throttled upload is sent again, the same; one whose answer was lost is not."""
    async with session_on(emulator, clock=LeapingClock()) as session:
        emulator.inject(AnswerStatus(429, headers={"Retry-After": "1"}), on=UPLOAD)
        await session.migrations.migrate_users_from_csv(FILE, MAPPER)
        first, second = (each.body for each in emulator.requests if each.status in {429, 202})
        assert first == second
        emulator.inject(CutAfterCommit(), on=UPLOAD)
        sent = emulator.count(UPLOAD)
        with pytest.raises(OutcomeUnknownError):
            await session.migrations.migrate_users_from_csv(FILE, MAPPER)
        assert emulator.count(UPLOAD) == sent + 1


@pytest.mark.parametrize("given", [Path, str, open_binary, bytearray, memoryview])
async def test_ways_to_give_a_file(
    given: Callable[[Any], Any], tmp_path: Path, emulator: Emulator, frontegg: FronteggSession
) -> None:
    """A file is a path, an open file or bytes of any kind, and arrives to the byte."""
    path = tmp_path / "users.csv"
    path.write_bytes(FILE)
    of_content = given in {bytearray, memoryview}
    await frontegg.migrations.migrate_users_from_csv(given(FILE if of_content else path), MAPPER)
    assert b"\r\n\r\n" + FILE + b"\r\n--" in emulator.requests[-1].body


async def test_no_file(tmp_path: Path, emulator: Emulator, frontegg: FronteggSession) -> None:
    """A file that is missing, or open as text, is an error that says so, and nothing is sent."""
    text = tmp_path / "users.csv"
    text.write_bytes(FILE + b"\xff")
    as_text = await anyio.to_thread.run_sync(text.open)
    refused: dict[str, Any] = {
        "No such file": tmp_path / "none.csv",
        "binary mode": io.StringIO("email,tenantId"),
        "in binary": as_text,
        "got NoneType": None,
    }
    for problem, file in refused.items():
        with pytest.raises(InvalidRequestError, match=problem):
            await frontegg.migrations.migrate_users_from_csv(file, MAPPER)
    as_text.close()
    assert emulator.requests == []


async def test_a_file_of_megabytes(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The emulator takes a file as large as they come."""
    padding = b",".join([b"x" * 100_000] * 30)
    file = b"mail,org,name,hash\nbig@example.test,home,Big,," + padding + b"\n"
    await frontegg.migrations.migrate_users_from_csv(file, MAPPER)
    assert emulator.requests[-1].status == 202


async def test_a_bad_row(emulator: Emulator) -> None:
    """A row that cannot be a user is an error of the task, and the others are migrated."""
    file = b"email,tenantId\nnot-an-address,home\nc@example.test,home\n"
    async with session_on(emulator, clock=LeapingClock()) as session:
        mapper = {"email": "email", "tenantId": "tenantId"}
        started = await session.migrations.migrate_users_from_csv(file, mapper)
        status = await session.migrations.task(started.migration_id or "").wait()
    assert status.state == "CompletedWithErrors"
    assert len(status.errors) == 1
    assert any(user == "c@example.test" for user, _ in _addresses(emulator))


def _addresses(emulator: Emulator) -> list[tuple[str, str]]:
    return [(emulator.user(user).email, tenant) for user, tenant in emulator.memberships()]


@pytest.mark.parametrize(
    ("file", "mapper", "hashing", "problem"),
    [
        (b"email,tenantId\n", {"email": "email"}, UNSET, "email and tenantId"),
        (b"email\n", {"email": "email", "org": "tenantId"}, UNSET, "no column org"),
        (b"", {"email": "email", "org": "tenantId"}, UNSET, "no column email, org"),
        (
            b"email,org\n" + b"x" * 200_000 + b",home\n",
            {"email": "email", "org": "tenantId"},
            UNSET,
            "cannot be read: field larger",
        ),
        (
            b"email,org\n",
            {"email": "email", "org": "tenantId"},
            CsvHashing(password_hash_type="md5"),  # type: ignore[arg-type]
            "passwordHashType",
        ),
    ],
)
async def test_what_is_refused(
    frontegg: FronteggSession, file: bytes, mapper: Mapping[str, str], hashing: Any, problem: str
) -> None:
    """A file that does not fit its mapper, and an unknown algorithm, are refused as a whole."""
    with pytest.raises(InvalidRequestError, match=problem):
        await frontegg.migrations.migrate_users_from_csv(file, mapper, hashing_config=hashing)


async def test_an_answer_that_says_nothing(emulator: Emulator, frontegg: FronteggSession) -> None:
    """The answer is not documented: without an id there is none, and a page of HTML is an error."""
    emulator.inject(AnswerStatus(201, b"", "application/json"), on=UPLOAD)
    started = await frontegg.migrations.migrate_users_from_csv(FILE, MAPPER)
    assert (started.migration_id, started.id) == (None, None)
    emulator.inject(AnswerStatus(200, b"<html></html>", "text/html"), on=UPLOAD)
    with pytest.raises((ResponseDecodeError, OutcomeUnknownError)):
        await frontegg.migrations.migrate_users_from_csv(FILE, MAPPER)


async def test_odd_files(emulator: Emulator, frontegg: FronteggSession) -> None:
    """A number that JSON has no form for is rejected in a form too, before anything is sent."""
    with pytest.raises(InvalidRequestError, match="cannot be written as JSON"):
        await frontegg.migrations.migrate_users_from_csv(b"", {"a": float("nan")})  # type: ignore[dict-item]
    assert emulator.requests == []


def test_the_file_does_not_show() -> None:
    """No ``repr`` shows the file, which holds password hashes."""
    body = MigrateUsersFromCsvRequest(csv=b"$2b$canary", fields_mapper={})
    assert "canary" not in repr(body)
    assert "canary" not in str(body.__rich_repr__())
    assert "10 bytes" in repr(body)
