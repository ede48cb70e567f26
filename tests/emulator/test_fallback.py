"""Stateless responses: every operation of the SDK has one, in its shape."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import NoneType

import msgspec
import pytest

from frontegg_async.emulator import AnswerStatus, RateLimit
from frontegg_async.emulator.routes import _fallback as fallback
from frontegg_async.emulator.routes import _router as routes
from frontegg_async.emulator.routes._route import Takes
from frontegg_async.emulator.routes._samples import sample
from frontegg_async.emulator.routes._statuses import success
from frontegg_async.endpoints import operations
from frontegg_async.operation import Operation, TenantHeader, TokenKind, UserHeader

from .api import Api
from .conftest import Connect
from .logins import user

pytestmark = pytest.mark.anyio

MARK = "frontegg-emulator"
KEYS = frozenset(each.key for each in routes.ROUTES)


async def test_every_operation_is_answered_in_its_shape(api: Api) -> None:
    """Every stateless operation returns its status and a body that the SDK decodes."""
    mine = await user(api)
    marked = 0
    for operation in operations():
        sender = mine if operation.token.value == "user" else api
        path = operation.path(tuple("x" for _ in operation.parameters))
        body: dict[str, str] | None = None if operation.body is None else {}
        headers = {"frontegg_user_id": "u"}
        if operation.tenant.value != "none":
            headers["frontegg_tenant_id"] = "t"
        result = await sender.send(operation.method, path, body, **headers)
        key = f"{operation.method} {operation.template}"
        assert result.status != 404 or b"ER-00004" not in result.body, key
        assert result.status < 500, key
        if MARK in result.headers:
            marked += 1
            assert result.status == success(key), key
            operation.decode(result.body)
            assert bool(result.body) is (
                operation.returns is not NoneType and result.status != 204
            ), key
    assert marked == sum(
        1
        for operation in operations()
        if routes.known(f"{operation.method} {operation.template}") not in KEYS
    )


def test_no_operation_is_taken_by_the_route_of_another() -> None:
    """Each operation's path finds the route with its own template, and not one with a wider one."""
    for operation in operations():
        path = operation.path(tuple("x" for _ in operation.parameters))
        found = routes.find(operation.method, path)
        assert found is not None
        assert found[0].key == routes.known(f"{operation.method} {operation.template}")


class Leaf(msgspec.Struct):
    """An object that many responses hold."""

    id: str
    count: int | float
    open: bool | None
    metadata: str | dict[str, int] | None


class Node(msgspec.Struct):
    """Holds itself, as trees do."""

    leaves: tuple[Leaf, ...] | None
    children: "tuple[Node, ...]"


class Listing(msgspec.Struct):
    """A page."""

    items: tuple[Leaf, ...]
    links: dict[str, str | None] = msgspec.field(name="_links")
    totals: dict[str, int] = msgspec.field(name="_metadata")


def test_samples_have_one_of_everything() -> None:
    """Arrays have one element, nested objects are filled, and a tree ends."""
    leaf = {"id": "emulator-id", "count": 1, "open": True, "metadata": "{}"}
    assert sample(tuple[Leaf, ...], "") == [leaf]
    assert sample(Node, "") == {"leaves": [leaf], "children": []}
    page = sample(Listing, None)
    assert (page["items"], page["_links"]["next"]) == ([leaf], None)
    assert page["_metadata"] == {"totalItems": 1, "totalPages": 1}


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A table of operations of the test's own."""
    base = "/identity/resources/emulated"
    tenant, whose = TenantHeader.REQUIRED, UserHeader.REQUIRED
    made = (
        Operation("x.get", "GET", f"{base}/v1", Leaf),
        Operation("x.create", "POST", f"{base}/v1", Leaf, body=Leaf, token=TokenKind.NONE),
        Operation("x.get_mine", "GET", f"{base}/v1/me", Leaf, token=TokenKind.USER),
        Operation(
            "x.list", "GET", f"{base}/v2", Leaf, token=TokenKind.EITHER, tenant=tenant, user=whose
        ),
        Operation("x.delete", "DELETE", f"{base}/v1/{{id}}", NoneType),
        Operation("x.leave", "DELETE", f"{base}/v1/{{id}}", NoneType, token=TokenKind.USER),
    )
    monkeypatch.setattr("frontegg_async.endpoints.operations", lambda: made)
    caches = (fallback.routes, fallback.kinds, routes.fallback_tree)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


