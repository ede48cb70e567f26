"""Successful statuses whose bodies are errors, HTML pages or other objects."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import AsyncIterator, Callable
from types import NoneType
from typing import Any, Final

import msgspec
import pytest

import frontegg_async.endpoints
from frontegg_async import (
    FronteggSession,
    NotFoundError,
    Options,
    OutcomeUnknownError,
    ResponseDecodeError,
    User,
)
from frontegg_async.emulator import AnswerStatus, EmptyBody, Emulator, MalformedJson
from frontegg_async.endpoints import users
from frontegg_async.operation import JSON, Operation

from ..support.routes import ADD, AUTH, GET, LOCK
from ..support.sessions import API_KEY, session_on

pytestmark = pytest.mark.anyio

JSON_TYPE: Final = "application/json"
BY_EMAIL: Final = users.GET_BY_EMAIL.limit_group
LISTED: Final = users.ITERATE.limit_group
PAGE: Final = b"<!DOCTYPE html><html><body>Request blocked</body></html>"
ERRORS: Final = b'{"errors": ["No such thing"], "errorCode": "ER-00042"}'


def operations() -> list[Operation[Any]]:
    """Return every operation of the SDK."""
    found: dict[str, Operation[Any]] = {}
    for module in pkgutil.iter_modules(frontegg_async.endpoints.__path__):
        room = importlib.import_module(f"frontegg_async.endpoints.{module.name}")
        for value in vars(room).values():
            if isinstance(value, Operation):
                found[value.name] = value
    return list(found.values())


OPERATIONS: Final = operations()
SILENT: Final = [each for each in OPERATIONS if each.returns is NoneType]


def decodes(operation: Operation[Any], body: bytes) -> bool:
    """Return whether an operation takes this body for a success."""
    try:
        operation.decode(body)
    except msgspec.DecodeError:
        return False
    return True


@pytest.fixture
async def session(emulator: Emulator) -> AsyncIterator[FronteggSession]:
    """Give a session that has its token and sends everything once."""
    async with session_on(emulator, options=Options(max_attempts=1)) as opened:
        await opened.users.get("user-0")
        yield opened


@pytest.mark.parametrize(
    "body",
    [
        PAGE,
        b"\xef\xbb\xbf \n<?xml version='1.0'?><error/>",
        b"Request blocked",
        b"error code: 1020",
        b"\xff",
        b"{",
        ERRORS,
        b'{"errors": "no"}',
        b'{"errorCode": "ER-1", "data": 1}',
        b'{"statusCode": 404, "message": "Not Found"}',
        b'{"error": "nope"}',
        b'{"success": false}',
    ],
)
def test_no_success_where_nothing_is_documented(body: bytes) -> None:
    """A page, plain words and errors are no success of any operation that documents no body."""
    assert len(SILENT) > 100
    assert [each.name for each in SILENT if decodes(each, body)] == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b" \n",
        b"{}",
        b"[]",
        b"true",
        b'"7b1a"',
        b'{"message": "done"}',
        b'{"errors": [], "id": "a"}',
        b'{"errors": null}',
        b'{"statusCode": 200}',
        b"OK",
        b"Created",
        b"Accepted\n",
        b"no content",
    ],
)
def test_success_where_nothing_is_documented(body: bytes) -> None:
    """Nothing, JSON of any shape, and a framework's words for the status are a success."""
    assert [each.name for each in SILENT if not decodes(each, body)] == []


def test_errors_are_no_answer_of_any_operation() -> None:
    """An object of errors decodes only where the documented result has a list of errors."""
    takes = [each for each in OPERATIONS if decodes(each, ERRORS)]
    assert {each.name for each in takes} == {
        "bulk_users.get_invite_status",
        "migrations.get_status",
        "tenant_migrations.get_status",
    }


def test_a_page_is_no_answer_of_any_operation() -> None:
    """A page of HTML is a result of no operation."""
    assert [each.name for each in OPERATIONS if decodes(each, PAGE)] == []


def test_errors_beside_an_answer() -> None:
    """An object with the documented fields is a success, also with a list of errors in it."""
    assert users.GET.decode(b'{"id": "a", "errors": ["x"]}').id == "a"
    anything = Operation("a.b", "GET", "/a", JSON)
    assert anything.decode(b'{"rows": 1, "errors": ["x"]}') == {"rows": 1, "errors": ["x"]}


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (AnswerStatus(200), "a page of HTML"),
        (AnswerStatus(201, ERRORS, "application/json"), "No such thing"),
        (AnswerStatus(200, b"Request blocked", "text/plain"), "malformed"),
    ],
    ids=["page", "errors", "words"],
)
async def test_a_call_that_returns_nothing(
    emulator: Emulator, session: FronteggSession, fault: AnswerStatus, text: str
) -> None:
    """A call without a result raises if the body of the success is an error or a page."""
    emulator.inject(fault, on=LOCK)
    with pytest.raises(ResponseDecodeError, match=text) as caught:
        await session.users.lock("user-0")
    error = caught.value
    assert not emulator.user("user-0").locked
    assert (error.operation, error.status) == ("users.lock", fault.status)
    assert error.trace_id
    if fault.body == ERRORS:
        assert (error.messages, error.error_code) == (("No such thing",), "ER-00042")


