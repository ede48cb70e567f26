"""Headers of a request to this application, whatever mapping its framework has them in."""

from __future__ import annotations

from collections.abc import Mapping

from .secret import Secret


def header_of(headers: Mapping[str, str], name: str) -> Secret | None:
    """Return the value of a header, or None.

    Args:
        headers: any mapping. Those of frameworks ignore case, a plain dict does not, and one of an
            ASGI scope's headers has bytes.
        name: name in lower case.
    """
    value: object = headers.get(name)
    if value is None:
        # A plain dict, in which a name stands as it was written.
        names: tuple[object, ...] = (name, name.encode())
        value = next((each for key, each in headers.items() if key.lower() in names), None)
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return Secret(value) if isinstance(value, str) else None
