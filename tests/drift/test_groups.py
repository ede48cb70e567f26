"""Groups as attributes of a session, and their operations in the table."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import Any, Final
from unittest.mock import AsyncMock, create_autospec

import pytest

from frontegg_async import FronteggSession, Operation, endpoints
from frontegg_async.cli.call.signatures import find_group
from frontegg_async.endpoints import GROUPS, operations
from frontegg_async.endpoints._group import EndpointGroup

MODULES: Final = [each.name for each in walk_packages(endpoints.__path__, f"{endpoints.__name__}.")]


def test_no_constant_is_left_out() -> None:
    """Every operation of every module is in the table, also one of a part of a group."""
    constants: set[Operation[Any]] = {
        value
        for name in MODULES
        for value in vars(import_module(name)).values()
        if isinstance(value, Operation)
    }
    assert constants == set(operations())


@pytest.mark.parametrize("name", GROUPS)
def test_groups(name: str) -> None:
    """A group is made once for each session, and is its documented class on the class."""
    kind = find_group(name)
    assert getattr(FronteggSession, name) is kind
    assert (kind.__doc__ or "").strip()
    session, other = FronteggSession.for_users(), FronteggSession.for_users()
    group = getattr(session, name)
    assert type(group) is kind
    assert getattr(session, name) is group
    assert getattr(other, name) is not group


def test_every_group_is_an_attribute() -> None:
    """``GROUPS`` and the attributes of sessions are the same groups."""
    found = {
        name
        for name in dir(FronteggSession)
        if isinstance(kind := getattr(FronteggSession, name), type)
        and issubclass(kind, EndpointGroup)
    }
    assert found == set(GROUPS)


@pytest.mark.anyio
async def test_a_mock_of_a_session_knows_its_methods() -> None:
    """A program that tests with mocks gets coroutines with the signatures of the real ones."""
    mock = create_autospec(FronteggSession, instance=True)
    assert isinstance(mock.users.get, AsyncMock)
    mock.users.get.return_value = "a user"
    assert await mock.users.get("u") == "a user"
    with pytest.raises(TypeError, match="user_id"):
        mock.users.get()
