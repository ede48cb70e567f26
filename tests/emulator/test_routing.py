"""Matching of raw paths with routes."""

import pytest

from frontegg_async.emulator.routes._paths import Tree
from frontegg_async.emulator.routes._route import route

from .api import ADD, USERS, Api

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("segment", "user_id"),
    [
        ("plain", "plain"),
        ("a%2Fb", "a/b"),
        ("a%252fb", "a%2fb"),
        ("%C3%A9", "é"),
        ("a+b", "a+b"),
        ("a%20b", "a b"),
        ("...", "..."),
        ("%3F%23", "?#"),
        ("email", "email"),
        ("tenant", "tenant"),
    ],
)
async def test_an_id_is_decoded_once(api: Api, segment: str, user_id: str) -> None:
    """Each path segment is one id, percent-decoded exactly once after the split."""
    api.emulator.add_user(user_id)
    assert (await api.add(segment, "t")).status == 201
    assert api.emulator.memberships() == {(user_id, "t")}
    assert api.emulator.requests[-1].raw_path == f"{USERS}/{segment}/tenant"


@pytest.mark.parametrize("segment", ["..", "%2e%2E", ".", "", "a/b", "%ff"])
async def test_an_id_that_leaves_its_segment_reaches_no_user(api: Api, segment: str) -> None:
    """Dots, nothing, a bare slash and broken UTF-8 in place of an id are another path."""
    result = await api.add(segment, "t")
    assert result.status == 404
    assert result.json["errorCode"] == "ER-00004"
    assert api.emulator.requests[-1].template is None


async def test_dots_can_reach_another_route(api: Api) -> None:
    """A DELETE whose id climbs out of its place reaches another user: why ids are checked."""
    api.emulator.add_user("victim")
    result = await api.send("DELETE", f"{USERS}/someone/../victim")
    assert result.status == 200
    with pytest.raises(KeyError):
        api.emulator.user("victim")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/identity/resources/users/v9"),
        ("PATCH", f"{USERS}/u/tenant"),
        ("POST", f"{USERS}/u/tenant/"),
        ("GET", "//identity/resources/users/v3"),
    ],
)
async def test_unknown_routes_have_their_code(api: Api, method: str, path: str) -> None:
    """Unknown paths, methods and trailing slashes get 404 ER-00004."""
    result = await api.send(method, path)
    assert (result.status, result.json["errorCode"]) == (404, "ER-00004")


async def test_a_head_request_gets_no_body(api: Api) -> None:
    """HEAD is no route, and its answer keeps the connection in step."""
    assert (await api.send("HEAD", "/nowhere")).body == b""
    api.emulator.add_user("u")
    assert (await api.add("u", "t")).status == 201
    assert len({request.connection for request in api.emulator.requests}) == 1


async def test_names_of_routes_are_checked(api: Api) -> None:
    """A count for a route that does not exist is a mistake and not a zero."""
    assert api.emulator.count(ADD) == 0
    with pytest.raises(ValueError, match="no such route"):
        api.emulator.count("POST /typo")


def test_a_route_is_there_once() -> None:
    """Two routes that differ in the name of a placeholder only are one too many."""
    one, other = route("GET", "/a/{id}", None), route("GET", "/a/{userId}", None)
    with pytest.raises(ValueError, match="already"):
        Tree([one, other])
    assert Tree([one]).same("GET /a/{anything}") is one
    assert Tree([one]).same("GET /a/b") is None
    assert Tree([one]).same("GET /a/{id}/c") is None
