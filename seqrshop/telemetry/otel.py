"""Traces by OpenTelemetry. Imported with OTEL_EXPORTER_OTLP_ENDPOINT only.

A request, a task and a call to SEQR are spans. A task belongs to the trace of the request that
enqueued it: its message carries the trace's context in its headers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from celery import Task
from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse
from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NoOpTracer, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from seqrshop.telemetry import traces
from seqrshop.telemetry.log_context import current_ids

EXPORT_SECONDS = 2.0  # a process that stops waits for two exports at most
_CONTEXT = TraceContextTextMapPropagator()
_tracer: Tracer = NoOpTracer()  # until `start`
_tasks: dict[str, tuple[Span, Any]] = {}  # by the task's id: its span, and the context before it


def start(endpoint: str, version: str) -> TracerProvider:
    """Export traces from now on to the collector at this address, over OTLP/HTTP."""
    global _tracer  # noqa: PLW0603 - one for the process
    resource = Resource({SERVICE_NAME: "seqrshop", SERVICE_VERSION: version})
    provider = TracerProvider(resource=resource.merge(Resource.create()))
    exporter = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    _tracer = provider.get_tracer("seqrshop", version)
    traces.record_with(Recorder())
    before_task_publish.connect(_carry_context)
    task_prerun.connect(_start_task)
    task_failure.connect(_fail_task)
    task_postrun.connect(_end_task)
    return provider


def tracer() -> Tracer:
    """Return what makes the spans of this process."""
    return _tracer


class Recorder:
    """Makes spans of calls to SEQR."""

    def record_call(
        self, name: str, duration_ms: int, *, failed: bool, attributes: Mapping[str, str | int]
    ) -> None:
        """Make the span of a call that has just ended, within the present one."""
        ended_at = time.time_ns()
        span = tracer().start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=ended_at - duration_ms * 1_000_000,
        )
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(ended_at)

    def current_ids(self) -> Mapping[str, str]:
        """Return the id of the present trace, if there is one."""
        present = trace.get_current_span().get_span_context()
        return {"trace_id": format(present.trace_id, "032x")} if present.is_valid else {}


class TraceMiddleware:
    """Makes a span of each request, named by its route: a path may hold a key."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Handle a request in its span."""
        method = str(request.method)
        with tracer().start_as_current_span(
            method,
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, **_shop_ids()},
            record_exception=False,  # its message may be anything
            set_status_on_exception=False,
        ) as span:
            response = self._get_response(request)
            if request.resolver_match is not None:
                span.set_attribute("http.route", request.resolver_match.route)
                span.update_name(f"{method} {request.resolver_match.route}")
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                span.set_status(StatusCode.ERROR)
            return response


def _carry_context(headers: dict[str, Any], **_publishing: Any) -> None:
    _CONTEXT.inject(headers)


def _start_task(task_id: str, task: Task[..., Any], **_running: Any) -> None:
    parent = _CONTEXT.extract(task.request.headers or {})
    span = tracer().start_span(
        task.name, parent, kind=SpanKind.CONSUMER, attributes={"seqrshop.task_id": task_id}
    )
    _tasks[task_id] = span, context.attach(trace.set_span_in_context(span))


def _fail_task(task_id: str, **_failure: Any) -> None:
    if task_id in _tasks:
        _tasks[task_id][0].set_status(StatusCode.ERROR)


def _end_task(task_id: str, **_running: Any) -> None:
    if task_id in _tasks:
        span, before = _tasks.pop(task_id)
        context.detach(before)
        span.end()


def _shop_ids() -> dict[str, str]:
    return {f"seqrshop.{name}": value for name, value in current_ids().items()}
