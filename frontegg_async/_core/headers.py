"""Headers of a request to this application, whatever mapping its framework has them in."""

from __future__ import annotations

from collections.abc import Mapping

from .secret import Secret


def header_of(headers: Mapping[str, str], name: str) -> Secret | None:
    """Return the value of a header, or None.

    Args:
        headers: any mapping. Those of frameworks ignore case, a plain dict does not.
        name: name in lower case.
    """
    value = headers.get(name)
    if value is None:
        # A plain dict, in which a name stands as it was written.
        value = next((each for key, each in headers.items() if key.lower() == name), None)
    return None if value is None else Secret(value)
