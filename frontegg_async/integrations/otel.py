"""A session whose calls are spans of OpenTelemetry.

Needs ``pip install frontegg-async[otel]``, which is the API of OpenTelemetry only. The program
chooses the SDK and the exporter; without them the spans are no-ops.

    attribute                    value                                               on
    ──────────────────────────   ─────────────────────────────────────────────────   ──────────
    frontegg.operation           name of the operation, which the span has as well   every span
    http.request.method          its HTTP method                                     every span
    url.template                 its path, with ``{parameters}`` in it               every span
    server.address               host of the session                                 every span
    server.port                  port of the session                                 every span
    http.response.status_code    status of the last answer, if there was one         every span
    frontegg.trace_id            what Frontegg's support asks for, if known          every span
    error.type                   name of the exception's class                       errors
    http.request.resend_count    requests sent after the first, if any               errors

The names are those of the semantic conventions for HTTP clients. ``url.full``, which they ask for
too, is left out: it holds ids. No span holds ids, bodies, messages of the server, or tokens, and
exceptions are not recorded as events, because their tracebacks may show any of them.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final, TypeVar, Unpack
from urllib.parse import urlsplit

from opentelemetry.trace import Span, SpanKind, Status, StatusCode, get_tracer

from .._version import __version__
from ..answer import Answer
from ..call import AttemptObserver
from ..errors import FronteggError
from ..frontegg import FronteggSession
from ..operation import Arguments, Operation

T = TypeVar("T")

# Made before any provider may be set, this one asks for the provider when it is used.
_tracer: Final = get_tracer("frontegg_async", __version__)


class TracedSession(FronteggSession):
    """A ``FronteggSession`` that wraps every call in a client span, and is the same otherwise.

    A span is one call: waiting for a token and a connection, every attempt and the pauses
    between them. Views, pages and the calls of bulk work are traced as well, so a run over a
    million rows makes as many spans: let a sampler choose. What an error or a cancellation ends
    has the status ERROR.

    Arguments, life and views are those of ``Session``. The tracer provider is the global one,
    set before or after the session is made.
    """

    async def call(
        self, operation: Operation[T], /, *path: str, **arguments: Unpack[Arguments]
    ) -> T:
        """Send any operation inside a span and return its decoded answer; see ``Session.call``.

        Raises:
            FronteggError: see ``frontegg_async.errors`` for the tree.
        """
        with self._span(operation) as span:
            answer = await super().send(operation, *path, **arguments)
            _note_answer(span, answer.status, answer.trace_id)
            return self.decoded(operation, answer)

    async def send(
        self,
        operation: Operation[T],
        /,
        *path: str,
        observer: AttemptObserver | None = None,
        **arguments: Unpack[Arguments],
    ) -> Answer:
        """Send any operation inside a span and return the answer itself; see ``Session.send``.

        Raises:
            FronteggError: see ``frontegg_async.errors`` for the tree.
        """
        with self._span(operation) as span:
            answer = await super().send(operation, *path, observer=observer, **arguments)
            _note_answer(span, answer.status, answer.trace_id)
            return answer

    @contextmanager
    def _span(self, operation: Operation[Any]) -> Generator[Span, None, None]:
        address, port = self._server
        with _tracer.start_as_current_span(
            operation.name,
            kind=SpanKind.CLIENT,
            attributes={
                "frontegg.operation": operation.name,
                "http.request.method": operation.method,
                "url.template": operation.template,
                "server.address": address,
                "server.port": port,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield span
            except FronteggError as error:
                _note_error(span, error)
                raise
            except BaseException as error:
                # Cancelled, or a mistake in the program: its message may hold anything.
                kind = type(error).__name__
                span.set_attribute("error.type", kind)
                span.set_status(Status(StatusCode.ERROR, kind))
                raise

    @cached_property
    def _server(self) -> tuple[str, int]:
        parts = urlsplit(self.base_url)
        return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)


def _note_error(span: Span, error: FronteggError) -> None:
    span.set_attribute("error.type", type(error).__name__)
    _note_answer(span, error.status, error.trace_id)
    if error.attempts > 1:
        span.set_attribute("http.request.resend_count", error.attempts - 1)
    # Never str(error), which holds what the server said: it may repeat ids and e-mail addresses.
    span.set_status(Status(StatusCode.ERROR, error.message))


def _note_answer(span: Span, status: int | None, trace_id: str | None) -> None:
    if status is not None:
        span.set_attribute("http.response.status_code", status)
    if trace_id is not None:
        span.set_attribute("frontegg.trace_id", trace_id)
