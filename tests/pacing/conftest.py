"""The fixture of tests of the line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from .line_scene import Scene, turn


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    """Give a group whose run has spent its first slot, and check that no task is left."""
    made = Scene()
    assert made.group.try_admit(made.run)
    yield made
    await made.close()
    await turn()
    assert not {task for task in asyncio.all_tasks() if "frontegg_async" in task.get_name()}
