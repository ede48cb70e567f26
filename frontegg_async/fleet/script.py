"""The script that runs exchanges in a store, and the packing of what goes in and out.

News, grants and gates travel as doubles, lowest byte first, in the order of their fields.
"""

from __future__ import annotations

import struct
from importlib.resources import files

from .caps import CAPS, Cap
from .lua_source import without_names
from .news import GateNews, Grant, News

STORED_FORMAT = 3
"""Number of the stored state's format: others stand under other keys."""

STATE = (
    "now",
    "epoch",
    "front",
    "interactive_at",
    "window_reset",
    "windows_spared",
    "flight",
    "held",
    "askers",
    "runners",
    "count",
    "issued",
    "served",
    "sweep_at",
    "closed",
    "closed_at",
    "next_look_at",
    "looked_at",
    "opened_at",
    "stated_until",
    "refused_sent",
    "taken_sent",
    "look_gap",
    "stated_wait",
    "true_share",
    "next_at",
    "catch_up",
    "idle_seconds",
    "held_back",
    "held_back_in_cycle",
    "one_refused",
    "taken",
    "refused",
    "closed_seconds",
    "cycle_start",
    "cycle_count",
    "cycle_from_opening",
    "refused_at_cycle_start",
    "opening",
    "opening_closed_at",
    "opening_last_refused",
    "opening_sent_at",
    "opening_reset",
    "opening_at",
    "opening_taken",
    "opening_recent_rate",
    "taken_at_opening",
    "next_tick_at",
    "answer_mean",
    "answer_usual",
    "survey_at",
    "kind",
    "period",
    "seeking_rate",
    "doubling",
    "next_doubling_at",
    "doubtful",
    "stream_rate",
    "may_be_window",
    "grown_at",
    "odd_calms",
    "refused_rate",
    "rested_rate",
    "calm_seconds",
    "calm_passed",
    "doublings",
    "rested_at",
    "refused_in_calm",
    "taken_at_rest",
    "refused_since_rest",
    "resets_at",
    "resets_error",
    "resets_seconds",
    "resets_seconds_error",
    "quota",
    "disproving_quota",
    "was_met",
    "astray_resets",
    "sprint_factor",
    "sprints_to_skip",
    "window_taken",
    "window_taken_before",
    "burst_until",
    "burst_at",
    "reset",
    "reset_error",
    "eased_share",
    "over_quota_at",
    *[f"cap_{number}_{name}" for number in range(CAPS) for name in Cap.__struct_fields__],
)
"""Fields of a stored state, in its order; marks follow."""
MEMBER = ("until_", "flight", "held", "asks", "runs", "turn")
"""Fields of a stored member, in its order."""
_NEWS = struct.Struct(f"<{len(News.__struct_fields__)}d")
NEWS_BYTES = _NEWS.size
"""Bytes of news."""
_GATE = struct.Struct(f"<{len(GateNews.__struct_fields__)}d")
GATE_BYTES = _GATE.size
"""Bytes of a gate."""
_GRANT = struct.Struct("<21d")
"""The gate, the rest of the grant, and the number of interactive slots; all slots follow."""


def source() -> str:
    """Return the script."""
    folder = files("frontegg_async.fleet")
    text = "\n".join(
        (folder / name).read_text(encoding="utf-8") for name in ("limit.lua", "exchange.lua")
    )
    counts = {
        "STATE": len(STATE),
        "MEMBER": len(MEMBER),
        "NEWS": _NEWS.size // 8,
        "GATE": _GATE.size // 8,
        "GRANT": (_GRANT.size - _GATE.size) // 8,
    }
    # As Lua's struct reads formats, which knows no counts in them.
    known = "".join(f'local {name} = "<{"d" * count}"\n' for name, count in counts.items())
    sizes = f"local STATE_FIELDS, MEMBER_FIELDS = {len(STATE)}, {len(MEMBER)}\n"
    caps = [STATE.index(f"cap_{number}_rate") + 1 for number in (0, CAPS - 1)]
    sizes += f"local FIRST_CAP, LAST_CAP = {caps[0]}, {caps[1]}\n"
    records = {"S": STATE, "news": News.__struct_fields__, "member": MEMBER}
    return without_names(f"{known}{sizes}{text}", records)


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
