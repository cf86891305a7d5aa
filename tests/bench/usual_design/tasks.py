"""The usual design's tasks."""

from celery import shared_task
from django.core.cache import cache
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from tests.bench.usual_design import seqr
from tests.bench.usual_design.models import Invoice, Order

WAITING_SECONDS = 30  # after which a lost task is enqueued again


@shared_task
def send_invoice(invoice_id: int) -> None:
    """Send an invoice to SEQR, and let the customer pay."""
    invoice = Invoice.objects.select_related("order").get(pk=invoice_id)
    if invoice.status != Invoice.Status.CREATED:
        return
    invoice.invoice_reference = seqr.send_invoice(invoice)
    invoice.status = Invoice.Status.ISSUED
    with transaction.atomic():
        invoice.save()
        Order.objects.filter(pk=invoice.order_id).update(state=Order.State.AWAITING_PAYMENT)


@shared_task
def query_open_invoices() -> None:
    """Enqueue a query of each open invoice that has no waiting one."""
    for invoice_id in Invoice.objects.filter(status=Invoice.Status.ISSUED).values_list(
        "pk", flat=True
    ):
        if cache.add(f"waiting-{invoice_id}", 1, WAITING_SECONDS):
            refresh_invoice.delay(invoice_id)


@shared_task
def refresh_invoice(invoice_id: int) -> None:
    """Query an invoice's status, and record a payment."""
    try:
        invoice = Invoice.objects.get(pk=invoice_id)
        if invoice.status != Invoice.Status.ISSUED or invoice.invoice_reference is None:
            return
        reference = invoice.invoice_reference
        answer = seqr.get_payment_status(reference, invoice.invoice_version)
        if answer.version == invoice.invoice_version:
            return
        if record_answer(invoice_id, answer.status, answer.version, answer.ersReference):
            seqr.get_payment_status(reference, answer.version)  # acknowledges the payment
            submit_receipt.delay(invoice_id)
    finally:
        cache.delete(f"waiting-{invoice_id}")


@transaction.atomic
def record_answer(invoice_id: int, status: str, version: int, ers_reference: str | None) -> bool:
    """Record SEQR's answer; return whether it says for the first time that the invoice is paid."""
    invoice = Invoice.objects.select_for_update().select_related("order").get(pk=invoice_id)
    is_paid = status == Invoice.Status.PAID and invoice.status != Invoice.Status.PAID
    if is_paid:
        invoice.status = Invoice.Status.PAID
        invoice.ers_reference = ers_reference
        invoice.paid_at = timezone.now()
        invoice.order.state = Order.State.PAID
        invoice.order.save()
    elif status in {"CANCELED", "FAILED", "EXPIRED"}:
        invoice.status = Invoice.Status.CANCELED
        invoice.order.state = Order.State.CANCELED
        invoice.order.save()
    invoice.invoice_version = version
    invoice.save()
    return is_paid


@shared_task
def submit_receipt(invoice_id: int) -> None:
    """Submit the receipt of a paid invoice."""
    invoice = Invoice.objects.select_related("order").get(pk=invoice_id)
    if invoice.receipt_sent_at is not None or invoice.ers_reference is None:
        return
    rows = invoice.order.rows.select_related("product")
    html = render_to_string("usual_design/receipt.html", {"order": invoice.order, "rows": rows})
    seqr.submit_payment_receipt(invoice.ers_reference, html)
    invoice.receipt_sent_at = timezone.now()
    invoice.save(update_fields=["receipt_sent_at"])
