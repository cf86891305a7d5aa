"""The writers that may meet at one order, by the state in which they meet."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction

from orders.audit import by_staff
from orders.models import OrderState
from orders.services import serve_order, undo_step
from orders.state_machine import TransitionError
from payments.cases.cases import open_case
from payments.invoices import cancel
from payments.invoices.apply_payments import apply_payments
from payments.invoices.apply_status import apply_status
from payments.invoices.apply_unchanged import apply_unchanged_batch
from payments.invoices.notification import invoice_notified
from payments.invoices.resolve_attention import resolve_case
from payments.invoices.status_query import StatusQuery, StatusResult
from payments.invoices.transitions import lock_invoice
from payments.models import CancelReason, CaseKind, Invoice, InvoiceStatus, Refund
from payments.receipts import submit
from payments.refunds.refund import RefundNotAccepted, request_refund, withdraw_refund
from tests.factories import InvoiceFactory
from tests.payments.invoices.test_apply_payments import payment_of
from tests.payments.steps import BY_CUSTOMER, BY_POLLER, BY_RECOVERY, invoice_in, reloaded

S = InvoiceStatus
NO_SILENCE = timedelta(0)


@dataclass(frozen=True)
class Scene:
    """The invoices of one order, and the member of staff."""

    invoice: Invoice
    ended: Invoice | None = None
    clerk: User | None = None


Writer = Callable[[Scene], None]


def open_scene() -> Scene:
    """Return an order whose only invoice is issued."""
    return Scene(invoice_in(S.ISSUED))


def retried_scene() -> Scene:
    """Return an order whose first invoice has expired, and whose second one is issued."""
    ended = invoice_in(S.EXPIRED)
    ended.order.state = "awaiting_payment"
    ended.order.save()
    issued = InvoiceFactory.create(order=ended.order, attempt=2, issued=True)
    return Scene(issued, ended)


def paid_scene() -> Scene:
    """Return a paid order with an unsent refund and an open case."""
    clerk, _ = User.objects.get_or_create(username="clerk")
    invoice = invoice_in(S.ISSUED)
    apply_status(*payment_of(invoice), BY_POLLER, silence=NO_SILENCE)
    request_refund(invoice.pk, Decimal("10.00"), "cold", by_staff(clerk), f"nonce {invoice.pk}")
    with transaction.atomic():
        open_case(CaseKind.AMOUNT_DIFFERS, BY_POLLER, "…", invoice=lock_invoice(invoice.pk))
    return Scene(reloaded(invoice), clerk=clerk)


def pay(scene: Scene) -> None:
    """Apply SEQR's PAID."""
    apply_status(*payment_of(scene.invoice), BY_POLLER, silence=NO_SILENCE)


def pay_in_batch(scene: Scene) -> None:
    """Apply SEQR's PAID as the poller does with many."""
    if not apply_payments([payment_of(scene.invoice)], BY_POLLER):
        pay(scene)


def pay_ended(scene: Scene) -> None:
    """Apply SEQR's PAID of the invoice that had ended."""
    assert scene.ended is not None
    apply_status(*payment_of(scene.ended), BY_RECOVERY, silence=NO_SILENCE)


def end_unpaid(scene: Scene) -> None:
    """Apply SEQR's CANCELED."""
    query = _query(scene)
    apply_status(query, StatusResult(5, S.CANCELED), BY_POLLER, silence=NO_SILENCE)


def request_cancel(scene: Scene) -> None:
    """Request the cancel as the customer."""
    with suppress(cancel.AlreadyPaid):
        cancel.request_cancel(scene.invoice.pk, CancelReason.CUSTOMER, BY_CUSTOMER)


def notify(scene: Scene) -> None:
    """Record SEQR's notification."""
    invoice_notified(scene.invoice.notify_key)


def write_unchanged(scene: Scene) -> None:
    """Write a newer version, or the acknowledgment of a payment, in bulk."""
    query = _query(scene)
    status = InvoiceStatus(scene.invoice.status)
    call = payment_of(scene.invoice)[1].call
    apply_unchanged_batch([(query, StatusResult(3, status, call=call))], BY_POLLER)


def refund(scene: Scene) -> None:
    """Request another refund as the clerk."""
    with suppress(RefundNotAccepted):
        request_refund(
            scene.invoice.pk,
            Decimal("40.00"),
            "cold",
            by_staff(scene.clerk),
            f"second nonce {scene.invoice.pk}",
        )


def withdraw(scene: Scene) -> None:
    """Withdraw the first refund."""
    first = Refund.objects.filter(invoice=scene.invoice).earliest("pk")
    withdraw_refund(first.pk, by_staff(scene.clerk))


def serve(scene: Scene) -> None:
    """Serve the order."""
    with suppress(TransitionError):
        serve_order(scene.invoice.order_id, by_staff(scene.clerk))


def undo_serving(scene: Scene) -> None:
    """Serve the order, and undo that."""
    with suppress(TransitionError):
        serve_order(scene.invoice.order_id, by_staff(scene.clerk))
        undo_step(scene.invoice.order_id, OrderState.SERVED, by_staff(scene.clerk))


def close_case(scene: Scene) -> None:
    """Close the case, which may resume the order."""
    resolve_case(scene.invoice.cases.earliest("pk").pk, by_staff(scene.clerk), "seen")


def lease_receipt(scene: Scene) -> None:
    """Take the lease of the receipt."""
    submit._take_leases([scene.invoice.pk])


def record_receipt(scene: Scene) -> None:
    """Record that SEQR has accepted the receipt."""
    submit._record_acceptances({scene.invoice.pk: []})


def _query(scene: Scene) -> StatusQuery:
    return payment_of(scene.invoice)[0]


SCENES: dict[str, tuple[Callable[[], Scene], tuple[Writer, ...]]] = {
    "open": (open_scene, (pay, pay_in_batch, end_unpaid, request_cancel, notify, write_unchanged)),
    "retried": (retried_scene, (pay, pay_in_batch, pay_ended, end_unpaid, request_cancel)),
    "paid": (
        paid_scene,
        (
            write_unchanged,
            end_unpaid,
            refund,
            withdraw,
            serve,
            undo_serving,
            close_case,
            lease_receipt,
            record_receipt,
        ),
    ),
}
