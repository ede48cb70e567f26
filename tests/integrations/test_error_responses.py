"""HTTP responses for errors: every error has one, and none can be used to write headers."""

from __future__ import annotations

import json
import math
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from frontegg_async import FronteggError, RateLimitError, UnauthorizedError
from frontegg_async.errors import BatchInterruptedError
from frontegg_async.integrations.error_responses import ErrorResponses

ODD = 'a "b"\r\nSet-Cookie: c=d \udcff é'
FIELDS: list[dict[str, Any]] = [
    {},
    {"status": 499, "messages": (ODD,), "trace_id": ODD, "error_code": ODD, "attempts": 1},
    {"status": 200, "retry_after": math.inf},
    {"status": 404, "retry_after": math.nan},
    {"status": 599, "retry_after": -5.0},
]


def kinds(root: type[FronteggError] = FronteggError) -> Iterator[type[FronteggError]]:
    """Give the classes of the tree, without those that other tests derive."""
    yield root
    for kind in root.__subclasses__():
        if kind.__module__ == root.__module__:
            yield from kinds(kind)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("fields", FIELDS, ids=str)
def test_every_error_has_a_response(kind: type[FronteggError], fields: dict[str, Any]) -> None:
    """Any error, also one raised again or from another process, is a 4xx or 5xx of one line."""
    error = kind(ODD, **fields)
    first = ErrorResponses().respond(error)
    assert 400 <= first.status < 600
    assert json.loads(first.body)["status"] == first.status
    assert all(each.isascii() and each.isprintable() for each in first.headers.values())
    sent = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    for same in (error.again(), sent):
        assert ErrorResponses().respond(same) == first


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, "1"), (0.2, "1"), (2.1, "3"), (math.inf, "60"), (math.nan, "60")]
)
def test_retry_after(seconds: float | None, shown: str) -> None:
    """A limit says when to come back, in whole seconds, and at all events."""
    error = RateLimitError("too many", retry_after=seconds)
    assert ErrorResponses().respond(error).headers["Retry-After"] == shown


def test_an_interrupted_batch_is_a_failure_of_frontegg() -> None:
    """A batch of which a call failed is an error of a call, and not of a setting."""
    assert ErrorResponses().respond(BatchInterruptedError("one failed")).status == 502


def test_challenges_are_quoted() -> None:
    """A value of a challenge stays between its quotes, whatever it holds."""
    error = UnauthorizedError("no", challenge={"error_description": ODD + "\\"})
    assert error.headers == {
        "WWW-Authenticate": 'Bearer error_description="a \\"b\\"??Set-Cookie: c=d ? ?\\\\"'
    }
