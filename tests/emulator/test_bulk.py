"""Long-running work: its progress, its effects and its status."""

from typing import Any

import pytest

from frontegg_async.emulator import BulkRoles, Emulator

from .api import VENDOR_ONLY, Api
from .conftest import Connect
from .logins import log_in

pytestmark = pytest.mark.anyio

BULK = "/identity/resources/users/bulk/v1"
MIGRATIONS = "/identity/resources/migrations"
TENANTS = "/tenants/resources/migrations/v1/tenants"


def people(count: int, **fields: Any) -> dict[str, Any]:
    return {"users": [{"email": f"u{each}@x.io", **fields} for each in range(count)]}


async def invite(api: Api, body: object) -> str:
    result = await api.send("POST", f"{BULK}/invite", body, frontegg_tenant_id="t")
    assert result.status == 202
    job_id: str = result.json["id"]
    return job_id


async def test_invited_users_join_step_by_step(api: Api) -> None:
    """Each read of the status adds half of the users, and the second ends the task."""
    job_id = await invite(api, people(3, name="N", roleIds=["role-Reader"]))
    seen: list[tuple[str, int]] = []
    status: dict[str, Any] = {}
    for _ in range(3):
        status = (await api.send("GET", f"{BULK}/status/{job_id}")).json
        seen.append((status["status"], len(api.emulator.memberships())))
    assert seen == [("InProgress", 1), ("Completed", 3), ("Completed", 3)]
    assert len(api.emulator.invites) == 3
    assert status["errors"] == []
    user_id = api.emulator.invites[0].user_id
    assert api.emulator.user(user_id).roles_in("t") == ("role-Reader",)


async def test_a_task_that_has_done_nothing_has_not_started(connect: Connect) -> None:
    """With fewer users than reads of the status, the first reads find nothing done."""
    async with connect(task_looks=3) as api:
        job_id = await invite(api, people(1))
        states = [
            (await api.send("GET", f"{BULK}/status/{job_id}")).json["status"] for _ in range(3)
        ]
        assert states == ["NotStarted", "NotStarted", "Completed"]


async def test_bad_users_are_errors_and_do_not_stop_the_others(connect: Connect) -> None:
    """The status names the bad users; the others are members, and their passwords work."""
    async with connect(task_looks=0) as api:
        body = people(2, password="pw", skipInviteEmail=True, verified=True)
        body["users"].insert(1, {"email": "no address"})
        body["users"].append({"name": "nobody"})
        body["users"].append({"email": "r@x.io", "roleIds": ["nope"]})
        job_id = await invite(api, body)
        status = (await api.send("GET", f"{BULK}/status/{job_id}")).json
        assert status["status"] == "CompletedWithErrors"
        assert [error.get("email") for error in status["errors"]] == ["no address", None, "r@x.io"]
        assert all(error["message"] for error in status["errors"])
        assert len(api.emulator.memberships()) == 2
        assert api.emulator.invites == []
        assert (await log_in(api, "u0@x.io", "pw")).json["emailVerified"] is True


async def test_an_existing_user_joins(connect: Connect) -> None:
    """A user of another tenant is added under the same id."""
    async with connect(task_looks=0) as api:
        api.emulator.add_user("old", email="u0@x.io", tenant_ids=["s"])
        await invite(api, people(1))
        assert api.emulator.memberships() == {("old", "s"), ("old", "t")}


async def test_the_clock_can_move_tasks_on(connect: Connect) -> None:
    """With task_seconds users join as time passes, also while the task is not read."""
    now = 0.0
    async with connect(task_seconds=10, clock=lambda: now) as api:
        job_id = await invite(api, people(4))
        seen: list[tuple[str, int]] = []
        for moment in (1.0, 5.0, 9.0, 10.0):
            now = moment
            listed = (await api.send("GET", "/identity/resources/users/v3?_tenantId=t")).json
            status = (await api.send("GET", f"{BULK}/status/{job_id}")).json
            seen.append((status["status"], len(listed["items"])))
        assert seen == [("NotStarted", 0), ("InProgress", 2), ("InProgress", 3), ("Completed", 4)]


async def test_tasks_can_be_finished_from_outside(api: Api) -> None:
    """finish_tasks does the rest, and the next status is completed."""
    job_id = await invite(api, people(5))
    api.emulator.finish_tasks()
    assert len(api.emulator.memberships()) == 5
    status = (await api.send("GET", f"{BULK}/status/{job_id}")).json
    assert (status["status"], status["processed"]) == ("Completed", 5)


@pytest.mark.parametrize("count", [0, 1_001])
async def test_too_many_and_none_are_rejected(api: Api, count: int) -> None:
    """A call takes between one and a thousand users, and does nothing otherwise."""
    for target in (f"{BULK}/invite", f"{MIGRATIONS}/v2/local/bulk"):
        result = await api.send("POST", target, people(count), frontegg_tenant_id="t")
        assert result.status == 400
    assert len(api.emulator.tenants) == 0


