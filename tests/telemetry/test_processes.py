"""The processes of a deployment: one id follows an order through all of them, and no secret leaves.

An order is placed in the web process, sent to SEQR by the worker and found paid by the poller. Each
of them also fails once, by an error of PostgreSQL's whose text has the row and all customers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from orders.models import CustomerSession
from payments.models import Invoice, InvoiceStatus
from tests.conftest import TOKEN
from tests.database_roles import execute_as_owner
from tests.payments.steps import order_state, reference
from tests.processes import ManagedProcess, procfile_command
from tests.redis_reset import redis_for_tests
from tests.sandbox_process import SandboxProcess
from tests.telemetry.receiver import Receiver, attributes_of
from tests.web_process import WebProcess, process_environment

REQUEST_ID = "5b0c6a2e-7d1f-4e3a-9c8b-2f6d1e0a4b7c"
HEADERS = {
    "Host": "localhost",
    "X-Forwarded-Proto": "https",
    "X-SEQR-Token": TOKEN,
    "Content-Type": "application/json",
}
LINE_OF_CELERY = "\nworker: Warm shutdown (MainProcess)\n"  # it writes it past the log
Eventually = Callable[[Callable[[], bool]], None]
pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Deployment:
    """The running processes, and the servers that they report to."""

    web: WebProcess
    processes: dict[str, ManagedProcess]
    errors: Receiver
    collector: Receiver

    def lines(self, name: str, **fields: str) -> list[dict[str, Any]]:
        """Return the lines of a process that have these fields; each of them is JSON."""
        text = self.processes[name].log.read_text()
        lines = [json.loads(line) for line in text.replace(LINE_OF_CELERY, "").splitlines()]
        return [line for line in lines if fields.items() <= line.items()]

    def place_order(self, body: dict[str, Any], request_id: str) -> int:
        """Place an order as a proxy forwards it; return the status of the response."""
        headers = {**HEADERS, "X-Request-ID": request_id}
        response = self.web.request("POST", "/lyktan/orders", headers, json.dumps(body).encode())
        assert response.headers["x-request-id"] == request_id
        return response.status

    def events_of(self, logger: str) -> list[dict[str, Any]]:
        """Return the errors that Sentry has received from a logger."""
        return [event for event in self.errors.events() if event["logger"] == logger]


@pytest.fixture
def deployment(
    sandbox: SandboxProcess, customer_session: CustomerSession, tmp_path: Path
) -> Iterator[Deployment]:
    """Web, worker and poller, with all three settings."""
    redis_for_tests().delete("seqrshop:poll:0/1", "seqrshop:heartbeat:0/1", "customer")
    with ExitStack() as to_stop:
        errors, collector = (to_stop.enter_context(Receiver()) for _ in range(2))
        given = {
            "LOG_FORMAT": "json",
            "SENTRY_DSN": errors.dsn,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "SEQR_SERVICE_URL": sandbox.service_url,
            "SEQR_SESSION_URL": sandbox.session_url,
            "SEQR_POLL_SHARDS": "1",
            "TRUSTED_PROXIES": "1",
            "PUBLIC_BASE_URL": "https://localhost",
        }
        processes: dict[str, ManagedProcess] = {
            name: to_stop.enter_context(
                ManagedProcess(
                    procfile_command(name),
                    log=tmp_path / name,
                    env={**process_environment(), **given},
                )
            )
            for name in ("worker", "poller")
        }
        web = to_stop.enter_context(WebProcess(tmp_path / "web", **given))
        yield Deployment(web, {**processes, "web": web}, errors, collector)


@contextmanager
def refused(table: str, change: str, condition: str = "true") -> Iterator[None]:
    """Let PostgreSQL refuse a change of rows, and name the row and all customers in its error."""
    execute_as_owner(
        """CREATE FUNCTION refuse_in_test() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'refused: % of %', to_jsonb(NEW),
                (SELECT jsonb_agg(customer) FROM orders_customer AS customer);
        END $$""",
        f"""CREATE TRIGGER refuse_in_test BEFORE {change} ON {table}
        FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_in_test()""",
    )
    try:
        yield
    finally:
        execute_as_owner("DROP FUNCTION refuse_in_test CASCADE")


def test_order_is_followed_by_one_id_and_errors_and_spans_have_no_secret(
    deployment: Deployment,
    sandbox: SandboxProcess,
    customer_session: CustomerSession,
    two_buns: dict[str, Any],
    eventually: Eventually,
) -> None:
    sandbox.fault("notification", "lost")

    assert deployment.place_order(two_buns, REQUEST_ID) == 201
    eventually(lambda: Invoice.objects.filter(status=InvoiceStatus.ISSUED).exists())
    invoice = Invoice.objects.get()
    with refused("payments_invoice", "UPDATE", "NEW.status = 'PAID'"):
        sandbox.pay(reference(invoice))
        deployment.errors.wait_for(lambda: deployment.events_of("payments.polling.writer"))
    eventually(lambda: order_state(invoice) == "paid")
    with refused("orders_order", "INSERT"):
        assert deployment.place_order({**two_buns, "nonce": "nonce-of-order-two"}, "2" * 32) == 500
    with refused("payments_invoice", "UPDATE", "NEW.status = 'SENDING'"):
        assert (
            deployment.place_order({**two_buns, "nonce": "nonce-of-order-three"}, "3" * 32) == 201
        )
        deployment.errors.wait_for(lambda: deployment.events_of("celery.app.trace"))
    for process in deployment.processes.values():
        process.stop()

    assert_lines_follow_the_order(deployment, sandbox, invoice)
    assert_spans_follow_the_order(deployment, invoice)
    assert_nothing_received_is_secret(deployment, customer_session)


def assert_lines_follow_the_order(
    deployment: Deployment, sandbox: SandboxProcess, invoice: Invoice
) -> None:
    """One search for the request, and one for the order's number, find its way."""
    number = invoice.order.number
    (placed,) = deployment.lines("web", request_id=REQUEST_ID)
    assert (placed["order"], placed["message"]) == (number, f"order {number}: placed")
    sent = deployment.lines("worker", request_id=REQUEST_ID)
    assert {line["order"] for line in sent} == {number}
    assert {line["task"] for line in sent} == {"payments.tasks.send_invoice"}
    (call,) = [line for line in sent if line.get("operation") == "sendInvoice"]
    assert call["client_reference"] in str(sandbox.calls("sendInvoice")[0])
    paid = deployment.lines("poller", order=number, level="INFO")
    (poll,) = [line for line in paid if "payment_confirmed" in line.get("events", [])]
    assert {"order_paid", "getPaymentStatus"} <= {*poll["events"]}
    assert (poll["operation"], poll["source"]) == ("getPaymentStatus", "poller")


