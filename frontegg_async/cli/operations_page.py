"""The page docs/operations.md: a table of all operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from ..operation import Operation, TenantHeader, TokenKind, UserHeader
from .call.docstrings import Documentation
from .call.results import Kind
from .call.signatures import find_group, find_method
from .descriptions import returned

_HEAD: Final = """\
# All operations

`frontegg-async operations --markdown` writes this page, and a test compares the two. Tokens and
groups are explained in [api.md](api.md); `frontegg-async operations NAME` describes one operation.

*Tenant* and *user* are the headers `frontegg-tenant-id` and `frontegg-user-id`, which matter with
the environment token: a user's own token names both. *JSON* is a response whose fields Frontegg
does not document; a list is a tuple in Python.
"""
_TOKENS: Final = {
    TokenKind.ENVIRONMENT: "environment token",
    TokenKind.EITHER: "either token",
    TokenKind.USER: "user's token",
    TokenKind.ANY: "any or none",
    TokenKind.NONE: "no token",
}
_RETURNS: Final = {
    Kind.ANSWER: "{}",
    Kind.PAGES: "pages of {}",
    Kind.TASK: "task: {}",
    Kind.TASKS: "tasks: {}",
}


def page(operations: Iterable[Operation[Any]]) -> Iterator[str]:
    """Yield the lines of the page."""
    everything = tuple(operations)
    yield from _HEAD.splitlines()
    yield ""
    yield from _counts(everything)
    for group, members in groupby(everything, key=lambda each: each.name.partition(".")[0]):
        yield ""
        yield f"## {group}"
        yield ""
        yield Documentation.of(find_group(group)).summary
        yield ""
        yield "| operation | token | tenant, user | request | returns |"
        yield "|---|---|---|---|---|"
        for operation in members:
            yield _row(operation)


def _counts(operations: tuple[Operation[Any], ...]) -> Iterator[str]:
    """Yield the table of counts, by API and by token."""
    counts = Counter((_api(each), each.token) for each in operations)
    yield f"| API | {' | '.join(_TOKENS.values())} | all |"
    yield f"|---|{'---|' * (len(_TOKENS) + 1)}"
    for api in sorted({api for api, _ in counts}):
        numbers = [counts[api, token] for token in _TOKENS]
        yield f"| {' | '.join(map(str, (api, *numbers, sum(numbers))))} |"
    totals = [sum(each.token is token for each in operations) for token in _TOKENS]
    yield f"| {' | '.join(map(str, ('all', *totals, len(operations))))} |"


def _api(operation: Operation[Any]) -> str:
    return operation.template.split("/")[1]


def _row(operation: Operation[Any]) -> str:
    headers = [
        f"{name} {header.value}"
        for name, header in (("tenant", operation.tenant), ("user", operation.user))
        if header not in {TenantHeader.NONE, UserHeader.NONE}
    ]
    answer = returned(operation, find_method(operation))
    mark = "" if operation.deprecated is None else " *deprecated*"
    cells = (
        f"`{operation.name}`{mark}",
        operation.token.value,
        ", ".join(headers),
        f"`{operation.method} {operation.template}`",
        _RETURNS[Kind(answer.kind)].format(_code(answer.type)),
    )
    return f"| {' | '.join(cells)} |"


def _code(name: str) -> str:
    # A bar ends the cell even between backticks.
    return name if name in {"JSON", "nothing"} else f"`{name}`".replace("|", "\\|")
