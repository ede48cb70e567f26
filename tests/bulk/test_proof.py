"""Hostile responses to the calls of a run: each outcome is true of the server, or unknown."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import msgspec
import pytest

from frontegg_async import FronteggSession
from frontegg_async.bulk import Activate, Assign, Assignment, Remove, SetSuperuser
from frontegg_async.bulk import engine as engine_module
from frontegg_async.emulator import (
    AnswerStatus,
    DuplicateAdd,
    EmptyBody,
    Emulator,
    Fault,
    Injection,
    MalformedJson,
)
from frontegg_async.emulator.http.response import Response

from ..support.bulk import crowd, out_of, outcomes, super_user, to, work_in
from ..support.routes import ADD, BY_EMAIL, GET, REMOVE, SET_ACTIVE, SET_SUPERUSER, STATUSES, USERS

pytestmark = pytest.mark.anyio

JSON_TYPE: Final = "application/json"
ERRORS: Final = b'{"errors": ["Something went wrong"]}'
INVITES_TWICE: Final[dict[str, Any]] = {"duplicate_add": DuplicateAdd.CREATED_AND_INVITES}


@dataclass(frozen=True)
class Reworded(Fault):
    """Do the work, then send its JSON changed."""

    change: Callable[[dict[str, Any]], object]

    async def after(self, answer: Response, injection: Injection) -> Response:
        """Change the body."""
        told = json.dumps(self.change(json.loads(answer.body)))
        return msgspec.structs.replace(answer, body=told.encode())


def without_tenants(user: dict[str, Any]) -> object:
    return {**user, "tenantIds": [], "tenants": [], "tenantId": None, "superUser": None}


def undecodable(user: dict[str, Any]) -> object:
    """Make a user that no Struct of the SDK reads, and that tells its memberships."""
    return {**user, "createdAt": {"no": "date"}, "roles": "none", "locked": 7}


def unreadable(user: dict[str, Any]) -> object:
    """Make a user whose memberships cannot be read either."""
    return {**user, "tenantIds": "t", "tenants": 5}


PROVES_NOTHING: Final[dict[str, Fault]] = {
    "page": AnswerStatus(200),
    "page after the work": AnswerStatus(200, after_commit=True),
    "errors": AnswerStatus(200, ERRORS, JSON_TYPE),
    "errors after the work": AnswerStatus(201, ERRORS, JSON_TYPE, after_commit=True),
    "words": AnswerStatus(200, b"Request blocked", "text/plain"),
    "half": MalformedJson(b'{"id": "p'),
}
OF_A_USER: Final[dict[str, Fault]] = {
    **PROVES_NOTHING,
    "another user": AnswerStatus(
        200, b'{"id": "p0", "tenantId": "t", "tenantIds": ["t"], "superUser": true}', JSON_TYPE
    ),
    "nobody": AnswerStatus(200, b'{"tenantId": "t", "tenantIds": ["t"]}', JSON_TYPE),
    "unknown shape": AnswerStatus(200, b'{"status": "queued"}', JSON_TYPE),
    "not it": Reworded(without_tenants),
    "a list": AnswerStatus(200, b"[]", JSON_TYPE),
}
JOBS: Final[dict[str, tuple[str, dict[str, Fault]]]] = {
    "assign": (ADD, OF_A_USER),
    "activate": (SET_ACTIVE, OF_A_USER),
    "set_superuser": (SET_SUPERUSER, {**OF_A_USER, "not it": MalformedJson(b"[]")}),
    "remove": (REMOVE, PROVES_NOTHING),
}


def rows_of(job: str, ids: Sequence[str]) -> list[Any]:
    """Return the rows that do something to every user but the first."""
    row_of: dict[str, Callable[[str], object]] = {
        "assign": to,
        "activate": lambda user: work_in(user, "t"),
        "set_superuser": lambda user: super_user(user, True),
        "remove": lambda user: out_of(user, "old"),
    }
    return [row_of[job](user) for user in ids[1:]]


def true_of(server: Emulator, job: str, user_id: str) -> bool:
    """Return whether the server has the user as the row says."""
    user = server.user(user_id)
    return {
        "assign": "t" in user.tenants,
        "activate": user.active_tenant == "t",
        "set_superuser": user.super_user,
        "remove": "old" not in user.tenants,
    }[job]


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize(
    ("job", "name"), [(job, name) for job, (_, faults) in JOBS.items() for name in faults]
)
async def test_answers_that_prove_nothing(
    anyio_backend: str, job: str, name: str, lasting: bool
) -> None:
    """A row is done when the server has it done: read back, sent again, or else unknown."""
    route, faults = JOBS[job]
    tenants = ["old", "t"] if job == "activate" else ["old"]
    async with crowd(8, tenants) as (server, session, ids):
        if lasting:
            server.inject(faults[name], on=route, times=None)
        else:
            server.inject(faults[name], on=route, times=None, every=3)
        report = await getattr(session.bulk, job)(rows_of(job, ids), plan="never")
        held = sum(true_of(server, job, user_id) for user_id in ids[1:])
        counts = outcomes(report)
        unknown = counts.pop("unknown", 0)
        assert sum(counts.values()) == held
        assert set(counts) <= {"added", "activated", "changed", "removed"}
        assert unknown == 7 - held
        assert lasting or held == 7


@pytest.mark.parametrize("name", OF_A_USER)
async def test_no_second_invite(anyio_backend: str, name: str) -> None:
    """With invites, a response that proves nothing is looked into, and nothing is sent again."""
    async with crowd(8, ["old"], **INVITES_TWICE) as (server, session, ids):
        server.inject(OF_A_USER[name], on=ADD, times=None, every=3)
        report = await session.bulk.assign(rows_of("assign", ids), invite=True)
        held = sum(true_of(server, "assign", user_id) for user_id in ids[1:])
        assert (report.applied, report.failed) == (held, 0)
        assert report.unknown == 7 - held
        assert server.count(ADD) == 7
        assert len(server.invites) == held


async def test_the_second_half_of_a_row(anyio_backend: str) -> None:
    """A row that invites and activates repeats the half that may be repeated, and no other."""
    async with crowd(6, ["old"], **INVITES_TWICE) as (server, session, ids):
        server.inject(AnswerStatus(200), on=SET_ACTIVE, times=None, every=2)
        rows = [to(user_id, set_active=True) for user_id in ids]
        report = await session.bulk.assign(rows, invite=True, workers=1)
        assert outcomes(report) == {"added": 6}
        assert {server.user(user_id).active_tenant for user_id in ids} == {"t"}
        assert len(server.invites) == server.count(ADD) == 6


async def test_empty_answers_are_successes(anyio_backend: str) -> None:
    """A bare status is believed, and costs no call to read back."""
    async with crowd(6, ["old"]) as (server, session, ids):
        server.inject(EmptyBody(), on=ADD, times=None)
        report = await session.bulk.assign([to(user_id) for user_id in ids], plan="never")
        assert outcomes(report) == {"added": 6}
        assert server.count(GET) == 0


async def test_a_superuser_that_answers_do_not_show(anyio_backend: str) -> None:
    """The flag is the one field that the documentation does not promise: its absence is no no."""
    async with crowd(3) as (server, session, ids):

        def without_flag(user: dict[str, Any]) -> object:
            return {name: value for name, value in user.items() if name != "superUser"}

        server.inject(Reworded(without_flag), on=SET_SUPERUSER, times=None)
        rows = [super_user(user_id, True) for user_id in ids]
        assert outcomes(await session.bulk.set_superuser(rows, plan="never")) == {"changed": 3}
        assert server.count(GET) == 0


async def test_ids_in_another_case(anyio_backend: str) -> None:
    """A server that writes ids in its own case is understood without reading back."""
    async with crowd(3, ["old"]) as (server, session, ids):
        server.inject(Reworded(lambda user: {**user, "id": user["id"].upper()}), on=ADD, times=None)
        report = await session.bulk.assign([to(user_id) for user_id in ids], plan="never")
        assert outcomes(report) == {"added": 3}
        assert server.count(GET) == 0


# Another user


async def test_another_address(anyio_backend: str) -> None:
    """A look-up that returns another address adds no user to the tenant."""
    async with crowd(3) as (server, session, _):
        eve = b'{"id": "p2", "email": "eve@example.test", "tenantIds": []}'
        server.inject(AnswerStatus(200, eve, JSON_TYPE), on=BY_EMAIL)
        rows = [Assignment(email="p0@example.test", tenant_id="t")]
        report = await session.bulk.assign(rows)
        assert outcomes(report) == {"failed": 1}
        assert "another email" in (report.failures[0].reason or "")
        assert (server.count(ADD), server.memberships()) == (0, set())
        mute = b'{"id": "p2", "tenantIds": []}'
        server.inject(AnswerStatus(200, mute, JSON_TYPE), on=BY_EMAIL)
        assert outcomes(await session.bulk.assign(rows)) == {"failed": 1}
        assert server.memberships() == set()
        rows = [Assignment(email="P0@Example.Test", tenant_id="t")]
        assert outcomes(await session.bulk.assign(rows)) == {"added": 1}
        assert server.memberships() == {("p0", "t")}


async def test_a_read_back_of_another_user(anyio_backend: str) -> None:
    """A read-back that shows a member by another id does not make rows hold."""
    async with crowd(20, ["old"]) as (server, session, ids):
        member = b'{"id": "p0", "tenantIds": ["old", "t"], "tenants": []}'
        server.inject(AnswerStatus(409, ERRORS, JSON_TYPE), on=ADD, times=None)
        server.inject(AnswerStatus(200, member, JSON_TYPE), on=GET, times=None)
        report = await session.bulk.assign([to(user_id) for user_id in ids[1:]], plan="never")
        assert outcomes(report) == {"failed": 19}
        assert server.memberships() == {(user_id, "old") for user_id in ids}


@pytest.mark.parametrize("body", [b'{"id": "p1"}', b'{"id": "p1", "tenants": [{}]}'])
async def test_memberships_that_are_not_shown(anyio_backend: str, body: bytes) -> None:
    """A user shown without memberships is not shown to be no member."""
    async with crowd(2, ["old"]) as (server, session, ids):
        listed = json.dumps({"items": [json.loads(body)], "_links": {"next": ""}}).encode()
        server.inject(AnswerStatus(200, listed, JSON_TYPE), on=USERS, times=None)
        server.inject(
            AnswerStatus(200, b'[{"userId": "p1", "tenantsStatuses": null}]', JSON_TYPE),
            on=STATUSES,
            times=None,
        )
        report = await session.bulk.remove([out_of(ids[1], "old")], plan="always")
        assert outcomes(report) == {"removed": 1}
        assert server.memberships() == {("p0", "old")}


# Unreadable memberships are not "no"


async def members(session: FronteggSession, ids: Sequence[str]) -> None:
    """Make the first three users members, without an invite."""
    for user_id in ids[:3]:
        await session.users.add_to_tenant(user_id, "t", skip_invite_email=True)


async def test_a_user_that_does_not_decode(anyio_backend: str) -> None:
    """A user with fields of other types is judged by the memberships, and none of the others."""
    async with crowd(6, **INVITES_TWICE) as (server, session, ids):
        await members(session, ids)
        server.inject(AnswerStatus(403), on=STATUSES, times=None)
        server.inject(Reworded(undecodable), on=GET, times=None)
        server.inject(AnswerStatus(200), on=USERS, times=None)
        report = await session.bulk.assign([to(user_id) for user_id in ids], invite=True)
        assert outcomes(report) == {"added": 3, "already_member": 3}
        assert [each.user_id for each in server.invites] == ids[3:]


@pytest.mark.parametrize(
    "fault",
    [
        Reworded(unreadable),
        Reworded(lambda user: {"id": user["id"]}),
        Reworded(lambda user: {**user, "id": "p5"}),
        AnswerStatus(200),
        AnswerStatus(200, ERRORS, JSON_TYPE),
        AnswerStatus(200, b"", None),
        AnswerStatus(403),
        AnswerStatus(500),
    ],
    ids=["fields", "id alone", "another", "page", "errors", "empty", "403", "500"],
)
async def test_no_invite_without_a_look(anyio_backend: str, fault: Fault) -> None:
    """If a membership cannot be read no invite is sent, except with ``resend``."""
    async with crowd(3, **INVITES_TWICE) as (server, session, ids):
        await members(session, ids[:1])
        server.inject(fault, on=GET, times=None)
        report = await session.bulk.assign([to(ids[0])], invite=True, plan="never")
        assert outcomes(report) == {"failed": 1}
        assert "no invite was sent" in (report.failures[0].reason or "")
        assert (server.count(ADD) - 1, server.invites) == (0, [])
        report = await session.bulk.assign([to(ids[1])], invite=True, plan="never", resend=True)
        assert outcomes(report) == {"added": 1}
        assert [each.user_id for each in server.invites] == ids[1:2]


async def test_one_of_a_block(anyio_backend: str) -> None:
    """A user that cannot be read in a block says nothing of the others, nor of the next block."""

    def one_is_odd(page: Any) -> object:
        items = cast("list[dict[str, Any]]", page if isinstance(page, list) else page["items"])
        items[0] = {**items[0], "id": 7, "tenantIds": 5, "userId": 7}
        return cast("object", page)

    async with crowd(250, ["t"], **INVITES_TWICE) as (server, session, ids):
        server.inject(Reworded(one_is_odd), on=USERS, times=None)
        server.inject(Reworded(one_is_odd), on=STATUSES, times=None)
        report = await session.bulk.assign([to(user_id) for user_id in ids], invite=True)
        assert outcomes(report) == {"already_member": 250}
        # Those three are looked at one by one.
        assert (server.count(STATUSES), server.count(GET), server.count(ADD)) == (3, 3, 0)


async def test_one_block_of_many(anyio_backend: str) -> None:
    """A block that cannot be read at all does not switch reading off."""
    async with crowd(900, ["t"]) as (server, session, ids):
        server.inject(AnswerStatus(200), on=STATUSES)
        server.inject(AnswerStatus(200), on=USERS)
        report = await session.bulk.assign([to(user_id) for user_id in ids], plan="always")
        assert outcomes(report)["already_member"] >= 800
        # The ninth block is read after the first eight.
        assert (server.count(STATUSES), server.count(ADD)) == (9, 100)


async def test_the_late_look(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invite whose response proves nothing is found done by the second look, if it was late."""
    async with crowd(1, **INVITES_TWICE) as (server, session, ids):
        server.inject(AnswerStatus(200), on=ADD)
        sleep = session.clock.sleep
        looks: list[int] = []

        async def late(seconds: float, /) -> None:
            if seconds == engine_module.LATE_COMMIT_S:
                looks.append(server.count(GET))
                server.user(ids[0]).tenants["t"] = "PendingInvitation"
            await sleep(seconds)

        monkeypatch.setattr(session.clock, "sleep", late)
        report = await session.bulk.assign([to(ids[0])], invite=True)
        assert outcomes(report) == {"added": 1}
        assert (server.count(ADD), len(looks)) == (1, 1)
        assert server.count(GET) > looks[0]


def test_every_job_is_here() -> None:
    """A job that is added is added to these tests."""
    assert {job.name for job in (Assign, Activate, Remove, SetSuperuser)} == {
        name.removeprefix("set_") for name in JOBS
    }