async def test_bulk_work_needs_a_tenant_and_a_known_task(api: Api) -> None:
    """An invitation needs a tenant, and a status the id of a task of its own kind."""
    assert (await api.send("POST", f"{BULK}/invite", people(1))).status == 403
    job_id = await invite(api, people(1))
    assert (await api.send("GET", f"{BULK}/status/nope")).status == 404
    other = f"{MIGRATIONS}/v1/local/bulk/status/{job_id}"
    assert (await api.send("GET", other)).status == 404


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_users_are_migrated(api: Api, version: str) -> None:
    """They join the tenants they name, active, without a mail; the status lists them."""
    api.emulator.add_user("old", email="old@x.io", tenant_ids=["s"])
    if version == "v1":
        users = [{"email": "a@x.io", "tenantId": "t", "verifyUser": True}]
    else:
        addresses = [
            {"email": "second@x.io", "primary": False, "verified": False},
            {"email": "a@x.io", "primary": True, "verified": True},
        ]
        users = [{"emails": addresses, "tenantId": "t", "externalId": "x"}]
    users += [{"email": "old@x.io", "tenantId": "t"}, {"email": "b@x.io", "tenantId": ""}]
    started = await api.send("POST", f"{MIGRATIONS}/{version}/local/bulk", {"users": users})
    assert started.status == 202
    target = f"{MIGRATIONS}/v1/local/bulk/status/{started.json['migrationId']}"
    assert (await api.send("GET", target)).json["state"] == "InProgress"
    status = (await api.send("GET", target)).json
    assert status["state"] == "CompletedWithErrors"
    assert [error["email"] for error in status["errors"]] == ["b@x.io"]
    found = (await api.send("GET", "/identity/resources/users/v1/email?email=a%40x.io")).json
    assert api.emulator.memberships() == {("old", "s"), ("old", "t"), (found["id"], "t")}
    user = api.emulator.user(found["id"])
    assert (user.verified, user.tenants["t"]) == (True, "Activated")
    assert api.emulator.invites == []


async def test_one_user_is_migrated_at_once(api: Api) -> None:
    """The single migration returns the user, and 400 for a bad one."""
    body = {"email": "a@x.io", "tenantId": "t", "metadata": "{}"}
    result = await api.send("POST", f"{MIGRATIONS}/v1/local", body)
    assert (result.status, result.json["email"], result.json["verified"]) == (201, "a@x.io", False)
    assert (await api.send("POST", f"{MIGRATIONS}/v1/local", {"email": "a@x.io"})).status == 400


async def test_tenants_are_migrated(api: Api) -> None:
    """New tenants come into being step by step; an empty id is an error."""
    started = await api.send("POST", TENANTS, {"tenants": ["a", "b", " "]})
    assert started.status == 202
    target = f"{TENANTS}/status/{started.json['migrationId']}"
    assert (await api.send("GET", target)).json["status"] == "InProgress"
    assert list(api.emulator.tenants) == ["a"]
    assert (await api.send("GET", target)).json["status"] == "CompletedWithErrors"
    assert list(api.emulator.tenants) == ["a", "b"]
    assert (await api.send("POST", TENANTS, {"tenants": []})).status == 400


def _member(emulator: Emulator) -> None:
    emulator.add_user("u", tenant_ids=["a", "b"], roles=["Reader"])


async def test_roles_change_in_all_tenants_at_once(api: Api) -> None:
    """By default the response is the result."""
    _member(api.emulator)
    body = {"addRoleIds": ["role-Admin"], "removeRoleIds": ["role-Reader"]}
    result = await api.send("PATCH", f"{VENDOR_ONLY}/u/roles/bulk", body)
    assert result.json == {
        "userId": "u",
        "affectedTenants": 2,
        "rolesAdded": ["role-Admin"],
        "rolesRemoved": ["role-Reader"],
    }
    user = api.emulator.user("u")
    assert [user.roles_in(tenant) for tenant in "ab"] == [("role-Admin",)] * 2


async def test_roles_change_by_a_task(connect: Connect) -> None:
    """If queued the response is a task, with errors for tenants that are not the user's."""
    async with connect(bulk_roles=BulkRoles.QUEUED) as api:
        _member(api.emulator)
        body = {"addRoleIds": ["role-Admin"], "tenantIds": ["a", "x"]}
        started = await api.send("PATCH", f"{VENDOR_ONLY}/u/roles/bulk", body)
        target = f"{VENDOR_ONLY}/bulk-roles/status/{started.json['taskId']}"
        first = (await api.send("GET", target)).json
        assert (first["status"], first["processedTenants"]) == ("InProgress", 1)
        last = (await api.send("GET", target)).json
        assert (last["status"], last["totalTenants"]) == ("CompletedWithErrors", 2)
        assert (last["userId"], last["addedRoleIds"]) == ("u", ["role-Admin"])
        assert [error["tenantId"] for error in last["errors"]] == ["x"]
        assert api.emulator.user("u").roles_in("b") == ("role-Reader",)
        assert (await api.send("PATCH", f"{VENDOR_ONLY}/x/roles/bulk", {})).status == 404


@pytest.mark.parametrize(
    "options", [{"task_looks": -1}, {"task_seconds": -1}, {"user_token_refusal": 404}]
)
def test_policies_that_make_no_sense_are_rejected(options: dict[str, Any]) -> None:
    """A negative number of looks or seconds, and another status, are the caller's mistake."""
    with pytest.raises(ValueError, match="must"):
        Emulator(**options)
