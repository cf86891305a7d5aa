"""The steps that the stories about payments are told in."""

from datetime import timedelta
from typing import Any

from django.db import transaction

from orders.audit import ChangeSource
from orders.clock import database_now
from orders.models import AuditEvent, Order, OrderState, SourceName, SubjectType
from orders.services import RowRequest, create_session, place_order
from payments.availability.pause import pause_payments
from payments.invoices.create import create_invoice
from payments.invoices.refresh import refresh_invoice
from payments.invoices.send import send_invoice
from payments.models import (
    UNPAID_FINAL_STATUSES,
    CancelReason,
    Invoice,
    InvoiceStatus,
    PaymentPause,
)
from payments.seqr import SeqrAuthenticationError
from tests.factories import InvoiceFactory, OrderFactory, ProductFactory, ShopFactory
from tests.sandbox_process import SandboxProcess

S = InvoiceStatus
STATE_OF = {
    S.CREATED: OrderState.CREATED,
    S.SENDING: OrderState.SENDING,
    S.NEEDS_ATTENTION: OrderState.NEEDS_ATTENTION,
    S.CANCEL_PENDING: OrderState.CANCEL_PENDING,
    S.PAID: OrderState.PAID,
    S.CANCELED: OrderState.CANCELED,
    S.FAILED: OrderState.FAILED,
    S.EXPIRED: OrderState.EXPIRED,
}
_references = iter(range(5_000_000_000, 9_000_000_000))


def invoice_in(status: InvoiceStatus, **fields: Any) -> Invoice:
    """Return an invoice of this status, its order in the state that goes with it."""
    needed: dict[str, Any] = {"status": status}
    if status not in (S.CREATED, S.SENDING):
        needed |= {"invoice_reference": str(next(_references)), "issued_at": database_now()}
    if status == S.PAID:
        needed |= {"ers_reference": "ERS", "paid_at": database_now()}
    if status == S.CANCEL_PENDING:
        needed |= {"cancel_reason": CancelReason.CUSTOMER}
    order = OrderFactory.create(state=STATE_OF.get(status, OrderState.AWAITING_PAYMENT))
    return InvoiceFactory.create(order=order, **(needed | fields))


def new_invoice(**order_fields: Any) -> Invoice:
    """A customer orders two of one product for 45.00 SEK; return the invoice, not yet sent."""
    product = ProductFactory.create(price="22.50", shop=ShopFactory.create())
    session = create_session(
        product.shop,
        f"token-{next(_references)}",
        msisdn="46700000001",
        subscriber_key=f"key-{next(_references)}",
        parameters={"TABLE": "4"},
    )
    with transaction.atomic():
        order, _ = place_order(session, "nonce", [RowRequest(product.pk, 2)], "sv")
        return create_invoice(order)


def issued_invoice() -> Invoice:
    """An invoice that SEQR knows and the customer may pay."""
    invoice = new_invoice()
    send_invoice(invoice.pk)
    return fresh(invoice)


def paid_invoice(sandbox: SandboxProcess) -> Invoice:
    """An invoice over 45.00 SEK that the customer has paid, as SEQR has told us."""
    invoice = issued_invoice()
    sandbox.pay(reference(invoice))
    refresh(invoice)
    return fresh(invoice)


def refresh(invoice: Invoice) -> InvoiceStatus:
    """Ask SEQR about an invoice as the poller would; return how it stands."""
    return refresh_invoice(invoice.pk, ChangeSource(SourceName.POLLER))


def reference(invoice: Invoice) -> str:
    """Return the reference of an invoice that has one."""
    assert invoice.invoice_reference is not None
    return invoice.invoice_reference


def fresh(invoice: Invoice) -> Invoice:
    """Return the invoice as it is in the database now."""
    return Invoice.objects.select_related("order").get(pk=invoice.pk)


def order_state(invoice: Invoice) -> str:
    """Return the state of the invoice's order as it is in the database now."""
    return Order.objects.get(pk=invoice.order_id).state


def story(invoice: Invoice) -> list[str]:
    """Return the names of what happened to an invoice, in order."""
    return list(
        AuditEvent.objects.filter(
            subject_type=SubjectType.INVOICE, subject_id=invoice.pk
        ).values_list("name", flat=True)
    )


def asked(sandbox: SandboxProcess, operation: str) -> int:
    """Return how many calls of an operation SEQR has had."""
    return len(sandbox.calls(operation))


def close_paying() -> PaymentPause:
    """SEQR refuses our password; return the time without paying that begins."""
    error = SeqrAuthenticationError("sendInvoice", "SEQR answered 20 AUTHENTICATION_FAILED", 20)
    with transaction.atomic():
        pause_payments(invoice_in(S.SENDING), error, ChangeSource(SourceName.SEND_INVOICE))
    return PaymentPause.objects.get(ended_at=None)


def let_probe_be_due(stop: PaymentPause) -> None:
    """Let so much time pass that the next probe is to be made."""
    PaymentPause.objects.filter(pk=stop.pk).update(next_probe_at=database_now())


def let_lease_lapse(invoice: Invoice) -> None:
    """Let so much time pass that the invoice's sender has lost its lease."""
    Invoice.objects.filter(pk=invoice.pk).update(lease_until=database_now() - timedelta(seconds=1))


def age(invoice: Invoice, seconds: int) -> None:
    """Make the invoice so many seconds older."""
    for name in ("created_at", "issued_at"):
        from_state = getattr(fresh(invoice), name)
        if from_state is not None:
            Invoice.objects.filter(pk=invoice.pk).update(
                **{name: from_state - timedelta(seconds=seconds)}
            )


def is_dead(invoice: Invoice) -> bool:
    """Whether SEQR has confirmed that nobody can pay the invoice any more."""
    return fresh(invoice).status in UNPAID_FINAL_STATUSES
