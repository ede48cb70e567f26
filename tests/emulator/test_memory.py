"""Bytes that the emulator keeps for each membership."""

import time
import tracemalloc

from frontegg_async.emulator.policy import Policy
from frontegg_async.emulator.state.environment import State

USERS = 100
TENANTS = 200


def test_a_membership_is_two_entries_and_no_object() -> None:
    """A million memberships fit: one without roles takes less than 150 bytes."""
    state = State(Policy(), time.time)
    users = [state.create_user(f"u{number}", email=None, name=None) for number in range(USERS)]
    tracemalloc.start()
    try:
        for number in range(TENANTS):
            for user in users:
                state.add(user, f"t{number}", skip_invite=True, validate=False)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / (USERS * TENANTS) < 150
    assert all(user.role_ids is None for user in users)
