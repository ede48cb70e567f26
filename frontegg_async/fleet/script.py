"""The script that runs exchanges in a store, and the packing of what goes in and out.

News, grants and gates travel as doubles, lowest byte first, in the order of their fields.
"""

from __future__ import annotations

import struct
from importlib.resources import files

from .news import GateNews, Grant, News

STORED_FORMAT = 2
"""Number of the stored state's format: others stand under other keys."""

_NEWS = struct.Struct(f"<{len(News.__struct_fields__)}d")
_GATE = struct.Struct(f"<{len(GateNews.__struct_fields__)}d")
GATE_BYTES = _GATE.size
"""Bytes of a gate."""
_GRANT = struct.Struct("<21d")
"""The gate, the rest of the grant, and the number of interactive slots; all slots follow."""


def source() -> str:
    """Return the script."""
    folder = files("frontegg_async.fleet")
    return "\n".join(
        (folder / name).read_text(encoding="utf-8") for name in ("limit.lua", "exchange.lua")
    )


def packed_news(news: News) -> bytes:
    """Return news as the script takes them."""
    return _NEWS.pack(
        news.taken,
        news.taken_sent,
        news.took,
        news.refused,
        news.refused_sent,
        news.stated_until,
        news.exhausted_sent,
        news.exhausted_until,
        news.unleased,
        news.returned,
        news.flight,
        news.held,
        news.interactive,
        news.bulk,
        news.trip,
        news.rate,
        news.share,
        news.remaining,
        news.calls,
        news.seconds,
        news.met,
        news.leaves,
    )


def unpacked_gate(data: bytes) -> GateNews:
    """Return a gate that the script has published.

    Raises:
        struct.error: it is none.
    """
    now, epoch, closed, *times = _GATE.unpack(data)
    return GateNews(now, epoch, closed != 0.0, *times)


def unpacked_grant(data: bytes) -> Grant:
    """Return the grant that the script has returned.

    Raises:
        struct.error: it is none.
    """
    (
        now,
        epoch,
        closed,
        closed_at,
        next_look_at,
        stated_until,
        refused_sent,
        look,
        paced,
        limited,
        surveying,
        rate,
        calls,
        seconds,
        window,
        reset,
        members,
        askers,
        runners,
        next_at,
        interactive,
    ) = _GRANT.unpack_from(data)
    slots = struct.unpack_from(f"<{(len(data) - _GRANT.size) // 8}d", data, _GRANT.size)
    split = int(interactive)
    return Grant(
        GateNews(now, epoch, closed != 0.0, closed_at, next_look_at, stated_until, refused_sent),
        look != 0.0,
        paced != 0.0,
        limited != 0.0,
        surveying != 0.0,
        rate,
        calls,
        seconds,
        window != 0.0,
        reset,
        int(members),
        int(askers),
        int(runners),
        next_at,
        slots[:split],
        slots[split:],
    )
