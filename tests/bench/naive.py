"""The naive poller: each second a task for each open invoice, and a SOAP client in each task.

As it is commonly written, and not written badly: one SOAP client with its connections for all
threads, connections to PostgreSQL from a pool, and no second task about an invoice while one waits.
"""

import os
import time
import uuid
from functools import cache
from pathlib import Path
from typing import Any

import django
import redis
import requests
import zeep
from celery import Celery
from django.conf import settings
from django.db import transaction
from django.utils import timezone

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seqrshop.settings")

app = Celery("tests.bench.naive")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = QUEUE = "naive"
app.conf.include = ["tests.bench.naive"]

THREADS = 16
WAITING = "naive:waiting"
WSDL = Path(__file__).parents[2] / "payments/seqr/wsdl/ERSWSExternalClientService.wsdl"
BINDING = "{http://external.interfaces.ers.seamless.com/}ERSWSExternalClientServiceBinding"
WORKER = ["celery", "--quiet", "-A", "tests.bench.naive", "worker", "-Q", QUEUE, "--pool"]
WORKER += ["threads", "--concurrency", str(THREADS), "--without-gossip", "--without-mingle"]


def enqueue_open() -> None:
    """Enqueue a task for each open invoice without a waiting task."""
    from payments.models import Invoice, InvoiceStatus  # noqa: PLC0415 - once Django is set up

    ids = list(Invoice.objects.filter(status=InvoiceStatus.ISSUED).values_list("pk", flat=True))
    pipeline = _redis().pipeline(transaction=False)
    for invoice_id in ids:
        pipeline.sadd(WAITING, invoice_id)
    for invoice_id, is_new in zip(ids, pipeline.execute(), strict=True):
        if is_new:
            refresh.delay(invoice_id)


@app.task
def refresh(invoice_id: int) -> None:
    """Query SEQR about one invoice, and record a change."""
    from payments.models import Invoice  # noqa: PLC0415 - once Django is set up

    try:
        invoice = Invoice.objects.get(pk=invoice_id)
        answer = _seqr().getPaymentStatus(
            context={
                "channel": settings.SEQR_CHANNEL,
                "clientId": settings.SEQR_CLIENT_ID,
                "clientReference": uuid.uuid4().hex,
                "clientRequestTimeout": 0,
                "initiatorPrincipalId": {"id": settings.SEQR_TERMINAL_ID, "type": "TERMINALID"},
                "password": settings.SEQR_TERMINAL_PASSWORD,
            },
            invoiceReference=invoice.invoice_reference,
            invoiceVersion=invoice.invoice_version,
        )
        if answer.resultCode == 0 and answer.version != invoice.invoice_version:
            _write(invoice_id, answer)
    finally:
        _redis().srem(WAITING, invoice_id)


@transaction.atomic
def _write(invoice_id: int, answer: Any) -> None:
    from orders.models import AuditEvent, Order, OrderState  # noqa: PLC0415
    from payments.models import Invoice, InvoiceStatus  # noqa: PLC0415

    invoice = Invoice.objects.select_for_update().get(pk=invoice_id)
    if invoice.status == InvoiceStatus.ISSUED and answer.status == "PAID":
        invoice.status = InvoiceStatus.PAID
        invoice.ers_reference = answer.ersReference
        invoice.paid_at = timezone.now()
        invoice.paid_amount = answer.receipt.invoice.totalAmount.value
        invoice.paid_currency = answer.receipt.invoice.totalAmount.currency
        Order.objects.filter(pk=invoice.order_id).update(state=OrderState.PAID)
        AuditEvent.objects.create(
            order_id=invoice.order_id,
            subject_type="invoice",
            subject_id=invoice_id,
            name="payment_confirmed",
            from_state=InvoiceStatus.ISSUED,
            to_state=InvoiceStatus.PAID,
            source="poller",
        )
    invoice.invoice_version = answer.version
    invoice.save()


@cache
def _seqr() -> Any:
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=THREADS))
    untyped: Any = zeep
    transport = untyped.Transport(session=session, operation_timeout=settings.SEQR_TIMEOUT_SECONDS)
    client = untyped.Client(str(WSDL), transport=transport)
    return client.create_service(BINDING, settings.SEQR_SERVICE_URL)


@cache
def _redis() -> "redis.Redis":
    return redis.Redis.from_url(settings.REDIS_URL)


def _tick() -> None:
    """Enqueue once a second, or as soon as the last enqueueing ends."""
    while True:
        began = time.monotonic()
        enqueue_open()
        time.sleep(max(0.0, 1.0 - (time.monotonic() - began)))


if __name__ == "__main__":
    django.setup()
    _tick()
