"""Traces: a request, its tasks and its calls to SEQR are spans of one trace, without a secret."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from celery import shared_task
from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun
from django.test import Client
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk.trace import TracerProvider
from pytest_django import Settings

from payments.gateway import seqr_with
from payments.models import InvoiceStatus
from payments.seqr import Credentials
from seqrshop.telemetry import otel, traces
from tests.payments.polling.shard import FakeStatusClient, Shard, status
from tests.payments.steps import invoice_in
from tests.telemetry.log_lines import collected_lines
from tests.telemetry.receiver import Receiver, attributes_of

TOKEN = secrets.token_urlsafe(24)
PASSWORD = secrets.token_urlsafe(12)


class Collector(Receiver):
    """A collector, and the provider of this process that exports to it."""

    provider: TracerProvider

    def exported(self) -> list[Span]:
        """Return the spans that have ended until now."""
        assert self.provider.force_flush()
        return self.spans()


@pytest.fixture
def collector(settings: Settings) -> Iterator[Collector]:
    """A collector that this process exports its traces to."""
    settings.MIDDLEWARE = [
        settings.MIDDLEWARE[0],
        "seqrshop.telemetry.otel.TraceMiddleware",
        *settings.MIDDLEWARE[1:],
    ]
    with Collector() as collector:
        collector.provider = otel.start(collector.address, "1.2.3")
        yield collector
        traces.record_with(None)
        for signal in (before_task_publish, task_prerun, task_failure, task_postrun):
            signal.receivers[:] = [
                each for each in signal.receivers if "telemetry" not in repr(each)
            ]
        collector.provider.shutdown()


@pytest.mark.django_db
def test_span_of_a_request_has_its_route_and_status_and_no_key(
    client: Client, collector: Collector
) -> None:
    response = client.get(f"/return/{TOKEN}?token={TOKEN}", headers={"x-seqr-token": TOKEN})

    (span,) = collector.exported()
    assert span.name == "GET return/<key:return_key>"
    assert span.kind == Span.SPAN_KIND_SERVER
    assert attributes_of(span) == {
        "http.request.method": "GET",
        "http.route": "return/<key:return_key>",
        "http.response.status_code": 404,
        "seqrshop.request_id": response["X-Request-ID"],
    }
    assert TOKEN.encode() not in collector.everything


@shared_task
def call_seqr(password: str) -> None:
    """Call SEQR, which nobody answers, and fail."""
    credentials = Credentials("till", password, "", "", "")
    seqr_with(credentials).cancel_invoice("123456789")


def test_spans_of_a_task_and_its_call_belong_to_the_trace_of_the_request(
    collector: Collector, seqr_away: None
) -> None:
    traceparent = f"00-{'ab' * 16}-{'cd' * 8}-01"
    with collected_lines() as lines:
        call_seqr.apply((PASSWORD,), headers={"traceparent": traceparent}, task_id="task-1")

    call, task = collector.exported()
    assert {each.trace_id.hex() for each in (call, task)} == {"ab" * 16}
    assert (task.parent_span_id.hex(), call.parent_span_id) == ("cd" * 8, task.span_id)
    assert (task.name, call.name) == (call_seqr.name, "cancelInvoice")
    assert (task.status.code, call.status.code) == (Status.STATUS_CODE_ERROR,) * 2
    assert attributes_of(task) == {"seqrshop.task_id": "task-1"}
    assert attributes_of(call).keys() == {"rpc.system", "rpc.method", "seqr.client_reference"}
    assert PASSWORD.encode() not in collector.everything
    (warning,) = lines.parsed(logger="payments.seqr")
    assert warning["trace_id"] == "ab" * 16
    assert warning["client_reference"] == attributes_of(call)["seqr.client_reference"]


def test_enqueued_task_carries_the_trace_of_its_request(collector: Collector) -> None:
    headers: dict[str, str] = {}
    with otel.tracer().start_as_current_span("request") as span:
        before_task_publish.send(sender="any", headers=headers)

    assert headers["traceparent"].split("-")[1] == format(span.get_span_context().trace_id, "032x")


@pytest.mark.django_db(transaction=True)
def test_poll_has_a_span_only_if_it_changes_the_status(collector: Collector) -> None:
    invoice = invoice_in(InvoiceStatus.ISSUED)
    answers = iter([status(), status(), status("CANCELED", 1)])
    shard = Shard(FakeStatusClient(lambda _key: next(answers)))

    shard.run_rounds(times=3)

    (span,) = collector.exported()
    assert span.name == "getPaymentStatus"
    assert attributes_of(span) == {
        "rpc.system": "soap",
        "rpc.method": "getPaymentStatus",
        "seqr.client_reference": "call",
        "seqr.result_code": 0,
        "seqrshop.order": invoice.order.number,
        "seqrshop.from_status": "ISSUED",
        "seqrshop.to_status": "CANCELED",
    }
