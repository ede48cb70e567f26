"""From a successful answer to the value that its operation returns, or to a typed error."""

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
    """Decode an answer, and compare it with what was asked for.

    Args:
        operation: what was sent.
        answer: what came back, with the status of a success.
        path: values of the path parameters; empty if they are not known.
        arguments: what else went with the call.

    Raises:
        ResponseDecodeError: it is not what the operation returns, it reports an error, or it
            is about something else than was asked for.
    """
    echo = operation.echo
    try:
        value = operation.decode(answer.body)
    except msgspec.DecodeError as error:
        if path and echo is not None and echo.stands_for(operation.repeat, answer.body):
            return operation.returns(**{echo.field: path[0]})
        problem = str(error)
    else:
        if echo is None or not echo.differs(value, path, arguments.get("query")):
            return value
        problem = f"another {echo.field} than was asked for"
        del value  # of somebody else: the variables of this frame may be shown
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
