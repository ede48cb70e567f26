"""Masks secrets that a server repeats in its responses.

A secret is searched as it is, in any case, and in the encodings in which servers, gateways and
frameworks repeat a request: percent-encoded, escaped for JSON or HTML, in base64, in hex.

    length     masked                        why
    ────────   ───────────────────────────   ─────────────────────────────────────────────────────
    8 or more  wherever it stands            no ordinary word holds it
    4 to 7     where it stands alone         a code of six digits; ``pass`` is part of ``password``
    up to 3    never                         a password ``a`` would mask every ``a``, and a mask of
                                             so few characters hides nothing that cannot be guessed
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import unquote_plus

from .secret import MASK

ANYWHERE_CHARS: Final = 8
"""Shortest secret that is masked within longer words as well."""
ALONE_CHARS: Final = 4
"""Shortest secret that is masked where it stands alone."""
_MAX_CHARS: Final = 20_000
"""Longest string that is searched: an error shows 500 characters of it."""
_MAX_DEPTH: Final = 2
"""Nested encodings that are undone."""

_JWT: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?", re.IGNORECASE)
_PIECE: Final = re.compile(r"[^\s\"'<>(),]+")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{11,}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
_ESCAPE: Final = re.compile(r"\\u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|\\(.)")
_URL_SAFE: Final = str.maketrans("+/", "-_")


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with ``***`` in place of secrets, and of every JWT."""
    known = sorted(
        {secret for secret in secrets if len(secret) >= ALONE_CHARS}, key=len, reverse=True
    )
    if len(text) > _MAX_CHARS:
        text = _without_beginning(text[:_MAX_CHARS], known)
    for secret in known:
        text = _without(text, secret)
    folded = [secret.lower() for secret in known if len(secret) >= ANYWHERE_CHARS]
    if folded and _holds_secret(text, folded, _MAX_DEPTH):
        text = _PIECE.sub(
            lambda piece: MASK if _holds_secret(piece[0], folded, _MAX_DEPTH) else piece[0], text
        )
        if _holds_secret(text, folded, _MAX_DEPTH):
            return MASK  # a secret with a space in it is in no single piece
    # Last: a part of an encoded secret can look like a JWT, and the rest would not be found.
    return _JWT.sub(MASK, text)


def _without(text: str, secret: str) -> str:
    """Mask a secret as it is, in any case."""
    folded, needle = text.lower(), secret.lower()
    if len(folded) != len(text):
        folded, needle = text, secret  # a character whose other case is longer
    parts: list[str] = []
    done = at = 0
    while (at := folded.find(needle, at)) >= 0:
        end = at + len(needle)
        if len(secret) >= ANYWHERE_CHARS or not (_is_word(text, at - 1) or _is_word(text, end)):
            parts += [text[done:at], MASK]
            done = end
        at = end
    return "".join([*parts, text[done:]]) if parts else text


def _is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_")


def _without_beginning(text: str, secrets: list[str]) -> str:
    """Return a truncated string without the beginning of a secret at its end."""
    for secret in secrets:
        for length in range(min(len(secret), len(text)), 0, -1):
            if text.endswith(secret[:length]):
                return text[:-length]
    return text


def _holds_secret(text: str, folded: list[str], depth: int) -> bool:
    """Return whether a string holds one of the secrets, as it is or encoded."""
    for view in _decodings(text):
        lower = view.lower()
        if any(secret in lower for secret in folded):
            return True
        if depth > 1 and view != text and _holds_secret(view, folded, depth - 1):
            return True
    return False


def _decodings(text: str) -> Iterator[str]:
    """Yield the decodings of a string."""
    if "%" in text or "+" in text:
        yield unquote_plus(text)
    if "\\" in text:
        yield _ESCAPE.sub(_unescaped, text)
    if "&" in text:
        import html  # rarely needed, and a twentieth of the time to import this package

        yield html.unescape(text)
    for run in _HEX.finditer(text):
        yield bytes.fromhex(run[0]).decode("latin-1")
    for run in _BASE64.finditer(text):
        # A character before it, such as the slash of a path, can be taken for a part of it.
        for start in range(4):
            digits = run[0][start:].translate(_URL_SAFE)
            whole = len(digits) - (len(digits) % 4 == 1)
            yield base64.urlsafe_b64decode(f"{digits[:whole]}==").decode("latin-1")


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    return chr(int(code, 16)) if code else str(escape[3])
