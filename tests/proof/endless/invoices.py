"""An invoice in each of the shop's statuses, with the order that it belongs to."""

from collections.abc import Callable
from typing import Final

from orders.clock import database_now
from payments.models import CancelReason, Invoice, InvoiceStatus
from tests.factories import InvoiceFactory
from tests.payments.steps import invoice_in

S = InvoiceStatus
SUPERSEDED: Final = "CANCEL_PENDING, superseded"


def _paid_by_another(**fields: object) -> Invoice:
    """Return the second invoice of an order that another one has paid."""
    now = database_now()
    paid = invoice_in(S.PAID, acknowledged_at=now, receipt_accepted_at=now)
    return InvoiceFactory.create(order=paid.order, attempt=2, known=True, **fields)


def _in(status: InvoiceStatus) -> Callable[[], Invoice]:
    return lambda: invoice_in(status)


def _superseded() -> Invoice:
    return _paid_by_another(
        cancel_pending=True,
        cancel_reason=CancelReason.SUPERSEDED,
        cancel_requested_at=database_now(),
    )


def _duplicate() -> Invoice:
    return _paid_by_another(status=S.DUPLICATE, ers_reference="DUP", paid_at=database_now())


OUR_STATUSES: Final[dict[str, Callable[[], Invoice]]] = {
    **{status.value: _in(status) for status in S if status != S.DUPLICATE},
    SUPERSEDED: _superseded,
    S.DUPLICATE.value: _duplicate,
}
