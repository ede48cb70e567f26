"""Errors made of responses and failures: of the right class, bounded, without secrets."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from frontegg_async import errors
from frontegg_async._core.response import (
    Failure,
    FailureKind,
    Response,
    error_of_failure,
    error_of_response,
)
from frontegg_async.errors import FronteggError

OWN: dict[int, type[FronteggError]] = {
    401: errors.AuthenticationError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    409: errors.ConflictError,
    # These statuses do not blame the request.
    **dict.fromkeys((408, 421, 425, 460, 499), errors.ServerError),
    429: errors.RateLimitError,
}


class Sent:
    """A call with these secrets."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets

    def secrets(self) -> tuple[str, ...]:
        """Give them."""
        return self._secrets


def error_of(
    status: int, body: bytes = b"", *redact: str, headers: dict[str, str] | None = None
) -> FronteggError:
    answer = Response(status, headers or {}, body, sent=Sent(redact))
    return error_of_response(answer, operation="users.get", attempts=2)


@pytest.mark.parametrize("status", range(300, 600))
def test_every_status(status: int) -> None:
    """Each status is one class of the tree, and the error knows it."""
    error = error_of(status, headers={"frontegg-trace-id": "abc"})
    by_range = {
        3: errors.ConfigurationError,
        4: errors.InvalidRequestError,
        5: errors.ServerError,
    }
    assert type(error) is OWN.get(status, by_range[status // 100])
    assert (error.status, error.operation, error.attempts) == (status, "users.get", 2)
    assert error.trace_id == "abc"


@pytest.mark.parametrize("status", [600, 999])
def test_statuses_that_are_none(status: int) -> None:
    """A number beyond HTTP is still an error of the server."""
    assert isinstance(error_of(status), errors.ServerError)


@pytest.mark.parametrize("status", [100, 101, 199])
def test_statuses_before_the_answer(status: int) -> None:
    """A status below 200 is a response that cannot be decoded."""
    assert isinstance(error_of(status), errors.ResponseDecodeError)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (199, "not a final HTTP status"),
        (401, "the server rejected the password"),
        (403, "the password may not do this"),
        (422, "the server rejected the request"),
        (504, "the server failed"),
    ],
)
def test_messages(status: int, message: str) -> None:
    """The message names the kind of credential that was sent, and who failed."""
    answer = Response(status, {}, b"", sent=Sent(()))
    error = error_of_response(answer, operation="x.y", attempts=1, credential="password")
    assert error.args[0] == message
    default = error_of_response(answer, operation="x.y", attempts=1)
    assert default.args[0] == message.replace("password", "token")


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ({"location": "https://elsewhere.test/x"}, "'elsewhere.test'"),
        ({}, "another path"),
        ({"location": "https://" + "a" * 10_000}, "a" * 192 + "'"),
        ({"location": "a\nb"}, "another path"),
        ({"location": "https://[::1/x"}, "cannot be read"),
    ],
)
def test_redirects(location: dict[str, str], shown: str) -> None:
    """A redirect says to which host it leads, in a length and a spelling that is safe to print."""
    text = str(error_of(302, headers=location))
    assert shown in text
    assert len(text) < 400


BODIES: list[tuple[Any, tuple[str, ...], str | None]] = [
    ({"errors": ["a", "b"], "errorCode": "ER-1"}, ("a", "b"), "ER-1"),
    ({"errors": ["a"]}, ("a",), None),
    ({"errors": "a"}, ("a",), None),
    ({"message": "a"}, ("a",), None),
    ({"message": ["a", "b"]}, ("a", "b"), None),
    ({"errors": ["a"], "message": "b"}, ("a",), None),
    ({"errors": [], "message": "b"}, ("b",), None),
    ({"errors": None, "errorCode": None}, (), None),
    ({"errorCode": 42}, (), "42"),
    ({"errorCode": 0}, (), "0"),
    ({"statusCode": 500, "message": "Internal server error", "extra": {}},
     ("Internal server error",), None),
    ({"errors": ["a", None, True, 5, {"b": 1}], "errorCode": "ER-1"}, ("a", "5", "b: 1"), "ER-1"),
    ({"errors": [{"message": "a"}], "errorCode": "ER-1"}, ("a",), "ER-1"),
    ({"errors": [{"message": "a", "code": "ER-00008"}]}, ("a",), "ER-00008"),
    ({"errors": {"field": ["a", "b"]}, "errorCode": "ER-1"}, ("field: a", "field: b"), "ER-1"),
    ({"errors": [[[[[["a"]]]]]], "message": "b"}, ("b",), None),
    ({"errors": 7}, ("7",), None),
    ({"errors": ["a"], "errorCode": 1.5}, ("a",), "1.5"),
    ({"errors": ["a"], "errorCode": ["x"]}, ("a",), "x"),
    ({"errors": ["a"], "errorCode": {"x": 1}}, ("a",), None),
    ({"errors": ["a", "b"], "errorCodes": ["ER-00004", "ER-2"]}, ("a", "b"), "ER-00004"),
    ({"errors": ["ER-001c3df1e0: User ID must be a valid id"]},
     ("ER-001c3df1e0: User ID must be a valid id",), "ER-001c3df1e0"),
    ({"errors": ["no code: ER-1, ER-0123456789a"]}, ("no code: ER-1, ER-0123456789a",), None),
    ({"error": "invalid_grant", "error_description": "a"}, ("a",), "invalid_grant"),
    ({"error": "a"}, ("a",), None),
    ({"error": {"message": "a", "code": 12}}, ("a",), "12"),
    ({"title": "Bad", "detail": "a", "status": 400}, ("a",), None),
    ({"errors": ["x" * 30], "n": 10**400}, ("x" * 30,), None),
    ({}, (), None),
    ([], (), None),
    (["a"], (), None),
    ("a", (), None),
    (None, (), None),
    (5, (), None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "messages", "code"), BODIES)
