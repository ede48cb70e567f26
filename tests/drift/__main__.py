"""``python -m tests.drift FILE ...``: OpenAPI documents against the SDK.

Exit code 0: every difference is explained; 1: one is not; 2: a file is no document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from .documents import covers, operations_of, prefix_of
from .drift import find_drift
from .explained import EXPLAINED, Explanation, unexplained
from .sdk import SdkOperation, record_all
from .shapes import DocumentError, resolve


def read(path: Path) -> Mapping[str, Any]:
    """Return an OpenAPI document.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no such document.
    """
    found: object = json.loads(path.read_bytes())
    if not isinstance(found, dict):
        raise DocumentError("it is no JSON object")
    document = cast("dict[str, Any]", found)
    try:
        # Looked through once here, so that an error names the file that it is in.
        list(operations_of(document))
        _check_references(document, document)
    except (LookupError, TypeError, AttributeError) as error:
        raise DocumentError(f"it is no sound OpenAPI document: {error!r}") from None
    return document


def _check_references(document: Mapping[str, Any], part: Any) -> None:
    if isinstance(part, dict):
        inner = cast("dict[str, Any]", part)
        if isinstance(inner.get("$ref"), str):
            resolve(document, inner)
        for value in inner.values():
            _check_references(document, value)
    elif isinstance(part, list):
        for value in part:  # pyright: ignore[reportUnknownVariableType]  # any JSON
            _check_references(document, value)


def main(
    arguments: Sequence[str],
    *,
    sdk: Sequence[SdkOperation] | None = None,
    explanations: Sequence[Explanation] = EXPLAINED,
) -> int:
    """Print the differences that are not explained, and return the exit code."""
    if not arguments:
        sys.stderr.write("usage: python -m tests.drift FILE ...\n")
        return 2
    documents: list[Mapping[str, Any]] = []
    for name in arguments:
        try:
            documents.append(read(Path(name)))
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{name}: {error}\n")
            return 2
    ours = record_all() if sdk is None else sdk
    prefixes = [prefix_of(document) for document in documents]
    everything = all(any(covers(each, known.template) for each in prefixes) for known in ours)
    findings = find_drift(documents, ours)
    left = unexplained(findings, explanations, prefixes=prefixes, everything=everything)
    for finding in left:
        sys.stdout.write(f"{finding}\n")
    count = len(findings) - sum(finding.kind != "stale" for finding in left)
    sys.stdout.write(f"{len(left)} to be looked at, {count} explained\n")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
