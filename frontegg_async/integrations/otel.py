"""An observer that makes every call a span of OpenTelemetry.

Needs ``pip install frontegg-async[otel]``, which is the API of OpenTelemetry only. The program
chooses the SDK and the exporter; without them the spans are no-ops.

    attribute                    value                                               on
    ──────────────────────────   ─────────────────────────────────────────────────   ──────────
    frontegg.operation           name of the operation, which the span has as well   every span
    http.request.method          its HTTP method                                     every span
    url.template                 its path, with ``{parameters}`` in it               every span
    server.address               host of the session                                 every span
    server.port                  port of the session                                 every span
    http.response.status_code    status of the last response, if there was one       every span
    frontegg.trace_id            id that Frontegg's support asks for, if known       every span
    error.type                   name of the exception's class                       errors
    http.request.resend_count    requests sent after the first, if any               errors

The names are those of the semantic conventions for HTTP clients. ``url.full``, which they ask for
too, is left out: it holds ids. No span holds ids, bodies, messages of the server, or tokens, and
exceptions are not recorded as events, because their tracebacks may show any of them.
"""

from __future__ import annotations

from contextvars import Token
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from .._core.extras import imports_of

with imports_of("otel", __name__):
    from opentelemetry import context
    from opentelemetry.context import Context
    from opentelemetry.trace import (
        Span,
        SpanKind,
        Status,
        StatusCode,
        TracerProvider,
        get_tracer,
        set_span_in_context,
    )

from .._version import __version__
from ..errors import FronteggError
from ..observing import ObservedCall, Observer


class OpenTelemetryObserver(Observer):
    """Wraps every call in a client span: ``FronteggSession(observers=[OpenTelemetryObserver()])``.

    A span is one call: waiting for a token and a connection, every attempt and the pauses
    between them. Views, pages and the calls of bulk work are traced as well, so a run over a
    million rows makes as many spans: let a sampler choose. A call that ends in an error or a
    cancellation has the status ERROR.

    Args:
        tracer_provider: makes the spans; None takes the global one, set before or after.
    """

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        self._tracer: Final = get_tracer(
            "frontegg_async", __version__, tracer_provider=tracer_provider
        )
        self._open: Final[dict[ObservedCall, tuple[Span, Token[Context]]]] = {}

    def call_started(self, call: ObservedCall) -> None:
        """Start a span, and make it the current one of the call's task."""
        address, port = _server(call.base_url)
        span = self._tracer.start_span(
            call.operation.name,
            kind=SpanKind.CLIENT,
            attributes={
                "frontegg.operation": call.operation.name,
                "http.request.method": call.operation.method,
                "url.template": call.operation.template,
                "server.address": address,
                "server.port": port,
            },
        )
        self._open[call] = span, context.attach(set_span_in_context(span))

    def call_ended(self, call: ObservedCall, error: BaseException | None) -> None:
        """End the span, with the facts known by now."""
        span, token = self._open.pop(call)
        context.detach(token)
        if call.status is not None:
            span.set_attribute("http.response.status_code", call.status)
        if call.trace_id is not None:
            span.set_attribute("frontegg.trace_id", call.trace_id)
        if error is not None:
            kind = type(error).__name__
            span.set_attribute("error.type", kind)
            if isinstance(error, FronteggError):
                if error.attempts > 1:
                    span.set_attribute("http.request.resend_count", error.attempts - 1)
                # Never str(error), which holds the server's words: they may repeat ids.
                span.set_status(Status(StatusCode.ERROR, error.message))
            else:
                # Cancelled, or a mistake in the program: its message may hold anything.
                span.set_status(Status(StatusCode.ERROR, kind))
        span.end()


@lru_cache(maxsize=64)
def _server(base_url: str) -> tuple[str, int]:
    parts = urlsplit(base_url)
    return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
