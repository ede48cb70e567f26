"""Decodes a successful response to the value that its operation returns, or raises."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ..errors import MAX_MESSAGES, ResponseDecodeError
from ..operation import Arguments, Operation
from .error_body import body_reports_error, read_error_body
from .response import Response

T = TypeVar("T")


def decode_response(
    operation: Operation[T],
    answer: Response,
    path: tuple[str, ...],
    arguments: Arguments,
) -> T:
    """Decode a response, and compare it with the request.

    Args:
        operation: the operation that was sent.
        answer: its response, with the status of a success.
        path: values of the path parameters; empty if they are not known.
        arguments: the other arguments of the call.

    Raises:
        ResponseDecodeError: the body does not match the operation's return type, reports an
            error, or is about another object than was asked for.
    """
    echo = operation.echo
    try:
        value = operation.decode(answer.body)
    except msgspec.DecodeError as error:
        if path and echo is not None and echo.stands_for(operation.repeat, answer.body):
            return operation.returns(**{echo.field: path[0]})
        problem = str(error)
    else:
        if echo is None or not echo.differs(value, path, arguments):
            return value
        problem = f"another {echo.field} than was asked for"
        del value  # another user's data: tracebacks may show the variables of this frame
    raise _error(operation.name, answer, problem)


def _error(operation: str, answer: Response, problem: str) -> ResponseDecodeError:
    messages: tuple[str, ...] = ()
    code = None
    if body_reports_error(answer.body):
        messages, code = read_error_body(answer.body)
        messages = tuple(answer.redacted(text) for text in messages[:MAX_MESSAGES])
        code = code and answer.redacted(code)
    return ResponseDecodeError(
        f"the answer is not as expected: {answer.redacted(problem)}",
        operation=operation,
        status=answer.status,
        error_code=code,
        messages=messages,
        trace_id=answer.trace_id,
        attempts=answer.attempts,
    )
