"""An order's first invoice, and the next one after a payment that came to nothing."""

from uuid import UUID

from django.db import transaction

from orders.audit import ChangeSource
from orders.models import Customer, Order
from orders.services import reopen_order
from payments.availability.availability import require_available
from payments.models import Invoice, InvoiceStatus


def create_invoice(order: Order) -> Invoice:
    """Make the invoice of a new order. To be called in the transaction that made the order.

    The caller has it sent once that transaction is committed. Raises ServiceClosed, which is to
    undo the order too.
    """
    require_available(order.shop)
    return Invoice.objects.create(order=order, amount=order.total, currency=order.currency)


@transaction.atomic
def retry_payment(customer: Customer, public_id: UUID, source: ChangeSource) -> Invoice:
    """Make a new invoice for an order whose last one SEQR has confirmed dead.

    A cancelled, failed or expired order is one whose last invoice is in such a status, which it
    reaches by SEQR's word alone (or without ever having been payable). To the shop it is a sale
    like a new order's, since somebody has to make and serve it: so it wants the shop open. The
    caller has the invoice sent. Raises Order.DoesNotExist, AnotherOrderOpen, OrderNotAccepted and
    ServiceClosed.
    """
    order = reopen_order(customer, public_id, source)
    require_available(order.shop)
    last = order.invoices.order_by("-attempt")[0]
    return Invoice.objects.create(
        order=order, attempt=last.attempt + 1, amount=order.total, currency=order.currency
    )


def current_invoice(order: Order) -> Invoice:
    """Return the invoice that tells how the order stands.

    The paid one, else the open one, else one whose payment was taken back, else the newest.
    """

    def tells_most(invoice: Invoice) -> tuple[bool, bool, bool, int]:
        is_paid = invoice.status == InvoiceStatus.PAID
        return is_paid, invoice.is_open, invoice.paid_at is not None, invoice.attempt

    invoice = max(order.invoices.all(), key=tells_most)
    invoice.order = order
    return invoice