async def test_success_without_a_body(emulator: Emulator, session: FronteggSession) -> None:
    """An empty body proves a write to the user in the path, but is an error of a read."""
    emulator.inject(EmptyBody(), times=None)
    await session.users.lock("user-0")
    assert emulator.user("user-0").locked
    assert await session.users.set_superuser("user-0", True) == User(id="user-0")
    assert emulator.user("user-0").super_user
    with pytest.raises(ResponseDecodeError, match="nothing, and so not which object"):
        await session.users.get("user-0")
    with pytest.raises(ResponseDecodeError, match="nothing, and so not which object"):
        await session.groups.create("g", tenant_id="home")


async def test_a_list_of_errors_is_not_the_end_of_a_list(
    emulator: Emulator, session: FronteggSession
) -> None:
    """A page of errors does not pass for an empty page, behind which a list ends."""
    emulator.inject(MalformedJson(ERRORS), on=LISTED)
    with pytest.raises(ResponseDecodeError, match="No such thing"):
        await anext(aiter(session.users.iterate()))


async def test_secrets_in_errors(emulator: Emulator, session: FronteggSession) -> None:
    """An error in the body of a success shows no secret, although the server repeats them."""
    sent = emulator.requests[-1].headers["Authorization"].removeprefix("Bearer ")
    told = {"errors": [f"bad token {sent}", f"bad key {API_KEY}"], "errorCode": sent}
    emulator.inject(MalformedJson(json.dumps(told).encode()), on=LOCK)
    with pytest.raises(ResponseDecodeError, match=r"bad token \*\*\*; bad key \*\*\*") as caught:
        await session.users.lock("user-0")
    shown = f"{caught.value} {caught.value.messages} {caught.value.error_code}"
    assert API_KEY not in shown
    assert sent[:200] not in shown
    assert sent[-40:] not in shown


async def test_a_token_that_is_an_error(emulator: Emulator) -> None:
    """An error in the body of a token response reaches the caller."""
    emulator.inject(AnswerStatus(200, ERRORS, "application/json"), on=AUTH, times=None)
    async with session_on(emulator, options=Options(max_attempts=1, timeout=5.0)) as session:
        with pytest.raises(ResponseDecodeError, match="No such thing"):
            await session.users.get("user-0")


# Responses about another object


CALLS: Final[dict[str, Callable[[FronteggSession, str], Any]]] = {
    "users.get": lambda session, user: session.users.get(user),
    "users.add_to_tenant": lambda session, user: session.users.add_to_tenant(user, "home"),
    "users.set_active_tenant": lambda session, user: session.users.set_active_tenant(user, "home"),
    "users.set_superuser": lambda session, user: session.users.set_superuser(user, True),
    "users.update": lambda session, user: session.users.update(user, name="x"),
    "users.set_invisible": lambda session, user: session.users.set_invisible(user, True),
}


@pytest.mark.parametrize("name", CALLS)
async def test_another_user(emulator: Emulator, session: FronteggSession, name: str) -> None:
    """A call about one user rejects the object of another one; case makes no difference."""
    emulator.inject(MalformedJson(b'{"id": "user-1", "tenantIds": ["home"]}'))
    with pytest.raises(ResponseDecodeError, match="another id than was asked for") as caught:
        await CALLS[name](session, "user-0")
    assert caught.value.operation == name
    emulator.inject(MalformedJson(b'{"id": "USER-0"}'))
    assert (await CALLS[name](session, "user-0")).id == "USER-0"


async def test_another_address(emulator: Emulator, session: FronteggSession) -> None:
    """A look-up by e-mail rejects a user with another address; case makes no difference."""
    emulator.inject(
        AnswerStatus(200, b'{"id": "user-1", "email": "eve@x.test"}', JSON_TYPE), on=BY_EMAIL
    )
    with pytest.raises(ResponseDecodeError, match="another email than was asked for"):
        await session.users.get_by_email("ann@x.test")
    emulator.inject(
        AnswerStatus(200, b'{"id": "user-1", "email": "Ann@X.test"}', JSON_TYPE), on=BY_EMAIL
    )
    assert (await session.users.get_by_email("ann@x.TEST")).id == "user-1"
    with pytest.raises(NotFoundError):
        await session.users.get_by_email("nobody@x.test")


async def test_a_read_back_of_another_user(emulator: Emulator, session: FronteggSession) -> None:
    """Reading back after a lost response does not believe the object of another user."""
    emulator.inject(AnswerStatus(502), on=ADD)
    emulator.inject(MalformedJson(b'{"id": "user-1", "tenantIds": ["new"]}'), on=GET)
    with pytest.raises(OutcomeUnknownError):
        await session.users.add_to_tenant("user-0", "new")
