"""Ids of users by their e-mail addresses, which a ledger keeps during a run."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import msgspec

USER_IDS_SCHEMA: Final = """
CREATE TABLE people (address TEXT PRIMARY KEY, user_id TEXT) WITHOUT ROWID
"""
"""An empty id means that no user has the address, NULL that several users have it."""

# One statement for many addresses: see ``order.py`` for the reason.
_KNOWN: Final = """
SELECT json_group_array(json_array(address, user_id)) FROM people
WHERE user_id IS NOT NULL AND address IN (SELECT value FROM json_each(?))
"""
_KEEP: Final = """
INSERT INTO people SELECT json_extract(value, '$[0]') AS address, json_extract(value, '$[1]')
FROM json_each(?) WHERE true ORDER BY address
ON CONFLICT (address) DO UPDATE SET user_id =
"""
_LOOKED_UP: Final = f"{_KEEP} excluded.user_id"
_LISTED: Final = f"{_KEEP} NULL WHERE user_id <> excluded.user_id"


def known_user_ids(database: sqlite3.Connection, addresses: Iterable[str]) -> dict[str, str]:
    """Return the known ids of users by their addresses."""
    (found,) = database.execute(_KNOWN, (_json(addresses),)).fetchone()
    return dict(msgspec.json.decode(found, type=list[tuple[str, str]]))


def keep_user_ids(
    database: sqlite3.Connection, people: Iterable[tuple[str, str]], *, listed: bool
) -> None:
    """Keep the ids of users by their addresses.

    Args:
        database: the ledger, in a transaction.
        people: addresses with ids. Ids that were looked up replace those of a listing.
        listed: True if they come from a listing, where two users may have one address, so that
            neither is known to be meant.
    """
    database.execute(_LISTED if listed else _LOOKED_UP, (_json(people),))


def forget_user_ids(database: sqlite3.Connection) -> None:
    """Forget all users: an address may belong to another user by the next run."""
    database.execute("DELETE FROM people")


def _json(values: Iterable[object]) -> str:
    return msgspec.json.encode(list(values)).decode()