def assert_spans_follow_the_order(deployment: Deployment, invoice: Invoice) -> None:
    """The request, its task and the call are one trace; of many polls, one has a span."""
    spans = deployment.collector.spans()
    (request,) = [
        span for span in spans if attributes_of(span).get("seqrshop.request_id") == REQUEST_ID
    ]
    trace = {span.name: span for span in spans if span.trace_id == request.trace_id}
    task, call = trace["payments.tasks.send_invoice"], trace["sendInvoice"]
    assert request.name == "POST <slug:slug>/orders"
    assert (task.parent_span_id, call.parent_span_id) == (request.span_id, task.span_id)
    (line, *_) = deployment.lines("worker", request_id=REQUEST_ID)
    assert line["trace_id"] == request.trace_id.hex()
    (poll,) = [span for span in spans if span.name == "getPaymentStatus"]
    assert attributes_of(poll)["seqrshop.order"] == invoice.order.number
    assert attributes_of(poll)["seqrshop.to_status"] == "PAID"


def assert_nothing_received_is_secret(
    deployment: Deployment, customer_session: CustomerSession
) -> None:
    """Neither errors nor spans have a byte of what the rows, requests and settings keep secret."""
    customer = customer_session.customer
    invoices = Invoice.objects.select_related("order")
    secrets = [customer.msisdn, customer.subscriber_key, TOKEN, settings.SEQR_TERMINAL_PASSWORD]
    secrets += [each.notify_key for each in invoices]
    secrets += [each.order.return_key for each in invoices]
    for receiver in (deployment.errors, deployment.collector):
        assert [each for each in secrets if each.encode() in receiver.everything] == []
    (refused_order,) = deployment.events_of("django.request")
    (refused_sending,) = deployment.events_of("celery.app.trace")
    assert refused_order["tags"]["request_id"] == "2" * 32
    assert refused_sending["tags"]["request_id"] == "3" * 32
    assert "refused" in refused_sending["exception"]["values"][-1]["value"]
