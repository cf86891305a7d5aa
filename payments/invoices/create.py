"""Creates an order's first invoice, and the next one after an unpaid one."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from orders.audit import ChangeSource
from orders.compiled_insert import CompiledInsert
from orders.models import Order
from orders.services import reopen_order
from payments.availability.availability import require_available
from payments.models import Invoice, InvoiceStatus

_INSERT = CompiledInsert(Invoice)


def create_invoice(order: Order) -> Invoice:
    """Create the invoice of a new order, in the transaction that created the order.

    The caller enqueues its sending after the commit. Raises ShopUnavailable, which must roll the
    order back too.
    """
    require_available(order.shop)
    return _insert_invoice(order, attempt=1)


@transaction.atomic
def retry_payment(customer_id: int, public_id: UUID, source: ChangeSource) -> Invoice:
    """Create a new invoice for an order whose last invoice ended unpaid.

    The last invoice cannot be paid any more, unless staff have ended it without SEQR's
    confirmation. SEQR then returns a payment of it, or it becomes a duplicate payment. The shop
    must be open, since somebody has to make and serve the order. The caller enqueues the sending.
    Raises Order.DoesNotExist, CustomerErased, AnotherOrderOpen, OrderNotAccepted and
    ShopUnavailable.
    """
    order = reopen_order(customer_id, public_id, source)
    require_available(order.shop)
    last = order.invoices.order_by("-attempt")[0]
    return _insert_invoice(order, attempt=last.attempt + 1)


def _insert_invoice(order: Order, *, attempt: int) -> Invoice:
    invoice = Invoice(
        order=order,
        shop_id=order.shop_id,
        terminal_id=order.shop.terminal_id,
        attempt=attempt,
        amount=order.total,
        currency=order.currency,
    )
    _INSERT.execute([invoice])
    return invoice


def current_invoice(order: Order) -> Invoice:
    """Return the invoice that decides the order's state, with the order."""
    invoice = current_of(order.invoices.all())
    invoice.order = order
    return invoice


def current_of(invoices: Iterable[Invoice]) -> Invoice:
    """Return the one of an order's invoices that decides its state.

    The paid one, else the open one, else a reversed one, else the newest.
    """

    def precedence(invoice: Invoice) -> tuple[bool, bool, bool, int]:
        is_paid = invoice.status == InvoiceStatus.PAID
        return is_paid, invoice.is_open, invoice.paid_at is not None, invoice.attempt

    return max(invoices, key=precedence)
