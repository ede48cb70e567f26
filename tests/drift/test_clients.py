"""Other clients of Frontegg's API: what they call, the SDK can call, with the same token."""

from __future__ import annotations

from typing import Any, Final

import pytest

from frontegg_async import Operation, TokenKind
from frontegg_async.endpoints import operations

from .clients import EXPLAINED, PREFIXES, Client, find_client_drift, read_clients
from .drift import Finding
from .explained import unexplained

ROUTE: Final = "GET /identity/zoo/v1/{}"


def operation(token: TokenKind) -> Operation[Any]:
    """Return an operation on the route, with another name for its parameter."""
    return Operation("zoo.get", "GET", "/identity/zoo/v1/{animalId}", dict[str, Any], token=token)


def found(token: str, *sdk: Operation[Any]) -> list[Finding]:
    """Return the drift of one client that sends this token to the route."""
    client = Client("a client", token, (ROUTE,))  # type: ignore[arg-type]  # a word of the test's
    return list(find_client_drift((client,), sdk))


def test_the_sdk_can_do_what_clients_do() -> None:
    """Each route of each client is an operation that takes the client's token, or is explained."""
    findings = list(find_client_drift(read_clients(), operations()))
    assert unexplained(findings, EXPLAINED, prefixes=PREFIXES, everything=False) == []


def test_the_table_holds_what_it_should() -> None:
    """The table has clients with each kind of token, and the browsers' client in full."""
    clients = read_clients()
    assert {each.token for each in clients} == {"environment", "user", "none"}
    assert max(len(each.routes) for each in clients) > 220
    assert all(len(set(each.routes)) == len(each.routes) for each in clients)


def test_a_route_that_is_missing_is_found() -> None:
    """A route that no operation has is found, with the client that calls it."""
    assert found("user") == [Finding(ROUTE, "route", "new", "called by a client")]


@pytest.mark.parametrize(
    ("token", "kinds"),
    [
        ("environment", {TokenKind.USER, TokenKind.NONE}),
        ("user", {TokenKind.ENVIRONMENT}),
        ("none", {TokenKind.ENVIRONMENT, TokenKind.USER, TokenKind.EITHER}),
    ],
)
def test_a_token_that_would_be_rejected_is_found(token: str, kinds: set[TokenKind]) -> None:
    """An operation that does not take a client's token is found; all others are not."""
    rejected = {kind for kind in TokenKind if found(token, operation(kind))}
    assert rejected == kinds