def test_error_bodies(body: Any, messages: tuple[str, ...], code: str | None) -> None:
    """Messages and code are read from each known shape of error body, and from odd ones."""
    error = error_of(400, json.dumps(body).encode())
    assert error.error_code == code
    assert error.messages == messages


def test_half_characters_in_an_error() -> None:
    """A message with half a surrogate pair is read, with U+FFFD in its place."""
    error = error_of(400, b'{"errors": ["a \\ud83d"], "errorCode": "ER-00008"}')
    assert (error.messages, error.error_code) == (("a \ufffd",), "ER-00008")


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"{", b"\xff\xfe", b"\x00"])
def test_bodies_that_are_no_json(body: bytes) -> None:
    """Without a readable body, the status alone decides the error."""
    error = error_of(502, body)
    assert isinstance(error, errors.ServerError)
    assert (error.messages, error.error_code) == ((), None)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.one_of(
        st.binary(),
        json_values.map(lambda value: json.dumps(value).encode()),
        st.fixed_dictionaries(
            {}, optional={"errors": json_values, "message": json_values, "errorCode": json_values}
        ).map(lambda value: json.dumps(value).encode()),
    ),
    st.integers(100, 999),
)
@example(b"[" * 100_000, 400)
@example(b'{"errorCode": ' + b"9" * 5_000 + b"}", 400)
def test_no_body_breaks_the_error(body: bytes, status: int) -> None:
    """Any bytes at all give an error of ours that can be printed, in a bounded length."""
    error = error_of(status, body)
    assert len(error.messages) <= 10
    assert all(len(text) <= 500 for text in error.messages)
    assert len(str(error)) < 12_000


def test_megabytes_are_cut() -> None:
    """Megabytes of messages and codes do not end up in a log line."""
    long = "x" * 2**20
    error = error_of(400, json.dumps({"errors": [long] * 3, "errorCode": long}).encode())
    assert len(str(error)) < 12_000


@pytest.mark.parametrize("body", [
    {"errors": ["bad secret canary-key given"], "errorCode": "canary-key"},
    {"message": "canary-key"},
    {"errors": ["canary-key" * 3]},
    {"errors": ["x" * 495 + "canary-key"]},
])  # fmt: skip
def test_secrets_that_come_back(body: Any) -> None:
    """A server that repeats the secret does not get it into an error, not even half of it."""
    error = error_of(401, json.dumps(body).encode(), "canary-key")
    assert "canary" not in str(error)
    assert "canary" not in repr(error.fields)


FAILURES = [
    # kind, status, class
    (FailureKind.NOT_SENT, None, errors.ConnectionFailedError),
    (FailureKind.TIMED_OUT, None, errors.CallTimeoutError),
    (FailureKind.TIMED_OUT, 200, errors.CallTimeoutError),
    (FailureKind.BROKEN, None, errors.ConnectionFailedError),
    (FailureKind.BROKEN, 200, errors.ConnectionFailedError),
    (FailureKind.MALFORMED, None, errors.ResponseDecodeError),
    (FailureKind.MALFORMED, 200, errors.ResponseDecodeError),
    (FailureKind.TOO_LARGE, 200, errors.ResponseDecodeError),
]


@pytest.mark.parametrize(("kind", "status", "expected"), FAILURES)
def test_failures(kind: FailureKind, status: int | None, expected: type[FronteggError]) -> None:
    """An attempt without a response is an error with the reason."""
    error = error_of_failure(
        Failure(kind, "for the test", status), {"operation": "users.get", "attempts": 3}
    )
    assert type(error) is expected
    assert (error.operation, error.status, error.attempts) == ("users.get", status, 3)
    assert error.message == "for the test"


def test_answers_do_not_show_their_bodies() -> None:
    """Neither the body nor the headers of a response show in its ``repr``."""
    answer = Response(200, {"frontegg-trace-id": "abc", "set-cookie": "canary"}, b"canary")
    assert repr(answer) == "<Response 200, 6 bytes, trace id abc>"
    assert repr(Failure(FailureKind.BROKEN, "cut")) == "<Failure broken: cut>"


@pytest.mark.parametrize(
    ("trace_id", "shown"),
    [
        (b"correct-horse-12".hex(), "***"),
        (b64encode(b"Passw0rd").hex() + "0" * 8, "***"),
        ("0123456789abcdef" * 2, "0***9abcdef0***9abcdef"),
        ("fedcba9876543210" * 2, "fedcba9876543210" * 2),
    ],
    ids=["hex", "hex of base64", "as it is", "none"],
)
def test_a_secret_in_a_trace_id(trace_id: str, shown: str) -> None:
    """A secret that the server repeats as a trace id is masked, also where it looks like any."""
    sent = Sent(("correct-horse-12", "Passw0rd", "12345678", "short"))
    assert Response(200, {"frontegg-trace-id": trace_id}, b"", sent=sent).trace_id == shown
