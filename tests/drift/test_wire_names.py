"""The names on the wire are those of the table that is committed."""

from __future__ import annotations

import json

from .wire_names import TABLE, wire_names


def test_names_on_the_wire() -> None:
    """No method, path, parameter or field has another name than the table says."""
    table, found = json.loads(TABLE.read_text()), wire_names()
    for kind in ("operations", "structs"):
        assert found[kind].keys() == table[kind].keys(), "python -m tests.drift.wire_names"
        differing = {
            name: (table[kind][name], now)
            for name, now in found[kind].items()
            if now != table[kind][name]
        }
        assert not differing, "look at each, then: python -m tests.drift.wire_names"


def test_the_table_holds_what_it_should() -> None:
    """The table has all operations, those with parameters with them, and Structs with fields."""
    table = json.loads(TABLE.read_text())
    assert len(table["operations"]) > 330
    assert sum("query" in each for each in table["operations"].values()) > 20
    assert sum(map(len, table["structs"].values())) > 1_200
