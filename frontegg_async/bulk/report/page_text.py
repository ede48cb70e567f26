"""Strings and numbers of the report page, as people write them."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space as one space."""
    return " ".join(text.split())


def printable(text: str) -> str:
    """Return ``text`` with escapes for characters that are not seen but act.

    Those are control characters, direction overrides, line separators and lone surrogates, which
    could not even be encoded.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return the number and its noun: ``1 row``, ``2,300 rows``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def grouped(number: int) -> str:
    """Return a number with its thousands apart: ``2,300``."""
    return f"{number:,}"


def decimal(value: float) -> str:
    """Return a number with as many digits as matter: ``16,600``, ``16.6``, ``0.17``."""
    if value >= 99.95:
        return f"{value:,.0f}"
    if value >= 0.995:
        return f"{value:.1f}".removesuffix(".0")
    if value >= 0.005:
        return f"{value:.2f}".rstrip("0")
    if value >= 0.0001:
        return f"{value:.1g}"
    return "less than 0.0001" if value > 0 else "0"


def short(value: float) -> str:
    """Return a number for an axis: ``5 k`` instead of ``5,000`` from ten thousand on."""
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= max(unit, 1e4):
            return f"{value / unit:,.10g} {letter}"
    return f"{value:,.10g}"


def rate(per_second: float) -> str:
    """Return calls a second in words, or a minute or an hour where that is less than one."""
    if 0 < per_second < 0.995:
        if per_second * 60 < 0.995:
            return f"{decimal(per_second * 3_600)} calls an hour"
        return f"{decimal(per_second * 60)} calls a minute"
    return f"{decimal(per_second)} calls a second"


def duration(seconds: float) -> str:
    """Return a length of time: ``85 ms``, ``4.2 s``, ``2 min 5 s``, ``10 h``."""
    if seconds < 0.9995:
        return f"{seconds * 1_000:.0f} ms" if seconds >= 0.001 or not seconds else "under 1 ms"
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 else f"{decimal(seconds)} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    large, small = (f"{hours:,} h", f"{minutes} min") if hours else (f"{minutes} min", f"{rest} s")
    return large if small.startswith("0 ") else f"{large} {small}"


def milliseconds(value: float) -> str:
    """Return a latency: ``1.5 ms``, ``300 ms``, ``1.5 s``."""
    return f"{value:g} ms" if value < 1_000 else f"{value / 1_000:g} s"


def share(part: float, whole: float) -> str:
    """Return a percentage that is 0 or 100 only where it is exactly so."""
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "less than 1 %"
    if 99 < percent < 100:
        return "more than 99 %"
    return f"{percent:.0f} %"
