"""Bodies in parts, as browsers send files: ``multipart/form-data`` of RFC 7578.

The body of an operation is a Struct here as well: each of its fields is a part. Bytes are a file
(of CSV, the one kind that Frontegg takes), anything else is JSON. Names come from the Struct, and
nothing in them needs quoting.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import msgspec
from msgspec import UNSET


def encode_multipart(body: msgspec.Struct, encode: Callable[[object], bytes]) -> tuple[str, bytes]:
    """Return the content type and the bytes of a body.

    Args:
        body: a Struct; fields of UNSET are left out.
        encode: returns the JSON of a value.
    """
    boundary = secrets.token_hex(16)
    pieces: list[bytes] = []
    for name, content in _parts(body):
        if isinstance(content, bytes):
            # Without a file name a server takes a part for a field.
            file, kind, data = '; filename="upload.csv"', "text/csv", content
        else:
            file, kind, data = "", "application/json", encode(content)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        pieces += (head.encode(), data, b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", b"".join(pieces)


def _parts(body: msgspec.Struct) -> Iterator[tuple[str, object]]:
    kind = type(body)
    for field, name in zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True):
        content = getattr(body, field)
        if content is not UNSET:
            yield name, content