V1 = "/identity/resources/emulated/v1"
V2 = "/identity/resources/emulated/v2"


@pytest.mark.usefixtures("table")
async def test_the_kind_of_token_is_checked(api: Api) -> None:
    """Each kind of operation lets in the tokens that it takes; rejections are not marked."""
    mine = await user(api)
    nobody = replace(api, token="")

    async def statuses(method: str, path: str, body: object = None) -> list[int]:
        answers = [await sender.send(method, path, body) for sender in (api, mine, nobody)]
        assert all((MARK in each.headers) is (each.status < 300) for each in answers)
        return [each.status for each in answers]

    assert await statuses("GET", V1) == [200, 403, 401]
    assert await statuses("GET", f"{V1}/me") == [401, 200, 401]
    assert await statuses("POST", V1, {}) == [200, 200, 200]
    assert await statuses("DELETE", f"{V1}/x") == [200, 200, 401]


@pytest.mark.usefixtures("table")
async def test_required_headers_are_checked(api: Api) -> None:
    """Without the tenant or the user it is 403; a user's token says both by itself."""
    mine = await user(api)
    assert (await api.send("GET", V2)).status == 403
    assert (await api.send("GET", V2, frontegg_tenant_id="t")).status == 403
    headers = {"frontegg_tenant_id": "t", "frontegg_user_id": "u"}
    assert (await api.send("GET", V2, **headers)).status == 200
    assert (await mine.send("GET", V2)).status == 200


@pytest.mark.usefixtures("table")
async def test_a_body_has_to_be_json(api: Api) -> None:
    """A body has to be JSON, although it is not used."""
    result = await api.send("POST", V1, b"{")
    assert (result.status, result.json["errorCode"]) == (400, "ER-00006")
    assert (await api.send("GET", V1, b"{")).status == 200


@pytest.mark.usefixtures("table")
async def test_faults_limits_and_records_work_for_them(connect: Connect) -> None:
    """A stateless route can be limited, struck and counted like any other."""
    key = f"GET {V1}"
    async with connect(rate_limits=[RateLimit(2, 60, on=key)]) as api:
        injection = api.emulator.inject(AnswerStatus(502), on=key)
        statuses = [(await api.send("GET", V1)).status for _ in range(4)]
        assert statuses == [502, 200, 200, 429]
        assert (injection.struck, api.emulator.count(key)) == (1, 4)
        assert api.emulator.requests[-1].template == V1


async def test_placeholders_may_have_any_name(api: Api) -> None:
    """A route is known by its shape, so that counts do not depend on a name in braces."""
    api.emulator.add_user("u", tenant_ids=["t"])
    await api.send("GET", "/identity/resources/users/v1/u", frontegg_tenant_id="t")
    for name in ("id", "userId", "anything"):
        assert api.emulator.count(f"GET /identity/resources/users/v1/{{{name}}}") == 1


async def test_unknown_routes_stay_unknown(api: Api) -> None:
    """A route that the SDK does not know either is 404 with the code that was seen."""
    result = await api.send("GET", "/identity/resources/nothing/v1")
    assert (result.status, result.json["errorCode"]) == (404, "ER-00004")
    with pytest.raises(ValueError, match="no such route"):
        api.emulator.count("GET /identity/resources/nothing/v1")


def test_a_table_of_operations_is_loaded_when_it_is_needed() -> None:
    """Routes with state are found without it."""
    code = (
        "from frontegg_async.emulator.routes import _fallback, _router; "
        "_router.find('POST', '/auth/vendor'); _router.known('POST /auth/vendor'); "
        "print(_fallback.routes.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"0"
    assert fallback.takes("GET /nothing") is Takes.ENVIRONMENT
